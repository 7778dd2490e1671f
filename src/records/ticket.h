/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets. All functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"
#include "records/actor.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t number;
    int64_t version; /* counts the changes; orders the ticket's events */
    int64_t account;
    int64_t contact; /* 0: none */
    char *title;
    char *description;
    char *type;      /* NULL: none */
    char *priority;  /* "low", "normal", "high" or "urgent" */
    int status;      /* StatusCode */
    int64_t manager; /* employee; 0: none */
    int64_t due_at;  /* 0: none */
    char *resolution;
    Actor opener;
    int64_t opened_at;
    int64_t closed_at;   /* 0: not closed */
    int64_t not_told_at; /* since when it is known that its closing reached nobody; 0: it is not */
    int64_t updated_at;
    char *reference;     /* what the desk that it was imported from called it; NULL: none */
    int64_t merged_into; /* the ticket that this duplicate became part of; 0: none */
} Ticket;

void ticket_free(Ticket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ticket, ticket_free)

/* Errors: NOT_FOUND (problem "unknown-ticket"). */
Ticket *ticket_load(DbTx *tx, int64_t number, GError **error);

/* The first statement of every change: adds one to the version, which locks the ticket until the
 * end of the transaction and gives the next event its place. Errors: NOT_FOUND. */
Ticket *ticket_lock(DbTx *tx, int64_t number, GError **error);

/* Locks as ticket_lock() does, but without a new version: for what changes nothing that the
 * ticket's story tells. Errors: NOT_FOUND. */
bool ticket_hold(DbTx *tx, int64_t number, bool *closed, int64_t *not_told_at, GError **error);

/* Also for those that were merged into it before. The caller holds both tickets. */
bool ticket_set_merged(DbTx *tx, int64_t number, int64_t into, GError **error);

/* The caller holds the ticket. 0 clears. */
bool ticket_set_not_told(DbTx *tx, int64_t number, int64_t at_us, GError **error);

/* How many tickets are flagged. */
bool ticket_count_not_told(DbTx *tx, int64_t *count, GError **error);

/* The ticket with this reference, and when it was opened; *number is 0 where there is none. */
bool ticket_find_reference(DbTx *tx, const char *reference, int64_t *number, int64_t *opened_at,
                           GError **error);

/* Writes with version 1; sets ticket->number and ticket->version. Errors: CONFLICT (the
 * reference). */
bool ticket_insert(DbTx *tx, Ticket *ticket, GError **error);

/* The number of a ticket that is undone again; those opened after it in one transaction have the
 * numbers below it. */
#define TICKET_NUMBER_TRIAL (-1)

/* As ticket_insert(), for a transaction that will be undone: the number is the ticket's own, none
 * is drawn. */
bool ticket_insert_trial(DbTx *tx, Ticket *ticket, GError **error);

/* Writes everything that may change, the version included. */
bool ticket_update(DbTx *tx, const Ticket *ticket, GError **error);
