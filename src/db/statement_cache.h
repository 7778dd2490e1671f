/* SPDX-License-Identifier: Apache-2.0 */
/* SQL text to prepared statement, for one connection. Bounded: the least recently used one goes.
 * Not thread-safe; it belongs to its connection. */
#pragma once

#include <glib.h>

typedef struct StatementCache StatementCache;

/* `discard` gets each statement that leaves, with `owner`. */
StatementCache *statement_cache_new(size_t max, void (*discard)(void *statement, void *owner),
                                    void *owner);

/* Discards all statements. NULL is allowed. */
void statement_cache_free(StatementCache *cache);

/* NULL when it is not there. */
void *statement_cache_find(StatementCache *cache, const char *sql);

/* Takes `statement`; `sql` must not be there already. */
void statement_cache_add(StatementCache *cache, const char *sql, void *statement);
