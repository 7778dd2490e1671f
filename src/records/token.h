/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens and idempotency keys. All functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    char *name;
    char *hash;   /* secret_hash() of the token; the token itself is never stored */
    char *scopes; /* separated by single spaces */
    char *created_by;
    int64_t created_at;
} Token;

void token_free(Token *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Token, token_free)

/* Sets token->id. */
bool token_insert(DbTx *tx, Token *token, GError **error);

/* The token with this hash. Errors: UNAUTHENTICATED. */
Token *token_find(DbTx *tx, const char *hash, GError **error);

/* Whether a token that was found before is still there. Errors: as token_find(). */
bool token_check(DbTx *tx, int64_t id, GError **error);
GPtrArray *token_list(DbTx *tx, int64_t after, int limit, GError **error);

/* Errors: NOT_FOUND. */
bool token_delete(DbTx *tx, int64_t id, GError **error);

/* An Idempotency-Key's claim, in the transaction of the change that it guards. */
typedef struct {
    int64_t token; /* 0: the desk's own socket */
    const char *key;
    const char *request_hash; /* of method, path and body */
} IdempotencyKey;

/* Claims the key. *status is 0 when the caller is the first and must go on; else it and *response
 * (caller frees) are the answer that was given then. A key from before `expired_us` counts as never
 * used. A second caller waits for the first one's transaction to end. Errors: INVALID (problem
 * "idempotency-key-reused": the same key with another request). */
bool idempotency_claim(DbTx *tx, const IdempotencyKey *key, int64_t now_us, int64_t expired_us,
                       int *status, char **response, GError **error);
bool idempotency_answer(DbTx *tx, const IdempotencyKey *key, int status, const char *response,
                        GError **error);

/* Gives the key back: the request that claimed it has changed nothing. */
bool idempotency_release(DbTx *tx, const IdempotencyKey *key, GError **error);

/* Forgets at most `limit` keys from before `before_us`. */
bool idempotency_forget(DbTx *tx, int64_t before_us, int limit, GError **error);
