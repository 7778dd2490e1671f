/* SPDX-License-Identifier: Apache-2.0 */
#include "api/token_cache.h"

#include <pthread.h>

#define KEPT_MAX 256

struct TokenCache {
    pthread_mutex_t lock;
    GHashTable *tokens; /* hash -> Token */
};

static Token *copy(const Token *token)
{
    Token *made = g_new0(Token, 1);
    made->id = token->id;
    made->name = g_strdup(token->name);
    made->scopes = g_strdup(token->scopes);
    return made;
}

TokenCache *token_cache_new(void)
{
    TokenCache *cache = g_new0(TokenCache, 1);
    pthread_mutex_init(&cache->lock, NULL);
    cache->tokens =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)token_free);
    return cache;
}

void token_cache_free(TokenCache *cache)
{
    if (cache == NULL)
        return;
    g_hash_table_unref(cache->tokens);
    pthread_mutex_destroy(&cache->lock);
    g_free(cache);
}

Token *token_cache_find(TokenCache *cache, const char *hash)
{
    pthread_mutex_lock(&cache->lock);
    const Token *kept = g_hash_table_lookup(cache->tokens, hash);
    Token *found = kept != NULL ? copy(kept) : NULL;
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void token_cache_keep(TokenCache *cache, const Token *token)
{
    pthread_mutex_lock(&cache->lock);
    if (g_hash_table_size(cache->tokens) >= KEPT_MAX)
        g_hash_table_remove_all(cache->tokens);
    g_hash_table_replace(cache->tokens, g_strdup(token->hash), copy(token));
    pthread_mutex_unlock(&cache->lock);
}

void token_cache_clear(TokenCache *cache)
{
    pthread_mutex_lock(&cache->lock);
    g_hash_table_remove_all(cache->tokens);
    pthread_mutex_unlock(&cache->lock);
}
