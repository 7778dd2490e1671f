/* SPDX-License-Identifier: Apache-2.0 */
/* Wake-ups between processes: few for many calls, none for oneself, and through every loss of the
 * connection. */
#include "db/wake.h"
#include "pg_proxy.h"
#include "support/pg_cluster.h"
#include "support/test_db.h"

#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define INTERVAL_US 20000 /* as wake.h promises */

/* A sender and a listener. The sender reaches the server through a proxy; both are two "processes"
 * of one desk. */
typedef struct {
    TestDb *test;
    PgProxy *proxy;
    Db *near, *far;
    DbWake *sender, *listener;
    int calls; /* of the listener's function; atomic */
} Pair;

static void count_call(void *calls)
{
    __atomic_add_fetch((int *)calls, 1, __ATOMIC_SEQ_CST);
}

static int calls_of(Pair *pair)
{
    return __atomic_load_n(&pair->calls, __ATOMIC_SEQ_CST);
}

static DbWake *start(Db *db, DbHeard heard, void *data)
{
    g_autoptr(GError) error = NULL;
    DbWake *wake = db_wake_start(db, heard, data, &error);
    g_assert_no_error(error);
    g_assert_nonnull(wake);
    return wake;
}

static int64_t heard(const DbWake *wake)
{
    return db_wake_counts(wake).heard;
}

static void wait_heard(const DbWake *wake, int64_t least)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (heard(wake) < least && g_get_monotonic_time() < deadline_us)
        g_usleep(1000);
    g_assert_cmpint(heard(wake), >=, least);
}

static void wait_listening(const DbWake *wake)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (!db_wake_counts(wake).listening && g_get_monotonic_time() < deadline_us)
        g_usleep(1000);
    g_assert_true(db_wake_counts(wake).listening);
}

/* Until all that the sender has sent is confirmed, and heard. */
static void wait_quiet(const Pair *pair)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    int64_t before = -1;
    while (g_get_monotonic_time() < deadline_us) {
        int64_t sent = db_wake_counts(pair->sender).sent;
        if (sent == before && sent == heard(pair->listener))
            return;
        before = sent;
        g_usleep(5 * INTERVAL_US);
    }
    g_assert_not_reached();
}

static void pair_new(Pair *pair)
{
    g_autoptr(GError) error = NULL;
    pair->test = test_db_new("postgresql");
    pair->near = test_db_handle(pair->test);
    pair->proxy = pg_proxy_start(pg_cluster_folder(pg_cluster_shared()));
    const char *name = test_db_url(pair->test) + strlen("postgresql:///");
    g_autofree char *database = g_strndup(name, strcspn(name, "?"));
    g_autofree char *url = pg_proxy_url(pair->proxy, database);
    pair->far = db_open(url, NULL, &error);
    g_assert_no_error(error);
    pair->listener = start(pair->near, count_call, &pair->calls);
    pair->sender = start(pair->far, NULL, NULL);
    wait_listening(pair->listener);
}

