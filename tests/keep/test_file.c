/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are no backups, or no whole ones, are refused before anything follows from them. */
#include "copies.h"

#include "base/error.h"
#include "keep/block.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const guint8 *data;
    size_t at, bytes;
} Memory;

static gssize read_memory(void *source, void *buffer, size_t bytes, GError **error)
{
    Memory *memory = source;
    size_t n = MIN(bytes, memory->bytes - memory->at);
    memcpy(buffer, memory->data + memory->at, n);
    memory->at += n;
    return (gssize)n;
}

/* Reads it to the end, as keep_check() does from a file. */
static bool is_whole(const guint8 *data, size_t bytes, GError **error)
{
    Memory memory = {data, 0, bytes};
    g_autoptr(KeepReader) reader = keep_reader_new(read_memory, &memory, error);
    const KeepTable *table = NULL;
    while (reader != NULL && keep_reader_table(reader, &table, error))
        if (table == NULL)
            return true;
    return false;
}

/* A small database, so that every byte of its backup can be tried. */
static guint8 *small_backup(size_t *bytes)
{
    g_autoptr(TestDb) source = test_db_new(keep_engine);
    Db *db = test_db_handle(source);
    keep_run(db, "CREATE TABLE desk (singleton BIGINT PRIMARY KEY, desk_id TEXT)");
    keep_run(db, "INSERT INTO desk VALUES (1, 'small')");
    keep_run(db, "CREATE TABLE schema_migration (version BIGINT PRIMARY KEY, checksum TEXT)");
    keep_run(db, "INSERT INTO schema_migration VALUES (1, 'x')");
    keep_run(db, "CREATE TABLE large (id BIGINT PRIMARY KEY, words TEXT)");
    g_autoptr(GString) sql = g_string_new("INSERT INTO large VALUES (1, '");
    for (int i = 0; i < 100; i++)
        g_string_append(sql, "words and words and words and ");
    g_string_append(sql, "')");
    keep_run(db, sql->str);
    int fd = keep_file(db);
    *bytes = (size_t)lseek(fd, 0, SEEK_END);
    guint8 *data = g_malloc(*bytes);
    g_assert_cmpint(pread(fd, data, *bytes, 0), ==, *bytes);
    close(fd);
    return data;
}

static void test_changed_byte(void)
{
    size_t bytes;
    g_autofree guint8 *data = small_backup(&bytes);
    g_autoptr(GError) well = NULL;
    g_assert_true(is_whole(data, bytes, &well));
    for (size_t i = 0; i < bytes; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            g_autoptr(GError) error = NULL;
            data[i] ^= (guint8)(1 << bit);
            g_assert_false(is_whole(data, bytes, &error));
            g_assert_true(error->domain == TD_ERROR);
            data[i] ^= (guint8)(1 << bit);
        }
    g_assert_true(is_whole(data, bytes, &well));
}

static void test_truncated(void)
{
    size_t bytes;
    g_autofree guint8 *data = small_backup(&bytes);
    for (size_t i = 0; i < bytes; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(is_whole(data, i, &error));
        g_assert_true(error_is(error, i < 17 ? TD_ERROR_INVALID : TD_ERROR_CORRUPT));
    }
    g_autofree guint8 *longer = g_malloc0(bytes + 1);
    memcpy(longer, data, bytes);
    g_autoptr(GError) error = NULL;
    g_assert_false(is_whole(longer, bytes + 1, &error));
    g_assert_cmpstr(error_problem(error), ==, "backup-damaged");
}

static void test_foreign(void)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "not-a-backup"},
        {"SQLite format 3", "not-a-backup"},
        {"TIDINGS BACKUP", "not-a-backup"},
        {"TIDINGS BACKUP x\n", "not-a-backup"},
        {"TIDINGS BACKUP 99999999999999999999\n", "not-a-backup"},
        {"TIDINGS BACKUP 0\n", "not-a-backup"},
        {"TIDINGS BACKUP 2\nwhatever comes then", "backup-newer"},
        {"TIDINGS BACKUP 1\n", "backup-damaged"},
        {"TIDINGS BACKUP 1\nHp\xff\xff\xff\xff\xff\xff\xff\xff", "backup-damaged"},
        {"TIDINGS BACKUP 1\nHq....", "backup-damaged"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(is_whole((const guint8 *)cases[i].text, strlen(cases[i].text), &error));
        g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
    }
}

/* A stream whose checksum is right, and which is not in order all the same. */
typedef struct {
    const char *name;
    struct {
        char letter;
        const char *text;
    } blocks[5];
} Forged;

#define HEADER                                                                                     \
    {                                                                                              \
        'H', "{\"desk\":\"d\",\"taken_at\":\"2026-01-01T00:00:00Z\",\"engine\":\"sqlite\","        \
             "\"program\":\"1\",\"conf\":\"\",\"steps\":[\"a\"]}"                                  \
    }
#define TABLE                                                                                      \
    {                                                                                              \
        'T', "{\"name\":\"t\",\"columns\":[[\"a\",\"integer\"]],\"key\":[\"a\"],\"last\":0}"       \
    }

