/* SPDX-License-Identifier: Apache-2.0 */
/* Where a person can stand in the database, by table and column, and how one row is rewritten. */
#pragma once

#include "db/db.h"
#include "privacy/erase_text.h"

#include <stdint.h>

typedef enum {
    COLUMN_NONE,
    COLUMN_ADDRESS,   /* an address, or its compared form, and nothing else */
    COLUMN_NAME,      /* the name of whoever has the address in the column before it */
    COLUMN_ORDER_KEY, /* "ticket:address" */
    COLUMN_TEXT,
    COLUMN_JSON,
    COLUMN_WRITTEN, /* a text that people wrote for each other: kept with keep_tickets */
} ErasedColumnKind;

#define ERASED_COLUMNS_MAX 8

typedef struct {
    const char *name;
    const char *key;    /* its column of ids */
    const char *ticket; /* an expression over the table that gives the ticket; NULL: it has none */
    const char *event;  /* one for the event whose mails are made of it; NULL: none are */
    const char *only;   /* a condition for all of them; NULL: every row */
    int rows;           /* that one look goes over */
    struct {
        const char *name;
        ErasedColumnKind kind;
    } columns[ERASED_COLUMNS_MAX];
} ErasedTable;

extern const ErasedTable erased_tables[];
extern const size_t erased_n_tables;

typedef struct {
    DbTx *tx;
    const ErasedWords *words;
    int64_t erasure;
    int64_t now_us;
    bool keep_tickets;
    int64_t changed; /* rows */
} Erasing;

/* Rewrites the rows behind *cursor whose columns have an address of theirs, in one look; tickets
 * they belong to are noted in table erasure_ticket. *cursor: how far it came; *end: that was all.
 */
bool erased_table_sweep(Erasing *erasing, const ErasedTable *table, int64_t *cursor, bool *end,
                        GError **error);

/* Rewrites names, too, in all rows of one ticket. */
bool erased_table_of_ticket(Erasing *erasing, const ErasedTable *table, int64_t ticket,
                            GError **error);

/* Notes that mails of this event cannot be made again. */
bool erased_event(Erasing *erasing, int64_t event, GError **error);
bool erased_note_ticket(Erasing *erasing, int64_t ticket, GError **error);
