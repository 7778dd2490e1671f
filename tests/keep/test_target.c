/* SPDX-License-Identifier: Apache-2.0 */
/* Which database may be filled, and what is left when that does not come to its end. */
#include "copies.h"

#include "base/error.h"
#include "records/schema.h"

#include <string.h>
#include <unistd.h>

static bool is_empty(Db *db)
{
    bool empty = false;
    g_autoptr(GError) error = NULL;
    keep_target_is_empty(db, &empty, &error);
    g_assert_no_error(error);
    return empty;
}

static void begin_fails(Db *db, const char *problem)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(keep_target_begin(db, "c", &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_cmpstr(error_problem(error), ==, problem);
}

static void begin_well(Db *db)
{
    g_autoptr(GError) error = NULL;
    keep_target_begin(db, "c", &error);
    g_assert_no_error(error);
}

static void test_not_empty(void)
{
    g_autoptr(TestDesk) desk = keep_desk();
    begin_fails(test_db_handle(desk->db), "desk-exists");
    g_autoptr(TestDb) other = keep_target_db(keep_engine);
    keep_run(test_db_handle(other), "CREATE TABLE invoices (id BIGINT PRIMARY KEY)");
    begin_fails(test_db_handle(other), "not-empty");
    g_autofree char *left = keep_ask(test_db_handle(other), "SELECT count(*) FROM invoices");
    g_assert_cmpstr(left, ==, "0");
}

/* As long as it is being filled it is nobody's desk; the next attempt takes it away. */
static void test_interrupted(void)
{
    g_autoptr(TestDesk) desk = keep_desk();
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    Db *db = test_db_handle(target);
    g_autoptr(GError) error = NULL, refused = NULL;
    int fd = keep_file(test_db_handle(desk->db));
    g_auto(KeepContents) contents = {0};
    KeepTally tally = {0};
    keep_look(fd, &contents);
    keep_fill(db, fd, &contents, TEST_NOW_US, &tally, &error);
    g_assert_no_error(error);
    g_assert_false(db_migrate(db, schema_steps, schema_n_steps, TEST_NOW_US, &refused));
    g_assert_error(refused, TD_ERROR, TD_ERROR_CONFLICT);
    g_assert_cmpstr(error_problem(refused), ==, "unfinished-copy");
    KeepTargetState state;
    g_autofree char *checksum = NULL;
    keep_target_state(db, &state, &checksum, &error);
    g_assert_cmpint(state, ==, KEEP_TARGET_FILLING);
    g_assert_cmpstr(checksum, ==, contents.checksum);
    /* Nor is it backed up. */
    g_auto(KeepSaved) saved = {0};
    KeepPlan plan = {.fd = fd, .name = "f", .conf = "", .tally = &tally};
    g_clear_error(&refused);
    g_assert_false(keep_save(db, &plan, &saved, &refused));
    g_assert_cmpstr(error_problem(refused), ==, "unfinished-copy");
    keep_fill_well(db, fd);
    g_autofree char *tickets = keep_ask(db, "SELECT count(*) FROM ticket");
    g_assert_cmpstr(tickets, ==, "1");
    begin_fails(db, "desk-exists");
    close(fd);
}

/* A table that somebody made meanwhile is not dropped with the rest. */
static void test_foreign_table_meanwhile(void)
{
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    begin_well(test_db_handle(target));
    keep_run(test_db_handle(target), "CREATE TABLE invoices (id BIGINT PRIMARY KEY)");
    begin_fails(test_db_handle(target), "not-empty");
    g_autoptr(GError) error = NULL;
    g_assert_false(keep_target_undo(test_db_handle(target), &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_CONFLICT);
}

static void test_undo(void)
{
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    Db *db = test_db_handle(target);
    g_autoptr(GError) error = NULL;
    g_assert_true(is_empty(db));
    begin_well(db);
    g_assert_false(is_empty(db));
    db_migrate_unfinished(db, schema_steps, schema_n_steps, TEST_NOW_US, &error);
    g_assert_no_error(error);
    keep_target_undo(db, &error);
    g_assert_no_error(error);
    g_assert_true(is_empty(db));
    /* What is not marked is left alone. */
    db_migrate(db, schema_steps, schema_n_steps, TEST_NOW_US, &error);
    keep_target_undo(db, &error);
    g_assert_no_error(error);
    g_assert_false(is_empty(db));
}

/* A record that refers to one that is not in the backup. */
static void test_broken_reference(void)
{
    if (strcmp(keep_engine, "sqlite") != 0) {
        g_test_skip("PostgreSQL keeps no such record");
        return;
    }
    g_autoptr(TestDesk) desk = keep_desk();
    const DbOptions options = {.unchecked_references = true};
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) loose = db_open(test_db_url(desk->db), &options, &error);
    g_assert_no_error(error);
    keep_run(loose, "UPDATE recipient SET ticket = 99");
    int fd = keep_file(loose);
    g_auto(KeepContents) contents = {0};
    KeepTally tally = {0};
    keep_look(fd, &contents);
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    g_assert_false(keep_fill(test_db_handle(target), fd, &contents, TEST_NOW_US, &tally, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "Table recipient"));
    close(fd);
}

static void test_stop(void)
{
    g_autoptr(TestDesk) desk = keep_desk();
    g_autoptr(TestDb) target = keep_target_db(keep_engine);
    int fd = keep_file(test_db_handle(desk->db));
    g_auto(KeepContents) contents = {0};
    KeepTally tally = {.stop = true};
    g_autoptr(GError) error = NULL;
    keep_look(fd, &contents);
    g_assert_false(keep_fill(test_db_handle(target), fd, &contents, TEST_NOW_US, &tally, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    keep_target_undo(test_db_handle(target), &error);
    g_assert_no_error(error);
    g_assert_true(is_empty(test_db_handle(target)));
    /* In the middle of reading, too, and the connection can be used afterwards. */
    g_auto(KeepSaved) saved = {0};
    KeepPlan plan = {.fd = fd, .name = "f", .conf = "", .tally = &tally};
    g_assert_false(keep_save(test_db_handle(desk->db), &plan, &saved, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    close(fd);
    g_assert_cmpint(test_desk_open(desk, &desk->employee, NULL, false), ==, 2);
}

void keep_add_targets(void)
{
    keep_add("target/not-empty", test_not_empty);
    keep_add("target/interrupted", test_interrupted);
    keep_add("target/foreign-table-meanwhile", test_foreign_table_meanwhile);
    keep_add("target/undo", test_undo);
    keep_add("target/broken-reference", test_broken_reference);
    keep_add("target/stop", test_stop);
}
