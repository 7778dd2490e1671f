/* SPDX-License-Identifier: Apache-2.0 */
/* Whose address is it: an employee's, a customer's, nobody's. All functions here run inside the
 * caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t employee; /* 0: none has it as one of theirs */
    char *employee_name;
    bool employee_active;
    int accounts;    /* how many accounts own it: by full address or, where none does, by domain.
                        Where active accounts do, inactive ones are not counted */
    int64_t account; /* the one; 0: none, or several */
    char *account_name;
    bool account_active;
    int64_t contact;    /* of that account, with this address; 0: none */
    char *contact_name; /* NULL: none */
} AddressOwner;

void address_owner_clear(AddressOwner *owner);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AddressOwner, address_owner_clear)

/* `email_key`: the compared form. Fills in *owner, which is empty. */
bool address_owner_find(DbTx *tx, const char *email_key, AddressOwner *owner, GError **error);

/* The account of this name, in any letter case; 0: none, or several. */
bool account_find_by_name(DbTx *tx, const char *name, int64_t *number, GError **error);

/* The account with this reference, in any letter case; 0: none. */
bool account_find_by_reference(DbTx *tx, const char *reference, int64_t *number, GError **error);
