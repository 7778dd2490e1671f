/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL driver: transactions on pooled connections, and when a function runs again.
 *
 *   What happened                                  db_write()             db_read()
 *   serialization failure, deadlock                again, a little later  the same
 *   connection lost before COMMIT was sent         again, on another one  again
 *   connection lost after, without the answer      UNCERTAIN              what was read is valid
 *   the answer says COMMIT                         done                   done
 *
 * Running again is safe in the first two rows because a transaction whose COMMIT never left this
 * process cannot have been committed. Before COMMIT is sent the socket is looked at once more, so
 * that a connection that the server has closed while the function ran counts as lost before, not
 * as uncertain.
 */
#include "db/postgresql-private.h"

#include "base/error.h"
#include "base/random.h"

#include <string.h>

#define MAX_RUNS       10
#define FIRST_PAUSE_US 2000

typedef enum { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_RETRY, OUTCOME_LOST } Outcome;

static Outcome outcome_of(PgFailure failure)
{
    if (failure == PG_FAILURE_LOST)
        return OUTCOME_LOST;
    return failure == PG_FAILURE_RETRY ? OUTCOME_RETRY : OUTCOME_FAILED;
}

static Outcome commit_uncertain(PgConnection *connection, GError **error)
{
    connection->broken = true;
    error_set(error, TD_ERROR_UNCERTAIN,
              "The connection to the PostgreSQL server was lost while the change was committed; it "
              "may or may not have been kept. Look before doing it again");
    return OUTCOME_FAILED;
}

static Outcome commit(PgTx *tx, GError **error)
{
    PgConnection *connection = tx->connection;
    bool committed = false, rolled_back = false;
    g_autoptr(GError) refused = NULL;
    PgFailure failure = PG_FAILURE_FINAL;
    if (PQsendQuery(connection->handle, "COMMIT") == 0)
        return commit_uncertain(connection, error);
    /* The first answer counts: an error that follows "COMMIT" is the server saying goodbye. */
    for (PGresult *result = postgresql_connection_next(connection); result != NULL;
         result = postgresql_connection_next(connection)) {
        bool is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
        committed = committed || (is_good && strcmp(PQcmdStatus(result), "COMMIT") == 0);
        rolled_back = rolled_back || (is_good && strcmp(PQcmdStatus(result), "ROLLBACK") == 0);
        if (!is_good && !committed && refused == NULL)
            failure = postgresql_error_set(&refused, connection, result, tx->reads_only);
        PQclear(result);
    }
    if (committed || tx->reads_only)
        return OUTCOME_DONE;
    if (rolled_back) {
        error_set(error, TD_ERROR_INTERNAL,
                  "The database server rolled the change back; nothing was changed");
        return OUTCOME_FAILED;
    }
    if (refused == NULL || connection->broken)
        return commit_uncertain(connection, error);
    g_propagate_error(error, g_steal_pointer(&refused));
    return outcome_of(failure);
}

/* Runs the function once. The connection is left idle, or broken. */
static Outcome run_once(PgTx *tx, DbFn fn, void *data, GError **error)
{
    PgConnection *connection = tx->connection;
    const char *begin = tx->reads_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                       : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    if (!postgresql_connection_run(connection, begin, &tx->failure, error))
        return outcome_of(tx->failure);
    bool ok = db_fn_run(&tx->base, fn, data, error);
    bool statement_failed = tx->base.failed != NULL;
    g_clear_error(&tx->base.failed);
    if (ok && !postgresql_connection_is_dead(connection))
        return commit(tx, error);
    if (ok)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The PostgreSQL server ended the connection again and again; nothing was "
                  "changed. See whether it runs well");
    if (connection->broken)
        return ok || statement_failed ? OUTCOME_LOST : OUTCOME_FAILED;
    postgresql_connection_run(connection, "ROLLBACK", NULL, NULL);
    return statement_failed ? outcome_of(tx->failure) : OUTCOME_FAILED;
}

static void pause_before_run(int run)
{
    uint64_t bound_us = (uint64_t)FIRST_PAUSE_US << MIN(run, 6);
    g_usleep((gulong)(1 + random_below(random_system(), bound_us)));
}