static void pair_clear(Pair *pair)
{
    db_wake_stop(pair->sender);
    db_wake_stop(pair->listener);
    db_close(pair->far);
    pg_proxy_stop(pair->proxy);
    test_db_free(pair->test);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

/* Each of them, after the one before was heard. */
static void test_each(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    g_assert_cmpint(heard(pair.listener), ==, 0);
    for (int64_t i = 1; i <= 20; i++) {
        int before = calls_of(&pair);
        db_wake_send(pair.sender);
        wait_heard(pair.listener, i);
        g_assert_cmpint(heard(pair.listener), ==, i);
        int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
        while (calls_of(&pair) == before && g_get_monotonic_time() < deadline_us)
            g_usleep(500);
        g_assert_cmpint(calls_of(&pair), >, before);
    }
    wait_quiet(&pair);
    g_assert_cmpint(db_wake_counts(pair.sender).sent, ==, 20);
}

typedef struct {
    DbWake *sender;
    int n;
} Caller;

static void *call_often(void *data)
{
    Caller *caller = data;
    for (int i = 0; i < caller->n; i++) {
        db_wake_send(caller->sender);
        if (i % 10 == 0)
            g_usleep(4000);
    }
    return NULL;
}

/* A thousand calls from four threads in about a tenth of a second: few NOTIFYs. How many there may
 * be is counted by the time that it really took. */
static void test_burst(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    GThread *threads[4];
    Caller caller = {pair.sender, 250};
    db_wake_send(pair.sender); /* it is connected when this one is heard */
    wait_heard(pair.listener, 1);
    int64_t start_us = g_get_monotonic_time();
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("caller", call_often, &caller);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    int64_t most = (g_get_monotonic_time() - start_us) / INTERVAL_US + 2;
    wait_quiet(&pair);
    int64_t n = heard(pair.listener) - 1;
    g_test_message("%d NOTIFYs for 1000 calls", (int)n);
    g_assert_cmpint(n, >=, 1);
    g_assert_cmpint(n, <=, most);
    g_assert_cmpint(calls_of(&pair), <=, 2 + n);
}

/* Who sends and listens does not wake himself. */
static void test_not_oneself(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    int calls = 0;
    DbWake *both = start(pair.near, count_call, &calls);
    wait_listening(both);
    for (int64_t i = 1; i <= 3; i++) {
        db_wake_send(both);
        wait_heard(pair.listener, i);
    }
    db_wake_send(pair.sender);
    wait_heard(both, 1);
    g_assert_cmpint(heard(both), ==, 1);
    db_wake_stop(both);
    g_assert_cmpint(__atomic_load_n(&calls, __ATOMIC_SEQ_CST), ==, 2); /* connected, and woken */
}

static bool exec_fn(DbTx *tx, void *sql, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, sql, "");
    return rows != NULL;
}

/* Ends the backends of this database whose last statement contains `text`. */
static void kill_backends(Pair *pair, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sql =
        g_strdup_printf("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE "
                        "query LIKE '%%%s%%'"
                        " AND datname = current_database() AND pid <> pg_backend_pid()",
                        text);
    db_write(pair->near, exec_fn, sql, &error);
    g_assert_no_error(error);
}

static void wait_calls(Pair *pair, int more_than)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (calls_of(pair) <= more_than && g_get_monotonic_time() < deadline_us)
        g_usleep(1000);
    g_assert_cmpint(calls_of(pair), >, more_than);
}

/* A listener that was cut off is told once that it may have missed something, and hears again. */
static void test_listener_killed(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    for (int64_t i = 1; i <= 3; i++) {
        int before = calls_of(&pair);
        kill_backends(&pair, "LISTEN tidings");
        wait_calls(&pair, before);
        wait_listening(pair.listener);
        db_wake_send(pair.sender);
        wait_heard(pair.listener, i);
    }
}

/* What a sender was to send while its connection was away, it sends afterwards. */
static void test_sender_killed(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 1);
    for (int64_t i = 2; i <= 4; i++) {
        int64_t before = heard(pair.listener);
        kill_backends(&pair, "NOTIFY tidings");
        db_wake_send(pair.sender);
        wait_heard(pair.listener, before + 1);
    }
}

/* The answer to a NOTIFY is lost on its way: it is sent again, and nothing worse happens. */
static void test_answer_lost(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 1);
    pg_proxy_cut(pair.proxy, "NOTIFY", CUT_AFTER, 1);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 3);
    g_assert_cmpint(pg_proxy_cuts(pair.proxy), ==, 1);
    g_assert_cmpint(pg_proxy_connections(pair.proxy), ==, 2);
}

