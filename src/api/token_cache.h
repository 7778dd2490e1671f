/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that were found in the database, by their hash. A token never changes for as long as it is
 * there; so what is kept of it is right, and only whether it is still there must be asked. Any
 * thread. */
#pragma once

#include "records/token.h"

#include <stdbool.h>

typedef struct TokenCache TokenCache;

TokenCache *token_cache_new(void);
void token_cache_free(TokenCache *cache);

/* A copy (id, name, scopes); NULL: not kept. */
Token *token_cache_find(TokenCache *cache, const char *hash);
void token_cache_keep(TokenCache *cache, const Token *token);

/* Forgets all: one of them was revoked. */
void token_cache_clear(TokenCache *cache);
