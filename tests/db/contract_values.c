/* SPDX-License-Identifier: Apache-2.0 */
/* What goes in comes out: text, numbers, bytes, NULL, and what accessors make of each other. */
#include "contract.h"

#include "base/error.h"

#include <string.h>

static char *mebibyte(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 1024 * 1024)
        g_string_append(text, "Größe € 漢 ");
    return g_strdup(text->str);
}

typedef struct {
    int64_t id;
    const char *text;
} TextRow;

static bool insert_text(DbTx *tx, void *data, GError **error)
{
    const TextRow *row = data;
    return db_exec(tx, NULL, error, "INSERT INTO thing (name, id) VALUES ($2, $1)", "is", row->id,
                   row->text);
}

static bool compare_text(DbTx *tx, void *data, GError **error)
{
    const TextRow *row = data;
    g_autoptr(DbRows) rows =
        db_query(tx, error, "SELECT name FROM thing WHERE id = $1", "i", row->id);
    g_assert_nonnull(rows);
    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_is_null(rows, 0), ==, row->text == NULL);
    g_assert_cmpstr(db_rows_text(rows, 0), ==, row->text);
    g_autofree char *copy = db_rows_dup(rows, 0);
    g_assert_cmpstr(copy, ==, row->text);
    size_t bytes = 1;
    const void *blob = db_rows_blob(rows, 0, &bytes);
    g_assert_cmpuint(bytes, ==, row->text == NULL ? 0 : strlen(row->text));
    g_assert_true(blob != NULL || row->text == NULL);
    g_assert_false(db_rows_next(rows));
    g_assert_false(db_rows_next(rows));
    return true;
}

static void test_text(void)
{
    g_autofree char *large = mebibyte();
    /* `name` has a unique index, whose entries PostgreSQL limits: the large text has its own. */
    const char *cases[] = {NULL,
                           "",
                           "plain",
                           "O'Brien; DROP TABLE \"thing\" -- $1 \\x41 %s",
                           "Größe, 漢字, \xf0\x9f\x98\x80, e\xcc\x81",
                           "tab\tline\nend\r\x01\x7f"};
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        TextRow row = {.id = (int64_t)i, .text = cases[i]};
        contract_write(db, insert_text, &row);
        contract_read(db, compare_text, &row);
    }
    contract_run(db, "DROP TABLE thing");
    contract_run(db, "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT)");
    TextRow row = {.id = 1, .text = large};
    contract_write(db, insert_text, &row);
    contract_read(db, compare_text, &row);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing WHERE name IS NULL"), ==, 0);
}

static void test_bad_utf8(void)
{
    const char *cases[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf"};
    g_autoptr(TestDb) test = contract_db();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        TextRow row = {.id = 1, .text = cases[i]};
        contract_write_fails(test_db_handle(test), insert_text, &row, TD_ERROR_INVALID, "not-utf8");
    }
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

static bool insert_numbers(DbTx *tx, void *data, GError **error)
{
    const int64_t *number = data;
    return db_exec(tx, NULL, error, "DELETE FROM thing", "") &&
           db_exec(tx, NULL, error, "INSERT INTO parent (id) VALUES ($1) ON CONFLICT DO NOTHING",
                   "i", *number) &&
           db_exec(tx, NULL, error,
                   "INSERT INTO thing (id, amount, parent, name) VALUES ($1, $1, $2, $3)", "ins",
                   *number, *number, NULL);
}

static bool compare_numbers(DbTx *tx, void *data, GError **error)
{
    const int64_t *number = data;
    g_autoptr(DbRows) rows = db_query(
        tx, error, "SELECT id, amount, parent, name, amount = $1 FROM thing", "i", *number);
    g_assert_nonnull(rows);
    g_assert_true(db_rows_next(rows));
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, *number);
    g_assert_cmpint(db_rows_int(rows, 0), ==, *number);
    g_assert_cmpint(db_rows_int(rows, 1), ==, *number);
    g_assert_cmpstr(db_rows_text(rows, 1), ==, text);
    g_assert_cmpint(db_rows_int(rows, 2), ==, *number);
    g_assert_cmpint(db_rows_is_null(rows, 2), ==, *number == 0);
    g_assert_cmpint(db_rows_int(rows, 3), ==, 0);
    g_assert_cmpint(db_rows_int(rows, 4), ==, 1);
    return db_rows_end(g_steal_pointer(&rows), error);
}

static void test_numbers(void)
{
    int64_t cases[] = {0, 1, -1, 4294967296, INT64_MAX, INT64_MIN};
    g_autoptr(TestDb) test = contract_db();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        contract_write(test_db_handle(test), insert_numbers, &cases[i]);
        contract_read(test_db_handle(test), compare_numbers, &cases[i]);
    }
}

typedef struct {
    const void *data;
    size_t bytes;
} BlobRow;

static bool insert_blob(DbTx *tx, void *data, GError **error)
{
    const BlobRow *row = data;
    return db_exec(tx, NULL, error, "DELETE FROM thing", "") &&
           db_exec(tx, NULL, error, "INSERT INTO thing (id, data) VALUES (1, $1)", "b", row->data,
                   row->bytes);
}

