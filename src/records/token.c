/* SPDX-License-Identifier: Apache-2.0 */
#include "records/token.h"

#include "base/error.h"

#define COLUMNS "id, name, hash, scopes, created_by, created_at"

void token_free(Token *token)
{
    if (token == NULL)
        return;
    g_free(token->name);
    g_free(token->hash);
    g_free(token->scopes);
    g_free(token->created_by);
    g_free(token);
}

static Token *from_row(const DbRows *rows)
{
    Token *token = g_new0(Token, 1);
    token->id = db_rows_int(rows, 0);
    token->name = db_rows_dup(rows, 1);
    token->hash = db_rows_dup(rows, 2);
    token->scopes = db_rows_dup(rows, 3);
    token->created_by = db_rows_dup(rows, 4);
    token->created_at = db_rows_int(rows, 5);
    return token;
}

bool token_insert(DbTx *tx, Token *token, GError **error)
{
    return db_insert(tx, &token->id, error,
                     "INSERT INTO api_token (name, hash, scopes, created_by, created_at)"
                     " VALUES ($1, $2, $3, $4, $5) RETURNING id",
                     "ssssi", token->name, token->hash, token->scopes, token->created_by,
                     token->created_at);
}

static void unknown(GError **error)
{
    error_set(error, TD_ERROR_UNAUTHENTICATED,
              "This token is not known here; it may have been revoked. Make a new one with"
              " `tidings token create`");
}

Token *token_find(DbTx *tx, const char *hash, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM api_token WHERE hash = $1", "s", hash);
    if (rows == NULL)
        return NULL;
    g_autoptr(Token) token = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (token == NULL)
        unknown(error);
    return g_steal_pointer(&token);
}

bool token_check(DbTx *tx, int64_t id, GError **error)
{
    bool found;
    if (!db_query_int(tx, &found, NULL, error, "SELECT id FROM api_token WHERE id = $1", "i", id))
        return false;
    if (!found)
        unknown(error);
    return found;
}

GPtrArray *token_list(DbTx *tx, int64_t after, int limit, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM api_token WHERE id > $1 ORDER BY id LIMIT $2",
                 "ii", after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)token_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool token_delete(DbTx *tx, int64_t id, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error, "DELETE FROM api_token WHERE id = $1", "i", id))
        return false;
    if (changed == 0) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-token", NULL,
                          "There is no token %" G_GINT64_FORMAT, id);
        return false;
    }
    return true;
}

/* Reads what the first caller left. */
static bool read_answer(DbTx *tx, const IdempotencyKey *key, int *status, char **response,
                        GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT request_hash, status, response FROM idempotency"
                            " WHERE token = $1 AND key = $2",
                            "is", key->token, key->key);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    bool same = found && g_strcmp0(db_rows_text(rows, 0), key->request_hash) == 0;
    int answered = same ? (int)db_rows_int(rows, 1) : 0;
    g_autofree char *text = same ? db_rows_dup(rows, 2) : NULL;
    if (!db_rows_end(rows, error))
        return false;
    if (!found) {
        error_set(error, TD_ERROR_BUSY, "The Idempotency-Key was in use a moment ago; try again");
        return false;
    }
    if (!same) {
        error_set_problem(error, TD_ERROR_INVALID, "idempotency-key-reused", NULL,
                          "This Idempotency-Key was used with another request in the last 24 hours;"
                          " nothing was changed. Use a new key for a new request");
        return false;
    }
    *status = answered;
    *response = g_steal_pointer(&text);
    return true;
}

bool idempotency_claim(DbTx *tx, const IdempotencyKey *key, int64_t now_us, int64_t expired_us,
                       int *status, char **response, GError **error)
{
    /* On PostgreSQL this waits here for another transaction that has just claimed the same key. */
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "INSERT INTO idempotency (token, key, request_hash, status, response, created_at)"
                 " VALUES ($1, $2, $3, 0, '', $4) ON CONFLICT (token, key) DO UPDATE"
                 " SET request_hash = excluded.request_hash, status = 0, response = '',"
                 " created_at = excluded.created_at WHERE idempotency.created_at < $5",
                 "issii", key->token, key->key, key->request_hash, now_us, expired_us))
        return false;
    if (changed == 0)
        return read_answer(tx, key, status, response, error);
    *status = 0;
    return true;
}

bool idempotency_answer(DbTx *tx, const IdempotencyKey *key, int status, const char *response,
                        GError **error)
{
    return db_exec(
        tx, NULL, error,
        "UPDATE idempotency SET status = $3, response = $4 WHERE token = $1 AND key = $2", "isis",
        key->token, key->key, (int64_t)status, response);
}

bool idempotency_release(DbTx *tx, const IdempotencyKey *key, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM idempotency WHERE token = $1 AND key = $2", "is",
                   key->token, key->key);
}

bool idempotency_forget(DbTx *tx, int64_t before_us, int limit, GError **error)
{
    return db_exec(
        tx, NULL, error,
        "DELETE FROM idempotency WHERE (token, key) IN (SELECT token, key FROM idempotency"
        " WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        "ii", before_us, (int64_t)limit);
}
