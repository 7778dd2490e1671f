/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table for finding and a queue for ageing: the head is the most recently used. Preparing
 * costs more than running most of our statements, and their texts are constants, so in practice
 * nothing ever leaves; the bound is there for the day when somebody builds SQL from values.
 *
 * Because the texts are constants, the same text nearly always stands at the same address, and
 * comparing it with what was found for that address last is far cheaper than hashing it.
 */
#include "db/statement_cache.h"

#include <stdint.h>
#include <string.h>

typedef struct {
    GList link; /* in `ages`; link.data is this entry */
    char *sql;
    void *statement;
} Entry;

#define RECENT 64 /* a power of two */

struct StatementCache {
    GHashTable *entries; /* sql -> Entry, owning neither */
    Entry *recent[RECENT];
    GQueue ages;
    size_t max;
    void (*discard)(void *statement, void *owner);
    void *owner;
};

StatementCache *statement_cache_new(size_t max, void (*discard)(void *statement, void *owner),
                                    void *owner)
{
    StatementCache *cache = g_new0(StatementCache, 1);
    cache->entries = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&cache->ages);
    cache->max = max;
    cache->discard = discard;
    cache->owner = owner;
    return cache;
}

static Entry **recent_of(StatementCache *cache, const char *sql)
{
    uint64_t mixed = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);
    return &cache->recent[mixed >> 58];
}
G_STATIC_ASSERT(RECENT == 1 << (64 - 58));

static void drop_oldest(StatementCache *cache)
{
    Entry *entry = g_queue_peek_tail(&cache->ages);
    for (size_t i = 0; i < RECENT; i++)
        if (cache->recent[i] == entry)
            cache->recent[i] = NULL;
    g_queue_unlink(&cache->ages, &entry->link);
    g_hash_table_remove(cache->entries, entry->sql);
    cache->discard(entry->statement, cache->owner);
    g_free(entry->sql);
    g_free(entry);
}

void statement_cache_free(StatementCache *cache)
{
    if (cache == NULL)
        return;
    while (!g_queue_is_empty(&cache->ages))
        drop_oldest(cache);
    g_hash_table_unref(cache->entries);
    g_free(cache);
}

void *statement_cache_find(StatementCache *cache, const char *sql)
{
    Entry **recent = recent_of(cache, sql);
    Entry *entry = *recent;
    if (entry == NULL || strcmp(entry->sql, sql) != 0)
        entry = g_hash_table_lookup(cache->entries, sql);
    if (entry == NULL)
        return NULL;
    *recent = entry;
    g_queue_unlink(&cache->ages, &entry->link);
    g_queue_push_head_link(&cache->ages, &entry->link);
    return entry->statement;
}

void statement_cache_add(StatementCache *cache, const char *sql, void *statement)
{
    if (g_queue_get_length(&cache->ages) >= cache->max)
        drop_oldest(cache);
    Entry *entry = g_new0(Entry, 1);
    entry->link.data = entry;
    entry->sql = g_strdup(sql);
    entry->statement = statement;
    g_hash_table_insert(cache->entries, entry->sql, entry);
    g_queue_push_head_link(&cache->ages, &entry->link);
}
