/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL on two engines behind one interface.
 *
 * One SQL text serves both: parameters are $1, $2, ...; RETURNING and ON CONFLICT work on both;
 * times are BIGINT microseconds UTC, booleans are integers, JSON is TEXT. What must differ is asked
 * for with db_engine() and small helpers below.
 *
 * Writing goes through db_write(): the function runs inside a transaction, MAY RUN MORE THAN ONCE
 * (a batch redone, a serialization failure, a deadlock, a connection lost before COMMIT), writes
 * only through the DbTx it is given, builds its results afresh at each run and has no other effect.
 * When db_write() returns true the change is durable. On SQLite one writer thread runs many
 * callers' functions in one commit, each in a savepoint of its own; on PostgreSQL the function runs
 * on the caller's thread with a pooled connection.
 *
 * Thread-safe: a Db may be used from any thread. A DbTx and its DbRows belong to the function that
 * received them.
 */
#pragma once

#include "base/metrics.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Db Db;
typedef struct DbTx DbTx;
typedef struct DbRows DbRows;

typedef enum { DB_SQLITE, DB_POSTGRESQL } DbEngine;

/* One numbered step of the schema. `sql` may hold several statements, none of which ends the
 * transaction, and these words, replaced for the engine:
 *   @id@   a generated 64-bit primary key (SQLite INTEGER PRIMARY KEY AUTOINCREMENT; PostgreSQL
 *          BIGINT identity, which also takes a value that is given)
 * Foreign keys are in force while it runs: a table that others refer to can be altered, but not
 * dropped and made anew. */
typedef struct {
    int version; /* 1, 2, 3, ... without gaps */
    const char *name;
    const char *sql;
} DbMigration;

typedef struct {
    int connections;         /* PostgreSQL pool (0: 16), or SQLite readers (0: 8) */
    int64_t busy_timeout_ms; /* how long to wait for a connection or a lock; 0: default (10,000) */
    bool unchecked_references; /* SQLite: foreign keys are not looked at while writing, and are
                                  checked by the caller afterwards */
} DbOptions;

/* Opens "sqlite:PATH" or "postgresql://..." (also "postgres://"). PostgreSQL may be away at first:
 * each call connects again when it must. Errors: INVALID (URL), UNAVAILABLE, CORRUPT (not a
 * database). */
Db *db_open(const char *url, const DbOptions *options, GError **error);

/* Finishes what was handed in, then closes. NULL is allowed. No call may be under way in another
 * thread. */
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)

DbEngine db_engine(const Db *db);

/* From here on the writes are counted (tidings_database_*). Borrowed until db_close(); before the
 * first call of another thread. */
void db_set_metrics(Db *db, Metrics *metrics);

/* How busy it is at this moment, in this process. */
typedef struct {
    int64_t waiting;     /* SQLite: writes that wait for their turn */
    int64_t connections; /* in use: PostgreSQL's pool, SQLite's readers */
    int64_t connections_max;
    int64_t file_bytes; /* SQLite: the database, and its log that is not yet part of it; else -1 */
    int64_t wal_bytes;
} DbStatus;
void db_status(Db *db, DbStatus *status);

/* Brings the schema up to date: each missing step in a transaction of its own, with its checksum
 * recorded in table schema_migration (version, name, checksum, applied_at). Two processes may call
 * it at once. Errors: CONFLICT (problem "schema-newer": the database was made by a newer program;
 * "schema-changed": a recorded step has another checksum; nothing was changed), and those of
 * db_write(). */
bool db_migrate(Db *db, const DbMigration *steps, size_t n_steps, int64_t now_us, GError **error);

/* While a database is filled with what another one holds it has a table of this name, and
 * db_migrate() refuses it (CONFLICT, problem "unfinished-copy"): it is nobody's desk yet. Whoever
 * fills it uses db_migrate_unfinished(), which is the same without that refusal. */
#define DB_UNFINISHED "unfinished_copy"
bool db_migrate_unfinished(Db *db, const DbMigration *steps, size_t n_steps, int64_t now_us,
                           GError **error);

/* What runs inside a transaction. Returning false rolls back this caller's work alone; it must then
 * set *error. */
typedef bool (*DbFn)(DbTx *tx, void *data, GError **error);

/* Errors: those of `fn`; CONFLICT (problem "unique": a unique or foreign key refused it, deferred
 * ones included), INVALID (problem "not-utf8", "too-long" or "out-of-range": a value that cannot be
 * stored), BUSY (no connection, lock or turn in time, or deadlocks without end), UNAVAILABLE (disk
 * full, I/O error, server away: nothing was written), UNCERTAIN (the connection was lost during
 * COMMIT, or the disk refused to say that the commit is safe: it may or may not have been written),
 * TIMEOUT (the server's administrator limits statements), LIMIT (a query's answer of more than 256
 * MiB), CORRUPT, INTERNAL (a statement that is wrong, or a CHECK or NOT NULL that refused it).
 * After a failed statement nothing goes on: every later one fails with the same error, and the
 * change is rolled back even if `fn` returns true. To ask "is it there already?" use ON CONFLICT DO
 * NOTHING and *changed.
 * Blocks. Must not be called inside a function that runs in a transaction of the same Db: that is a
 * critical, and INTERNAL. */
bool db_write(Db *db, DbFn fn, void *data, GError **error);

