/* SPDX-License-Identifier: Apache-2.0 */
/* What `tidings backup`, `restore` and `move` have in common: a sign of life, signals, words. */
#pragma once

#include "cmd/command.h"
#include "desk/restored.h"
#include "keep/reader.h"

typedef struct KeepWatch KeepWatch;

/* From now on SIGINT and SIGTERM make the work end, and what takes longer than two seconds says on
 * standard error how far it is. One at a time. */
KeepWatch *keep_watch_start(void);
void keep_watch_stop(KeepWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepWatch, keep_watch_stop)

KeepTally *keep_watch_tally(KeepWatch *watch);
double keep_watch_seconds(const KeepWatch *watch);

/* "512 bytes", "1.2 MB". Free with g_free(). */
char *keep_size_words(int64_t bytes);

/* What a backup is of: {"desk","engine","taken_at","program","schema","tables","rows","bytes",
 * "checksum","records":{table: rows}}. New reference. */
json_t *keep_contents_json(const KeepContents *contents);

/* tidings.conf without the line that names the database. Free with g_free(). Errors: UNAVAILABLE.
 */
char *keep_read_conf(const DeskFolder *folder, GError **error);

/* Opens a backup to be read more than once. -1 on error. */
int keep_open_file(const char *path, GError **error);

/* Fills an empty database from the backup, compares, notes in it that it was restored or moved
 * (desk/restored.h), and marks it as verified: keep_target_finish() makes a desk of it. Errors:
 * those of keep_fill(). */
bool keep_copy(Db *db, int fd, const KeepContents *contents, const char *action, bool quiet,
               KeepTally *tally, DeskQuiet *result, GError **error);

/* The SQLite file with its log is taken away. */
void keep_remove_sqlite(const char *file);
