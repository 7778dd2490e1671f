/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full disks and I/O errors under group commit, against a file layer that fails on demand. The rule
 * that every test checks: who was told "done" is there, who was told "nothing was changed" is not,
 * now and after the database was opened again from what is on the disk.
 */
#include "base/error.h"
#include "batch.h"
#include "db/db.h"
#include "faulty_vfs.h"
#include "support/test_db.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

static bool exec_fn(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

static void run(Db *db, const char *sql)
{
    g_autoptr(GError) error = NULL;
    db_write(db, exec_fn, (void *)sql, &error);
    g_assert_no_error(error);
}

static bool count_fn(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, data, error, "SELECT count(*) FROM thing", "");
}

static int64_t count(Db *db)
{
    g_autoptr(GError) error = NULL;
    int64_t n = -1;
    db_read(db, count_fn, &n, &error);
    g_assert_no_error(error);
    return n;
}

typedef struct {
    Db *db;
    int64_t id;
    bool found; /* result */
} Lookup;

static bool lookup_fn(DbTx *tx, void *data, GError **error)
{
    Lookup *lookup = data;
    return db_query_int(tx, &lookup->found, NULL, error, "SELECT id FROM thing WHERE id = $1", "i",
                        lookup->id);
}

static bool is_there(Db *db, int64_t id)
{
    g_autoptr(GError) error = NULL;
    Lookup lookup = {.id = id};
    db_read(db, lookup_fn, &lookup, &error);
    g_assert_no_error(error);
    return lookup.found;
}

static TestDb *thing_db(void)
{
    TestDb *test = test_db_new("sqlite");
    run(test_db_handle(test), "CREATE TABLE thing (id BIGINT PRIMARY KEY, data TEXT)");
    return test;
}

/* A caller that inserts its row and counts how often it ran. */
typedef struct {
    int64_t id;
    int runs;
    bool refuse;
    /* the one in whose work the disk fails */
    const char *large;
    int code;
    int64_t nth;
} Insert;

static bool insert_fn(DbTx *tx, void *data, GError **error)
{
    Insert *insert = data;
    insert->runs++;
    if (!db_exec(tx, NULL, error, "INSERT INTO thing (id) VALUES ($1)", "i", insert->id))
        return false;
    if (insert->refuse)
        error_set(error, TD_ERROR_DENIED, "refused");
    return !insert->refuse;
}

#define N_LARGE 12 /* MiB: more than the page cache holds, so that pages are written early */

static bool insert_large_fn(DbTx *tx, void *data, GError **error)
{
    Insert *insert = data;
    insert->runs++;
    faulty_vfs_arm(FAULT_WRITE, true, insert->code, insert->nth, G_MAXINT64 / 2);
    bool ok = true;
    for (int64_t i = 0; ok && i < N_LARGE; i++)
        ok = db_exec(tx, NULL, error, "INSERT INTO thing (id, data) VALUES ($1, $2)", "is",
                     insert->id + i, insert->large);
    faulty_vfs_disarm();
    return ok;
}

typedef struct {
    int code;
    int64_t nth;
} MiddleCase;

static void test_middle_of_three(void)
{
    static const MiddleCase cases[] = {
        {SQLITE_FULL, 1},        {SQLITE_FULL, 2},        {SQLITE_FULL, 7},
        {SQLITE_IOERR_WRITE, 1}, {SQLITE_IOERR_WRITE, 2}, {SQLITE_IOERR_WRITE, 100},
    };
    g_autofree char *large = g_strnfill(1024 * 1024, 'x');
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDb) test = thing_db();
        Db *db = test_db_handle(test);
        Insert first = {.id = 1}, last = {.id = 3};
        Insert middle = {.id = 100, .large = large, .code = cases[i].code, .nth = cases[i].nth};
        BatchCaller callers[] = {{.fn = insert_fn, .data = &first},
                                 {.fn = insert_large_fn, .data = &middle},
                                 {.fn = insert_fn, .data = &last}};
        g_test_message("code %d at write %d", cases[i].code, (int)cases[i].nth);
        batch_run(db, callers, 3);
        g_assert_true(faulty_vfs_struck());
        g_assert_no_error(callers[0].error);
        g_assert_error(callers[1].error, TD_ERROR, TD_ERROR_UNAVAILABLE);
        g_assert_no_error(callers[2].error);
        g_clear_error(&callers[1].error);
        /* They did share the transaction that was lost. */
        g_assert_cmpint(first.runs, ==, 2);
        g_assert_cmpint(middle.runs, ==, 2);
        g_assert_cmpint(last.runs, ==, 1);
        g_assert_cmpint(count(db), ==, 2);
        g_assert_true(is_there(db, 1) && is_there(db, 3));
        run(db, "INSERT INTO thing (id) VALUES (4)");
        g_assert_cmpint(count(db), ==, 3);
    }
}

