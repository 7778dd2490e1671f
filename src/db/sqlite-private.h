/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the SQLite driver. */
#pragma once

#include "db/db-private.h"
#include "db/pool.h"
#include "db/statement_cache.h"

#include <sqlite3.h>

/* Used by one thread at a time. */
typedef struct {
    sqlite3 *handle;
    StatementCache *statements;
    struct SqliteRows *spare; /* the memory of an answer that was read, for the next; may be NULL */
} SqliteConnection;

typedef struct SqliteWriter SqliteWriter;

typedef struct {
    Db base;
    char *path;
    Pool *readers; /* of SqliteConnection */
    Pool *askers;  /* the same, for db_read_within() */
    SqliteWriter *writer;
} SqliteDb;

typedef struct {
    DbTx base;
    SqliteConnection *connection;
    bool lost;  /* SQLite itself has ended the transaction */
    bool wrote; /* something in the database may be different now */
} SqliteTx;

/* sqlite_connection.c */
SqliteConnection *sqlite_connection_open(const SqliteDb *db, bool writes, GError **error);
void sqlite_connection_close(SqliteConnection *connection); /* NULL is allowed */

/* Runs a statement without parameters or rows, such as COMMIT. */
bool sqlite_connection_run(SqliteConnection *connection, const char *sql, GError **error);

/* False while BEGIN is in force. */
bool sqlite_connection_is_idle(const SqliteConnection *connection);

/* Converts `code`, the extended result code of the last call. */
void sqlite_error_set(GError **error, sqlite3 *handle, int code);

/* sqlite_statement.c: the driver's statements, and preparing. */
void sqlite_rows_discard(struct SqliteRows *rows); /* NULL is allowed */
typedef struct SqliteStatement SqliteStatement;
SqliteStatement *sqlite_statement_find(SqliteConnection *connection, const char *sql,
                                       GError **error);
sqlite3_stmt *sqlite_statement_handle(const SqliteStatement *statement);
void sqlite_statement_discard(void *statement, void *owner);

bool sqlite_tx_exec(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                    int64_t *changed, GError **error);
bool sqlite_tx_insert(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                      int64_t *id, GError **error);
DbRows *sqlite_tx_query(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                        GError **error);
bool sqlite_tx_script(DbTx *tx, const char *sql, GError **error);
DbCell sqlite_rows_cell(const DbRows *rows, int column);
void sqlite_rows_free(DbRows *rows);

/* sqlite_table.c */
bool sqlite_tx_each(DbTx *tx, const char *sql, DbRowFn fn, void *data, GError **error);
bool sqlite_tx_load(DbTx *tx, const char *table, const char *const *columns, DbNextFn next,
                    void *data, GError **error);

/* sqlite_writer.c: `connection` is taken, and closed with the writer (or on failure). */
SqliteWriter *sqlite_writer_start(Db *db, SqliteConnection *connection, GError **error);
void sqlite_writer_stop(SqliteWriter *writer); /* finishes what was handed in */
bool sqlite_writer_run(SqliteWriter *writer, DbFn fn, void *data, GError **error);

/* False while the disk refuses what is written (full, read-only, broken), as far as the last try
 * says: with its error. The next one that succeeds ends it. */
bool sqlite_writer_is_well(SqliteWriter *writer, GError **error);

/* How many callers the writer has not yet taken; for tests. */
size_t sqlite_writer_waiting(SqliteWriter *writer);
