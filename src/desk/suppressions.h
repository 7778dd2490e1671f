/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may do with the suppression list. All run inside desk_write(). */
#pragma once

#include "desk/desk.h"
#include "records/suppression.h"

/* Puts an address (checked, with its compared form) on the list; `note` may be NULL. Errors:
 * CONFLICT (problem "already-suppressed"). */
Suppression *suppression_add_by_hand(DeskTx *tx, const char *email, const char *email_key,
                                     const char *note, GError **error);

/* The address is told again from the next event on. Errors: NOT_FOUND (problem "not-suppressed").
 */
bool suppression_remove_by_hand(DeskTx *tx, const char *email_key, GError **error);

/* Sets the error of a retry to a suppressed address: why it is on the list, and the two ways out.
 * CONFLICT (problem "address-suppressed"). Always false. */
bool suppression_refuse(DeskTx *tx, int64_t alert, const char *email_key, GError **error);

/* True where the address is not on the list; else the error of a retry that nobody can force: of a
 * copy, of a mail that was sent on. Errors: CONFLICT (problem "address-suppressed"). */
bool suppression_refuse_listed(DeskTx *tx, const char *email, const char *email_key,
                               GError **error);