typedef struct {
    FaultKind kind;
    int code;
    TdErrorCode expected;
} CommitCase;

static void test_failing_commit(void)
{
    static const CommitCase cases[] = {
        {FAULT_WRITE, SQLITE_FULL, TD_ERROR_UNAVAILABLE},
        {FAULT_WRITE, SQLITE_IOERR_WRITE, TD_ERROR_UNAVAILABLE},
        {FAULT_SYNC, SQLITE_IOERR_FSYNC, TD_ERROR_UNCERTAIN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDb) test = thing_db();
        Db *db = test_db_handle(test);
        Insert inserts[] = {{.id = 1}, {.id = 2, .refuse = true}, {.id = 3}};
        BatchCaller callers[] = {{.fn = insert_fn, .data = &inserts[0]},
                                 {.fn = insert_fn, .data = &inserts[1]},
                                 {.fn = insert_fn, .data = &inserts[2]}};
        faulty_vfs_arm(cases[i].kind, true, cases[i].code, 1, 1);
        batch_run(db, callers, 3);
        faulty_vfs_disarm();
        g_assert_error(callers[0].error, TD_ERROR, (int)cases[i].expected);
        g_assert_error(callers[1].error, TD_ERROR, TD_ERROR_DENIED);
        g_assert_error(callers[2].error, TD_ERROR, (int)cases[i].expected);
        for (int c = 0; c < 3; c++)
            g_clear_error(&callers[c].error);
        g_assert_cmpint(count(db), ==, 0);
        run(db, "INSERT INTO thing (id) VALUES (1)");
        g_assert_cmpint(count(db), ==, 1);
    }
}

static void test_one_sync(void)
{
    g_autoptr(TestDb) test = thing_db();
    Db *db = test_db_handle(test);
    Insert inserts[8];
    BatchCaller callers[8];
    for (int i = 0; i < 8; i++) {
        inserts[i] = (Insert){.id = i};
        callers[i] = (BatchCaller){.fn = insert_fn, .data = &inserts[i]};
    }
    int64_t before = faulty_vfs_log_syncs();
    batch_run(db, callers, 8);
    g_assert_cmpint(faulty_vfs_log_syncs() - before, ==, 1);
    g_assert_cmpint(count(db), ==, 8);
    before = faulty_vfs_log_syncs();
    run(db, "INSERT INTO thing (id) VALUES (100)");
    g_assert_cmpint(faulty_vfs_log_syncs() - before, ==, 1);
}

