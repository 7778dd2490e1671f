/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up schema of four steps, reached from every earlier version, and every reason to refuse.
 */
#include "contract.h"

#include "base/error.h"

#define N_STEPS 4
#define NOW_US  INT64_C(1700000000000000)

static const DbMigration steps[N_STEPS] = {
    {1, "accounts", "CREATE TABLE account (id @id@, name TEXT NOT NULL);"},
    {2, "tickets",
     "CREATE TABLE ticket (id @id@, account BIGINT NOT NULL REFERENCES account);\n"
     "CREATE INDEX ticket_account ON ticket (account);"},
    {3, "languages",
     "ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT 'en';"
     "UPDATE account SET language = 'de' WHERE name = 'Müller; & Söhne';"},
    {4, "events", "CREATE TABLE event (ticket BIGINT NOT NULL REFERENCES ticket, facts TEXT)"},
};

static void migrate(Db *db, const DbMigration *list, size_t n)
{
    g_autoptr(GError) error = NULL;
    bool ok = db_migrate(db, list, n, NOW_US, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

static void migrate_fails(Db *db, const DbMigration *list, size_t n, TdErrorCode code,
                          const char *problem)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(db_migrate(db, list, n, NOW_US, &error));
    g_assert_error(error, TD_ERROR, (int)code);
    if (problem != NULL)
        g_assert_cmpstr(error_problem(error), ==, problem);
}

static void check_complete(Db *db)
{
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM schema_migration"), ==, N_STEPS);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM schema_migration"
                                     " WHERE applied_at = 1700000000000000"
                                     " AND version BETWEEN 1 AND 4 AND name <> ''"),
                    ==, N_STEPS);
    contract_run(db, "INSERT INTO account (name) VALUES ('new')");
    contract_run(db, "INSERT INTO ticket (account) SELECT max(id) FROM account");
    contract_run(db, "INSERT INTO event (ticket, facts) SELECT max(id), '{}' FROM ticket");
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM event"), ==, 1);
}

static void test_every_version(void)
{
    for (size_t from = 0; from <= N_STEPS; from++) {
        g_autoptr(TestDb) test = test_db_new(contract_engine);
        Db *db = test_db_handle(test);
        if (from > 0) {
            migrate(db, steps, from);
            contract_run(db, "INSERT INTO account (name) VALUES ('Müller; & Söhne'), ('x')");
        }
        migrate(db, steps, N_STEPS);
        check_complete(db);
        if (from > 0 && from < 3)
            g_assert_cmpint(contract_int(db, "SELECT count(*) FROM account WHERE language = 'de'"),
                            ==, 1);
        migrate(db, steps, N_STEPS);
        g_assert_cmpint(contract_int(db, "SELECT count(*) FROM event"), ==, 1);
    }
}

static void test_newer(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    migrate(test_db_handle(test), steps, N_STEPS);
    migrate_fails(test_db_handle(test), steps, N_STEPS - 1, TD_ERROR_CONFLICT, "schema-newer");
    migrate_fails(test_db_handle(test), steps, 0, TD_ERROR_CONFLICT, "schema-newer");
    check_complete(test_db_handle(test));
}

static void test_changed(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    DbMigration changed[N_STEPS];
    for (size_t i = 0; i < N_STEPS; i++)
        changed[i] = steps[i];
    changed[1].sql = "CREATE TABLE ticket (id @id@)";
    migrate(test_db_handle(test), steps, 3);
    migrate_fails(test_db_handle(test), changed, N_STEPS, TD_ERROR_CONFLICT, "schema-changed");
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM schema_migration"), ==,
                    3);
    migrate(test_db_handle(test), steps, N_STEPS);
    check_complete(test_db_handle(test));
}

static void test_failing_step(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    Db *db = test_db_handle(test);
    DbMigration failing[N_STEPS];
    for (size_t i = 0; i < N_STEPS; i++)
        failing[i] = steps[i];
    failing[2].sql = "CREATE TABLE half (id @id@); INSERT INTO half (id) VALUES (1);"
                     "INSERT INTO half (id) VALUES (1)";
    migrate_fails(db, failing, N_STEPS, TD_ERROR_CONFLICT, NULL);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM schema_migration"), ==, 2);
    contract_write_fails(db, contract_exec_fn, (void *)"SELECT * FROM half", TD_ERROR_INTERNAL,
                         NULL);
    migrate(db, steps, N_STEPS);
    check_complete(db);
}

static void test_ending_step(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    DbMigration ending = {1, "ends", "CREATE TABLE half (id @id@); ROLLBACK"};
    migrate_fails(test_db_handle(test), &ending, 1, TD_ERROR_INTERNAL, NULL);
    migrate(test_db_handle(test), steps, N_STEPS);
    check_complete(test_db_handle(test));
}

static void test_bad_numbers(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    const DbMigration list[] = {steps[0], steps[2]};
    migrate_fails(test_db_handle(test), list, 2, TD_ERROR_INTERNAL, NULL);
    migrate(test_db_handle(test), steps, N_STEPS);
    contract_run(test_db_handle(test), "DELETE FROM schema_migration WHERE version = 2");
    migrate_fails(test_db_handle(test), steps, N_STEPS, TD_ERROR_CORRUPT, NULL);
}

static void *migrate_main(void *data)
{
    migrate(data, steps, N_STEPS);
    return NULL;
}

static void test_two_at_once(void)
{
    for (int round = 0; round < 3; round++) {
        g_autoptr(TestDb) test = test_db_new(contract_engine);
        g_autoptr(GError) error = NULL;
        g_autoptr(Db) other = db_open(test_db_url(test), NULL, &error);
        g_assert_no_error(error);
        GThread *one = contract_thread(migrate_main, test_db_handle(test));
        GThread *two = contract_thread(migrate_main, other);
        g_thread_join(one);
        g_thread_join(two);
        check_complete(other);
    }
}

void contract_add_migrations(void)
{
    contract_add("migrations/from-every-version", test_every_version);
    contract_add("migrations/newer", test_newer);
    contract_add("migrations/changed", test_changed);
    contract_add("migrations/failing-step", test_failing_step);
    contract_add("migrations/ending-step", test_ending_step);
    contract_add("migrations/bad-numbers", test_bad_numbers);
    contract_add("migrations/two-at-once", test_two_at_once);
}