/* How long a whole run may take: until `by_us`; for `answers`, too, or only to get a connection of
 * this pool. */
typedef struct {
    Pool *pool;
    int64_t by_us;
    bool answers;
} Patience;

/* Whether the function is to run again. */
static bool is_worth_another(Outcome outcome, int run, const Patience *patience)
{
    if (run + 1 >= MAX_RUNS)
        return false;
    if (outcome == OUTCOME_RETRY)
        pause_before_run(run);
    if (outcome != OUTCOME_LOST)
        return outcome == OUTCOME_RETRY;
    /* Where one was lost the others that lie in the pool are not to be trusted: each of them could
     * cost another wait for an answer that never comes. */
    pool_close_kept(patience->pool, postgresql_connection_close);
    return g_get_monotonic_time() < patience->by_us;
}

static bool run(PgDb *db, bool reads_only, Patience patience, DbFn fn, void *data, GError **error)
{
    for (int i = 0;; i++) {
        PgConnection *connection = postgresql_connection_take(
            db, patience.pool, patience.by_us, patience.answers ? patience.by_us : 0, error);
        if (connection == NULL)
            return false;
        g_autoptr(GError) local = NULL;
        PgTx tx = {.base.db = &db->base, .connection = connection, .reads_only = reads_only};
        Outcome outcome = run_once(&tx, fn, data, &local);
        postgresql_connection_give_back(connection);
        if (outcome == OUTCOME_DONE) {
            metric_add(reads_only ? NULL : db->base.counts.commits, 1);
            return true;
        }
        if (!is_worth_another(outcome, i, &patience)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        metric_add(reads_only ? NULL : db->base.counts.retries, 1);
    }
}

static void postgresql_db_status(Db *base, DbStatus *status)
{
    status->connections = pool_in_use(((PgDb *)base)->pool);
}

static bool postgresql_db_write(Db *base, DbFn fn, void *data, GError **error)
{
    PgDb *db = (PgDb *)base;
    Patience patience = {db->pool, g_get_monotonic_time() + base->busy_timeout_ms * 1000, false};
    return run(db, false, patience, fn, data, error);
}

static bool postgresql_db_read(Db *base, int64_t timeout_ms, DbFn fn, void *data, GError **error)
{
    PgDb *db = (PgDb *)base;
    int64_t wait_ms = timeout_ms > 0 ? timeout_ms : base->busy_timeout_ms;
    Patience patience = {timeout_ms > 0 ? db->askers : db->pool,
                         g_get_monotonic_time() + wait_ms * 1000, timeout_ms > 0};
    return run(db, true, patience, fn, data, error);
}

static void postgresql_db_close(Db *base)
{
    PgDb *db = (PgDb *)base;
    pool_free(db->pool, postgresql_connection_close);
    pool_free(db->askers, postgresql_connection_close);
    postgresql_url_clear(db);
    g_free(db);
}

static const DbDriver postgresql_driver = {
    .engine = DB_POSTGRESQL,
    .skip_locked = " FOR UPDATE SKIP LOCKED",
    .id_column = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    .lock_schema = "SELECT pg_advisory_xact_lock(8386097260934129267)",
    .table_known = "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass($1)",
    .close = postgresql_db_close,
    .write = postgresql_db_write,
    .read = postgresql_db_read,
    .status = postgresql_db_status,
    .exec = postgresql_tx_exec,
    .query = postgresql_tx_query,
    .insert = postgresql_tx_insert,
    .script = postgresql_tx_script,
    .each = postgresql_tx_each,
    .load = postgresql_tx_load,
    .cell = postgresql_rows_cell,
    .rows_free = postgresql_rows_free,
};

Db *postgresql_db_open(const char *url, const Db *settings, GError **error)
{
    PgDb *db = g_new0(PgDb, 1);
    db->base = *settings;
    db->base.driver = &postgresql_driver;
    if (!postgresql_url_parse(db, url, error)) {
        g_free(db);
        return NULL;
    }
    db->pool = pool_new(settings->connections);
    db->askers = pool_new(DB_ASKERS);
    return &db->base;
}
