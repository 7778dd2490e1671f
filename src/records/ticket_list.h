/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tickets, and how many there are. All run inside the caller's transaction. */
#pragma once

#include "records/status.h"
#include "records/ticket.h"

typedef enum {
    TICKETS_ANY,
    TICKETS_OPEN,  /* neither Completed nor Canceled */
    TICKETS_ENDED, /* the others */
} TicketsState;

/* A title is searched only where `from` says how far: whoever looks through all of them looks at
 * every ticket there is. */
typedef struct {
    int64_t before; /* only numbers below this; 0: from the newest */
    int64_t from;   /* only this number and those above it; 0: all */
    int status;     /* 0: any */
    TicketsState state;
    int64_t account;       /* 0: any */
    int64_t manager;       /* 0: any */
    const char *reference; /* NULL: any */
    const char *q;         /* searched in the title; NULL: any */
    bool not_told;         /* only those whose closing reached nobody */
    bool oldest_first;
    int limit;
} TicketFilter;

/* Newest first, unless the filter says otherwise. */
GPtrArray *ticket_list(DbTx *tx, const TicketFilter *filter, GError **error);

/* A ticket as a list shows it: no long texts, but the names of those whom it names. */
typedef struct {
    int64_t number;
    char *title;
    char *type; /* NULL: none */
    char *priority;
    int status;
    int64_t account;
    char *account_name;
    int64_t contact;    /* 0: none */
    char *contact_name; /* NULL: none */
    int64_t manager;    /* 0: none */
    char *manager_name; /* NULL: none */
    int64_t due_at, opened_at, closed_at, updated_at, not_told_at;
    int64_t recipients; /* how many External Recipients */
} TicketRow;

void ticket_row_free(TicketRow *row);

/* The same list in this form: TicketRow *. */
GPtrArray *ticket_list_rows(DbTx *tx, const TicketFilter *filter, GError **error);

/* The newest ticket's number, 0 where there is none. */
bool ticket_newest(DbTx *tx, int64_t *number, GError **error);

/* How many tickets have each status, in the order of status_codes; counting stops at `most`. */
bool ticket_count(DbTx *tx, int64_t most, int64_t counts[STATUS_N], GError **error);

/* The same for one flag. */
bool ticket_count_not_told_to(DbTx *tx, int64_t most, int64_t *count, GError **error);