/* What a crash would leave: the files as they are, opened elsewhere. */
static Db *open_copy(TestDb *test, const char *folder)
{
    const char *from = test_db_url(test) + strlen("sqlite:");
    g_autofree char *to = g_build_filename(folder, "copy.db", NULL);
    const char *suffixes[] = {"", "-wal"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *source = g_strconcat(from, suffixes[i], NULL);
        g_autofree char *target = g_strconcat(to, suffixes[i], NULL);
        g_autofree char *bytes = NULL;
        size_t length = 0;
        g_unlink(target);
        if (g_file_get_contents(source, &bytes, &length, NULL))
            g_assert_true(g_file_set_contents(target, bytes, (gssize)length, NULL));
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strconcat("sqlite:", to, NULL);
    Db *db = db_open(url, NULL, &error);
    g_assert_no_error(error);
    return db;
}

#define N_BATCHES 4
#define N_CALLERS (N_BATCHES * 3)

typedef struct {
    bool ok;
    TdErrorCode code;
} Answer;

/* Four batches of three; somewhere the fault strikes. */
static void run_batches(Db *db, Answer *answers)
{
    for (int b = 0; b < N_BATCHES; b++) {
        Insert inserts[3];
        BatchCaller callers[3] = {0};
        for (int i = 0; i < 3; i++) {
            inserts[i] = (Insert){.id = b * 3 + i};
            callers[i] = (BatchCaller){.fn = insert_fn, .data = &inserts[i]};
        }
        batch_run(db, callers, 3);
        for (int i = 0; i < 3; i++) {
            answers[b * 3 + i] = (Answer){callers[i].error == NULL, error_code(callers[i].error)};
            g_clear_error(&callers[i].error);
        }
    }
}

/* Compares every caller's answer with what is there. */
static void check_answers(Db *db, const Answer *answers)
{
    for (int i = 0; i < N_CALLERS; i++) {
        bool there = is_there(db, i);
        if (answers[i].ok)
            g_assert_true(there);
        else if (answers[i].code == TD_ERROR_UNAVAILABLE)
            g_assert_false(there);
        else
            g_assert_cmpint(answers[i].code, ==, TD_ERROR_UNCERTAIN);
    }
}

static bool integrity_fn(DbTx *tx, void *data, GError **error)
{
    g_autoptr(DbRows) rows = db_query(tx, error, "PRAGMA integrity_check", "");
    g_assert_nonnull(rows);
    g_assert_true(db_rows_next(rows));
    g_assert_cmpstr(db_rows_text(rows, 0), ==, "ok");
    return true;
}

typedef struct {
    const char *name;
    FaultKind kind;
    int code;
} SweepCase;

/* False when the fault was never reached: all places have been tried. */
static bool sweep_once(const SweepCase *sweep, int64_t nth, const char *folder)
{
    g_autoptr(TestDb) test = thing_db();
    g_autoptr(GError) error = NULL;
    Answer answers[N_CALLERS];
    faulty_vfs_arm(sweep->kind, false, sweep->code, nth, 1);
    run_batches(test_db_handle(test), answers);
    bool struck = faulty_vfs_struck();
    faulty_vfs_disarm();
    g_test_message("%s, operation %d%s", sweep->name, (int)nth, struck ? "" : ": never came");
    Db *copy = open_copy(test, folder);
    check_answers(copy, answers);
    db_read(copy, integrity_fn, NULL, &error);
    g_assert_no_error(error);
    db_close(copy);
    check_answers(test_db_handle(test), answers);
    return struck;
}

static void test_sweep(const void *data)
{
    const SweepCase *sweep = data;
    g_autofree char *folder = g_dir_make_tmp("tidings-copy-XXXXXX", NULL);
    int64_t nth = 1;
    while (sweep_once(sweep, nth, folder))
        nth++;
    g_assert_cmpint(nth, >, N_BATCHES);
    g_autofree char *copy = g_build_filename(folder, "copy.db", NULL);
    g_unlink(copy);
    g_rmdir(folder);
}

static void test_full_then_room(void)
{
    g_autoptr(TestDb) test = thing_db();
    Db *db = test_db_handle(test);
    for (int round = 0; round < 3; round++) {
        g_autoptr(GError) error = NULL;
        Insert insert = {.id = round};
        faulty_vfs_arm(FAULT_WRITE, false, SQLITE_FULL, 1, G_MAXINT64 / 2);
        g_assert_false(db_write(db, insert_fn, &insert, &error));
        g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
        g_assert_true(error_try_again(error));
        g_assert_cmpint(count(db), ==, round);
        faulty_vfs_disarm();
        g_clear_error(&error);
        db_write(db, insert_fn, &insert, &error);
        g_assert_no_error(error);
    }
}

static void test_unreadable(void)
{
    g_autoptr(TestDb) test = thing_db();
    g_autofree char *large = g_strnfill(1024 * 1024, 'x');
    Insert insert = {.id = 0, .large = large, .nth = 1};
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(test), insert_large_fn, &insert, &error);
    g_assert_no_error(error);
    test_db_close(test);
    g_autoptr(Db) db = db_open(test_db_url(test), NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count(db), ==, N_LARGE);
    faulty_vfs_arm(FAULT_READ, false, SQLITE_IOERR_READ, 1, G_MAXINT64 / 2);
    g_assert_false(db_read(db, exec_fn, (void *)"SELECT sum(length(data)) FROM thing", &error));
    faulty_vfs_disarm();
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    db_read(db, exec_fn, (void *)"SELECT sum(length(data)) FROM thing", &error);
    g_assert_no_error(error);
}

