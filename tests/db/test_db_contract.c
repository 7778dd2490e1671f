/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"
#include "support/test_db.h"

static const char *engine;

static bool create(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error,
                   "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, data BYTEA)", "");
}

static bool insert(DbTx *tx, void *data, GError **error)
{
    int64_t n = 0;
    return db_exec(tx, &n, error, "INSERT INTO thing (name, id) VALUES ($2, $1)", "is", (int64_t)7,
                   "seven");
}

static bool count(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT count(*) FROM thing WHERE name = $1", "s",
                        "seven");
}

static void test_first(void)
{
    g_autoptr(TestDb) test = test_db_new(engine);
    g_autoptr(GError) error = NULL;
    int64_t n = 0;
    db_write(test_db_handle(test), create, NULL, &error);
    g_assert_no_error(error);
    db_write(test_db_handle(test), insert, NULL, &error);
    g_assert_no_error(error);
    db_read(test_db_handle(test), count, &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, 1);
    const DbMigration steps[] = {
        {1, "a", "CREATE TABLE a (id @id@, x TEXT); CREATE INDEX ax ON a (x);"},
        {2, "b", "ALTER TABLE a ADD COLUMN y TEXT"}};
    db_migrate(test_db_handle(test), steps, 2, 1000, &error);
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/db/contract/first", test_first);
    return g_test_run();
}
