/* SPDX-License-Identifier: Apache-2.0 */
/* One person, as the desk knows them by their addresses: the contacts that have the address asked
 * for, and all addresses of these. All functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"
#include "records/settings.h"

#include <jansson.h>

typedef struct {
    char *email, *email_key; /* that was asked for */
    GPtrArray *addresses;    /* of char *, as they are written; the first is `email` */
    GPtrArray *keys;         /* of char *, the compared form of each of them */
    GPtrArray *names;        /* of char *: of contacts and recipients, each once */
    GArray *contacts;        /* of int64_t */
    int64_t employee;        /* who has one of the addresses; 0: nobody */
    int64_t account;         /* whose own address is one of them; 0: none */
    int64_t sharer;          /* another contact that has one of the addresses; 0: none */
} Person;

void person_free(Person *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Person, person_free)

/* Also where the desk knows nobody: then it has the address alone. Looks at every recipient. */
Person *person_load(DbTx *tx, const char *email, const char *email_key, GError **error);

/* Whether this person can be erased. Errors, all CONFLICT: problem "employee-address" (an
 * employee's: deactivate them), "account-address" (an account's own: give it another one),
 * "address-shared" (another contact has it, too), "own-address" (of the desk itself). */
bool person_check_erasable(const Person *person, const Settings *settings, GError **error);

/* How much there is of them: {"contacts","recipients","decisions","waiting","copies","messages",
 * "mails","sessions","suppressed","audit"}. New reference. Looks at every row of some tables. */
json_t *person_counts(DbTx *tx, const Person *person, GError **error);
