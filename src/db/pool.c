/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places, not connections, are what is counted: a user who holds a place may open, lose and reopen
 * its connection without asking again, and a place given back without a connection is as good as
 * one with. The connection used last is handed out first: its statements are prepared and its pages
 * are warm.
 *
 * Here and in sqlite_writer.c locks are pthreads', not GLib's: GMutex is built on futexes that
 * ThreadSanitizer cannot see through.
 */
#include "db/pool.h"

#include "base/error.h"
#include "base/monitor.h"

struct Pool {
    Monitor monitor;
    GQueue kept;
    int in_use;
    int max;
};

Pool *pool_new(int max)
{
    Pool *pool = g_new0(Pool, 1);
    monitor_init(&pool->monitor);
    g_queue_init(&pool->kept);
    pool->max = max;
    return pool;
}

void pool_close_kept(Pool *pool, void (*close_item)(void *item))
{
    GQueue taken = G_QUEUE_INIT;
    monitor_lock(&pool->monitor);
    while (!g_queue_is_empty(&pool->kept))
        g_queue_push_tail_link(&taken, g_queue_pop_head_link(&pool->kept));
    monitor_unlock(&pool->monitor);
    /* Closing may take a while; nobody waits for it. */
    while (!g_queue_is_empty(&taken))
        close_item(g_queue_pop_head(&taken));
}

void pool_free(Pool *pool, void (*close_item)(void *item))
{
    pool_close_kept(pool, close_item);
    monitor_clear(&pool->monitor);
    g_free(pool);
}

bool pool_take(Pool *pool, int64_t deadline_us, void **item, GError **error)
{
    bool taken = false;
    monitor_lock(&pool->monitor);
    bool in_time = true;
    while (pool->in_use >= pool->max && in_time)
        in_time = monitor_wait_until(&pool->monitor, deadline_us);
    if (pool->in_use < pool->max) {
        pool->in_use++;
        *item = g_queue_pop_head(&pool->kept);
        taken = true;
    }
    monitor_unlock(&pool->monitor);
    if (!taken)
        error_set(error, TD_ERROR_BUSY,
                  "All %d database connections are in use and none became free in time; nothing "
                  "was changed. Try again soon",
                  pool->max);
    return taken;
}

int pool_in_use(Pool *pool)
{
    monitor_lock(&pool->monitor);
    int in_use = pool->in_use;
    monitor_unlock(&pool->monitor);
    return in_use;
}

void pool_give_back(Pool *pool, void *item)
{
    monitor_lock(&pool->monitor);
    pool->in_use--;
    if (item != NULL)
        g_queue_push_head(&pool->kept, item);
    monitor_signal(&pool->monitor);
    monitor_unlock(&pool->monitor);
}
