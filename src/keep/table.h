/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a desk as its database's own catalogue tells them, so that a new one is never
 * forgotten. All but the mark of an unfinished copy (DB_UNFINISHED).
 */
#pragma once

#include "db/db.h"

#include <jansson.h>

typedef struct {
    char *name;
    char **columns;    /* NULL-terminated */
    DbCellKind *kinds; /* INTEGER, TEXT or BLOB, one a column */
    guint n_columns;
    char **key;      /* the primary key's columns in their order */
    int64_t last_id; /* the highest id that was given out, also to what is deleted; 0: none */
} KeepTable;

void keep_table_free(KeepTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepTable, keep_table_free)

/* Every table, by name. Errors: INTERNAL (a column of a type that a backup does not know, a table
 * without a primary key), those of a query. */
GPtrArray *keep_tables_read(DbTx *tx, GError **error);

/* NULL where there is none. Borrowed. */
const KeepTable *keep_tables_find(const GPtrArray *tables, const char *name);

/* {"name", "columns": [[name, "integer"|"text"|"bytes"]...], "key": [name...], "last": id}: new
 * reference. */
json_t *keep_table_json(const KeepTable *table);

/* Reads that strictly: names are of small letters, digits and "_". NULL where it is anything else.
 */
KeepTable *keep_table_from_json(const json_t *json);

/* Gives all rows in the order of the primary key, which is the same on both engines. Free with
 * g_free(). */
char *keep_table_select(const KeepTable *table, DbEngine engine);

/* Whether each cell is NULL or what its column is for. SQLite keeps any value in any column: what
 * is of another kind is not silently made into something else. Errors: CORRUPT (which table, which
 * record, which column). */
bool keep_table_check(const KeepTable *table, const DbCell *cells, GError **error);

/* The record's key for people: "ticket 5, a@example.com". Free with g_free(). */
char *keep_table_record(const KeepTable *table, const DbCell *cells);

/* A snapshot is read for as long as whoever takes the rows needs: a slow pipe is no fault. Called
 * once, inside the transaction. (PostgreSQL ends those that stand still for some seconds.) */
bool keep_tables_have_time(DbTx *tx, GError **error);
