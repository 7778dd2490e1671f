/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lost connections, deadlocks, serialization failures and servers that are away, on a real
 * PostgreSQL behind a proxy that cuts at the chosen moment.
 */
#include "base/error.h"
#include "db/db.h"
#include "pg_proxy.h"
#include "support/pg_cluster.h"
#include "support/test_db.h"

#include <pthread.h>
#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define N_POOL      3 /* connections through the proxy */

/* With the last octet of its length before it; BEGIN ... READ COMMITTED has the word, too. */
#define COMMIT_MESSAGE "\vCOMMIT"

/* A database seen directly (`db`) and through the proxy (`far`). */
typedef struct {
    PgProxy *proxy;
    TestDb *test;
    Db *db;
    Db *far;
} Setup;

static bool exec_fn(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

static void run(Db *db, const char *sql)
{
    g_autoptr(GError) error = NULL;
    db_write(db, exec_fn, (void *)sql, &error);
    g_assert_no_error(error);
}

static bool count_fn(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT count(*) FROM thing", "");
}

static int64_t count(Db *db)
{
    g_autoptr(GError) error = NULL;
    int64_t n = -1;
    db_read(db, count_fn, &n, &error);
    g_assert_no_error(error);
    return n;
}

/* For a Db with a short timeout on a busy machine: tries until it succeeds. */
static void write_soon(Db *db, DbFn fn, void *data)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (g_get_monotonic_time() < deadline_us) {
        g_autoptr(GError) error = NULL;
        if (db_write(db, fn, data, &error))
            return;
        g_assert_true(error_try_again(error));
    }
    g_assert_not_reached();
}

static Setup setup_new(int64_t busy_timeout_ms)
{
    Setup setup = {0};
    const DbOptions options = {.connections = N_POOL, .busy_timeout_ms = busy_timeout_ms};
    g_autoptr(GError) error = NULL;
    setup.test = test_db_new("postgresql");
    setup.db = test_db_handle(setup.test);
    setup.proxy = pg_proxy_start(pg_cluster_folder(pg_cluster_shared()));
    const char *url = test_db_url(setup.test);
    g_autofree char *name =
        g_strndup(url + strlen("postgresql:///"), strcspn(url + strlen("postgresql:///"), "?"));
    g_autofree char *far_url = pg_proxy_url(setup.proxy, name);
    setup.far = db_open(far_url, &options, &error);
    g_assert_no_error(error);
    run(setup.db, "CREATE TABLE thing (id BIGINT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0)");
    write_soon(setup.far, exec_fn, (void *)"SELECT 1"); /* one connection is open and kept */
    return setup;
}

static void setup_clear(Setup *setup)
{
    db_close(setup->far);
    pg_proxy_stop(setup->proxy);
    test_db_free(setup->test);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Setup, setup_clear)

typedef struct {
    int64_t id;
    int runs;
} Insert;

static bool insert_fn(DbTx *tx, void *data, GError **error)
{
    Insert *insert = data;
    insert->runs++;
    return db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES ($1)", "i", insert->id) &&
           db_exec(tx, NULL, error, "UPDATE thing SET n = n + 1 /* middle */ WHERE id = $1", "i",
                   insert->id);
}

typedef struct {
    const char *name;
    const char *text;
    CutMoment moment;
    int times;
    bool ok;
    TdErrorCode code;
    int64_t rows; /* afterwards */
    int runs;
} CutCase;

static const CutCase cuts[] = {
    {"before-begin", "BEGIN", CUT_BEFORE, 1, true, 0, 1, 1},
    {"after-begin", "BEGIN", CUT_AFTER, 1, true, 0, 1, 1},
    {"middle", "middle", CUT_BEFORE, 1, true, 0, 1, 2},
    {"middle-answered", "middle", CUT_AFTER, 1, true, 0, 1, 2},
    {"middle-three-times", "middle", CUT_BEFORE, 3, true, 0, 1, 4},
    {"middle-always", "middle", CUT_BEFORE, 1000, false, TD_ERROR_UNAVAILABLE, 0, 10},
    {"commit-not-received", COMMIT_MESSAGE, CUT_BEFORE, 1, false, TD_ERROR_UNCERTAIN, 0, 1},
    {"commit-done", COMMIT_MESSAGE, CUT_AFTER, 1, false, TD_ERROR_UNCERTAIN, 1, 1},
};

