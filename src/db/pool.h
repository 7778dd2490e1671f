/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded number of connections, handed out one user at a time. The pool counts and keeps; its
 * users open and close. Thread-safe. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Pool Pool;

Pool *pool_new(int max);

/* All items must have been given back; `close_item` gets those that are kept. */
void pool_free(Pool *pool, void (*close_item)(void *item));

/* Waits until `deadline_us` (g_get_monotonic_time()) for a place. *item is the connection used
 * last, or NULL: then the caller opens one. Either way pool_give_back() must follow. Errors: BUSY.
 */
bool pool_take(Pool *pool, int64_t deadline_us, void **item, GError **error);

/* `item` may be NULL (it was closed, or never opened): the place alone is given back. */
void pool_give_back(Pool *pool, void *item);

/* How many places are taken. */
int pool_in_use(Pool *pool);

/* Closes the connections that nobody uses at this moment. */
void pool_close_kept(Pool *pool, void (*close_item)(void *item));