static void test_forged(void)
{
    static const Forged cases[] = {
        {"no header", {TABLE}},
        {"header that is no JSON", {{'H', "{"}}},
        {"header without steps", {{'H', "{\"desk\":\"d\"}"}}},
        {"two headers", {HEADER, HEADER}},
        {"rows without a table", {HEADER, {'R', "N"}}},
        {"a table in a table", {HEADER, TABLE, TABLE}},
        {"the end in a table", {HEADER, TABLE, {'Z', "{\"tables\":0,\"rows\":0}"}}},
        {"an unknown piece", {HEADER, {'x', ""}}},
        {"a row of another type", {HEADER, TABLE, {'R', "T\x01\x01\x01\x01"}}},
        {"half a row", {HEADER, TABLE, {'R', "I\x01"}}},
        {"a wrong hash", {HEADER, TABLE, {'R', "N"}, {'E', "{\"rows\":1,\"hash\":\"0\"}"}}},
        {"wrong counts", {HEADER, {'Z', "{\"tables\":1,\"rows\":0}"}}},
        {"a name with quotes",
         {HEADER,
          {'T', "{\"name\":\"t\\\"; DROP\",\"columns\":[[\"a\",\"integer\"]],\"key\":[\"a\"],"
                "\"last\":0}"}}},
        {"a key that is no column",
         {HEADER,
          {'T', "{\"name\":\"t\",\"columns\":[[\"a\",\"integer\"]],\"key\":[\"b\"],\"last\":0}"}}},
        {"a kind that is none",
         {HEADER,
          {'T', "{\"name\":\"t\",\"columns\":[[\"a\",\"float\"]],\"key\":[\"a\"],\"last\":0}"}}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = NULL;
        g_autoptr(GError) error = NULL;
        int fd = g_file_open_tmp("tidings-keep-XXXXXX", &name, &error);
        unlink(name);
        g_autoptr(KeepBlockWriter) writer = keep_block_writer_new(fd, "f");
        for (int j = 0; cases[i].blocks[j].letter != '\0'; j++)
            keep_block_write(writer, cases[i].blocks[j].letter, cases[i].blocks[j].text,
                             strlen(cases[i].blocks[j].text), &error);
        g_free(keep_block_writer_end(writer, &error));
        g_assert_no_error(error);
        size_t bytes = (size_t)lseek(fd, 0, SEEK_END);
        g_autofree guint8 *data = g_malloc(bytes);
        g_assert_cmpint(pread(fd, data, bytes, 0), ==, bytes);
        close(fd);
        g_test_message("%s", cases[i].name);
        g_assert_false(is_whole(data, bytes, &error));
        g_assert_cmpstr(error_problem(error), ==, "backup-damaged");
    }
}

/* A backup whose schema this program does not know. */
static void test_schema_version(void)
{
    static const struct {
        const char *sql, *problem;
    } cases[] = {
        {"UPDATE schema_migration SET checksum = 'other' WHERE version = 3", "schema-changed"},
        {"INSERT INTO schema_migration (version, name, checksum, applied_at)"
         " VALUES (999, 'x', 'x', 1)",
         "schema-newer"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDesk) test = test_desk_new(keep_engine, false);
        g_autoptr(GError) error = NULL;
        g_auto(KeepContents) contents = {0};
        g_auto(KeepSaved) saved = {0};
        KeepTally tally = {0};
        g_autofree char *name = NULL;
        keep_run(test_db_handle(test->db), cases[i].sql);
        int fd = g_file_open_tmp("tidings-keep-XXXXXX", &name, &error);
        unlink(name);
        KeepPlan plan = {.fd = fd, .name = "f", .conf = "", .tally = &tally};
        bool ok = keep_save(test_db_handle(test->db), &plan, &saved, &error) &&
                  lseek(fd, 0, SEEK_SET) == 0 && keep_check(fd, &tally, &contents, &error);
        close(fd);
        g_assert_false(ok);
        g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
    }
}

static void test_full_disk(void)
{
    g_autoptr(TestDesk) test = keep_desk();
    g_autoptr(GError) error = NULL;
    g_auto(KeepSaved) saved = {0};
    KeepTally tally = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    KeepPlan plan = {.fd = fd, .name = "/x/desk.part", .conf = "", .tally = &tally};
    g_assert_false(keep_save(test_db_handle(test->db), &plan, &saved, &error));
    close(fd);
    g_assert_error(error, TD_ERROR, TD_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "/x/desk.part cannot be written"));
    g_assert_nonnull(strstr(error->message, "Make room"));
}

static void test_conf(void)
{
    g_autofree char *kept = keep_conf_without_database(
        "# The settings\n\n  listen = 127.0.0.1:1\ndatabase = postgresql://a:b@c/d\n"
        "#database = postgresql://x:secret@y/z\nlease_seconds=3");
    g_assert_cmpstr(kept, ==, "# The settings\n  listen = 127.0.0.1:1\nlease_seconds=3\n");
}

void keep_add_files(void)
{
    keep_add("file/schema-version", test_schema_version);
    keep_add("file/full-disk", test_full_disk);
    if (strcmp(keep_engine, "sqlite") != 0)
        return; /* the rest knows no engine */
    keep_add("file/changed-byte", test_changed_byte);
    keep_add("file/truncated", test_truncated);
    keep_add("file/foreign", test_foreign);
    keep_add("file/forged", test_forged);
    keep_add("file/conf", test_conf);
}
