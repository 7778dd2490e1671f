/* SPDX-License-Identifier: Apache-2.0 */
/* db_insert(): one row, and the id that the engine gave it. */
#include "contract.h"

#include "base/error.h"

#define INSERT "INSERT INTO item (name, place) VALUES ($1, $2) RETURNING id"

static TestDb *item_db(void)
{
    TestDb *test = contract_db();
    static const DbMigration steps[] = {
        {1, "items", "CREATE TABLE item (id @id@, name TEXT UNIQUE, place BIGINT)"}};
    g_autoptr(GError) error = NULL;
    db_migrate(test_db_handle(test), steps, G_N_ELEMENTS(steps), 1, &error);
    g_assert_no_error(error);
    return test;
}

static bool insert_three(DbTx *tx, void *data, GError **error)
{
    int64_t *ids = data;
    static const char *const names[] = {"a", "b", NULL};
    for (int i = 0; i < 3; i++)
        if (!db_insert(tx, &ids[i], error, INSERT, "si", names[i], (int64_t)i))
            return false;
    return true;
}

static void test_ids(void)
{
    g_autoptr(TestDb) test = item_db();
    Db *db = test_db_handle(test);
    int64_t first[3], second[3] = {0};
    contract_write(db, insert_three, first);
    for (int i = 0; i < 3; i++) {
        g_autofree char *sql =
            g_strdup_printf("SELECT place FROM item WHERE id = %d", (int)first[i]);
        g_assert_cmpint(contract_int(db, sql), ==, i);
    }
    contract_run(db, "DELETE FROM item");
    contract_write(db, insert_three, second);
    g_assert_cmpint(second[0], >, first[2]);
    g_assert_cmpint(second[2], >, second[1]);
}

static bool insert_twice(DbTx *tx, void *data, GError **error)
{
    int64_t id;
    return db_insert(tx, &id, error, INSERT, "si", "same", INT64_C(1)) &&
           db_insert(tx, &id, error, INSERT, "si", "same", INT64_C(2));
}

/* An id that is not there belongs to nobody: what failed leaves the variable alone. */
static bool insert_after_failure(DbTx *tx, void *data, GError **error)
{
    int64_t id = -5;
    g_assert_false(insert_twice(tx, NULL, NULL));
    g_assert_false(db_insert(tx, &id, error, INSERT, "si", "other", INT64_C(1)));
    g_assert_cmpint(id, ==, -5);
    return false;
}

static void test_refused(void)
{
    g_autoptr(TestDb) test = item_db();
    Db *db = test_db_handle(test);
    contract_write_fails(db, insert_twice, NULL, TD_ERROR_CONFLICT, "unique");
    contract_write_fails(db, insert_after_failure, NULL, TD_ERROR_CONFLICT, "unique");
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM item"), ==, 0);
}

static bool insert_sql(DbTx *tx, void *sql, GError **error)
{
    int64_t id;
    return db_insert(tx, &id, error, sql, "");
}

static void test_misused(void)
{
    static const char *const cases[] = {
        "INSERT INTO item (name) VALUES ('a'), ('b') RETURNING id",
        "INSERT INTO item (name) SELECT 'a' WHERE 1 = 2 RETURNING id",
        "INSERT INTO item (name) VALUES ('a')",
    };
    g_autoptr(TestDb) test = item_db();
    Db *db = test_db_handle(test);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        contract_write_fails(db, insert_sql, (void *)cases[i], TD_ERROR_INTERNAL, NULL);
    }
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM item"), ==, 0);
}

/* One text, prepared for db_insert(), does not silently lose its answer elsewhere. */
static bool insert_both_ways(DbTx *tx, void *data, GError **error)
{
    int64_t id = 0;
    bool found = false;
    if (!db_insert(tx, &id, error, INSERT, "si", "a", INT64_C(1)) ||
        !db_query_int(tx, &found, &id, error, INSERT, "si", "b", INT64_C(2)))
        return false;
    g_assert_true(found);
    return true;
}

static void test_both_ways(void)
{
    g_autoptr(TestDb) test = item_db();
    Db *db = test_db_handle(test);
    if (db_engine(db) == DB_SQLITE)
        contract_write_fails(db, insert_both_ways, NULL, TD_ERROR_INTERNAL, NULL);
    else
        contract_write(db, insert_both_ways, NULL);
}

void contract_add_insert(void)
{
    contract_add("insert/ids", test_ids);
    contract_add("insert/refused", test_refused);
    contract_add("insert/misused", test_misused);
    contract_add("insert/both-ways", test_both_ways);
}
