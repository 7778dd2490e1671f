/* SPDX-License-Identifier: Apache-2.0 */
#include "records/session.h"

#include "base/error.h"

#define COLUMNS "id, hash, kind, person, email, created_at, seen_at, expires_at, peer, agent"

void session_free(Session *session)
{
    if (session == NULL)
        return;
    g_free(session->hash);
    g_free(session->kind);
    g_free(session->email);
    g_free(session->peer);
    g_free(session->agent);
    g_free(session);
}

static Session *from_row(const DbRows *rows)
{
    Session *session = g_new0(Session, 1);
    session->id = db_rows_int(rows, 0);
    session->hash = db_rows_dup(rows, 1);
    session->kind = db_rows_dup(rows, 2);
    session->person = db_rows_int(rows, 3);
    session->email = db_rows_dup(rows, 4);
    session->created_at = db_rows_int(rows, 5);
    session->seen_at = db_rows_int(rows, 6);
    session->expires_at = db_rows_int(rows, 7);
    session->peer = db_rows_dup(rows, 8);
    session->agent = db_rows_dup(rows, 9);
    return session;
}

bool session_insert(DbTx *tx, Session *session, GError **error)
{
    return db_insert(tx, &session->id, error,
                     "INSERT INTO session (hash, kind, person, email, created_at, seen_at,"
                     " expires_at, peer, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                     " RETURNING id",
                     "ssisiiiss", session->hash, session->kind, session->person, session->email,
                     session->created_at, session->seen_at, session->expires_at, session->peer,
                     session->agent);
}

Session *session_find(DbTx *tx, const char *hash, int64_t now_us, int64_t seen_after_us,
                      GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM session"
                            " WHERE hash = $1 AND expires_at > $2 AND seen_at > $3",
                            "sii", hash, now_us, seen_after_us);
    if (rows == NULL)
        return NULL;
    g_autoptr(Session) session = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (session == NULL)
        error_set(error, TD_ERROR_UNAUTHENTICATED, "This session has ended; sign in again");
    return g_steal_pointer(&session);
}

bool session_touch(DbTx *tx, int64_t id, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE session SET seen_at = $2 WHERE id = $1", "ii", id,
                   now_us);
}

bool session_end(DbTx *tx, int64_t id, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM session WHERE id = $1", "i", id);
}

bool session_end_all(DbTx *tx, const char *kind, int64_t person, int64_t except, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM session WHERE kind = $1 AND person = $2 AND id <> $3", "sii", kind,
                   person, except);
}

bool session_end_everybody(DbTx *tx, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM session", "");
}

GPtrArray *session_list(DbTx *tx, const char *kind, int64_t person, int64_t now_us,
                        int64_t seen_after_us, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM session WHERE kind = $1 AND person = $2"
                            " AND expires_at > $3 AND seen_at > $4 ORDER BY seen_at DESC, id DESC",
                            "siii", kind, person, now_us, seen_after_us);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)session_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool session_forget(DbTx *tx, int64_t now_us, int limit, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at <= $1"
                   " ORDER BY expires_at LIMIT $2)",
                   "ii", now_us, (int64_t)limit);
}

bool sign_in_failure_insert(DbTx *tx, const char *name, const char *peer, int64_t now_us,
                            GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO sign_in_failure (name, peer, at) VALUES ($1, $2, $3)", "ssi", name,
                   peer, now_us);
}

bool sign_in_failures_count(DbTx *tx, const char *name, const char *peer, int64_t since_us,
                            SignInFailures *failures, GError **error)
{
    bool found;
    return db_query_int(tx, &found, &failures->of_both, error,
                        "SELECT COUNT(*) FROM sign_in_failure"
                        " WHERE name = $1 AND at > $3 AND peer = $2",
                        "ssi", name, peer, since_us) &&
           db_query_int(tx, &found, &failures->of_name, error,
                        "SELECT COUNT(*) FROM sign_in_failure WHERE name = $1 AND at > $2", "si",
                        name, since_us) &&
           db_query_int(tx, &found, &failures->of_peer, error,
                        "SELECT COUNT(*) FROM sign_in_failure WHERE peer = $1 AND at > $2", "si",
                        peer, since_us);
}

bool sign_in_failures_forget(DbTx *tx, int64_t before_us, int limit, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM sign_in_failure WHERE id IN (SELECT id FROM sign_in_failure"
                   " WHERE at < $1 ORDER BY at LIMIT $2)",
                   "ii", before_us, (int64_t)limit);
}

bool sign_in_failures_forgive(DbTx *tx, const char *name, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM sign_in_failure WHERE name = $1", "s", name);
}
