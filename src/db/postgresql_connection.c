/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL connections: opened when they are needed, kept in the pool, and opened again when they
 * were lost. Connecting never blocks for longer than the caller's deadline: libpq's steps are
 * waited for with poll(). A server that is away is tried again with growing pauses until then (a
 * restart takes a second or two); one that refuses the user or the database is not. Answers are
 * waited for as long as they take (locks have a limit of their own), except where the user of the
 * connection has set a time; and during the set-up of a new one.
 *
 * A kept connection may have died while it lay there. libpq notices only when it reads, so before
 * it is handed out whatever lies in its socket is read: that costs one poll() and finds a server
 * that has said goodbye. One that vanished without a word is found by the first statement, and the
 * caller's function runs again on another connection.
 */
#include "db/postgresql-private.h"

#include "base/error.h"
#include "base/random.h"

#include <poll.h>
#include <string.h>

#define FIRST_PAUSE_US 50000
#define LAST_PAUSE_US  1000000

/* A process that is stopped in the middle of a transaction keeps its locks: after so long the
 * server ends the transaction. Less than others wait for a lock, so that they need not fail. */
#define STANDSTILL_MS 5000

/* Notices belong to nobody's log: they may quote data. But a server that says goodbye to an idle
 * connection ("terminating connection due to administrator command") does it with one of these. */
static void look_at_notice(void *data, const PGresult *result)
{
    PgConnection *connection = data;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        connection->broken = true;
}

/* Waits until the socket can be read or written. False when the time is over. */
static bool wait_socket(PGconn *handle, short events, int64_t deadline_us)
{
    struct pollfd fd = {.fd = PQsocket(handle), .events = events};
    /* Rounded up: who came too late has no time left, either. */
    int64_t left_ms = (deadline_us - g_get_monotonic_time() + 999) / 1000;
    return left_ms > 0 && poll(&fd, 1, (int)MIN(left_ms, INT64_C(3600000))) > 0;
}

/* Goes on with a connection that was begun. *in_time says whether it was the deadline that ended
 * it. */
static bool finish_connecting(PGconn *handle, int64_t deadline_us, bool *in_time)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    *in_time = true;
    if (PQstatus(handle) == CONNECTION_BAD)
        return false;
    while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
        *in_time =
            wait_socket(handle, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_us);
        if (!*in_time)
            return false;
        status = PQconnectPoll(handle);
    }
    return status == PGRES_POLLING_OK;
}

static bool set_up_session(PgDb *db, PgConnection *connection, GError **error)
{
    const char *encoding = PQparameterStatus(connection->handle, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The PostgreSQL database has the encoding %s and must have UTF8. Create it with "
                  "ENCODING 'UTF8' TEMPLATE template0",
                  encoding != NULL ? encoding : "(unknown)");
        return false;
    }
    /* Durable means durable, whatever the server's default is. */
    g_autofree char *sql = g_strdup_printf("SET lock_timeout = %" G_GINT64_FORMAT ";"
                                           "SET idle_in_transaction_session_timeout = %d;"
                                           "SET client_min_messages = error;"
                                           "SELECT set_config('synchronous_commit', 'on', false)"
                                           " WHERE current_setting('synchronous_commit') = 'off'",
                                           db->base.busy_timeout_ms, STANDSTILL_MS);
    return postgresql_connection_run(connection, sql, NULL, error);
}

/* One attempt. *worth_trying says whether another one could end better. */
static PgConnection *connection_open(PgDb *db, int64_t deadline_us, bool *worth_trying,
                                     GError **error)
{
    PgConnection *connection = g_new0(PgConnection, 1);
    connection->statements =
        statement_cache_new(DB_MAX_STATEMENTS, postgresql_statement_discard, connection);
    connection->handle =
        PQconnectStartParams((const char *const *)db->keywords, (const char *const *)db->values, 0);
    connection->answer_by_us = deadline_us;
    *worth_trying = true;
    bool in_time = true;
    bool ok = false;
    if (connection->handle == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE, "There is no memory for a database connection");
    } else {
        PQsetNoticeReceiver(connection->handle, look_at_notice, connection);
        PQsetErrorVerbosity(connection->handle, PQERRORS_VERBOSE); /* for its SQLSTATE */
        ok = finish_connecting(connection->handle, deadline_us, &in_time);
        if (!ok)
            *worth_trying = postgresql_connect_error_set(
                error, in_time ? PQerrorMessage(connection->handle) : "no answer in time");
    }
    if (ok) {
        ok = set_up_session(db, connection, error);
        *worth_trying = connection->broken;
    }
    if (ok)
        return connection;
    postgresql_connection_close(connection);
    return NULL;
}