static bool compare_blob(DbTx *tx, void *data, GError **error)
{
    const BlobRow *row = data;
    g_autoptr(DbRows) rows = db_query(tx, error, "SELECT data FROM thing", "");
    g_assert_nonnull(rows);
    g_assert_true(db_rows_next(rows));
    size_t bytes = 0;
    const void *blob = db_rows_blob(rows, 0, &bytes);
    g_assert_cmpint(db_rows_is_null(rows, 0), ==, row->data == NULL);
    g_assert_cmpmem(blob, bytes, row->data, row->bytes);
    return true;
}

static void test_blobs(void)
{
    g_autofree guint8 *large = g_malloc(1 << 20);
    for (size_t i = 0; i < 1 << 20; i++)
        large[i] = (guint8)(i * 7 + i / 256);
    const BlobRow cases[] = {{"", 0}, {"\0", 1}, {"a\0b\xff\\x", 6}, {NULL, 0}, {large, 1 << 20}};
    g_autoptr(TestDb) test = contract_db();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        contract_write(test_db_handle(test), insert_blob, (void *)&cases[i]);
        contract_read(test_db_handle(test), compare_blob, (void *)&cases[i]);
    }
}

static bool parameters_in_any_order(DbTx *tx, void *data, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(tx, error, "SELECT $3, $1 + 0, $3 || $2, $1 + $1, '$9' WHERE $4 IS NULL", "isss",
                 INT64_C(21), "two", "three", NULL);
    if (rows == NULL)
        return false;
    g_assert_true(db_rows_next(rows));
    g_assert_cmpstr(db_rows_text(rows, 0), ==, "three");
    g_assert_cmpint(db_rows_int(rows, 1), ==, 21);
    g_assert_cmpstr(db_rows_text(rows, 2), ==, "threetwo");
    g_assert_cmpint(db_rows_int(rows, 3), ==, 42);
    g_assert_cmpstr(db_rows_text(rows, 4), ==, "$9");
    return true;
}

static bool more_than_nine_parameters(DbTx *tx, void *data, GError **error)
{
    int64_t value = 0;
    if (!db_query_int(tx, NULL, &value, error,
                      "SELECT $12 * 100 + $11 * 10 + $1 + 0 * ($2 + $3 + $4 + $5 + $6 + $7 + $8 + "
                      "$9 + $10)",
                      "iiiiiiiiiiii", INT64_C(1), INT64_C(2), INT64_C(3), INT64_C(4), INT64_C(5),
                      INT64_C(6), INT64_C(7), INT64_C(8), INT64_C(9), INT64_C(1), INT64_C(2),
                      INT64_C(3)))
        return false;
    g_assert_cmpint(value, ==, 321);
    return true;
}

static void test_parameters(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_read(test_db_handle(test), parameters_in_any_order, NULL);
    contract_write(test_db_handle(test), parameters_in_any_order, NULL);
    contract_read(test_db_handle(test), more_than_nine_parameters, NULL);
}

static bool too_few(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE thing SET amount = $1 WHERE id = $2", "i", INT64_C(1));
}

static bool unknown_type(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE thing SET amount = $1", "x", INT64_C(1));
}

static bool two_statements(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM thing; DELETE FROM parent", "");
}

static bool no_such_table(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM nothing", "");
}

static bool double_quoted_text(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE thing SET name = \"text\"", "");
}

static void test_program_faults(void)
{
    const DbFn cases[] = {too_few, unknown_type, two_statements, no_such_table, double_quoted_text};
    g_autoptr(TestDb) test = contract_db();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        contract_write_fails(test_db_handle(test), cases[i], NULL, TD_ERROR_INTERNAL, NULL);
}

typedef struct {
    const char *sql;
    int64_t changed;
} ChangeCase;

