/* SPDX-License-Identifier: Apache-2.0 */
/* Those whom a ticket names: its account, its contact and its manager, read together. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *name;
    char *email, *email_key; /* the first address */
    char *language;          /* NULL: the desk's */
    char *time_zone;         /* NULL: the desk's */
    int64_t manager;         /* 0: none */
    bool has_always;         /* some active contact of it is on every ticket */
} TicketAccount;

typedef struct {
    int64_t account; /* that the contact belongs to */
    char *name;
    char *email, *email_key; /* the primary address */
} TicketContact;

/* Any of them may not be there, or not asked for: its `name` is NULL then. */
typedef struct {
    TicketAccount account;
    TicketContact contact;
    char *manager_name;
} TicketPeople;

void ticket_people_free(TicketPeople *people);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TicketPeople, ticket_people_free)

/* `contact` 0: none. `manager` 0: the account's. Runs inside the caller's transaction. */
TicketPeople *ticket_people_load(DbTx *tx, int64_t account, int64_t contact, int64_t manager,
                                 GError **error);
