/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tidings move`: a desk's database from SQLite to PostgreSQL, by a backup and a restore in one,
 * while nobody serves it (the lock).
 *
 *   1. the SQLite file is copied into a file without a name in the desk's folder
 *   2. the empty database is marked, and filled; each record is read back and compared
 *   3. tidings.conf names the new database
 *   4. the SQLite file gets a name under which nobody serves it
 *   5. the mark is taken away
 *
 * When it is killed before 3, the desk is where it was, and the same command begins anew; after, it
 * does the rest.
 */
#include "base/error.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/keep.h"
#include "keep/save.h"
#include "keep/target.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MOVED_END ".moved-to-postgresql"

typedef struct {
    DeskFolder *folder;
    const char *url;
    KeepTally *tally;
    KeepContents contents;
    int fd; /* the copy */
    char *moved;
} Moving;

static void moving_clear(Moving *moving)
{
    if (moving->fd >= 0)
        close(moving->fd);
    keep_contents_clear(&moving->contents);
    desk_folder_free(moving->folder);
    g_free(moving->moved);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Moving, moving_clear)

/* It needs room for as long as it is open, and leaves nothing however this ends. */
static int open_copy(const DeskFolder *folder, GError **error)
{
    g_autofree char *name = g_build_filename(folder->path, "tidings.move-XXXXXX", NULL);
    int fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        g_unlink(name);
    else
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s", folder->path,
                  g_strerror(errno));
    return fd;
}

static bool copy_out(Moving *moving, GError **error)
{
    g_autofree char *file = desk_folder_sqlite_file(moving->folder);
    if (!g_file_test(file, G_FILE_TEST_EXISTS)) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-desk", NULL, "There is no database %s",
                          file);
        return false;
    }
    g_auto(KeepSaved) saved = {0};
    KeepPlan plan = {.name = "The desk's folder", .conf = "", .tally = moving->tally};
    moving->fd = plan.fd = open_copy(moving->folder, error);
    g_autoptr(Db) db = moving->fd >= 0 ? db_open(moving->folder->database, NULL, error) : NULL;
    return db != NULL && keep_save(db, &plan, &saved, error) &&
           lseek(moving->fd, 0, SEEK_SET) == 0 &&
           keep_check(moving->fd, moving->tally, &moving->contents, error);
}

/* ---- the last steps ---- */

static bool name_database(Moving *moving, GError **error)
{
    g_autofree char *lines = keep_read_conf(moving->folder, error);
    if (lines == NULL)
        return false;
    moving->folder->sqlite = false;
    g_free(moving->folder->database);
    moving->folder->database = g_strdup(moving->url);
    return desk_folder_write_config(moving->folder, lines, error);
}

/* Does nothing where it was done. */
static bool rename_sqlite(Moving *moving, GError **error)
{
    static const char *const ends[] = {"-wal", "-shm", ""};
    g_autofree char *file = desk_folder_sqlite_file(moving->folder);
    moving->moved = g_strconcat(file, MOVED_END, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *from = g_strconcat(file, ends[i], NULL);
        g_autofree char *to = g_strconcat(moving->moved, ends[i], NULL);
        if (g_rename(from, to) == 0 || errno == ENOENT)
            continue;
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "%s cannot be renamed: %s. Run the same command again", from, g_strerror(errno));
        return false;
    }
    return true;
}

static bool finish(Moving *moving, Db *target, GError **error)
{
    return rename_sqlite(moving, error) && keep_target_finish(target, error);
}

/* tidings.conf names PostgreSQL already: only what an interrupted move has left to do is done. */
static bool finish_earlier(Moving *moving, GError **error)
{
    KeepTargetState state = KEEP_TARGET_NONE;
    g_autofree char *checksum = NULL;
    bool same = strcmp(moving->folder->database, moving->url) == 0;
    g_autoptr(Db) db = same ? db_open(moving->url, NULL, error) : NULL;
    if (same && (db == NULL || !keep_target_state(db, &state, &checksum, error)))
        return false;
    if (state == KEEP_TARGET_VERIFIED)
        return finish(moving, db, error);
    error_set_problem(error, TD_ERROR_CONFLICT, "moved-already", NULL,
                      "This desk is on PostgreSQL already; nothing was changed. The way back is a"
                      " backup, and `tidings restore --as-it-was`");
    return false;
}

static bool take_lock(DeskFolder *folder, GError **error)
{
    bool taken;
    if (!desk_folder_lock(folder, 1000, &taken, error))
        return false;
    if (!taken)
        error_set(error, TD_ERROR_BUSY,
                  "Somebody serves the desk %s, or works on it; nothing was changed. Stop"
                  " `tidings serve` first",
                  folder->path);
    return taken;
}

static bool move(Moving *moving, GError **error)
{
    DeskQuiet none;
    const DbOptions options = {.unchecked_references = true};
    if (!take_lock(moving->folder, error))
        return false;
    g_autoptr(Db) target = db_open(moving->url, &options, error);
    /* Before the long work: what is wrong with the database is known at once. */
    if (target == NULL || !keep_target_begin(target, "", error))
        return false;
    if (!copy_out(moving, error) || !keep_copy(target, moving->fd, &moving->contents, DESK_MOVED,
                                               false, moving->tally, &none, error)) {
        keep_target_undo(target, NULL);
        return false;
    }
    return name_database(moving, error) && finish(moving, target, error);
}

/* ---- what is said ---- */

static void print_words(const Moving *moving, double seconds)
{
    if (moving->contents.checksum == NULL) {
        command_print("The move to PostgreSQL, which was interrupted, is finished.\n");
        return;
    }
    const char *table;
    json_t *rows;
    json_object_foreach(moving->contents.counts, table, rows) command_print(
        "  %-24s %12" JSON_INTEGER_FORMAT " equal\n", table, json_integer_value(rows));
    command_print("\nThe desk is on PostgreSQL: %" G_GINT64_FORMAT " records of %" G_GINT64_FORMAT
                  " tables were read back and are equal, in %.1f seconds.\n"
                  "The former database is %s; delete it when you are content.\n",
                  moving->contents.rows, moving->contents.tables, seconds, moving->moved);
}

static void print_json(const Moving *moving, double seconds)
{
    json_auto_t *json =
        moving->contents.checksum != NULL ? keep_contents_json(&moving->contents) : json_object();
    json_set_text(json, "former", moving->moved);
    json_object_set_new(json, "seconds", json_real(seconds));
    g_autofree char *text = json_text(json);
    command_print("%s\n", text);
}

static bool run(Moving *moving, const CommonOptions *options, GError **error)
{
    moving->folder = command_folder(options, error);
    if (moving->folder == NULL)
        return false;
    g_autoptr(KeepWatch) watch = keep_watch_start();
    moving->tally = keep_watch_tally(watch);
    if (moving->folder->sqlite ? !move(moving, error) : !finish_earlier(moving, error))
        return false;
    double seconds = keep_watch_seconds(watch);
    keep_watch_stop(g_steal_pointer(&watch));
    if (options->json)
        print_json(moving, seconds);
    else
        print_words(moving, seconds);
    return true;
}

int command_move(int argc, char **argv)
{
    g_autofree char *database = NULL;
    const GOptionEntry entries[] = {
        {"database", 0, 0, G_OPTION_ARG_STRING, &database, "The empty PostgreSQL database", "URL"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(CommonOptions) options = {0};
    const Usage usage = {.title = "move",
                         .summary =
                             "Move a desk that nobody serves from SQLite to PostgreSQL. Every"
                             " record is compared; what waits goes on waiting.",
                         .more = "When it is interrupted, run the same command again.\n",
                         .common = COMMON_JSON};
    int exit_code;
    if (!command_parse(&options, &usage, entries, &argc, &argv, &exit_code))
        return exit_code;
    g_autoptr(GError) error = NULL;
    if (database == NULL || (!g_str_has_prefix(database, "postgresql://") &&
                             !g_str_has_prefix(database, "postgres://"))) {
        command_misused(&error,
                        "Where to? Name an empty database with --database postgresql://...");
        return command_fail("move", error);
    }
    g_auto(Moving) moving = {.url = database, .fd = -1};
    return run(&moving, &options, &error) ? EXIT_SUCCESS : command_fail("move", error);
}
