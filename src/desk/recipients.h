/* SPDX-License-Identifier: Apache-2.0 */
/* Edit a ticket's recipients. All run inside desk_write(); each writes one event when something is
 * different. */
#pragma once

#include "alerts/alert.h"
#include "desk/ticket.h"
#include "records/recipient.h"

/* Replaces the whole list; who is on both keeps id, mute and history. Errors: NOT_FOUND, INVALID
 * (too many). Returns Recipient *, by id. */
GPtrArray *recipients_replace(DeskTx *tx, int64_t ticket, GPtrArray *drafts, GError **error);

/* Errors: NOT_FOUND, CONFLICT (problem "recipient-exists"), INVALID (too many). */
Recipient *recipients_add(DeskTx *tx, int64_t ticket, const RecipientDraft *draft, GError **error);

typedef struct {
    bool set_muted, muted;
    bool set_name;
    char *name;
} RecipientChange;

Recipient *recipients_change(DeskTx *tx, int64_t ticket, int64_t id, const RecipientChange *change,
                             GError **error);

/* Also cancels what has not been sent to it yet. */
bool recipients_remove(DeskTx *tx, int64_t ticket, int64_t id, GError **error);

/* "Send the latest alert": an event of its own that tells this recipient, with a new Message-ID,
 * what the newest opening or closing told the others. The policy has its say. Errors: NOT_FOUND,
 * CONFLICT (problem "nothing-to-send"). */
Alert *recipients_send_latest(DeskTx *tx, int64_t ticket, int64_t id, GError **error);

/* Replaces the Employee Recipients. `list`: EmployeeRecipient *. Errors: NOT_FOUND, INVALID
 * (unknown employee). */
bool employee_recipients_replace(DeskTx *tx, int64_t ticket, GPtrArray *list, GError **error);
