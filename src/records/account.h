/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: the customers. All functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t number;
    char *name;
    char *email, *email_key;   /* the first address */
    char *email2, *email2_key; /* NULL: none */
    char *domains;             /* a JSON array of texts */
    char *language;            /* BCP 47; NULL: the desk's */
    char *time_zone;           /* IANA name; NULL: the desk's */
    int64_t manager;           /* employee; 0: none */
    bool active;
    int64_t created_at;
    char *reference; /* what the desk or another system calls it, no two accounts the same in any
                        letter case; NULL: nothing */
} Account;

void account_free(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)

/* Errors: NOT_FOUND (problem "unknown-account"). */
Account *account_load(DbTx *tx, int64_t number, GError **error);

/* The first statement of every change: nobody else changes the account until the end of the
 * transaction, so what is not changed keeps the value that it has. Errors as account_load(). */
Account *account_lock(DbTx *tx, int64_t number, GError **error);

/* The account with this reference, in any letter case; 0 where there is none. */
bool account_find_reference(DbTx *tx, const char *reference, int64_t *number, GError **error);

/* Sets account->number. Errors of both: CONFLICT (problem "reference-taken"). */
bool account_insert(DbTx *tx, Account *account, GError **error);
bool account_update(DbTx *tx, const Account *account, GError **error);

/* How many accounts have exactly this name, at most 2, and the number of one of them. */
bool account_find_named(DbTx *tx, const char *name, int64_t *count, int64_t *number,
                        GError **error);

/* Up to `limit` with a number greater than `after`, by number; `q` (may be NULL) is searched in the
 * name. */
GPtrArray *account_list(DbTx *tx, int64_t after, const char *q, int limit, GError **error);