static bool run_changes(DbTx *tx, void *data, GError **error)
{
    static const ChangeCase cases[] = {
        {"INSERT INTO thing (id, amount) VALUES (1, 1), (2, 2), (3, 3)", 3},
        {"UPDATE thing SET amount = amount + 1", 3},
        {"UPDATE thing SET amount = 0 WHERE id = 99", 0},
        {"INSERT INTO thing (id) VALUES (1) ON CONFLICT DO NOTHING", 0},
        {"INSERT INTO thing (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET amount = 7", 1},
        {"UPDATE thing SET amount = 8 WHERE id > 1 RETURNING id", 2},
        {"SELECT id FROM thing", 0},
        {"CREATE TABLE other (id BIGINT)", 0},
        {"DELETE FROM thing WHERE id = 1", 1},
        {"DELETE FROM thing", 2},
        {"DELETE FROM thing", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t changed = -1;
        if (!db_exec(tx, &changed, error, cases[i].sql, ""))
            return false;
        g_test_message("%s: %d", cases[i].sql, (int)changed);
        g_assert_cmpint(changed, ==, cases[i].changed);
    }
    return true;
}

static void test_changed(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write(test_db_handle(test), run_changes, NULL);
}

static bool run_queries(DbTx *tx, void *data, GError **error)
{
    bool found = true;
    int64_t value = -5;
    g_assert_true(
        db_exec(tx, NULL, error,
                "INSERT INTO thing (id, name, amount) VALUES (1, 'Anna', 10), (2, 'anna', "
                "20), (3, '42 apples', 12)",
                ""));
    g_assert_true(db_query_int(tx, &found, &value, error, "SELECT id FROM thing WHERE id = $1", "i",
                               INT64_C(9)));
    g_assert_false(found);
    g_assert_cmpint(value, ==, -5);
    /* sum() of int8 is numeric on PostgreSQL; text that begins with digits reads as a number. */
    g_assert_true(db_query_int(tx, &found, &value, error, "SELECT sum(amount) FROM thing", ""));
    g_assert_true(found);
    g_assert_cmpint(value, ==, 42);
    g_assert_true(db_query_int(tx, NULL, &value, error, "SELECT name FROM thing WHERE id = 3", ""));
    g_assert_cmpint(value, ==, 42);
    g_assert_true(db_query_int(tx, NULL, &value, error,
                               "SELECT count(*) FROM thing WHERE name LIKE $1", "s", "An%"));
    g_assert_cmpint(value, ==, 1);
    /* A search folds every letter's case, not ASCII's alone. */
    g_assert_true(
        db_query_int(tx, NULL, &value, error,
                     "SELECT CASE WHEN LOWER('MÜNCHEN Ω') = 'münchen ω' THEN 1 ELSE 0 END", ""));
    g_assert_cmpint(value, ==, 1);
    /* Rows are a picture of that moment, whatever is written while they are read. */
    g_autoptr(DbRows) rows = db_query(tx, error, "SELECT id FROM thing ORDER BY id", "");
    g_assert_true(db_rows_next(rows));
    g_assert_true(db_exec(tx, NULL, error, "DELETE FROM thing", ""));
    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_int(rows, 0), ==, 2);
    return db_rows_end(g_steal_pointer(&rows), error);
}

static void test_queries(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write(test_db_handle(test), run_queries, NULL);
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 0);
}

/* A statement that gives rows runs when it is asked for, not when they are read. */
static bool insert_returning_unread(DbTx *tx, void *data, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(tx, error, "INSERT INTO thing (id) VALUES (1), (2) RETURNING id", "");
    return rows != NULL;
}

static void test_returning(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write(test_db_handle(test), insert_returning_unread, NULL);
    g_assert_cmpint(contract_int(test_db_handle(test), "SELECT count(*) FROM thing"), ==, 2);
}

#define MANY_STATEMENTS 600 /* more than are kept prepared */

static bool run_many_statements(DbTx *tx, void *data, GError **error)
{
    for (int64_t i = 0; i < MANY_STATEMENTS; i++) {
        int64_t value = 0;
        g_autofree char *sql = g_strdup_printf("SELECT $1 + %d", (int)i);
        if (!db_query_int(tx, NULL, &value, error, sql, "i", i))
            return false;
        g_assert_cmpint(value, ==, 2 * i);
    }
    return true;
}

static void test_many_statements(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_write(test_db_handle(test), run_many_statements, NULL);
    contract_read(test_db_handle(test), run_many_statements, NULL);
    contract_write(test_db_handle(test), run_many_statements, NULL);
}

/* A prepared statement outlives a change of its table. */
static bool select_all(DbTx *tx, void *data, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, "SELECT * FROM parent", "");
    return rows != NULL;
}

static void test_changed_table(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    contract_write(db, select_all, NULL);
    contract_read(db, select_all, NULL);
    contract_run(db, "ALTER TABLE parent ADD COLUMN more TEXT");
    contract_write(db, select_all, NULL);
    contract_read(db, select_all, NULL);
}

typedef struct {
    char *large;
    int64_t n;
} LargeAnswer;

static bool ask_large(DbTx *tx, void *data, GError **error)
{
    const LargeAnswer *ask = data;
    g_autoptr(DbRows) rows =
        db_query(tx, error,
                 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                 " SELECT $1 || i FROM n",
                 "si", ask->large, ask->n);
    return rows != NULL;
}

static void test_large_answer(void)
{
    g_autoptr(TestDb) test = contract_db();
    g_autoptr(GError) error = NULL;
    LargeAnswer ask = {.large = g_strnfill(4 * 1024 * 1024, 'x'), .n = 60};
    contract_read(test_db_handle(test), ask_large, &ask);
    ask.n = 65;
    g_assert_false(db_read(test_db_handle(test), ask_large, &ask, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_LIMIT);
    g_free(ask.large);
}

void contract_add_values(void)
{
    contract_add("values/text", test_text);
    contract_add("values/bad-utf8", test_bad_utf8);
    contract_add("values/numbers", test_numbers);
    contract_add("values/blobs", test_blobs);
    contract_add("values/parameters", test_parameters);
    contract_add("values/program-faults", test_program_faults);
    contract_add("values/changed", test_changed);
    contract_add("values/queries", test_queries);
    contract_add("values/returning", test_returning);
    contract_add("values/large-answer", test_large_answer);
    contract_add("values/many-statements", test_many_statements);
    contract_add("values/changed-table", test_changed_table);
}
