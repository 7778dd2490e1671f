/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings backup`: reads the database beside whoever serves it, in one read transaction.
 *
 * The file comes into being as FILE.part, is on the disk whole before it gets its name, and takes
 * no other file's place unless it is told to. FILE.part of a backup that was killed is written over
 * by the next; of two at once the second is refused.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/keep.h"
#include "keep/save.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_BACKUP "last-backup.json"

typedef struct {
    const char *file; /* "-": standard output */
    char *part;
    int fd;
    bool force;
} Target;

static void target_clear(Target *target)
{
    if (target->fd >= 0 && target->part != NULL)
        close(target->fd);
    g_free(target->part);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static void set_exists(const char *file, GError **error)
{
    error_set_problem(error, TD_ERROR_CONFLICT, "file-exists", NULL,
                      "%s is there already; nothing was changed. Name another file, or say --force",
                      file);
}

static bool open_part(Target *target, GError **error)
{
    target->part = g_strconcat(target->file, ".part", NULL);
    target->fd = open(target->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (target->fd < 0) {
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s", target->part,
                  g_strerror(errno));
        return false;
    }
    if (flock(target->fd, LOCK_EX | LOCK_NB) != 0) {
        error_set(error, TD_ERROR_BUSY, "Another backup is being written to %s", target->part);
        close(target->fd);
        target->fd = -1;
        return false;
    }
    if (ftruncate(target->fd, 0) == 0 && fchmod(target->fd, 0600) == 0)
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s", target->part,
              g_strerror(errno));
    return false;
}

static bool target_open(Target *target, GError **error)
{
    if (strcmp(target->file, "-") == 0) {
        if (isatty(STDOUT_FILENO)) {
            command_misused(error, "A backup is not for a terminal: name a file, or send it through"
                                   " a pipe");
            return false;
        }
        target->fd = STDOUT_FILENO;
        return true;
    }
    if (!target->force && g_file_test(target->file, G_FILE_TEST_EXISTS)) {
        set_exists(target->file, error);
        return false;
    }
    return open_part(target, error);
}

static bool rename_part(const Target *target)
{
    if (target->force)
        return g_rename(target->part, target->file) == 0;
    if (renameat2(AT_FDCWD, target->part, AT_FDCWD, target->file, RENAME_NOREPLACE) == 0)
        return true;
    /* Not every file system can look and rename in one. */
    return (errno == EINVAL || errno == ENOSYS) && !g_file_test(target->file, G_FILE_TEST_EXISTS) &&
           g_rename(target->part, target->file) == 0;
}

/* The name is on the disk, too. */
static bool sync_folder(const char *file)
{
    g_autofree char *folder = g_path_get_dirname(file);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool target_keep(const Target *target, GError **error)
{
    if (target->part == NULL)
        return true;
    if (fsync(target->fd) == 0 && rename_part(target) && sync_folder(target->file))
        return true;
    if (errno == EEXIST)
        set_exists(target->file, error);
    else
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s; there is no backup",
                  target->file, g_strerror(errno));
    return false;
}

/* ---- the desk ---- */

static Db *open_desk(const DeskFolder *folder, GError **error)
{
    g_autofree char *file = desk_folder_sqlite_file(folder);
    if (folder->sqlite && !g_file_test(file, G_FILE_TEST_EXISTS)) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-desk", NULL, "There is no database in %s",
                          folder->path);
        return NULL;
    }
    return db_open(folder->database, NULL, error);
}

static json_t *result_json(const Target *target, const KeepSaved *saved, int64_t at_us,
                           double seconds)
{
    json_t *json = json_object();
    json_set_text(json, "file", target->file);
    json_set_time(json, "taken_at", at_us);
    json_set_int(json, "tables", saved->tables);
    json_set_int(json, "rows", saved->rows);
    json_set_int(json, "bytes", saved->bytes);
    json_set_text(json, "checksum", saved->checksum);
    json_object_set_new(json, "seconds", json_real(seconds));
    return json;
}

/* In the desk's folder, so that it can be asked how old the last backup is. A backup is one without
 * this, too. */
static void note_last(const DeskFolder *folder, const json_t *result)
{
    g_autofree char *path = g_build_filename(folder->path, LAST_BACKUP, NULL);
    g_autofree char *text = json_text(result);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    g_autoptr(GError) failure = NULL;
    if (!g_file_set_contents_full(path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &failure))
        fprintf(stderr, "tidings backup: the backup is good, but %s cannot be written: %s\n", path,
                failure->message);
}

static void report(const Target *target, const KeepSaved *saved, const json_t *result, bool json,
                   double seconds)
{
    FILE *out = target->part == NULL ? stderr : stdout;
    if (json) {
        g_autofree char *text = json_text(result);
        fprintf(out, "%s\n", text);
        return;
    }
    g_autofree char *size = keep_size_words(saved->bytes);
    fprintf(out,
            "%s: %" G_GINT64_FORMAT " records of %" G_GINT64_FORMAT
            " tables, %s, in %.1f seconds.\nChecksum (BLAKE2b-256): %s\n"
            "It has the desk's passwords and keys in it: keep it where nobody else can read it.\n",
            target->part == NULL ? "Standard output" : target->file, saved->rows, saved->tables,
            size, seconds, saved->checksum);
}

static bool back_up(const CommonOptions *options, Target *target, GError **error)
{
    g_autoptr(DeskFolder) folder = command_folder(options, error);
    if (folder == NULL || !target_open(target, error))
        return false;
    g_autoptr(KeepWatch) watch = keep_watch_start();
    g_autofree char *conf = keep_read_conf(folder, error);
    g_autoptr(Db) db = conf != NULL ? open_desk(folder, error) : NULL;
    g_auto(KeepSaved) saved = {0};
    KeepPlan plan = {.fd = target->fd,
                     .name = target->part != NULL ? target->part : "Standard output",
                     .conf = conf,
                     .now_us = clock_wall_us(clock_system()),
                     .tally = keep_watch_tally(watch)};
    if (db == NULL || !keep_save(db, &plan, &saved, error) || !target_keep(target, error)) {
        if (target->part != NULL)
            g_unlink(target->part);
        return false;
    }
    double seconds = keep_watch_seconds(watch);
    json_auto_t *result = result_json(target, &saved, plan.now_us, seconds);
    note_last(folder, result);
    keep_watch_stop(g_steal_pointer(&watch));
    report(target, &saved, result, options->json, seconds);
    return true;
}

/* ---- looking at one ---- */

static void print_contents(const char *file, const KeepContents *contents)
{
    g_autofree char *at = text_from_time(contents->header.taken_at);
    g_autofree char *size = keep_size_words(contents->bytes);
    command_print(
        "%s is whole: a backup of desk %s, taken %s on %s by Tidings %s (schema %" G_GINT64_FORMAT
        ").\n%" G_GINT64_FORMAT " records of %" G_GINT64_FORMAT
        " tables, %s.\nChecksum (BLAKE2b-256): %s\n\n",
        file, contents->header.desk_id, at,
        strcmp(contents->header.engine, "sqlite") == 0 ? "SQLite" : "PostgreSQL",
        contents->header.program, contents->header.schema, contents->rows, contents->tables, size,
        contents->checksum);
    const char *table;
    json_t *rows;
    json_object_foreach(contents->counts, table, rows)
        command_print("  %-24s %12" JSON_INTEGER_FORMAT "\n", table, json_integer_value(rows));
}

static bool verify(const CommonOptions *options, const char *file, GError **error)
{
    g_auto(KeepContents) contents = {0};
    int fd = keep_open_file(file, error);
    if (fd < 0)
        return false;
    KeepWatch *watch = keep_watch_start();
    bool ok = keep_check(fd, keep_watch_tally(watch), &contents, error);
    keep_watch_stop(watch);
    close(fd);
    if (ok && options->json) {
        json_auto_t *json = keep_contents_json(&contents);
        g_autofree char *text = json_text(json);
        command_print("%s\n", text);
    } else if (ok) {
        print_contents(file, &contents);
    }
    return ok;
}

int command_backup(int argc, char **argv)
{
    gboolean force = FALSE, check = FALSE;
    const GOptionEntry entries[] = {
        {"force", 0, 0, G_OPTION_ARG_NONE, &force, "Take the place of a file that is there", NULL},
        {"verify", 0, 0, G_OPTION_ARG_NONE, &check,
         "Write nothing: read FILE to its end and say what is in it", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(CommonOptions) options = {0};
    const Usage usage = {
        .title = "backup",
        .arguments = "FILE",
        .summary = "Copy the whole desk into one file, as it is at one moment. The desk goes on"
                   " being served.",
        .more = "FILE may be - for standard output: tidings backup - | age -r KEY > desk.age\n"
                "The file has the desk's passwords and keys in it. The local Maildir is not part of"
                " it.\n",
        .min = 1,
        .max = 1,
        .common = COMMON_JSON};
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    g_auto(Target) target = {.file = options.rest[0], .fd = -1, .force = force};
    bool ok = check ? verify(&options, target.file, &error) : back_up(&options, &target, &error);
    return ok ? EXIT_SUCCESS : command_fail("backup", error);
}
