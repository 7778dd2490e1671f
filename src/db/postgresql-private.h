/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the PostgreSQL driver. */
#pragma once

#include "db/db-private.h"
#include "db/pool.h"
#include "db/statement_cache.h"

#include <libpq-fe.h>

/* Used by one thread at a time. */
typedef struct {
    PGconn *handle;
    Pool *pool; /* that it belongs to while it is used */
    StatementCache *statements;
    uint64_t last_name;
    int64_t answer_by_us; /* g_get_monotonic_time(); 0: however long an answer takes */
    bool broken;          /* lost, or not to be trusted any more: close it, do not keep it */
    bool late;            /* broken because an answer did not come in time */
} PgConnection;

typedef struct {
    Db base;
    char **keywords; /* for PQconnectStartParams(); `values` may hold a password */
    char **values;
    Pool *pool;   /* of PgConnection */
    Pool *askers; /* the same, for db_read_within() */
} PgDb;

/* What a failure means for the transaction as a whole. */
typedef enum {
    PG_FAILURE_FINAL,
    PG_FAILURE_RETRY, /* serialization failure or deadlock: run it again, a little later */
    PG_FAILURE_LOST,  /* the connection is gone: run it again on another one */
} PgFailure;

typedef struct {
    DbTx base;
    PgConnection *connection;
    bool reads_only;
    PgFailure failure; /* of the statement that failed */
} PgTx;

/* postgresql_url.c */
bool postgresql_url_parse(PgDb *db, const char *url, GError **error);
void postgresql_url_clear(PgDb *db);

/* postgresql_connection.c */

/* Takes a place in one of the Db's pools and a living connection, connecting again with growing
 * pauses until `deadline_us`. `answer_by_us` is the user's, for its statements. Errors: BUSY,
 * UNAVAILABLE. */
PgConnection *postgresql_connection_take(PgDb *db, Pool *pool, int64_t deadline_us,
                                         int64_t answer_by_us, GError **error);
void postgresql_connection_give_back(PgConnection *connection);
void postgresql_connection_close(void *connection);

/* Whether the server has gone, as far as can be known without asking it. Reads what lies there. */
bool postgresql_connection_is_dead(PgConnection *connection);

/* The next result of what was sent; NULL: there are no more, or it did not come in time, and then
 * the connection is broken. Free with PQclear(). */
PGresult *postgresql_connection_next(PgConnection *connection);

/* The last of these results, as PQexec() gives it; NULL: none came, or not in time. */
PGresult *postgresql_connection_answer(PgConnection *connection);

/* Runs one statement, or several, without parameters or rows. */
bool postgresql_connection_run(PgConnection *connection, const char *sql, PgFailure *failure,
                               GError **error);

/* postgresql_error.c: converts a failed result (NULL: none came, in time) and says what it means.
 * Marks a connection that is lost as broken. */
PgFailure postgresql_error_set(GError **error, PgConnection *connection, const PGresult *result,
                               bool reads_only);

/* Another message for a connection that failed to open; true when trying again may help. */
bool postgresql_connect_error_set(GError **error, const char *message);

/* postgresql_statement.c */
void postgresql_statement_discard(void *statement, void *owner);
bool postgresql_tx_exec(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                        int64_t *changed, GError **error);
bool postgresql_tx_insert(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                          int64_t *id, GError **error);
DbRows *postgresql_tx_query(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                            GError **error);
bool postgresql_tx_script(DbTx *tx, const char *sql, GError **error);
DbCell postgresql_rows_cell(const DbRows *rows, int column);
void postgresql_rows_free(DbRows *rows);

/* postgresql_table.c */
bool postgresql_tx_each(DbTx *tx, const char *sql, DbRowFn fn, void *data, GError **error);
bool postgresql_tx_load(DbTx *tx, const char *table, const char *const *columns, DbNextFn next,
                        void *data, GError **error);
