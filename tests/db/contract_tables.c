/* SPDX-License-Identifier: Apache-2.0 */
/* Whole tables: what db_load() puts in, db_each() gives, and failing in the middle leaves nothing.
 */
#include "contract.h"

#include "base/error.h"

#include <string.h>

static const char *const columns[] = {"id", "name", "data", "amount", NULL};

typedef struct {
    int64_t n, fail_at; /* rows; 0: none fails */
    int64_t given;
    char text[32];
    const char *blob;
    size_t bytes;
} Source;

static bool next_row(DbCell *cells, void *data, GError **error)
{
    Source *source = data;
    if (source->given == source->n)
        return false;
    if (++source->given == source->fail_at) {
        error_set(error, TD_ERROR_LIMIT, "Enough");
        return false;
    }
    g_snprintf(source->text, sizeof source->text, "größe %d", (int)source->given);
    cells[0] = (DbCell){.kind = DB_CELL_INTEGER, .integer = source->given};
    cells[1] = (DbCell){.kind = DB_CELL_TEXT, .data = source->text, .bytes = strlen(source->text)};
    cells[2] = (DbCell){.kind = DB_CELL_BLOB, .data = source->blob, .bytes = source->bytes};
    cells[3] = (DbCell){.kind = DB_CELL_NULL};
    if (source->given % 2 == 0)
        cells[3] = (DbCell){.kind = DB_CELL_INTEGER,
                            .integer = source->given % 4 == 0 ? INT64_MIN : INT64_MAX};
    return true;
}

static bool load(DbTx *tx, void *data, GError **error)
{
    ((Source *)data)->given = 0;
    return db_load(tx, error, "thing", columns, next_row, data);
}

typedef struct {
    const Source *source;
    int64_t seen, fail_at;
} Sink;

static bool see_row(const DbCell *cells, int n, void *data, GError **error)
{
    Sink *sink = data;
    sink->seen++;
    g_assert_cmpint(n, ==, 4);
    g_assert_cmpint(cells[0].kind, ==, DB_CELL_INTEGER);
    g_assert_cmpint(cells[0].integer, ==, sink->seen);
    g_autofree char *name = g_strdup_printf("größe %d", (int)sink->seen);
    g_assert_cmpint(cells[1].kind, ==, DB_CELL_TEXT);
    g_assert_cmpmem(cells[1].data, cells[1].bytes, name, strlen(name));
    g_assert_cmpint(cells[2].kind, ==, DB_CELL_BLOB);
    g_assert_cmpmem(cells[2].data, cells[2].bytes, sink->source->blob, sink->source->bytes);
    if (sink->seen % 2 != 0)
        g_assert_cmpint(cells[3].kind, ==, DB_CELL_NULL);
    else
        g_assert_cmpint(cells[3].integer, ==, sink->seen % 4 == 0 ? INT64_MIN : INT64_MAX);
    if (sink->seen != sink->fail_at)
        return true;
    error_set(error, TD_ERROR_LIMIT, "Enough");
    return false;
}

static bool each(DbTx *tx, void *data, GError **error)
{
    return db_each(tx, error, "SELECT id, name, data, amount FROM thing ORDER BY id", see_row,
                   data);
}

static void test_there_and_back(void)
{
    static const char bytes[] = "\0\xff\x01 bytes\n\\x41";
    Source cases[] = {{.n = 0, .blob = ""},
                      {.n = 3, .blob = ""},
                      {.n = 5000, .blob = bytes, .bytes = sizeof bytes}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDb) test = contract_db();
        Sink sink = {.source = &cases[i]};
        contract_write(test_db_handle(test), load, &cases[i]);
        contract_read(test_db_handle(test), each, &sink);
        g_assert_cmpint(sink.seen, ==, cases[i].n);
    }
}

/* The same connection goes on afterwards. */
static void test_failing(void)
{
    g_autoptr(TestDb) test = contract_db();
    Db *db = test_db_handle(test);
    Source source = {.n = 100000, .fail_at = 90000, .blob = ""};
    contract_write_fails(db, load, &source, TD_ERROR_LIMIT, NULL);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, 0);
    source = (Source){.n = 20000, .blob = ""};
    contract_write(db, load, &source);
    contract_write_fails(db, load, &source, TD_ERROR_CONFLICT, "unique");
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM thing"), ==, 20000);
    Sink sink = {.source = &source, .fail_at = 7};
    g_autoptr(GError) error = NULL;
    g_assert_false(db_read(db, each, &sink, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_LIMIT);
    g_assert_cmpint(sink.seen, ==, 7);
    sink = (Sink){.source = &source};
    contract_read(db, each, &sink);
    g_assert_cmpint(sink.seen, ==, 20000);
}

static bool each_of_nothing(DbTx *tx, void *data, GError **error)
{
    return db_each(tx, error, "SELECT nothing FROM nowhere", see_row, data);
}

static bool load_nowhere(DbTx *tx, void *data, GError **error)
{
    return db_load(tx, error, "nowhere", columns, next_row, data);
}

static bool see_fraction(const DbCell *cells, int n, void *data, GError **error)
{
    g_assert_cmpint(cells[0].kind, ==, DB_CELL_OTHER);
    return true;
}

static bool fraction(DbTx *tx, void *data, GError **error)
{
    return db_each(tx, error, "SELECT 1.5", see_fraction, NULL);
}

static void test_wrong(void)
{
    g_autoptr(TestDb) test = contract_db();
    Source source = {.n = 1, .blob = ""};
    contract_write_fails(test_db_handle(test), each_of_nothing, &source, TD_ERROR_INTERNAL, NULL);
    contract_write_fails(test_db_handle(test), load_nowhere, &source, TD_ERROR_INTERNAL, NULL);
    contract_read(test_db_handle(test), fraction, NULL);
}

typedef struct {
    const char *name;
    bool found;
} Look;

static bool look(DbTx *tx, void *data, GError **error)
{
    Look *it = data;
    return db_has_table(tx, it->name, &it->found, error);
}

static void test_has_table(void)
{
    g_autoptr(TestDb) test = contract_db();
    Look there = {"thing", false}, none = {"nothing", true};
    contract_read(test_db_handle(test), look, &there);
    contract_read(test_db_handle(test), look, &none);
    g_assert_true(there.found);
    g_assert_false(none.found);
}

static const DbMigration steps[] = {{1, "one", "CREATE TABLE one (id @id@);"}};

/* Nobody but who fills it takes a database that is being filled. */
static void test_unfinished(void)
{
    g_autoptr(TestDb) test = test_db_new(contract_engine);
    Db *db = test_db_handle(test);
    g_autoptr(GError) error = NULL;
    contract_run(db, "CREATE TABLE " DB_UNFINISHED " (id BIGINT PRIMARY KEY)");
    g_assert_false(db_migrate(db, steps, 1, 1, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_cmpstr(error_problem(error), ==, "unfinished-copy");
    g_clear_error(&error);
    db_migrate_unfinished(db, steps, 1, 1, &error);
    g_assert_no_error(error);
    g_assert_cmpint(contract_int(db, "SELECT count(*) FROM one"), ==, 0);
    contract_run(db, "DROP TABLE " DB_UNFINISHED);
    db_migrate(db, steps, 1, 1, &error);
    g_assert_no_error(error);
}

void contract_add_tables(void)
{
    contract_add("tables/there-and-back", test_there_and_back);
    contract_add("tables/failing", test_failing);
    contract_add("tables/wrong", test_wrong);
    contract_add("tables/has-table", test_has_table);
    contract_add("tables/unfinished", test_unfinished);
}
