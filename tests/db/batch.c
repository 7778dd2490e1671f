/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first caller holds the writer inside its function until all the others wait, which the writer's
 * queue says; since whoever came while a batch ran joins it, they all end up in one commit. They
 * are let into the queue one after the other, so their order is known.
 */
#include "batch.h"

#include "db/sqlite-private.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define MAX_CALLERS 16

typedef struct {
    Db *db;
    size_t n;
    int inside; /* atomic */
} Holder;

static size_t waiting(Db *db)
{
    return sqlite_writer_waiting(((SqliteDb *)db)->writer);
}

static void wait_for(Db *db, size_t n)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (waiting(db) < n) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(200);
    }
}

static bool hold(DbTx *tx, void *data, GError **error)
{
    Holder *holder = data;
    /* When the batch is redone nobody needs to be waited for. */
    if (__atomic_exchange_n(&holder->inside, 1, __ATOMIC_SEQ_CST) == 0)
        wait_for(holder->db, holder->n);
    return true;
}

static void *hold_main(void *data)
{
    /* Its own answer does not matter: a commit that fails fails it, too. */
    db_write(((Holder *)data)->db, hold, data, NULL);
    return NULL;
}

static void *caller_main(void *data)
{
    BatchCaller *caller = data;
    bool ok = db_write(caller->db, caller->fn, (void *)caller->data, &caller->error);
    g_assert_cmpint(ok, ==, caller->error == NULL);
    return NULL;
}

void batch_run(Db *db, BatchCaller *callers, size_t n)
{
    GThread *threads[MAX_CALLERS];
    GThread *holding = NULL;
    Holder holder = {.db = db, .n = n};
    bool shares = db_engine(db) == DB_SQLITE;
    g_assert_cmpuint(n, <=, MAX_CALLERS);
    if (shares)
        holding = g_thread_new("holder", hold_main, &holder);
    while (shares && __atomic_load_n(&holder.inside, __ATOMIC_SEQ_CST) == 0)
        g_usleep(200);
    for (size_t i = 0; i < n; i++) {
        callers[i].db = db;
        threads[i] = g_thread_new("caller", caller_main, &callers[i]);
        if (shares && i + 1 < n)
            wait_for(db, i + 1);
    }
    for (size_t i = 0; i < n; i++)
        g_thread_join(threads[i]);
    if (shares)
        g_thread_join(holding);
}