/* The server may notice the end of a connection a little later than we do. */
static void wait_rows(Db *db, int64_t rows)
{
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    while (count(db) != rows && g_get_monotonic_time() < deadline_us)
        g_usleep(2000);
    g_assert_cmpint(count(db), ==, rows);
}

static void test_cut(const void *data)
{
    const CutCase *cut = data;
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    Insert insert = {.id = 1};
    pg_proxy_cut(setup.proxy, cut->text, cut->moment, cut->times);
    bool ok = db_write(setup.far, insert_fn, &insert, &error);
    g_assert_cmpint(pg_proxy_cuts(setup.proxy), >, 0);
    pg_proxy_cut(setup.proxy, "", CUT_NEVER, 0);
    if (cut->ok)
        g_assert_no_error(error);
    else
        g_assert_error(error, TD_ERROR, (int)cut->code);
    g_assert_cmpint(ok, ==, cut->ok);
    g_assert_cmpint(insert.runs, ==, cut->runs);
    if (error != NULL)
        g_assert_null(strstr(error->message, "secret"));
    wait_rows(setup.db, cut->rows);
    g_assert_cmpint(count(setup.far), ==, cut->rows); /* all is well again */
}

typedef struct {
    Setup *setup;
    int runs;
} Cutter;

static bool read_and_cut(DbTx *tx, void *data, GError **error)
{
    Cutter *cutter = data;
    int64_t n = 0;
    if (cutter->runs++ == 0)
        pg_proxy_cut(cutter->setup->proxy, "reading", CUT_AFTER, 1);
    return db_query_int(tx, NULL, &n, error, "SELECT count(*) /* reading */ FROM thing", "");
}

static void test_cut_read(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    Cutter cutter = {.setup = &setup};
    db_read(setup.far, read_and_cut, &cutter, &error);
    g_assert_no_error(error);
    g_assert_cmpint(cutter.runs, ==, 2);
    /* Losing the end of a read loses nothing. */
    pg_proxy_cut(setup.proxy, COMMIT_MESSAGE, CUT_AFTER, 1);
    db_read(setup.far, read_and_cut, &cutter, &error);
    g_assert_no_error(error);
    g_assert_cmpint(cutter.runs, ==, 3);
}

/* A connection that died in the pool costs the caller nothing but time. */
static void test_dead_in_pool(void)
{
    g_auto(Setup) setup = setup_new(10000);
    pg_proxy_cut_all(setup.proxy);
    Insert insert = {.id = 1};
    g_autoptr(GError) error = NULL;
    db_write(setup.far, insert_fn, &insert, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count(setup.db), ==, 1);
}

typedef struct {
    Db *db;
    pthread_barrier_t barrier;
} Crowd;

static bool meet_fn(DbTx *tx, void *data, GError **error)
{
    pthread_barrier_wait(&((Crowd *)data)->barrier);
    return true;
}

static void *meet_main(void *data)
{
    g_autoptr(GError) error = NULL;
    db_read(((Crowd *)data)->db, meet_fn, data, &error);
    g_assert_no_error(error);
    return NULL;
}

/* Uses all connections of the pool at once. */
static void use_all(Db *db)
{
    Crowd crowd = {.db = db};
    GThread *threads[N_POOL];
    pthread_barrier_init(&crowd.barrier, NULL, N_POOL);
    for (int i = 0; i < N_POOL; i++)
        threads[i] = g_thread_new("meet", meet_main, &crowd);
    for (int i = 0; i < N_POOL; i++)
        g_thread_join(threads[i]);
    pthread_barrier_destroy(&crowd.barrier);
}

