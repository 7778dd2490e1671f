/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: the people at an account. All functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    int64_t account;
    char *name;
    char *email, *email_key; /* the primary address */
    char *emails;            /* the others: a JSON array of texts */
    bool on_every_ticket;
    char *language; /* NULL: the account's */
    char *sees;     /* in the Web Interface: "account" or "own"; NULL: as its option says */
    bool active;
    int64_t created_at;
} Contact;

void contact_free(Contact *contact);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Contact, contact_free)

/* Errors: NOT_FOUND (problem "unknown-contact"). */
Contact *contact_load(DbTx *tx, int64_t id, GError **error);

/* The first statement of every change: nobody else changes the contact until the end of the
 * transaction. Errors as contact_load(). */
Contact *contact_lock(DbTx *tx, int64_t id, GError **error);

/* `keys`: NULL-terminated, the compared form of every address of the contact, the primary one
 * included. Insert sets contact->id. */
bool contact_insert(DbTx *tx, Contact *contact, const char *const *keys, GError **error);
bool contact_update(DbTx *tx, const Contact *contact, const char *const *keys, GError **error);

/* Up to `limit` with an id greater than `after`, by id; of one account, or of all (0). */
GPtrArray *contact_list(DbTx *tx, int64_t after, int64_t account, int limit, GError **error);

/* The account's contact with this address: its id, or 0. */
bool contact_find(DbTx *tx, int64_t account, const char *email_key, int64_t *id, GError **error);
