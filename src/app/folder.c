/* SPDX-License-Identifier: Apache-2.0 */
#include "app/folder.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_FILE  "tidings.conf"
#define LOCK_FILE    "tidings.lock"
#define SQLITE_FILE  "tidings.sqlite"
#define LOCK_POLL_MS 50

static DeskFolder *folder_new(const char *path)
{
    DeskFolder *folder = g_new0(DeskFolder, 1);
    folder->path = g_canonicalize_filename(path, NULL);
    folder->socket = g_build_filename(folder->path, "tidings.sock", NULL);
    folder->maildir = g_build_filename(folder->path, "Maildir", NULL);
    folder->lock_fd = -1;
    return folder;
}

void desk_folder_free(DeskFolder *folder)
{
    if (folder == NULL)
        return;
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    config_free(folder->config);
    g_free(folder->path);
    g_free(folder->database);
    g_free(folder->socket);
    g_free(folder->maildir);
    g_free(folder);
}

/* The user's name, or "#1000" where it has none. Free with g_free(). */
static char *user_name(uid_t user)
{
    char text[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(user, &entry, text, sizeof text, &found) == 0 && found != NULL)
        return g_strdup(found->pw_name);
    return g_strdup_printf("#%u", (unsigned)user);
}

/* What root makes in the folder of a service's user, that user cannot write afterwards: the service
 * would not start, and nobody would know why. */
static bool check_owner(const char *path, GError **error)
{
    struct stat about;
    if (geteuid() != 0 || stat(path, &about) != 0 || about.st_uid == 0)
        return true;
    g_autofree char *name = user_name(about.st_uid);
    error_set(error, TD_ERROR_DENIED,
              "The folder %s belongs to the user %s, who could not use what root makes there;"
              " nothing was changed. Run this in that user's name: runuser -u %s -- tidings ...",
              path, name, name);
    return false;
}

static bool read_config(DeskFolder *folder, GError **error)
{
    g_autofree char *config = g_build_filename(folder->path, CONFIG_FILE, NULL);
    folder->config = config_load(config, error);
    if (folder->config == NULL)
        return false;
    const char *database = folder->config->database;
    folder->sqlite = database == NULL;
    folder->database = database != NULL ? g_strdup(database)
                                        : g_strdup_printf("sqlite:%s/" SQLITE_FILE, folder->path);
    return true;
}

DeskFolder *desk_folder_open(const char *path, GError **error)
{
    if (path == NULL)
        path = g_getenv("TIDINGS_DESK");
    if (path == NULL || *path == '\0') {
        error_set(error, TD_ERROR_INVALID,
                  "Which desk? Name its folder with --desk DIR, or in the variable TIDINGS_DESK");
        return NULL;
    }
    g_autoptr(DeskFolder) folder = folder_new(path);
    g_autofree char *config = g_build_filename(folder->path, CONFIG_FILE, NULL);
    if (!g_file_test(config, G_FILE_TEST_EXISTS)) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-desk", NULL,
                          "There is no desk in %s; make one with `tidings init --desk %s`",
                          folder->path, folder->path);
        return NULL;
    }
    return read_config(folder, error) ? g_steal_pointer(&folder) : NULL;
}

/* The folder, empty or not, and no desk in it. */
static DeskFolder *make_folder(const char *path, GError **error)
{
    g_autoptr(DeskFolder) folder = folder_new(path);
    if (!check_owner(folder->path, error))
        return NULL;
    if (g_mkdir_with_parents(folder->path, 0700) != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE, "The folder %s cannot be made: %s", folder->path,
                  g_strerror(errno));
        return NULL;
    }
    g_autofree char *config = g_build_filename(folder->path, CONFIG_FILE, NULL);
    if (g_file_test(config, G_FILE_TEST_EXISTS)) {
        error_set_problem(error, TD_ERROR_CONFLICT, "desk-exists", NULL,
                          "There is a desk in %s already; nothing was changed", folder->path);
        return NULL;
    }
    return g_steal_pointer(&folder);
}

DeskFolder *desk_folder_prepare(const char *path, const char *database, GError **error)
{
    g_autoptr(DeskFolder) folder = make_folder(path, error);
    if (folder == NULL)
        return NULL;
    folder->config = g_new0(Config, 1);
    folder->config->database = g_strdup(database);
    folder->sqlite = database == NULL;
    folder->database = database != NULL ? g_strdup(database)
                                        : g_strdup_printf("sqlite:%s/" SQLITE_FILE, folder->path);
    return g_steal_pointer(&folder);
}

char *desk_folder_sqlite_file(const DeskFolder *folder)
{
    return g_build_filename(folder->path, SQLITE_FILE, NULL);
}

bool desk_folder_write_config(const DeskFolder *folder, const char *lines, GError **error)
{
    g_autofree char *config = g_build_filename(folder->path, CONFIG_FILE, NULL);
    g_autofree char *line =
        folder->sqlite ? g_strdup("") : g_strdup_printf("database = %s\n", folder->database);
    g_autofree char *text = g_strconcat(lines, line, NULL);
    g_autoptr(GError) failure = NULL;
    if (g_file_set_contents_full(config, text, -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &failure))
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s", config, failure->message);
    return false;
}

DeskFolder *desk_folder_create(const char *path, const char *database, GError **error)
{
    g_autoptr(DeskFolder) folder = make_folder(path, error);
    if (folder == NULL)
        return NULL;
    g_autofree char *config = g_build_filename(folder->path, CONFIG_FILE, NULL);
    g_autofree char *text = g_strdup_printf(
        "# The settings of this desk; everything else is in its options.\n"
        "# listen = 127.0.0.1:8080\n"
        "%sdatabase = %s\n",
        database != NULL ? "" : "# ", database != NULL ? database : "postgresql:///tidings");
    g_autoptr(GError) failure = NULL;
    if (!g_file_set_contents_full(config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                  &failure)) {
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be written: %s", config,
                  failure->message);
        return NULL;
    }
    return read_config(folder, error) ? g_steal_pointer(&folder) : NULL;
}

void desk_folder_undo(const DeskFolder *folder)
{
    static const char *const made[] = {CONFIG_FILE, LOCK_FILE};
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autofree char *path = g_build_filename(folder->path, made[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder->path); /* fails, as it should, where anything is left */
}

bool desk_folder_lock(DeskFolder *folder, int wait_ms, bool *taken, GError **error)
{
    if (!check_owner(folder->path, error))
        return false;
    if (!folder->sqlite || folder->lock_fd >= 0) {
        *taken = true;
        return true;
    }
    g_autofree char *path = g_build_filename(folder->path, LOCK_FILE, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be opened: %s", path, g_strerror(errno));
        return false;
    }
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    for (; !locked && wait_ms > 0; wait_ms -= LOCK_POLL_MS) {
        g_usleep(LOCK_POLL_MS * 1000);
        locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    }
    if (locked)
        folder->lock_fd = fd;
    else
        close(fd);
    *taken = locked;
    return true;
}