/* Where one connection is lost the others in the pool are not trusted any more. */
static void test_lost_empties_pool(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    Insert insert = {.id = 1};
    use_all(setup.far);
    g_assert_cmpint(pg_proxy_connections(setup.proxy), ==, N_POOL);
    use_all(setup.far);
    g_assert_cmpint(pg_proxy_connections(setup.proxy), ==, N_POOL);
    pg_proxy_cut(setup.proxy, "middle", CUT_BEFORE, 1);
    db_write(setup.far, insert_fn, &insert, &error);
    g_assert_no_error(error);
    use_all(setup.far);
    g_assert_cmpint(pg_proxy_connections(setup.proxy), ==, 2 * N_POOL);
}

typedef struct {
    Setup *setup;
    Insert insert;
    int kills;
} Victim;

typedef struct {
    int64_t pid;
    int64_t alive; /* result */
} Backend;

static bool backend_fn(DbTx *tx, void *data, GError **error)
{
    Backend *backend = data;
    return db_query_int(tx, NULL, &backend->alive, error,
                        "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", "i", backend->pid);
}

/* Ends a backend and waits until it has gone. */
static void kill_backend(Db *db, int64_t pid)
{
    g_autofree char *sql = g_strdup_printf("SELECT pg_terminate_backend(%d)", (int)pid);
    Backend backend = {.pid = pid, .alive = 1};
    int64_t deadline_us = g_get_monotonic_time() + PATIENCE_US;
    run(db, sql);
    while (backend.alive != 0) {
        g_autoptr(GError) error = NULL;
        db_read(db, backend_fn, &backend, &error);
        g_assert_no_error(error);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
    }
}

/* Its backend is ended by the server after the function's last statement. */
static bool insert_and_be_killed(DbTx *tx, void *data, GError **error)
{
    Victim *victim = data;
    int64_t pid = 0;
    if (!insert_fn(tx, &victim->insert, error) ||
        !db_query_int(tx, NULL, &pid, error, "SELECT pg_backend_pid()", ""))
        return false;
    if (victim->kills-- > 0)
        kill_backend(victim->setup->db, pid);
    return true;
}

/* COMMIT has not been sent when the server says goodbye: that is certain, so it runs again. */
static void test_killed_before_commit(void)
{
    g_auto(Setup) setup = setup_new(10000);
    const DbOptions options = {.connections = 1};
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) direct = db_open(test_db_url(setup.test), &options, &error);
    g_assert_no_error(error);
    Victim victim = {.setup = &setup, .insert = {.id = 1}, .kills = 2};
    db_write(direct, insert_and_be_killed, &victim, &error);
    g_assert_no_error(error);
    g_assert_cmpint(victim.insert.runs, ==, 3);
    g_assert_cmpint(count(setup.db), ==, 1);
}

/* Two functions lock two rows in opposite order, and meet in the middle at their first run. */
typedef struct {
    pthread_barrier_t *barrier;
    Db *db;
    int64_t first, second;
    int runs;
    GError *error;
} Crossing;

static bool cross_fn(DbTx *tx, void *data, GError **error)
{
    Crossing *crossing = data;
    const char *sql = "UPDATE thing SET n = n + 1 WHERE id = $1";
    if (!db_exec(tx, NULL, error, sql, "i", crossing->first))
        return false;
    if (crossing->runs++ == 0)
        pthread_barrier_wait(crossing->barrier);
    return db_exec(tx, NULL, error, sql, "i", crossing->second);
}

static void *cross_main(void *data)
{
    Crossing *crossing = data;
    db_write(crossing->db, cross_fn, crossing, &crossing->error);
    return NULL;
}

static bool sum_fn(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT sum(n) FROM thing", "");
}

