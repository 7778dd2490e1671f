/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a customer is: an address, and where it is known: as an active contact's of an active
 * account, or as an active account's own. One address may be known at several accounts. All
 * functions here run inside the caller's transaction.
 */
#pragma once

#include "db/db.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Beyond so many accounts an address is known at no further one. */
#define CUSTOMER_PLACES_MAX 50

typedef struct {
    int64_t account;
    char *account_name;
    int64_t contact; /* 0: the account's own address */
    bool sees_own;   /* their own tickets, not all of the account's */
} CustomerPlace;

typedef struct {
    char *email; /* as it is written at the first place */
    char *email_key;
    char *name;        /* the first contact's; else the account's */
    char *language;    /* the first contact's, the account's; NULL: neither has one */
    char *time_zone;   /* the account's; NULL: the desk's */
    GPtrArray *places; /* of CustomerPlace *, one at least: contacts first, then by account */
} Customer;

void customer_free(Customer *customer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Customer, customer_free)

/* `see_own` is the option, for contacts that have no setting of their own. NULL without an error
 * where the address is nobody's. Always one query, whoever it is. */
Customer *customer_load(DbTx *tx, const char *email_key, bool see_own, GError **error);

/* Notes it with every contact that has this address. */
bool customer_set_language(DbTx *tx, const Customer *customer, const char *language,
                           GError **error);

/* ---- what they see ---- */

typedef struct {
    int64_t before; /* only numbers below this; 0: from the newest */
    bool open;      /* only those that are neither completed nor canceled */
    const char *q;  /* searched in the title; NULL: any */
    int limit;
} CustomerFilter;

/* Their tickets, newest first: Ticket *, as ticket_list(). */
GPtrArray *customer_ticket_list(DbTx *tx, const Customer *customer, const CustomerFilter *filter,
                                GError **error);

/* Whether a ticket is among them. */
bool customer_sees_ticket(DbTx *tx, const Customer *customer, int64_t number, bool *sees,
                          GError **error);
