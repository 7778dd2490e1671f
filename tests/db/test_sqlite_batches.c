/* SPDX-License-Identifier: Apache-2.0 */
/* What callers of one commit see of each other's failures on SQLite, and who runs again. */
#include "base/error.h"
#include "batch.h"
#include "db/db.h"
#include "support/test_db.h"

typedef struct {
    const char *sql[3]; /* run one after the other; NULL: no more */
    bool refuse;        /* fails then, whatever they did */
    int runs;
    int want_runs;
    int error; /* that is expected; -1: none */
} Caller;

static bool run_caller(DbTx *tx, void *data, GError **error)
{
    Caller *caller = data;
    caller->runs++;
    for (size_t i = 0; i < G_N_ELEMENTS(caller->sql) && caller->sql[i] != NULL; i++)
        if (!db_exec(tx, NULL, error, caller->sql[i], ""))
            return false;
    if (caller->refuse)
        error_set(error, TD_ERROR_DENIED, "refused");
    return !caller->refuse;
}

static bool run_sql(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

static bool count(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT COUNT(*) * 1000 + SUM(id) FROM thing", "");
}

/* How many rows there are, and the sum of their ids. */
static void assert_rows(Db *db, int rows, int sum)
{
    g_autoptr(GError) error = NULL;
    int64_t n = 0;
    db_read(db, count, &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, rows * 1000 + sum);
}

static TestDb *thing_db(void)
{
    TestDb *test = test_db_new("sqlite");
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(test), run_sql,
             (void *)"CREATE TABLE thing (id BIGINT PRIMARY KEY, parent BIGINT"
                     " REFERENCES thing DEFERRABLE INITIALLY DEFERRED)",
             &error);
    g_assert_no_error(error);
    return test;
}

static void run_batch(Db *db, Caller *callers, size_t n)
{
    BatchCaller batch[8] = {0};
    g_assert_cmpuint(n, <=, G_N_ELEMENTS(batch));
    for (size_t i = 0; i < n; i++)
        batch[i] = (BatchCaller){.fn = run_caller, .data = &callers[i]};
    batch_run(db, batch, n);
    for (size_t i = 0; i < n; i++) {
        g_test_message("caller %zu: %s, %d runs", i,
                       batch[i].error != NULL ? batch[i].error->message : "done", callers[i].runs);
        if (callers[i].error < 0)
            g_assert_no_error(batch[i].error);
        else
            g_assert_error(batch[i].error, TD_ERROR, callers[i].error);
        g_assert_cmpint(callers[i].runs, ==, callers[i].want_runs);
        g_clear_error(&batch[i].error);
    }
}

#define INSERT(id) "INSERT INTO thing (id) VALUES (" #id ")"

/* Who fails before writing anything disturbs nobody. */
static void test_clean(void)
{
    g_autoptr(TestDb) test = thing_db();
    Caller callers[] = {
        {{INSERT(1)}, .want_runs = 1, .error = -1},
        {{NULL}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{"SELECT 1"}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{"UPDATE thing SET id = 9 WHERE id = 8"}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{"SELEKT"}, .want_runs = 1, .error = TD_ERROR_INTERNAL},
        {{INSERT(2)}, .want_runs = 1, .error = -1},
    };
    run_batch(test_db_handle(test), callers, G_N_ELEMENTS(callers));
    assert_rows(test_db_handle(test), 2, 3);
}

/* Who has written and fails has its answer at once; those before run again, and after that nobody
 * does. */
static void test_spoiled(void)
{
    g_autoptr(TestDb) test = thing_db();
    Caller callers[] = {
        {{INSERT(1)}, .want_runs = 2, .error = -1},
        {{NULL}, true, .want_runs = 2, .error = TD_ERROR_DENIED},
        {{INSERT(3), INSERT(4)}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{INSERT(2)}, .want_runs = 1, .error = -1},
        {{INSERT(5), INSERT(2)}, .want_runs = 1, .error = TD_ERROR_CONFLICT},
        {{INSERT(6), "DELETE FROM thing"}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{INSERT(8)}, .want_runs = 1, .error = -1},
    };
    run_batch(test_db_handle(test), callers, G_N_ELEMENTS(callers));
    assert_rows(test_db_handle(test), 3, 11);
}

/* Each of these leaves something behind that no count of rows shows. */
static void test_what_spoils(void)
{
    static const struct {
        const char *sql;
        bool refuse;
        int error;
    } cases[] = {
        {"CREATE TABLE other (id BIGINT)", true, TD_ERROR_DENIED},
        {"INSERT INTO thing (id, parent) VALUES (7, 99)", false, TD_ERROR_CONFLICT},
        {"INSERT INTO thing (id) VALUES (5), (1)", false, TD_ERROR_CONFLICT},
        {"WITH n (i) AS (VALUES (5), (6)) INSERT INTO thing (id) SELECT i FROM n", true,
         TD_ERROR_DENIED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDb) test = thing_db();
        g_autoptr(GError) error = NULL;
        Caller callers[] = {
            {{INSERT(1)}, .want_runs = 2, .error = -1},
            {{cases[i].sql}, cases[i].refuse, .want_runs = 1, .error = cases[i].error},
            {{INSERT(2)}, .want_runs = 1, .error = -1},
        };
        g_test_message("%s", cases[i].sql);
        run_batch(test_db_handle(test), callers, G_N_ELEMENTS(callers));
        assert_rows(test_db_handle(test), 2, 3);
        db_write(test_db_handle(test), run_sql, (void *)"CREATE TABLE other (id BIGINT)", &error);
        g_assert_no_error(error);
    }
}

/* Alone, too, and with nobody left over. */
static void test_all_fail(void)
{
    g_autoptr(TestDb) test = thing_db();
    Caller alone[] = {{{INSERT(1)}, true, .want_runs = 1, .error = TD_ERROR_DENIED}};
    run_batch(test_db_handle(test), alone, 1);
    Caller both[] = {
        {{INSERT(1)}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
        {{INSERT(1)}, true, .want_runs = 1, .error = TD_ERROR_DENIED},
    };
    run_batch(test_db_handle(test), both, 2);
    assert_rows(test_db_handle(test), 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/db/sqlite-batches/clean", test_clean);
    g_test_add_func("/db/sqlite-batches/spoiled", test_spoiled);
    g_test_add_func("/db/sqlite-batches/what-spoils", test_what_spoils);
    g_test_add_func("/db/sqlite-batches/all-fail", test_all_fail);
    return g_test_run();
}
