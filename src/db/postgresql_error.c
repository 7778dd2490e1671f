/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLSTATEs become our errors here (PostgreSQL's manual, appendix A). Only the primary message and
 * the constraint's name are passed on: the server's "detail" quotes the values of the row, which
 * are customers' data, and nothing ever quotes the password.
 */
#include "db/postgresql-private.h"

#include "base/error.h"

#include <string.h>

typedef enum {
    ACT_FINAL,
    ACT_RETRY,
    ACT_REPLACE, /* this connection is of no more use, another one may be */
} Action;

typedef struct {
    const char *state; /* SQLSTATE, or its first two characters for a whole class */
    TdErrorCode code;
    const char *problem;
    Action action;
    const char *text;
} StateInfo;

/* The first match counts. */
static const StateInfo states[] = {
    {"23505", TD_ERROR_CONFLICT, "unique", ACT_FINAL, "A record like this is there already"},
    {"23503", TD_ERROR_CONFLICT, "unique", ACT_FINAL,
     "A record that this one belongs to is not there, or others still belong to it"},
    {"23", TD_ERROR_INTERNAL, NULL, ACT_FINAL,
     "The database refused a record that breaks its rules"},
    {"22001", TD_ERROR_INVALID, "too-long", ACT_FINAL, "A value is too long"},
    {"22003", TD_ERROR_INVALID, "out-of-range", ACT_FINAL, "A number is out of range"},
    {"22021", TD_ERROR_INVALID, "not-utf8", ACT_FINAL, "A text cannot be stored"},
    {"22P05", TD_ERROR_INVALID, "not-utf8", ACT_FINAL, "A text cannot be stored"},
    {"54000", TD_ERROR_INVALID, "too-long", ACT_FINAL, "A value is larger than can be kept"},
    {"40001", TD_ERROR_BUSY, NULL, ACT_RETRY, "Another change came in between again and again"},
    {"40P01", TD_ERROR_BUSY, NULL, ACT_RETRY,
     "This change and another waited for each other again and again"},
    {"55P03", TD_ERROR_BUSY, NULL, ACT_FINAL, "A lock did not become free in time"},
    {"57014", TD_ERROR_TIMEOUT, NULL, ACT_FINAL, "The server stopped a statement"},
    {"57P", TD_ERROR_UNAVAILABLE, NULL, ACT_REPLACE, "The server ended the connection"},
    {"08P01", TD_ERROR_INTERNAL, NULL, ACT_FINAL, "The database refused a statement"},
    {"08", TD_ERROR_UNAVAILABLE, NULL, ACT_REPLACE, "The connection failed"},
    {"25P03", TD_ERROR_UNAVAILABLE, NULL, ACT_REPLACE, "The server ended an idle transaction"},
    {"26000", TD_ERROR_UNAVAILABLE, NULL, ACT_REPLACE,
     "The server forgot a prepared statement (a pooler in between must keep sessions)"},
    {"53100", TD_ERROR_UNAVAILABLE, NULL, ACT_FINAL, "The database server's disk is full"},
    {"53", TD_ERROR_UNAVAILABLE, NULL, ACT_FINAL,
     "The database server has too little of something"},
    {"58", TD_ERROR_UNAVAILABLE, NULL, ACT_FINAL, "The database server cannot use its files"},
    {"XX001", TD_ERROR_CORRUPT, NULL, ACT_FINAL, "The database is damaged"},
    {"XX002", TD_ERROR_CORRUPT, NULL, ACT_FINAL, "The database is damaged"},
    {"", TD_ERROR_INTERNAL, NULL, ACT_FINAL, "The database refused a statement"},
};

static const StateInfo *state_info(const char *state)
{
    const StateInfo *info = states;
    while (!g_str_has_prefix(state, info->state))
        info++;
    return info;
}

static PgFailure connection_lost(GError **error, PgConnection *connection)
{
    connection->broken = true;
    if (connection->late)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The PostgreSQL server did not answer in time; nothing was changed. See whether "
                  "it runs well");
    else
        error_set(
            error, TD_ERROR_UNAVAILABLE,
            "The connection to the PostgreSQL server was lost; nothing was changed. See whether "
            "the server runs and can be reached");
    return PG_FAILURE_LOST;
}

/* A plan kept from before a change of the schema, or a server that has become a standby: the same
 * function may well succeed on a new connection. The former has no SQLSTATE of its own, and the
 * message may be in any language, so it is told by the server's function. */
static bool is_stale(const PGresult *result, const char *state, bool reads_only)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (strcmp(state, "0A000") == 0)
        return function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
    return strcmp(state, "25006") == 0 && !reads_only;
}

static const char *result_field(const PGresult *result, int field)
{
    return result == NULL ? NULL : PQresultErrorField(result, field);
}

PgFailure postgresql_error_set(GError **error, PgConnection *connection, const PGresult *result,
                               bool reads_only)
{
    const char *state = result_field(result, PG_DIAG_SQLSTATE);
    const char *message = result_field(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = result_field(result, PG_DIAG_CONSTRAINT_NAME);
    if (state == NULL || message == NULL || PQstatus(connection->handle) != CONNECTION_OK)
        return connection_lost(error, connection);
    if (is_stale(result, state, reads_only)) {
        connection->broken = true;
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The database server cannot do this at the moment (%s); nothing was changed",
                  message);
        return PG_FAILURE_LOST;
    }
    const StateInfo *info = state_info(state);
    error_set_problem(error, info->code, info->problem, NULL, "%s (%s%s%s); nothing was changed",
                      info->text, message, constraint != NULL ? ", " : "",
                      constraint != NULL ? constraint : "");
    if (info->action == ACT_REPLACE) {
        connection->broken = true;
        return PG_FAILURE_LOST;
    }
    return info->action == ACT_RETRY ? PG_FAILURE_RETRY : PG_FAILURE_FINAL;
}

/* The SQLSTATE in a verbose message ("...: FATAL:  28P01: ..."), or "". */
static void find_state(const char *message, char state[6])
{
    state[0] = '\0';
    for (const char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        const char *code = at + 3;
        if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && code[5] == ':') {
            memcpy(state, code, 5);
            state[5] = '\0';
        }
    }
}

bool postgresql_connect_error_set(GError **error, const char *message)
{
    char state[6];
    find_state(message, state);
    bool refused = g_str_has_prefix(state, "28") || strcmp(state, "3D000") == 0;
    const char *advice = "See whether the server runs and can be reached";
    if (refused)
        advice = "Check user, password and database in the configuration, and the server's "
                 "pg_hba.conf";
    else if (strcmp(state, "53300") == 0)
        advice = "All of the server's connections are taken: raise its max_connections, or use "
                 "fewer";
    g_autofree char *line = g_strdup(message);
    g_strdelimit(line, "\r\n\t", ' ');
    char *location = strstr(line, "LOCATION:");
    if (location != NULL)
        *location = '\0';
    error_set(error, TD_ERROR_UNAVAILABLE,
              "The PostgreSQL server cannot be used: %s. Nothing was changed. %s", g_strstrip(line),
              advice);
    return !refused;
}