/* False, at once, when no time would be left: then the reason of the last failure stands, and not
 * one more attempt that ends with "no answer in time". */
static bool pause_before_retry(int64_t *pause_us, int64_t deadline_us)
{
    int64_t random_us = (int64_t)random_below(random_system(), (uint64_t)*pause_us / 2);
    int64_t wanted_us = *pause_us / 2 + random_us;
    if (g_get_monotonic_time() + wanted_us >= deadline_us)
        return false;
    g_usleep((gulong)wanted_us);
    *pause_us = MIN(*pause_us * 2, LAST_PAUSE_US);
    return true;
}

static PgConnection *connection_open_until(PgDb *db, int64_t deadline_us, GError **error)
{
    int64_t pause_us = FIRST_PAUSE_US;
    for (;;) {
        g_autoptr(GError) local = NULL;
        bool worth_trying = true;
        PgConnection *connection = connection_open(db, deadline_us, &worth_trying, &local);
        if (connection != NULL)
            return connection;
        if (!worth_trying || !pause_before_retry(&pause_us, deadline_us)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
    }
}

bool postgresql_connection_is_dead(PgConnection *connection)
{
    struct pollfd fd = {.fd = PQsocket(connection->handle), .events = POLLIN};
    while (!connection->broken && poll(&fd, 1, 0) > 0) {
        if (PQconsumeInput(connection->handle) == 0)
            connection->broken = true;
        PQisBusy(connection->handle); /* has it read what came */
    }
    return connection->broken;
}

PgConnection *postgresql_connection_take(PgDb *db, Pool *pool, int64_t deadline_us,
                                         int64_t answer_by_us, GError **error)
{
    void *item = NULL;
    if (!pool_take(pool, deadline_us, &item, error))
        return NULL;
    PgConnection *connection = item;
    if (connection != NULL && postgresql_connection_is_dead(connection)) {
        postgresql_connection_close(connection);
        connection = NULL;
    }
    if (connection == NULL)
        connection = connection_open_until(db, deadline_us, error);
    if (connection == NULL) {
        pool_give_back(pool, NULL);
        return NULL;
    }
    connection->pool = pool;
    connection->answer_by_us = answer_by_us;
    return connection;
}

void postgresql_connection_give_back(PgConnection *connection)
{
    Pool *pool = connection->pool;
    if (PQtransactionStatus(connection->handle) != PQTRANS_IDLE)
        connection->broken = true;
    if (connection->broken) {
        postgresql_connection_close(connection);
        connection = NULL;
    }
    pool_give_back(pool, connection);
}

void postgresql_connection_close(void *item)
{
    PgConnection *connection = item;
    connection->broken = true; /* nobody needs its statements to be given back one by one */
    statement_cache_free(connection->statements);
    PQfinish(connection->handle);
    g_free(connection);
}

PGresult *postgresql_connection_next(PgConnection *connection)
{
    PGconn *handle = connection->handle;
    while (connection->answer_by_us != 0 && PQisBusy(handle)) {
        if (!wait_socket(handle, POLLIN, connection->answer_by_us)) {
            connection->broken = connection->late = true;
            return NULL;
        }
        if (PQconsumeInput(handle) == 0)
            break; /* PQgetResult() says why */
    }
    return PQgetResult(handle);
}

PGresult *postgresql_connection_answer(PgConnection *connection)
{
    PGresult *last = NULL;
    for (PGresult *result = postgresql_connection_next(connection); result != NULL;
         result = postgresql_connection_next(connection)) {
        PQclear(last);
        last = result;
    }
    if (!connection->late)
        return last;
    PQclear(last);
    return NULL;
}

bool postgresql_connection_run(PgConnection *connection, const char *sql, PgFailure *failure,
                               GError **error)
{
    PQsendQuery(connection->handle, sql);
    PGresult *result = postgresql_connection_answer(connection);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok) {
        PgFailure meant = postgresql_error_set(error, connection, result, false);
        if (failure != NULL)
            *failure = meant;
    }
    PQclear(result);
    return ok;
}