static void test_deadlock(void)
{
    g_auto(Setup) setup = setup_new(10000);
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    run(setup.db, "INSERT INTO thing (id) VALUES (1), (2)");
    Crossing crossings[] = {{.barrier = &barrier, .db = setup.db, .first = 1, .second = 2},
                            {.barrier = &barrier, .db = setup.db, .first = 2, .second = 1}};
    GThread *threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new("cross", cross_main, &crossings[i]);
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    pthread_barrier_destroy(&barrier);
    g_assert_no_error(crossings[0].error);
    g_assert_no_error(crossings[1].error);
    /* One of them was the victim, or both. */
    g_assert_cmpint(crossings[0].runs + crossings[1].runs, >=, 3);
    int64_t sum = 0;
    db_read(setup.db, sum_fn, &sum, NULL);
    g_assert_cmpint(sum, ==, 4);
}

/* A serialization failure that never ends: bounded, then BUSY. */
static bool never_serializable(DbTx *tx, void *data, GError **error)
{
    (*(int *)data)++;
    return db_exec(tx, NULL, error,
                   "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$", "");
}

static void test_never_serializable(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    int runs = 0;
    g_assert_false(db_write(setup.db, never_serializable, &runs, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
    g_assert_cmpint(runs, ==, 10);
    g_assert_cmpint(count(setup.db), ==, 0);
}

/* The server is away for longer than anyone wants to wait. */
static void test_away(void)
{
    g_auto(Setup) setup = setup_new(200);
    g_autoptr(GError) error = NULL;
    Insert insert = {.id = 1};
    pg_proxy_refuse(setup.proxy, true);
    pg_proxy_cut_all(setup.proxy);
    g_assert_false(db_write(setup.far, insert_fn, &insert, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_assert_null(strstr(error->message, "secret"));
    g_assert_cmpint(insert.runs, ==, 0);
    pg_proxy_refuse(setup.proxy, false);
    write_soon(setup.far, insert_fn, &insert);
    g_assert_cmpint(count(setup.db), ==, 1);
}

static void *come_back(void *proxy)
{
    int before = pg_proxy_connections(proxy);
    g_usleep(150000); /* at least one attempt meets a closed door; more may */
    pg_proxy_refuse(proxy, false);
    g_assert_cmpint(before, ==, pg_proxy_connections(proxy));
    return NULL;
}

/* A restart in the middle of the work is waited for. */
static void test_restart(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    Insert insert = {.id = 1};
    pg_proxy_refuse(setup.proxy, true);
    pg_proxy_cut_all(setup.proxy);
    GThread *thread = g_thread_new("back", come_back, setup.proxy);
    db_write(setup.far, insert_fn, &insert, &error);
    g_assert_no_error(error);
    g_thread_join(thread);
    g_assert_cmpint(count(setup.db), ==, 1);
}

static void check_unusable(const char *url, const char *expected)
{
    const DbOptions options = {.busy_timeout_ms = 5000};
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(url, &options, &error);
    g_assert_no_error(error);
    g_assert_false(db_read(db, exec_fn, (void *)"SELECT 1", &error));
    g_test_message("%s", error->message);
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, expected));
    g_assert_null(strstr(error->message, "secret"));
}

/* Refusals that waiting does not mend are told at once, without the password. */
static void test_refused(void)
{
    PgCluster *cluster = pg_cluster_shared();
    const char *folder = pg_cluster_folder(cluster);
    g_autofree char *no_database =
        g_strdup_printf("postgresql://postgres:secret@/nothing?host=%s", folder);
    g_autofree char *no_user =
        g_strdup_printf("postgresql://nobody:secret@/postgres?host=%s", folder);
    g_autofree char *ascii = g_strdup_printf("postgresql://postgres:secret@/ascii?host=%s", folder);
    pg_cluster_run(cluster, "postgres",
                   "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
    int64_t start_us = g_get_monotonic_time();
    check_unusable(no_database, "nothing");
    check_unusable(no_user, "nobody");
    check_unusable(ascii, "SQL_ASCII");
    g_test_message("%d ms", (int)((g_get_monotonic_time() - start_us) / 1000));
    pg_cluster_run(cluster, "postgres", "DROP DATABASE ascii");
}

static bool count_for(Db *db, int64_t timeout_ms, GError **error)
{
    int64_t n = -1;
    int64_t start_us = g_get_monotonic_time();
    bool ok = db_read_within(db, timeout_ms, count_fn, &n, error);
    g_test_message("%d ms", (int)((g_get_monotonic_time() - start_us) / 1000));
    return ok;
}

static void check_told(Db *db, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(count_for(db, 200, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, expected));
    g_assert_null(strstr(error->message, "secret"));
}

/* Who asks with a limit is told in time, and why: the server hangs when the connection lies in the
 * pool, when a new one is made, or is not there at all. (Without the limit this would hang for
 * ever, or take the five minutes of the pool's own patience.) */
static void test_read_within(void)
{
    g_auto(Setup) setup = setup_new(300000);
    g_autoptr(GError) error = NULL;
    g_assert_true(count_for(setup.far, 20000, &error));
    g_assert_true(count_for(setup.far, 20000, &error));
    g_assert_cmpint(pg_proxy_connections(setup.proxy), ==, 2); /* who asks has one to himself */
    pg_proxy_freeze(setup.proxy, true);
    check_told(setup.far, "did not answer in time");
    check_told(setup.far, "no answer in time");
    pg_proxy_refuse(setup.proxy, true);
    pg_proxy_freeze(setup.proxy, false);
    check_told(setup.far, "closed the connection");
    pg_proxy_refuse(setup.proxy, false);
    g_assert_true(count_for(setup.far, 20000, &error));
    g_assert_no_error(error);
}

/* In the middle of it, too. */
static void test_read_within_middle(void)
{
    g_auto(Setup) setup = setup_new(300000);
    g_autoptr(GError) error = NULL;
    g_assert_false(db_read_within(setup.far, 200, exec_fn, (void *)"SELECT pg_sleep(300)", &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_assert_true(count_for(setup.far, 20000, NULL));
}

static bool lock_and_wait(DbTx *tx, void *data, GError **error)
{
    pthread_barrier_t *barrier = data;
    bool ok = db_exec(tx, NULL, error, "UPDATE thing SET n = 1 WHERE id = 1", "");
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    return ok;
}

typedef struct {
    Db *db;
    pthread_barrier_t barrier;
    int runs;
} Locker;

static void *lock_main(void *data)
{
    Locker *locker = data;
    g_autoptr(GError) error = NULL;
    db_write(locker->db, lock_and_wait, &locker->barrier, &error);
    g_assert_no_error(error);
    return NULL;
}

static void test_lock_timeout(void)
{
    g_auto(Setup) setup = setup_new(100);
    Locker locker = {.db = setup.db};
    g_autoptr(GError) error = NULL;
    pthread_barrier_init(&locker.barrier, NULL, 2);
    run(setup.db, "INSERT INTO thing (id) VALUES (1)");
    GThread *thread = g_thread_new("lock", lock_main, &locker);
    pthread_barrier_wait(&locker.barrier);
    g_assert_false(
        db_write(setup.far, exec_fn, (void *)"UPDATE thing SET n = 2 WHERE id = 1", &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
    pthread_barrier_wait(&locker.barrier);
    g_thread_join(thread);
    pthread_barrier_destroy(&locker.barrier);
}

/* The first run holds its lock until somebody else had the row. */
static bool stand_still(DbTx *tx, void *data, GError **error)
{
    Locker *locker = data;
    if (!db_exec(tx, NULL, error, "UPDATE thing SET n = n + 1 WHERE id = 1", ""))
        return false;
    if (locker->runs++ == 0) {
        pthread_barrier_wait(&locker->barrier);
        pthread_barrier_wait(&locker->barrier);
    }
    return true;
}

static gpointer stand_still_main(gpointer data)
{
    Locker *locker = data;
    g_autoptr(GError) error = NULL;
    db_write(locker->db, stand_still, locker, &error);
    g_assert_no_error(error);
    return NULL;
}

/* A process that is stopped in the middle of a transaction delays the others, who need not fail,
 * and does its work again when it goes on. */
static void test_standstill(void)
{
    g_auto(Setup) setup = setup_new(10000);
    Locker locker = {.db = setup.db};
    pthread_barrier_init(&locker.barrier, NULL, 2);
    run(setup.db, "INSERT INTO thing (id) VALUES (1)");
    GThread *thread = g_thread_new("still", stand_still_main, &locker);
    pthread_barrier_wait(&locker.barrier);
    run(setup.far, "UPDATE thing SET n = n + 10 WHERE id = 1");
    pthread_barrier_wait(&locker.barrier);
    g_thread_join(thread);
    pthread_barrier_destroy(&locker.barrier);
    g_assert_cmpint(locker.runs, ==, 2);
    int64_t n = 0;
    db_read(setup.db, sum_fn, &n, NULL);
    g_assert_cmpint(n, ==, 11);
}

static bool insert_long_name(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "INSERT INTO named (name) VALUES ($1)", "s", data);
}

/* Some values fit a row and not its index; a bad value is the asker's fault, not the server's. */
static void test_too_large(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GString) noise = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    while (noise->len < 200000)
        g_string_append_c(noise, (char)g_rand_int_range(random, 33, 127));
    run(setup.db, "CREATE TABLE named (name TEXT UNIQUE)");
    g_assert_false(db_write(setup.db, insert_long_name, noise->str, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_INVALID);
}

/* Durable means durable, also where the server's default says otherwise. */
static bool synchronous_fn(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error,
                        "SELECT count(*) FROM (SELECT current_setting('synchronous_commit') AS s) t"
                        " WHERE s = 'on'",
                        "");
}

static void test_durable(void)
{
    g_auto(Setup) setup = setup_new(10000);
    g_autoptr(GError) error = NULL;
    run(setup.db, "ALTER ROLE postgres SET synchronous_commit = off");
    g_autoptr(Db) db = db_open(test_db_url(setup.test), NULL, &error);
    int64_t on = 0;
    db_read(db, synchronous_fn, &on, &error);
    g_assert_no_error(error);
    g_assert_cmpint(on, ==, 1);
    run(setup.db, "ALTER ROLE postgres RESET synchronous_commit");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        g_autofree char *path = g_strdup_printf("/db/postgresql-faults/cut/%s", cuts[i].name);
        g_test_add_data_func(path, &cuts[i], test_cut);
    }
    g_test_add_func("/db/postgresql-faults/cut-read", test_cut_read);
    g_test_add_func("/db/postgresql-faults/dead-in-pool", test_dead_in_pool);
    g_test_add_func("/db/postgresql-faults/lost-empties-pool", test_lost_empties_pool);
    g_test_add_func("/db/postgresql-faults/killed-before-commit", test_killed_before_commit);
    g_test_add_func("/db/postgresql-faults/deadlock", test_deadlock);
    g_test_add_func("/db/postgresql-faults/never-serializable", test_never_serializable);
    g_test_add_func("/db/postgresql-faults/away", test_away);
    g_test_add_func("/db/postgresql-faults/restart", test_restart);
    g_test_add_func("/db/postgresql-faults/refused", test_refused);
    g_test_add_func("/db/postgresql-faults/read-within", test_read_within);
    g_test_add_func("/db/postgresql-faults/read-within-middle", test_read_within_middle);
    g_test_add_func("/db/postgresql-faults/lock-timeout", test_lock_timeout);
    g_test_add_func("/db/postgresql-faults/standstill", test_standstill);
    g_test_add_func("/db/postgresql-faults/too-large", test_too_large);
    g_test_add_func("/db/postgresql-faults/durable", test_durable);
    return g_test_run();
}
