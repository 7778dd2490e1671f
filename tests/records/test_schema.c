/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of the schema make of what is in a database already. */
#include "records/schema.h"

#include "support/test_db.h"

static const char *engine;

static bool run(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

static void run_all(Db *db, const char *const *statements)
{
    for (; *statements != NULL; statements++) {
        g_autoptr(GError) error = NULL;
        db_write(db, run, (void *)*statements, &error);
        g_assert_no_error(error);
    }
}

static bool count(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error,
                        "SELECT COUNT(*) FROM alert WHERE decided_at = 7 AND"
                        " ((actor_kind = 'api' AND actor_id = 5 AND event = 1)"
                        " OR (actor_kind = 'system' AND actor_id = 0 AND event = 2))",
                        "");
}

/* The brake goes on where it was: an alert gets the actor of its event. */
static void test_actors(void)
{
    static const char *const before[] = {
        "INSERT INTO account (name, email, email_key, domains, active, created_at)"
        " VALUES ('A', 'a@x.example', 'a@x.example', '[]', 1, 1)",
        "INSERT INTO ticket (version, account, title, description, priority, status, resolution,"
        " opener_kind, opener_name, channel, opened_at, updated_at)"
        " VALUES (2, 1, 't', '', 'normal', 100, '', 'api', 'Token', 'api', 1, 1)",
        "INSERT INTO event (ticket, version, kind, actor_kind, actor_id, actor_name, channel, at,"
        " notify, facts) VALUES (1, 1, 'opened', 'api', 5, 'Token', 'api', 7, 1, '{}')",
        "INSERT INTO event (ticket, version, kind, actor_kind, actor_id, actor_name, channel, at,"
        " notify, facts) VALUES (1, 2, 'closed', 'system', NULL, 'T', 'api', 7, 1, '{}')",
        "INSERT INTO alert (ticket, event, kind, recipient, recipient_key, decision, reason,"
        " decided_at) SELECT 1, id, 'new_ticket', 'a', 'a', 'send', 'new_ticket', 7 FROM event",
        NULL,
    };
    g_autoptr(TestDb) test = test_db_new(engine);
    g_autoptr(GError) error = NULL;
    Db *db = test_db_handle(test);
    db_migrate(db, schema_steps, 2, 1, &error);
    g_assert_no_error(error);
    run_all(db, before);
    db_migrate(db, schema_steps, schema_n_steps, 1, &error);
    g_assert_no_error(error);
    int64_t n = 0;
    db_read(db, count, &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, 2);
}

static bool count_lists(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error,
                        db_tx_engine(tx) == DB_SQLITE
                            ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index'"
                              " AND sql LIKE '%WHERE%IN (%,%,%'"
                            : "SELECT 0",
                        "");
}

/* SQLite makes a table of each such list, for every row that is written. */
static void test_no_index_by_a_list(void)
{
    g_autoptr(TestDb) test = test_db_new(engine);
    g_autoptr(GError) error = NULL;
    Db *db = test_db_handle(test);
    db_migrate(db, schema_steps, schema_n_steps, 1, &error);
    g_assert_no_error(error);
    int64_t n = -1;
    db_read(db, count_lists, &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/records/schema/actors", test_actors);
    g_test_add_func("/records/schema/no-index-by-a-list", test_no_index_by_a_list);
    return g_test_run();
}
