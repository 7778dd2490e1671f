/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's External Recipients and Employee Recipients. All functions here run inside the
 * caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    int64_t ticket;
    char *email, *email_key;
    char *name;      /* NULL: none */
    int64_t contact; /* 0: belongs to no contact in the database */
    char *language;  /* of the contact; NULL: none. Read, never written */
    bool muted;
    int64_t left_at; /* left the list by their own wish; 0: has not */
    int64_t added_at;
    bool suppressed; /* the address is on the suppression list; read, never written */
} Recipient;

void recipient_free(Recipient *recipient);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recipient, recipient_free)

/* Every recipient of a ticket, by id. */
GPtrArray *recipient_list(DbTx *tx, int64_t ticket, GError **error);

/* Errors: NOT_FOUND (problem "unknown-recipient"). */
Recipient *recipient_load(DbTx *tx, int64_t ticket, int64_t id, GError **error);

/* Sets recipient->id. Errors: CONFLICT (the ticket has this address already). */
bool recipient_insert(DbTx *tx, Recipient *recipient, GError **error);

/* As recipient_insert(), for a ticket of `account`: finds the account's contact with this address,
 * and takes the contact's name where there is none. recipient->id and ->contact stay as they are.
 */
bool recipient_insert_of(DbTx *tx, const Recipient *recipient, int64_t account, GError **error);

/* Adds the active contacts of the account that are on every ticket, by id, but for those whose
 * address the ticket has already. */
bool recipient_insert_always(DbTx *tx, int64_t ticket, int64_t account, int64_t now_us,
                             GError **error);
bool recipient_update(DbTx *tx, const Recipient *recipient, GError **error);
bool recipient_delete(DbTx *tx, int64_t id, GError **error);

typedef struct {
    int64_t employee; /* 0: only an address */
    char *email;      /* NULL: the employee's */
} EmployeeRecipient;

void employee_recipient_free(EmployeeRecipient *recipient);
GPtrArray *employee_recipient_list(DbTx *tx, int64_t ticket, GError **error);

bool employee_recipient_insert(DbTx *tx, int64_t ticket, const EmployeeRecipient *recipient,
                               GError **error);

/* Replaces the whole list. `list` holds EmployeeRecipient *. */
bool employee_recipient_replace(DbTx *tx, int64_t ticket, GPtrArray *list, GError **error);
