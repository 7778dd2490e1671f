/* SPDX-License-Identifier: Apache-2.0 */
/* Between the front (db.c, migrate.c) and the two drivers; nobody else includes this. */
#pragma once

#include "db/db.h"

#include <stddef.h>

#define DB_MAX_PARAMETERS          256
#define DB_MAX_STATEMENTS          256 /* kept prepared for each connection */
#define DB_MAX_ROWS_BYTES          ((size_t)256 * 1024 * 1024) /* one query's answer */
#define DB_DEFAULT_READERS         8
#define DB_DEFAULT_CONNECTIONS     16 /* so many commits can share an fsync of PostgreSQL's log */
#define DB_MAX_CONNECTIONS         256
#define DB_ASKERS                  2 /* at once in db_read_within() */
#define DB_DEFAULT_BUSY_TIMEOUT_MS 10000

/* One bound parameter. `type` is 'i', 's' or 'b'; 'n' has become 'i'. */
typedef struct {
    char type;
    bool is_null;
    int64_t integer;
    const void *data; /* borrowed from the caller of db_exec() or db_query() */
    size_t bytes;
} DbValue;

/* What a driver gives. Every function that takes a DbTx is called only while no statement of that
 * transaction has failed. */
typedef struct {
    DbEngine engine;
    const char *skip_locked;
    const char *id_column; /* what @id@ in a migration becomes */
    const char
        *lock_schema; /* statement that keeps other migrations out until the end; may be NULL */
    const char *table_known; /* query: is there a table that is called $1? */

    void (*close)(Db *db);
    bool (*write)(Db *db, DbFn fn, void *data, GError **error);
    /* timeout_ms 0: waits for busy_timeout_ms to begin, then for as long as it takes. Else on a
     * connection that only such calls use. */
    bool (*read)(Db *db, int64_t timeout_ms, DbFn fn, void *data, GError **error);
    void (*status)(Db *db, DbStatus *status);

    bool (*exec)(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                 int64_t *changed, GError **error);
    DbRows *(*query)(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                     GError **error);
    bool (*insert)(DbTx *tx, const char *sql, const DbValue *values, size_t n_values, int64_t *id,
                   GError **error);
    /* Several statements without parameters. */
    bool (*script)(DbTx *tx, const char *sql, GError **error);

    bool (*each)(DbTx *tx, const char *sql, DbRowFn fn, void *data, GError **error);
    bool (*load)(DbTx *tx, const char *table, const char *const *columns, DbNextFn next, void *data,
                 GError **error);

    DbCell (*cell)(const DbRows *rows, int column);
    void (*rows_free)(DbRows *rows);
} DbDriver;

/* What became of a write. */
typedef enum {
    DB_WROTE,
    DB_REFUSED, /* by the function, or by what is in the database */
    DB_BUSY,
    DB_UNCERTAIN,
    DB_FAILED,
    DB_N_RESULTS,
} DbResult;

typedef struct {
    MetricSeries *writes[DB_N_RESULTS];
    MetricSeries *commits; /* several writes may share one */
    MetricSeries *retries; /* functions that ran again */
    MetricHistogram *duration;
} DbCounts;

/* Drivers put these first in their own structures. */
struct Db {
    const DbDriver *driver;
    int connections;
    int64_t busy_timeout_ms;
    bool unchecked_references;
    DbCounts counts; /* all NULL until db_set_metrics() */
};

struct DbTx {
    Db *db;
    GError *failed; /* the first failed statement's error: nothing goes on after it */
};

struct DbRows {
    const DbDriver *driver;
    int n_rows, n_columns;
    int row;            /* -1 before the first */
    GPtrArray *scratch; /* what accessors made for this row; NULL until they do */
};

/* `path` is what follows "sqlite:". Takes the options from `settings`. */
Db *sqlite_db_open(const char *path, const Db *settings, GError **error);
Db *postgresql_db_open(const char *url, const Db *settings, GError **error);

/* Runs `fn`, and sees to it that a failed statement is a failed function and that a failure has an
 * error. `tx->failed` must be NULL. */
bool db_fn_run(DbTx *tx, DbFn fn, void *data, GError **error);

/* Keeps what an accessor made until the next row. */
char *db_rows_keep(DbRows *rows, char *made);

/* Not one row was inserted where db_insert() was to insert one. */
void db_not_one_row_set(GError **error, const char *sql);

/* The answer to a query is larger than DB_MAX_ROWS_BYTES. */
void db_too_large_set(GError **error);

/* "a", "b", "c": names of columns in quotes. */
char *db_quoted_list(const char *const *columns);

/* The error of a column whose value has a type that no table of ours has. */
void db_strange_cell_set(GError **error, const char *table);

/* As db_exec() for several statements at once, without parameters. */
bool db_script(DbTx *tx, const char *sql, GError **error);
