/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 under load: a child process writes from many threads and says each commit on a pipe once
 * db_write() has returned. It is killed in the middle; what it had said must be there, and nothing
 * may be there in part.
 */
#include "db/db.h"
#include "support/test_db.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_THREADS 8
#define N_ROUNDS  4
#define N_SAID    1500 /* commits in each round before the kill */

/* Two rows that belong together. */
static bool insert_pair(DbTx *tx, void *data, GError **error)
{
    const int64_t *id = data;
    return db_exec(tx, NULL, error, "INSERT INTO one (id) VALUES ($1)", "i", *id) &&
           db_exec(tx, NULL, error, "INSERT INTO two (id) VALUES ($1)", "i", *id);
}

static Db *child_db;
static int64_t child_next;

static void *child_writer(void *unused)
{
    for (;;) {
        g_autoptr(GError) error = NULL;
        int64_t id = __atomic_add_fetch(&child_next, 1, __ATOMIC_SEQ_CST);
        if (!db_write(child_db, insert_pair, &id, &error))
            g_error("%s", error->message);
        if (write(STDOUT_FILENO, &id, sizeof id) != (ssize_t)sizeof id)
            _exit(1);
    }
    return NULL;
}

static int child_main(const char *url, const char *first)
{
    g_autoptr(GError) error = NULL;
    GThread *threads[N_THREADS];
    child_next = g_ascii_strtoll(first, NULL, 10);
    child_db = db_open(url, NULL, &error);
    if (child_db == NULL)
        g_error("%s", error->message);
    for (int i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new("writer", child_writer, NULL);
    for (int i = 0; i < N_THREADS; i++)
        g_thread_join(threads[i]);
    return 0;
}

static bool exec_fn(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

typedef struct {
    GArray *said;
    int64_t last;
} Check;

static bool check_fn(DbTx *tx, void *data, GError **error)
{
    Check *check = data;
    for (guint i = 0; i < check->said->len; i++) {
        bool found = false;
        g_assert_true(db_query_int(tx, &found, NULL, error,
                                   "SELECT one.id FROM one JOIN two ON two.id = one.id"
                                   " WHERE one.id = $1",
                                   "i", g_array_index(check->said, int64_t, i)));
        g_assert_true(found);
    }
    int64_t halves = -1;
    g_assert_true(db_query_int(tx, NULL, &halves, error,
                               "SELECT (SELECT count(*) FROM one WHERE id NOT IN (SELECT id FROM "
                               "two)) + (SELECT count(*) FROM two WHERE id NOT IN (SELECT id FROM "
                               "one))",
                               ""));
    g_assert_cmpint(halves, ==, 0);
    return db_query_int(tx, NULL, &check->last, error, "SELECT max(id) FROM one", "");
}

/* Reads what the child says; kills it after `limit` of them. */
static void listen_and_kill(int fd, GPid pid, GArray *said, guint limit)
{
    bool killed = false;
    int64_t id = 0;
    ssize_t got = 0;
    while ((got = read(fd, &id, sizeof id)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        g_assert_cmpint(got, ==, sizeof id);
        g_array_append_val(said, id);
        if (!killed && said->len >= limit) {
            killed = true;
            kill(pid, SIGKILL);
        }
    }
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

static void test_kill(void)
{
    g_autoptr(TestDb) test = test_db_new("sqlite");
    g_autoptr(GArray) said = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(test), exec_fn, (void *)"CREATE TABLE one (id BIGINT PRIMARY KEY)",
             &error);
    g_assert_no_error(error);
    db_write(test_db_handle(test), exec_fn, (void *)"CREATE TABLE two (id BIGINT PRIMARY KEY)",
             &error);
    g_assert_no_error(error);
    test_db_close(test);
    Check check = {.said = said};
    for (guint round = 1; round <= N_ROUNDS; round++) {
        g_autofree char *first = g_strdup_printf("%" G_GINT64_FORMAT, check.last);
        const char *argv[] = {"/proc/self/exe", "--child", test_db_url(test), first, NULL};
        GPid pid = 0;
        int out = -1;
        g_assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                               NULL, NULL, &pid, NULL, &out, NULL, &error));
        listen_and_kill(out, pid, said, round * N_SAID);
        close(out);
        g_autoptr(Db) db = db_open(test_db_url(test), NULL, &error);
        g_assert_no_error(error);
        db_read(db, check_fn, &check, &error);
        g_assert_no_error(error);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--child") == 0)
        return child_main(argv[2], argv[3]);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/db/sqlite-kill/all-that-was-said-is-there", test_kill);
    return g_test_run();
}
