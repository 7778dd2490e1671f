/* SPDX-License-Identifier: Apache-2.0 */
/* One caller at a time: what is kept, what is taken back, and with which error. */
#include "contract.h"

#include "base/error.h"

#include <string.h>

static bool insert_and_refuse(DbTx *tx, void *data, GError **error)
{
    g_assert_true(db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES (1)", ""));
    error_set_problem(error, TD_ERROR_DENIED, "my-own", "/field", "Not today");
    return false;
}

static void test_own_error(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write_fails(test_db_handle(test), insert_and_refuse, NULL, TD_ERROR_DENIED, "my-own");
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

static bool refuse_without_reason(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES (1)", "") && false;
}

static void test_no_error(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write_fails(test_db_handle(test), refuse_without_reason, NULL, TD_ERROR_INTERNAL,
                         NULL);
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

/* Tries to go on after a failure, and says that all was well. */
static bool ignore_failure(DbTx *tx, void *data, GError **error)
{
    g_autoptr(GError) first = NULL;
    g_autoptr(GError) second = NULL;
    g_assert_true(db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES (1)", ""));
    g_assert_false(db_exec(tx, NULL, &first, "INSERT INTO thing (id) VALUES (1)", ""));
    g_assert_false(db_exec(tx, NULL, &second, "INSERT INTO thing (id) VALUES (2)", ""));
    g_assert_null(db_query(tx, NULL, "SELECT 1", ""));
    g_assert_false(db_query_int(tx, NULL, NULL, NULL, "SELECT 1", ""));
    g_assert_error(first, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_error(second, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_cmpstr(first->message, ==, second->message);
    return true;
}

static void test_ignored_failure(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write_fails(test_db_handle(test), ignore_failure, NULL, TD_ERROR_CONFLICT, "unique");
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

typedef struct {
    const char *sql;
    TdErrorCode code;
    const char *problem;
} RefusalCase;

static void test_refusals(void)
{
    static const RefusalCase cases[] = {
        {"INSERT INTO thing (id, name) VALUES (1, 'x')", TD_ERROR_CONFLICT, "unique"},
        {"INSERT INTO thing (id, name) VALUES (2, 'taken')", TD_ERROR_CONFLICT, "unique"},
        {"INSERT INTO thing (id, parent) VALUES (2, 99)", TD_ERROR_CONFLICT, "unique"},
        {"INSERT INTO thing (id, parent) VALUES (2, 99) RETURNING id", TD_ERROR_CONFLICT, "unique"},
        {"INSERT INTO thing (id, late) VALUES (2, 99)", TD_ERROR_CONFLICT, "unique"},
        {"DELETE FROM parent WHERE id = 5", TD_ERROR_CONFLICT, "unique"},
        {"INSERT INTO thing (id, amount) VALUES (2, 13)", TD_ERROR_INTERNAL, NULL},
        {"SELEKT", TD_ERROR_INTERNAL, NULL},
    };
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_run(db, "INSERT INTO parent (id) VALUES (5)");
    contract_run(db, "INSERT INTO thing (id, name, parent) VALUES (1, 'taken', 5)");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].sql);
        contract_write_fails(db, contract_exec_fn, (void *)cases[i].sql, (int)cases[i].code,
                             cases[i].problem);
        g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, 1);
        g_assert_cmpint(contract_int(db, "SELECT count(*) FROM parent"), ==, 1);
    }
}

/* A message for people must not quote the row: it is customers' data. */
static void test_message_has_no_data(void)
{
    g_autoptr(TestDb) test = contract_db();
    const char *sql = "INSERT INTO thing (id, name) VALUES (1, 'private-name')";
    contract_run(test_db_handle(test), sql);
    g_autoptr(GError) error = NULL;
    g_assert_false(db_write(test_db_handle(test), contract_exec_fn, (void *)sql, &error));
    g_assert_null(strstr(error->message, "private-name"));
}

static void test_late_key_in_time(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_write_fails(db, contract_exec_fn, (void *)"INSERT INTO thing (id, late) VALUES (1, 7)",
                         TD_ERROR_CONFLICT, "unique");
    contract_run(db, "INSERT INTO parent (id) VALUES (7)");
    contract_run(db, "INSERT INTO thing (id, late) VALUES (1, 7)");
}

typedef struct {
    Db *db;
    bool write;
} Nesting;

static bool nest(DbTx *tx, void *data, GError **error)
{
    const Nesting *nesting = data;
    return nesting->write ? db_write(nesting->db, contract_exec_fn, (void *)"SELECT 1", error)
                          : db_read(nesting->db, contract_exec_fn, (void *)"SELECT 1", error);
}

static void test_nested(void)
{
    g_autoptr(TestDb) test = contract_db();
    for (int i = 0; i < 2; i++) {
        Nesting nesting = {.db = test_db_handle(test), .write = i == 1};
        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*was called inside a function*");
        contract_write_fails(test_db_handle(test), nest, &nesting, TD_ERROR_INTERNAL, NULL);
        g_test_assert_expected_messages();
    }
}

static bool write_elsewhere(DbTx *tx, void *data, GError **error)
{
    return db_write(data, contract_exec_fn, (void *)"INSERT INTO thing (id) VALUES (1)", error);
}

/* Copying from one database into another is no nesting. */
static void test_two_databases(void)
{
    g_autoptr(TestDb) one = contract_db();
    g_autoptr(TestDb) two = contract_db();
    contract_read(test_db_handle(one), write_elsewhere, test_db_handle(two));
    g_assert_cmpint(contract_int(test_db_handle(two), "SELECT count(*) FROM thing"), ==, 1);
}

static void test_read_cannot_write(void)
{
    g_autoptr(TestDb) test = contract_db();
    g_autoptr(GError) error = NULL;
    g_assert_false(db_read(test_db_handle(test), contract_exec_fn,
                           (void *)"INSERT INTO thing (id) VALUES (1)", &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_INTERNAL);
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

static bool end_transaction(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES (1)", "") &&
           db_exec(tx, NULL, error, data, "") &&
           db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES (2)", "");
}

/* Nobody's function ends the transaction that it shares with others. */
static void test_cannot_end_transaction(void)
{
    const char *cases[] = {"COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT x", "RELEASE caller"};
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        contract_write_fails(db, end_transaction, (void *)cases[i], TD_ERROR_INTERNAL, NULL);
        g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, 0);
    }
}

void contract_add_transactions(void)
{
    contract_add("transactions/own-error", test_own_error);
    contract_add("transactions/no-error", test_no_error);
    contract_add("transactions/ignored-failure", test_ignored_failure);
    contract_add("transactions/refusals", test_refusals);
    contract_add("transactions/message-has-no-data", test_message_has_no_data);
    contract_add("transactions/late-key", test_late_key_in_time);
    contract_add("transactions/nested", test_nested);
    contract_add("transactions/two-databases", test_two_databases);
    contract_add("transactions/read-cannot-write", test_read_cannot_write);
    contract_add("transactions/cannot-end-it", test_cannot_end_transaction);
}
