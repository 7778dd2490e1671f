/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out is what went in, whichever engine is on either side. */
#include "copies.h"

#include "base/error.h"
#include "keep/table.h"
#include "records/schema.h"

#include <string.h>
#include <unistd.h>

/* SQLite alone needs nothing but the compiler's output. */
static const char *const *targets(void)
{
    static const char *const one[] = {"sqlite", NULL}, *const both[] = {"sqlite", "postgresql",
                                                                        NULL};
    return strcmp(keep_engine, "sqlite") == 0 ? one : both;
}

/* Backups of equal databases are equal but for their first lines, so their tables are compared. */
static void assert_same(Db *a, Db *b)
{
    int first = keep_file(a), second = keep_file(b);
    g_auto(KeepContents) one = {0}, two = {0};
    keep_look(first, &one);
    keep_look(second, &two);
    g_assert_true(json_equal(one.counts, two.counts));
    g_autoptr(GError) error = NULL;
    KeepTally tally = {0};
    lseek(first, 0, SEEK_SET);
    keep_verify(b, first, one.checksum, &tally, &error);
    g_assert_no_error(error);
    close(first);
    close(second);
}

static void check_copy(Db *source, const char *engine)
{
    g_autoptr(TestDb) target = keep_target_db(engine);
    Db *db = test_db_handle(target);
    int fd = keep_file(source);
    keep_fill_well(db, fd);
    close(fd);
    assert_same(source, db);
    g_autofree char *mail = keep_ask(
        db,
        "SELECT same_as || ' ' || bytes || ' ' || length(subject) FROM inbound_mail WHERE id = 1");
    g_assert_cmpstr(mail, ==, "2 9223372036854775807 3145728");
    /* New records have ids that nobody had, also not what is deleted. */
    keep_run(db, "INSERT INTO sign_in_failure (name, peer, at) VALUES ('a', 'b', 1)");
    g_autofree char *id = keep_ask(db, "SELECT id FROM sign_in_failure");
    g_assert_cmpstr(id, ==, "42");
    g_autoptr(GError) error = NULL;
    db_migrate(db, schema_steps, schema_n_steps, TEST_NOW_US, &error);
    g_assert_no_error(error);
}

static void test_engines(void)
{
    g_autoptr(TestDesk) test = keep_desk();
    for (const char *const *engine = targets(); *engine != NULL; engine++)
        check_copy(test_db_handle(test->db), *engine);
}

/* SQLite to PostgreSQL, and the way back. */
static void test_there_and_back(void)
{
    const char *former = keep_engine;
    if (strcmp(keep_engine, "sqlite") == 0) {
        g_test_skip("PostgreSQL's suite does it");
        return;
    }
    keep_engine = "sqlite";
    g_autoptr(TestDesk) test = keep_desk();
    keep_engine = former;
    Db *source = test_db_handle(test->db);
    check_copy(source, "postgresql");
    g_autoptr(TestDb) there = keep_target_db("postgresql"), back = keep_target_db("sqlite");
    int out = keep_file(source);
    keep_fill_well(test_db_handle(there), out);
    int home = keep_file(test_db_handle(there));
    keep_fill_well(test_db_handle(back), home);
    assert_same(source, test_db_handle(back));
    close(out);
    close(home);
}

/* The indexes and foreign keys of a copy are those of a desk that was made. */
static void test_schema(void)
{
    const char *sql =
        strcmp(keep_engine, "sqlite") == 0
            ? "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master"
              " WHERE sql IS NOT NULL AND type IN ('index', 'table') ORDER BY type, name)"
            : "SELECT string_agg(d, ';' ORDER BY d) FROM ("
              " SELECT indexdef AS d FROM pg_indexes WHERE schemaname = current_schema()"
              " UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid)"
              " FROM pg_constraint WHERE connamespace = current_schema()::regnamespace) AS a";
    g_autoptr(TestDesk) test = keep_desk();
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    int fd = keep_file(test_db_handle(test->db));
    keep_fill_well(test_db_handle(target), fd);
    close(fd);
    g_autofree char *want = keep_ask(test_db_handle(test->db), sql);
    g_autofree char *have = keep_ask(test_db_handle(target), sql);
    g_assert_cmpuint(strlen(want), >, 4000);
    g_assert_cmpstr(have, ==, want);
}

/* Whatever table a schema step makes is in the backup. */
static void test_every_table(void)
{
    g_autoptr(TestDesk) test = keep_desk();
    int fd = keep_file(test_db_handle(test->db));
    g_auto(KeepContents) contents = {0};
    keep_look(fd, &contents);
    close(fd);
    guint n = 1; /* schema_migration */
    for (size_t i = 0; i < schema_n_steps; i++) {
        const char *at = schema_steps[i].sql;
        while ((at = strstr(at, "CREATE TABLE ")) != NULL) {
            at += strlen("CREATE TABLE ");
            g_autofree char *name = g_strndup(at, strcspn(at, " ("));
            g_test_message("%s", name);
            g_assert_nonnull(json_object_get(contents.counts, name));
            n++;
        }
    }
    g_assert_cmpuint(json_object_size(contents.counts), ==, n);
}

