/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings restore`: a new desk from a backup.
 *
 *   1. the whole file is read, and its checksum compared, before anything is written
 *   2. the empty database is marked, and filled; each record is read back and compared
 *   3. what a restored desk must not do by itself is switched off
 *   4. tidings.conf is written
 *   5. the mark is taken away
 *
 * Until 4 there is no desk in the folder, until 5 no program takes the database for one. When it is
 * killed before 4, the same command begins anew and takes away what it finds marked; between 4 and
 * 5, it does the rest.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/keep.h"
#include "keep/target.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *path; /* of the new desk's folder */
    const char *database;
    bool as_it_was;
    int fd;
    KeepContents contents;
    DeskQuiet quiet;
    DeskFolder *folder;
    Db *db;
    KeepTally *tally;
} Restoring;

static void restoring_clear(Restoring *restoring)
{
    if (restoring->fd >= 0)
        close(restoring->fd);
    keep_contents_clear(&restoring->contents);
    db_close(restoring->db);
    desk_folder_free(restoring->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Restoring, restoring_clear)

static Db *open_db(const DeskFolder *folder, GError **error)
{
    const DbOptions options = {.unchecked_references = true};
    return db_open(folder->database, &options, error);
}

/* What listens on a port of the original's machine would be in its way. */
static char *conf_lines(const Restoring *restoring)
{
    const char *conf = restoring->contents.header.conf;
    if (restoring->as_it_was)
        return g_strdup(conf);
    GString *lines = g_string_new(NULL);
    g_auto(GStrv) all = g_strsplit(conf, "\n", -1);
    for (char **line = all; *line != NULL; line++)
        if (**line != '\0')
            g_string_append_printf(lines, "%s%s\n", g_str_has_prefix(*line, "listen") ? "# " : "",
                                   *line);
    return g_string_free(lines, FALSE);
}

/* ---- an earlier attempt ---- */

/* The folder has its tidings.conf: a desk, or one whose mark was not taken away any more. */
static bool finish_earlier(Restoring *restoring, bool *finished, GError **error)
{
    g_autoptr(GError) none = NULL;
    g_autofree char *checksum = NULL;
    KeepTargetState state = KEEP_TARGET_NONE;
    *finished = false;
    g_autoptr(DeskFolder) folder = desk_folder_open(restoring->path, &none);
    if (folder == NULL)
        return true;
    g_autofree char *file = desk_folder_sqlite_file(folder);
    bool there = !folder->sqlite || g_file_test(file, G_FILE_TEST_EXISTS);
    g_autoptr(Db) db = there ? open_db(folder, error) : NULL;
    if (there && (db == NULL || !keep_target_state(db, &state, &checksum, error)))
        return false;
    if (state == KEEP_TARGET_VERIFIED && g_strcmp0(checksum, restoring->contents.checksum) == 0) {
        *finished = true;
        return keep_target_finish(db, error);
    }
    error_set_problem(error, TD_ERROR_CONFLICT, "desk-exists", NULL,
                      "There is a desk in %s already; nothing was changed. Name a new folder",
                      folder->path);
    return false;
}

/* A marked SQLite file is what is left of an earlier attempt. */
static bool clear_sqlite(const DeskFolder *folder, GError **error)
{
    g_autofree char *file = desk_folder_sqlite_file(folder);
    g_autofree char *checksum = NULL;
    KeepTargetState state;
    bool empty = false;
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(Db) db = open_db(folder, error);
    if (db == NULL || !keep_target_state(db, &state, &checksum, error) ||
        !keep_target_is_empty(db, &empty, error))
        return false;
    if (state == KEEP_TARGET_NONE && !empty) {
        error_set_problem(error, TD_ERROR_CONFLICT, "desk-exists", NULL,
                          "There is a database %s already; nothing was changed. Name a new folder",
                          file);
        return false;
    }
    db_close(g_steal_pointer(&db));
    keep_remove_sqlite(file);
    return true;
}

/* ---- the work ---- */

static bool prepare(Restoring *restoring, GError **error)
{
    bool taken;
    restoring->folder = desk_folder_prepare(restoring->path, restoring->database, error);
    if (restoring->folder == NULL || !desk_folder_lock(restoring->folder, 0, &taken, error))
        return false;
    if (!taken) {
        error_set(error, TD_ERROR_BUSY, "Another process is working on %s",
                  restoring->folder->path);
        return false;
    }
    return !restoring->folder->sqlite || clear_sqlite(restoring->folder, error);
}

/* Nothing is left that could be served. A database that something else is in is not touched. */
static void undo(Restoring *restoring)
{
    if (restoring->folder->sqlite) {
        g_autofree char *file = desk_folder_sqlite_file(restoring->folder);
        db_close(g_steal_pointer(&restoring->db));
        keep_remove_sqlite(file);
    } else if (restoring->db != NULL) {
        keep_target_undo(restoring->db, NULL);
    }
    desk_folder_undo(restoring->folder);
}

static bool restore(Restoring *restoring, GError **error)
{
    if (!prepare(restoring, error)) {
        if (restoring->folder != NULL && !error_is(*error, TD_ERROR_BUSY))
            desk_folder_undo(restoring->folder);
        return false;
    }
    g_autofree char *lines = conf_lines(restoring);
    restoring->db = open_db(restoring->folder, error);
    if (restoring->db == NULL ||
        !keep_copy(restoring->db, restoring->fd, &restoring->contents, DESK_RESTORED,
                   !restoring->as_it_was, restoring->tally, &restoring->quiet, error) ||
        !desk_folder_write_config(restoring->folder, lines, error)) {
        undo(restoring);
        return false;
    }
    if (keep_target_finish(restoring->db, error))
        return true;
    g_prefix_error(error, "All is restored but for the last step: run the same command again. ");
    return false;
}

/* ---- what is said ---- */

static void print_json(const Restoring *restoring, const char *path, double seconds)
{
    json_auto_t *json = keep_contents_json(&restoring->contents);
    json_set_text(json, "folder", path);
    json_set_bool(json, "as_it_was", restoring->as_it_was);
    json_set_int(json, "held", restoring->quiet.held);
    json_set_int(json, "uncertain", restoring->quiet.uncertain);
    json_object_set_new(json, "seconds", json_real(seconds));
    g_autofree char *text = json_text(json);
    command_print("%s\n", text);
}

static void print_quiet(const Restoring *restoring, const char *path)
{
    command_print(
        "\nIt does nothing by itself yet, because mail that waited when the backup was taken may\n"
        "have been sent since. The Alerts Server is not active, the Email Connector is off, and\n"
        "everybody has to sign in again. %" G_GINT64_FORMAT " messages are held, %" G_GINT64_FORMAT
        " are uncertain. Look at them:\n\n"
        "  tidings alerts list --state held --desk %s\n"
        "  tidings alerts list --state uncertain --desk %s\n\n"
        "cancel what was sent, then let mail leave again and release the rest:\n\n"
        "  tidings options test --to you@example.com --desk %s\n"
        "  tidings options set alerts-server active=true --desk %s\n"
        "  tidings alerts release --held --desk %s\n"
        "  tidings options set email-connector enabled=true --desk %s\n\n"
        "Passwords and API tokens are those of the backup: one that was changed or revoked since\n"
        "works as it did then.\n",
        restoring->quiet.held, restoring->quiet.uncertain, path, path, path, path, path, path);
}

static void print_words(const Restoring *restoring, const char *path, double seconds)
{
    const KeepContents *contents = &restoring->contents;
    g_autofree char *at = text_from_time(contents->header.taken_at);
    command_print("The desk of %s is in %s.\n%" G_GINT64_FORMAT " records of %" G_GINT64_FORMAT
                  " tables were read back and are equal to the backup's, in %.1f seconds.\n",
                  at, path, contents->rows, contents->tables, seconds);
    if (!restoring->as_it_was)
        print_quiet(restoring, path);
}

static bool run(Restoring *restoring, const CommonOptions *options, GError **error)
{
    g_autoptr(KeepWatch) watch = keep_watch_start();
    bool finished;
    restoring->tally = keep_watch_tally(watch);
    restoring->fd = keep_open_file(options->rest[0], error);
    if (restoring->fd < 0 ||
        !keep_check(restoring->fd, restoring->tally, &restoring->contents, error) ||
        !finish_earlier(restoring, &finished, error) || (!finished && !restore(restoring, error)))
        return false;
    double seconds = keep_watch_seconds(watch);
    keep_watch_stop(g_steal_pointer(&watch));
    g_autofree char *path = g_canonicalize_filename(restoring->path, NULL);
    if (options->json)
        print_json(restoring, path, seconds);
    else
        print_words(restoring, path, seconds);
    return true;
}

int command_restore(int argc, char **argv)
{
    gboolean as_it_was = FALSE;
    g_autofree char *database = NULL;
    const GOptionEntry entries[] = {
        {"database", 0, 0, G_OPTION_ARG_STRING, &database,
         "An empty PostgreSQL database (default: a file)", "URL"},
        {"as-it-was", 0, 0, G_OPTION_ARG_NONE, &as_it_was,
         "Change nothing: what waits is sent (the desk that it was may not be served any more)",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(CommonOptions) options = {0};
    const Usage usage = {.title = "restore",
                         .arguments = "FILE",
                         .summary =
                             "Make a new desk of a backup, compare every record, and leave it"
                             " quiet.",
                         .more = "--desk names a folder that has no desk in it yet.\n",
                         .min = 1,
                         .max = 1,
                         .common = COMMON_JSON};
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    /* Not TIDINGS_DESK, which names the desk that there is. */
    if (options.desk == NULL || *options.desk == '\0') {
        command_misused(&error, "Where? Name the new desk's folder with --desk DIR");
        return command_fail("restore", error);
    }
    g_auto(Restoring)
        restoring = {.path = options.desk, .database = database, .as_it_was = as_it_was, .fd = -1};
    return run(&restoring, &options, &error) ? EXIT_SUCCESS : command_fail("restore", error);
}
