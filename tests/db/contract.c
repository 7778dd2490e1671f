/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include "base/error.h"

const char *contract_engine;

void contract_add(const char *name, GTestFunc test)
{
    g_autofree char *path = g_strdup_printf("/db/%s/%s", contract_engine, name);
    g_test_add_func(path, test);
}

bool contract_exec_fn(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

void contract_write(Db *db, DbFn fn, void *data)
{
    g_autoptr(GError) error = NULL;
    bool ok = db_write(db, fn, data, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

void contract_read(Db *db, DbFn fn, void *data)
{
    g_autoptr(GError) error = NULL;
    bool ok = db_read(db, fn, data, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

void contract_write_fails(Db *db, DbFn fn, void *data, int code, const char *problem)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(db_write(db, fn, data, &error));
    g_assert_error(error, TD_ERROR, code);
    if (problem != NULL)
        g_assert_cmpstr(error_problem(error), ==, problem);
}

void contract_run(Db *db, const char *sql)
{
    contract_write(db, contract_exec_fn, (void *)sql);
}

typedef struct {
    const char *sql;
    int64_t value;
} Scalar;

static bool read_scalar(DbTx *tx, void *data, GError **error)
{
    Scalar *scalar = data;
    bool found = false;
    if (!db_query_int(tx, &found, &scalar->value, error, scalar->sql, ""))
        return false;
    g_assert_true(found);
    return true;
}

int64_t contract_int(Db *db, const char *sql)
{
    Scalar scalar = {.sql = sql};
    contract_read(db, read_scalar, &scalar);
    return scalar.value;
}

TestDb *contract_db(void)
{
    TestDb *test = test_db_new(contract_engine);
    contract_run(test_db_handle(test), "CREATE TABLE parent (id BIGINT PRIMARY KEY)");
    contract_run(test_db_handle(test),
                 "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT UNIQUE, data BYTEA,"
                 " amount BIGINT CHECK (amount <> 13), parent BIGINT REFERENCES parent,"
                 " late BIGINT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
    return test;
}

GThread *contract_thread(GThreadFunc fn, void *data)
{
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_try_new("test", fn, data, &error);
    g_assert_no_error(error);
    return thread;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    contract_engine = test_db_engine(argc, argv);
    contract_add_open();
    contract_add_tables();
    contract_add_values();
    contract_add_insert();
    contract_add_transactions();
    contract_add_concurrency();
    contract_add_migrations();
    return g_test_run();
}