/* For a Db with a short timeout on a busy machine: tries until it succeeds. */
static void run_soon(Db *db, DbFn fn, void *data)
{
    int64_t deadline_us = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < deadline_us) {
        g_autoptr(GError) error = NULL;
        if (db_write(db, fn, data, &error))
            return;
        g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
    }
    g_assert_not_reached();
}

static void test_other_writer(void)
{
    const DbOptions options = {.busy_timeout_ms = 50};
    g_autoptr(TestDb) test = test_db_new_with("sqlite", &options);
    Db *db = test_db_handle(test);
    run_soon(db, exec_fn, (void *)"CREATE TABLE thing (id BIGINT PRIMARY KEY, data TEXT)");
    sqlite3 *other = NULL;
    const char *path = test_db_url(test) + strlen("sqlite:");
    g_assert_cmpint(sqlite3_open(path, &other), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    Insert insert = {.id = 1};
    g_autoptr(GError) error = NULL;
    g_assert_false(db_write(db, insert_fn, &insert, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_BUSY);
    g_assert_cmpint(insert.runs, ==, 0);
    g_assert_cmpint(count(db), ==, 0);
    sqlite3_close(other);
    run_soon(db, insert_fn, &insert);
    g_assert_cmpint(count(db), ==, 1);
}

static void check_open_fails(const char *path, TdErrorCode code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strconcat("sqlite:", path, NULL);
    g_assert_null(db_open(url, NULL, &error));
    g_assert_error(error, TD_ERROR, (int)code);
}

static void test_bad_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("tidings-open-XXXXXX", NULL);
    g_autofree char *missing = g_build_filename(folder, "none", "desk.db", NULL);
    g_autofree char *garbage = g_build_filename(folder, "garbage.db", NULL);
    g_autofree char *text = g_strnfill(8192, 'x');
    g_assert_true(g_file_set_contents(garbage, text, -1, NULL));
    check_open_fails(missing, TD_ERROR_UNAVAILABLE);
    check_open_fails(folder, TD_ERROR_UNAVAILABLE);
    check_open_fails(garbage, TD_ERROR_CORRUPT);
    g_unlink(garbage);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_private_mode(void)
{
    g_autoptr(TestDb) test = thing_db();
    const char *path = test_db_url(test) + strlen("sqlite:");
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    struct stat file;
    g_assert_cmpint(stat(path, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0777, ==, 0600);
    g_assert_cmpint(stat(log, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0777, ==, 0600);
}

static const SweepCase sweeps[] = {
    {"full", FAULT_WRITE, SQLITE_FULL},
    {"write-error", FAULT_WRITE, SQLITE_IOERR_WRITE},
    {"sync-error", FAULT_SYNC, SQLITE_IOERR_FSYNC},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    faulty_vfs_install();
    g_test_add_func("/db/sqlite-faults/middle-of-three", test_middle_of_three);
    g_test_add_func("/db/sqlite-faults/failing-commit", test_failing_commit);
    g_test_add_func("/db/sqlite-faults/one-sync", test_one_sync);
    for (size_t i = 0; i < G_N_ELEMENTS(sweeps); i++) {
        g_autofree char *path = g_strdup_printf("/db/sqlite-faults/sweep/%s", sweeps[i].name);
        g_test_add_data_func(path, &sweeps[i], test_sweep);
    }
    g_test_add_func("/db/sqlite-faults/full-then-room", test_full_then_room);
    g_test_add_func("/db/sqlite-faults/unreadable", test_unreadable);
    g_test_add_func("/db/sqlite-faults/other-writer", test_other_writer);
    g_test_add_func("/db/sqlite-faults/bad-files", test_bad_files);
    g_test_add_func("/db/sqlite-faults/private-mode", test_private_mode);
    return g_test_run();
}
