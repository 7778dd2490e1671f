/* SPDX-License-Identifier: Apache-2.0 */
#include "copies.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <unistd.h>

const char *keep_engine;

void keep_add(const char *name, GTestFunc test)
{
    g_autofree char *path = g_strdup_printf("/keep/%s/%s", keep_engine, name);
    g_test_add_func(path, test);
}

static bool run(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, data, "");
}

void keep_run(Db *db, const char *sql)
{
    g_autoptr(GError) error = NULL;
    db_write(db, run, (void *)sql, &error);
    g_assert_no_error(error);
}

typedef struct {
    const char *sql;
    char *answer;
} Question;

static bool ask(DbTx *tx, void *data, GError **error)
{
    Question *question = data;
    g_autoptr(DbRows) rows = db_query(tx, error, question->sql, "");
    if (rows == NULL)
        return false;
    g_free(question->answer);
    question->answer = db_rows_next(rows) ? db_rows_dup(rows, 0) : g_strdup("");
    return true;
}

char *keep_ask(Db *db, const char *sql)
{
    g_autoptr(GError) error = NULL;
    Question question = {sql, NULL};
    db_read(db, ask, &question, &error);
    g_assert_no_error(error);
    return question.answer;
}

static bool insert_hard(DbTx *tx, void *data, GError **error)
{
    char *large = data;
    guint8 bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (guint8)i;
    return db_exec(
               tx, NULL, error,
               "INSERT INTO inbound_mail (source, content_hash, text_hash, from_email, from_key,"
               " subject, bytes, received_at, state, reason, verified, steps)"
               " VALUES ($1, '', 'h', '', '', $2, $3, $4, 'filed', 'x', 0, '[]')",
               "ssii", "Größe, 漢字 \xf0\x9f\x98\x80 \x01\x7f\t\r\n'\"\\", large, INT64_MAX,
               INT64_MIN) &&
           db_exec(
               tx, NULL, error,
               "INSERT INTO inbound_mail (source, content_hash, text_hash, from_email, from_key,"
               " subject, bytes, received_at, state, reason, verified, steps)"
               " VALUES ('', '', '', '', '', '', 0, -1, 'filed', 'x', 0, '[]')",
               "") &&
           /* A record that refers to one which comes after it. */
           db_exec(tx, NULL, error, "UPDATE inbound_mail SET same_as = 2 WHERE id = 1", "") &&
           db_exec(tx, NULL, error, "INSERT INTO inbound_raw (mail, content) VALUES (1, $1)", "b",
                   bytes, sizeof bytes) &&
           db_exec(tx, NULL, error, "INSERT INTO inbound_raw (mail, content) VALUES (2, $1)", "b",
                   "", (size_t)0) &&
           /* Keys that every language sorts in another way. */
           db_exec(tx, NULL, error,
                   "INSERT INTO suppression (email_key, email, reason, evidence, since)"
                   " VALUES ('b', 'b', 'x', '', 1), ('B', 'B', 'x', '', 1), ('a', 'a', 'x', '', 1),"
                   " ('ä', 'ä', 'x', '', 1), ('_', '_', 'x', '', 1), ('Z', 'Z', 'x', '', 1),"
                   " ('', '', 'x', '', 1)",
                   "");
}

TestDesk *keep_desk(void)
{
    TestDesk *test = test_desk_new(keep_engine, true);
    g_autoptr(GError) error = NULL;
    g_autofree char *large = g_strnfill(3 * 1024 * 1024, 'x');
    int64_t ticket = test_desk_open(test, &test->employee, NULL, true);
    test_desk_set_status(test, &test->employee, ticket, 1000, true);
    db_write(test_db_handle(test->db), insert_hard, large, &error);
    g_assert_no_error(error);
    /* The highest id was given to what is no more. */
    test_desk_run(test,
                  "INSERT INTO sign_in_failure (id, name, peer, at) VALUES (41, 'a', 'b', 1)");
    if (g_strcmp0(keep_engine, "postgresql") == 0)
        keep_run(test_db_handle(test->db), "SELECT setval('sign_in_failure_id_seq', 41)");
    test_desk_run(test, "DELETE FROM sign_in_failure");
    return test;
}

TestDb *keep_target_db(const char *engine)
{
    const DbOptions options = {.unchecked_references = true};
    return test_db_new_with(engine, &options);
}

int keep_file(Db *db)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("tidings-keep-XXXXXX", &name, &error);
    g_assert_no_error(error);
    g_unlink(name);
    KeepTally tally = {0};
    g_auto(KeepSaved) saved = {0};
    KeepPlan plan = {
        .fd = fd, .name = "a file", .conf = "# x\n", .now_us = TEST_NOW_US, .tally = &tally};
    keep_save(db, &plan, &saved, &error);
    g_assert_no_error(error);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), ==, saved.bytes);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

void keep_look(int fd, KeepContents *contents)
{
    g_autoptr(GError) error = NULL;
    KeepTally tally = {0};
    lseek(fd, 0, SEEK_SET);
    keep_check(fd, &tally, contents, &error);
    g_assert_no_error(error);
}

void keep_fill_well(Db *target, int fd)
{
    g_autoptr(GError) error = NULL;
    g_auto(KeepContents) contents = {0};
    KeepTally tally = {0};
    keep_look(fd, &contents);
    keep_fill(target, fd, &contents, TEST_NOW_US, &tally, &error);
    g_assert_no_error(error);
    keep_target_verified(target, &error);
    g_assert_no_error(error);
    keep_target_finish(target, &error);
    g_assert_no_error(error);
}
