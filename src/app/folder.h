/* SPDX-License-Identifier: Apache-2.0 */
/* A desk is a folder: tidings.conf, the SQLite file, the local Maildir, the socket, the lock. */
#pragma once

#include "base/config.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *path; /* absolute */
    Config *config;
    char *database; /* URL for db_open() */
    bool sqlite;
    char *socket;
    char *maildir;
    int lock_fd; /* -1: not held */
} DeskFolder;

/* Reads the folder's configuration. `path` NULL: TIDINGS_DESK. Errors: INVALID (no folder named,
 * bad configuration), NOT_FOUND (problem "no-desk": there is no desk there yet; says to run
 * `tidings init`). */
DeskFolder *desk_folder_open(const char *path, GError **error);

/* Makes the folder (mode 0700) with its tidings.conf. `database` NULL: SQLite. Errors: CONFLICT (a
 * desk is there), DENIED (root, in the folder of another user). */
DeskFolder *desk_folder_create(const char *path, const char *database, GError **error);

/* Makes the folder (mode 0700), and as yet no desk in it: that is what desk_folder_write_config()
 * makes of it. Errors: CONFLICT (a desk is there). */
DeskFolder *desk_folder_prepare(const char *path, const char *database, GError **error);

/* Puts `lines` and the folder's database into tidings.conf, which is replaced whole or not at all,
 * durably. */
bool desk_folder_write_config(const DeskFolder *folder, const char *lines, GError **error);

/* The SQLite file. Free with g_free(). */
char *desk_folder_sqlite_file(const DeskFolder *folder);

/* After a creation that failed half-way: takes the configuration away again, and the folder where
 * nothing else is in it, so that it can be tried again. A database is never removed. */
void desk_folder_undo(const DeskFolder *folder);

/* Takes the lock that says "I write this desk's SQLite file"; waits at most wait_ms. On PostgreSQL
 * there is nothing to lock. *taken is false when another process holds it. Errors: UNAVAILABLE,
 * DENIED (root, on the desk of another user). */
bool desk_folder_lock(DeskFolder *folder, int wait_ms, bool *taken, GError **error);

void desk_folder_free(DeskFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeskFolder, desk_folder_free)