/* A table that somebody adds is in it, too, without a line of code. */
static void test_new_table(void)
{
    g_autoptr(TestDesk) test = keep_desk();
    keep_run(test_db_handle(test->db), "CREATE TABLE news (name TEXT PRIMARY KEY, n BIGINT)");
    keep_run(test_db_handle(test->db), "INSERT INTO news VALUES ('a', 1)");
    int fd = keep_file(test_db_handle(test->db));
    g_auto(KeepContents) contents = {0};
    keep_look(fd, &contents);
    g_assert_cmpint(json_integer_value(json_object_get(contents.counts, "news")), ==, 1);
    /* And whoever does not know it cannot restore the backup without it. */
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    g_autoptr(GError) error = NULL;
    KeepTally tally = {0};
    g_assert_false(keep_fill(test_db_handle(target), fd, &contents, TEST_NOW_US, &tally, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_CORRUPT);
    close(fd);
}

/* A desk of an earlier program gets the newest schema. */
static void test_older_schema(void)
{
    g_autoptr(TestDb) source = test_db_new(keep_engine);
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    g_autoptr(GError) error = NULL;
    Db *db = test_db_handle(source);
    db_migrate(db, schema_steps, schema_n_steps - 2, TEST_NOW_US, &error);
    g_assert_no_error(error);
    keep_run(db, "INSERT INTO desk (singleton, desk_id, created_at) VALUES (1, 'old', 1)");
    int fd = keep_file(db);
    keep_fill_well(test_db_handle(target), fd);
    close(fd);
    g_autofree char *steps =
        keep_ask(test_db_handle(target), "SELECT count(*) FROM schema_migration");
    g_assert_cmpint(g_ascii_strtoll(steps, NULL, 10), ==, schema_n_steps);
    g_autofree char *id = keep_ask(test_db_handle(target), "SELECT desk_id FROM desk");
    g_assert_cmpstr(id, ==, "old");
}

/* A copy in which one value is another is not taken for one, and the record is named. */
static void test_difference(void)
{
    static const struct {
        const char *sql, *back, *words;
    } cases[] = {
        {"UPDATE suppression SET since = 2 WHERE email_key = 'Z'",
         "UPDATE suppression SET since = 1 WHERE email_key = 'Z'",
         "suppression, record email_key Z was read back otherwise"},
        {"UPDATE inbound_mail SET same_as = NULL WHERE id = 1",
         "UPDATE inbound_mail SET same_as = 2 WHERE id = 1", "inbound_mail, record id 1"},
        {"UPDATE inbound_raw SET mail = -1 WHERE mail = 2",
         "UPDATE inbound_raw SET mail = 2 WHERE mail = -1", "inbound_raw, record mail 1"},
        {"DELETE FROM suppression WHERE email_key = 'ä'",
         "INSERT INTO suppression (email_key, email, reason, evidence, since)"
         " VALUES ('ä', 'ä', 'x', '', 1)",
         "email_key ä is not in the database"},
        {"INSERT INTO relay (name, state, since) VALUES ('more', 'up', 1)",
         "DELETE FROM relay WHERE name = 'more'",
         "relay, record name more is in the database and not in the backup"},
    };
    g_autoptr(TestDesk) test = keep_desk();
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    Db *db = test_db_handle(target);
    int fd = keep_file(test_db_handle(test->db));
    g_auto(KeepContents) contents = {0};
    KeepTally tally = {0};
    keep_look(fd, &contents);
    keep_fill_well(db, fd);
    if (strcmp(keep_engine, "postgresql") == 0)
        keep_run(db, "ALTER TABLE inbound_raw DROP CONSTRAINT inbound_raw_mail_fkey");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        keep_run(db, cases[i].sql);
        lseek(fd, 0, SEEK_SET);
        g_assert_false(keep_verify(db, fd, contents.checksum, &tally, &error));
        g_assert_error(error, TD_ERROR, TD_ERROR_CORRUPT);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        keep_run(db, cases[i].back);
    }
    g_autoptr(GError) error = NULL;
    lseek(fd, 0, SEEK_SET);
    keep_verify(db, fd, contents.checksum, &tally, &error);
    g_assert_no_error(error);
    close(fd);
}

/* SQLite keeps anything in any column. */
static void test_other_types(void)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"UPDATE ticket SET title = x'00ff'", "Table ticket, record number 1: column title"},
        {"UPDATE ticket SET status = 'open'", "column status"},
        {"UPDATE ticket SET status = 1.5", "column status"},
        {"UPDATE ticket SET title = CAST(x'ff' AS TEXT)", "not UTF-8"},
        {"UPDATE ticket SET title = 'a' || char(0) || 'b'", "NUL"},
        {"UPDATE inbound_raw SET content = 'text' WHERE mail = 1", "inbound_raw, record mail 1"},
    };
    if (strcmp(keep_engine, "sqlite") != 0) {
        g_test_skip("PostgreSQL refuses such values itself");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDesk) test = keep_desk();
        g_autoptr(GError) error = NULL;
        g_auto(KeepSaved) saved = {0};
        KeepTally tally = {0};
        keep_run(test_db_handle(test->db), cases[i].sql);
        g_autofree char *name = NULL;
        int fd = g_file_open_tmp("tidings-keep-XXXXXX", &name, NULL);
        unlink(name);
        KeepPlan plan = {.fd = fd, .name = "f", .conf = "", .tally = &tally};
        g_assert_false(keep_save(test_db_handle(test->db), &plan, &saved, &error));
        close(fd);
        g_assert_error(error, TD_ERROR, TD_ERROR_CORRUPT);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i].words));
    }
}

void keep_add_copies(void)
{
    keep_add("copy/engines", test_engines);
    keep_add("copy/there-and-back", test_there_and_back);
    keep_add("copy/schema", test_schema);
    keep_add("copy/every-table", test_every_table);
    keep_add("copy/new-table", test_new_table);
    keep_add("copy/older-schema", test_older_schema);
    keep_add("copy/difference", test_difference);
    keep_add("copy/other-types", test_other_types);
}