/* As db_write() on a connection that only reads: one consistent snapshot. May also run more than
 * once. A statement that would write fails with INTERNAL. */
bool db_read(Db *db, DbFn fn, void *data, GError **error);

/* As db_read(), for those who ask how things stand: over within about timeout_ms (at least 1)
 * whatever the database server does, one that hangs included; only the look-up of its host's name
 * has limits of its own. It has two connections to itself, and so does not wait for those who work.
 * On SQLite they are also told that the disk refused the last change: it answers reads as before.
 * Errors: UNAVAILABLE and BUSY for what did not come in time; UNAVAILABLE or UNCERTAIN for the
 * disk.
 */
bool db_read_within(Db *db, int64_t timeout_ms, DbFn fn, void *data, GError **error);

/*
 * Statements. `types` has one letter a parameter, the parameters follow:
 *   i  int64_t (cast what is not)   n  int64_t, where 0 is bound as NULL (an optional id or time)
 *   s  const char *, NULL is NULL   b  const void *, then size_t (bytes)
 * Statements are prepared once for each connection and kept; so `sql` should be a constant text,
 * never one that has values from outside in it.
 */

/* For a statement without rows to read. *changed (may be NULL) is the number of rows it wrote. */
bool db_exec(DbTx *tx, int64_t *changed, GError **error, const char *sql, const char *types, ...);

/* Runs a statement that gives rows; it has run, and all rows are in memory, when this returns. NULL
 * on error. Free with db_rows_free(). */
DbRows *db_query(DbTx *tx, GError **error, const char *sql, const char *types, ...);

/* The same with parameters from a list, for statements about many rows at once (at most 256
 * parameters). */
typedef struct {
    char type; /* 'i' or 's' */
    int64_t integer;
    const char *text;
} DbParam;
#define DB_PARAM_INT(value)  ((DbParam){.type = 'i', .integer = (value)})
#define DB_PARAM_TEXT(value) ((DbParam){.type = 's', .text = (value)})

bool db_exec_list(DbTx *tx, int64_t *changed, GError **error, const char *sql,
                  const DbParam *params, size_t n);
DbRows *db_query_list(DbTx *tx, GError **error, const char *sql, const DbParam *params, size_t n);

/* Moves to the next row (before the first at the start). False at the end, or on error: then
 * db_rows_end() says so. */
bool db_rows_next(DbRows *rows);
int64_t db_rows_int(const DbRows *rows, int column); /* NULL reads as 0 */
const char *db_rows_text(const DbRows *rows,
                         int column); /* NULL reads as NULL; valid until the next row */
char *db_rows_dup(const DbRows *rows, int column); /* a copy, NULL for NULL */
const void *db_rows_blob(const DbRows *rows, int column, size_t *bytes);
bool db_rows_is_null(const DbRows *rows, int column);

/* Frees; false with *error when reading had failed underway. Use it where "no more rows" must not
 * be a guess. */
bool db_rows_end(DbRows *rows, GError **error);
void db_rows_free(DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRows, db_rows_free)

/* Runs an INSERT of one row that ends in "RETURNING " and the name of the table's @id@ column, and
 * gives that id. For such an INSERT it is cheaper than db_query_int(): SQLite makes a table of its
 * own for what a RETURNING gives. Not for ON CONFLICT, nor for INSERT ... SELECT. */
bool db_insert(DbTx *tx, int64_t *id, GError **error, const char *sql, const char *types, ...);

/* The first row's first column: *found says whether there was a row. */
bool db_query_int(DbTx *tx, bool *found, int64_t *value, GError **error, const char *sql,
                  const char *types, ...);

/*
 * Whole tables, row by row in bounded memory. `sql`, and the names of tables and columns, come from
 * the database's own catalogue; the statements are not kept.
 */
typedef enum {
    DB_CELL_NULL,
    DB_CELL_INTEGER,
    DB_CELL_TEXT,
    DB_CELL_BLOB,
    DB_CELL_OTHER, /* of a type that no table of ours has; without a value */
} DbCellKind;

/* One column of a row. What `data` points to is borrowed, and nothing follows its `bytes`. */
typedef struct {
    DbCellKind kind;
    int64_t integer;
    const char *data;
    size_t bytes;
} DbCell;

/* Runs a query without parameters and gives `fn` each row as it comes, valid until it returns. `fn`
 * runs no statement itself; where it returns false, with *error, reading ends. Errors: those of
 * `fn`, and of a statement. */
typedef bool (*DbRowFn)(const DbCell *cells, int n_cells, void *data, GError **error);
bool db_each(DbTx *tx, GError **error, const char *sql, DbRowFn fn, void *data);

/* Inserts rows in the fastest way that the engine has. `next` fills one cell for each of the
 * columns (NULL-terminated) and runs no statement; it returns false at the end, or with *error:
 * then nothing is kept. A cell's kind must be what its column takes: INTEGER for BIGINT, TEXT for
 * TEXT, BLOB for BYTEA. */
typedef bool (*DbNextFn)(DbCell *cells, void *data, GError **error);
bool db_load(DbTx *tx, GError **error, const char *table, const char *const *columns, DbNextFn next,
             void *data);

/* Whether there is a table of this name. */
bool db_has_table(DbTx *tx, const char *table, bool *found, GError **error);

DbEngine db_tx_engine(const DbTx *tx);