static void test_away(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 1);
    wait_quiet(&pair); /* else its answer is cut off, and it is sent again */
    pg_proxy_refuse(pair.proxy, true);
    pg_proxy_cut_all(pair.proxy);
    for (int i = 0; i < 100; i++) {
        db_wake_send(pair.sender);
        g_usleep(1000);
    }
    g_assert_cmpint(heard(pair.listener), ==, 1);
    pg_proxy_refuse(pair.proxy, false);
    wait_heard(pair.listener, 2);
    wait_quiet(&pair);
    g_assert_cmpint(heard(pair.listener), ==, 2); /* one stands for all */
}

/* Nothing waits for a server that hangs: well under its own five seconds for an answer. */
static void stop_fast(DbWake *wake)
{
    int64_t start_us = g_get_monotonic_time();
    db_wake_stop(wake);
    int64_t took_us = g_get_monotonic_time() - start_us;
    g_test_message("stopped in %d ms", (int)(took_us / 1000));
    g_assert_cmpint(took_us, <, 4 * G_USEC_PER_SEC);
}

static void test_stop_frozen(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    int calls = 0;
    DbWake *idle = start(pair.far, count_call, &calls);
    wait_listening(idle);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 1);
    wait_heard(idle, 1);
    pg_proxy_freeze(pair.proxy, true);
    DbWake *connecting = start(pair.far, count_call, &calls);
    db_wake_send(connecting);
    db_wake_send(pair.sender);
    g_usleep(3 * INTERVAL_US); /* both are on their way, or not even that: it makes no difference */
    stop_fast(connecting);
    stop_fast(idle);
    stop_fast(g_steal_pointer(&pair.sender));
    g_assert_cmpint(heard(pair.listener), ==, 1);
}

/* ... and it goes on when the server does. */
static void test_thaw(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    db_wake_send(pair.sender);
    wait_heard(pair.listener, 1);
    pg_proxy_freeze(pair.proxy, true);
    db_wake_send(pair.sender);
    g_usleep(3 * INTERVAL_US);
    g_assert_cmpint(heard(pair.listener), ==, 1);
    pg_proxy_freeze(pair.proxy, false);
    wait_heard(pair.listener, 2);
}

/* The last wake-up before a stop leaves, although its turn has not come. */
static void test_stop_sends(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    for (int round = 0; round < 10; round++) {
        DbWake *ending = start(pair.near, NULL, NULL);
        int64_t before = heard(pair.listener);
        db_wake_send(ending);
        wait_heard(pair.listener, before + 1);
        db_wake_send(ending);
        db_wake_stop(ending);
        wait_heard(pair.listener, before + 2);
    }
}

/* Without a thread, on a pooled connection; a server that is away or hangs does not matter. */
static void test_once(void)
{
    g_auto(Pair) pair = {0};
    pair_new(&pair);
    db_wake_once(pair.near);
    wait_heard(pair.listener, 1);
    db_wake_once(pair.far);
    wait_heard(pair.listener, 2);
    pg_proxy_freeze(pair.proxy, true);
    db_wake_once(pair.far);
    pg_proxy_refuse(pair.proxy, true);
    pg_proxy_freeze(pair.proxy, false);
    pg_proxy_cut_all(pair.proxy);
    db_wake_once(pair.far);
    pg_proxy_refuse(pair.proxy, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wake/each", test_each);
    g_test_add_func("/wake/burst", test_burst);
    g_test_add_func("/wake/not-oneself", test_not_oneself);
    g_test_add_func("/wake/listener-killed", test_listener_killed);
    g_test_add_func("/wake/sender-killed", test_sender_killed);
    g_test_add_func("/wake/answer-lost", test_answer_lost);
    g_test_add_func("/wake/away", test_away);
    g_test_add_func("/wake/stop-frozen", test_stop_frozen);
    g_test_add_func("/wake/thaw", test_thaw);
    g_test_add_func("/wake/stop-sends", test_stop_sends);
    g_test_add_func("/wake/once", test_once);
    return g_test_run();
}
