/* SPDX-License-Identifier: Apache-2.0 */
/* A desk's whole database as one stream: one consistent snapshot, while others read and write. */
#pragma once

#include "db/db.h"
#include "keep/keep.h"

typedef struct {
    int fd;           /* written to; stays the caller's */
    const char *name; /* of the file, for messages */
    const char *conf; /* tidings.conf without the database */
    int64_t now_us;
    KeepTally *tally;
} KeepPlan;

typedef struct {
    int64_t tables, rows;
    int64_t bytes; /* of the file */
    char *checksum;
} KeepSaved;

void keep_saved_clear(KeepSaved *saved);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeepSaved, keep_saved_clear)

/* Blocks; holds one read transaction and a few MiB, and more only for a larger record. Errors:
 * NOT_FOUND (problem "no-desk"), CONFLICT (problem "schema-newer": made by a newer program;
 * "unfinished-copy"), CORRUPT (a value of another type than its column's), UNAVAILABLE (what it
 * writes to is full; the database was lost, or somebody wants it to stop), those of a query. What
 * was written until then is no backup. */
bool keep_save(Db *db, const KeepPlan *plan, KeepSaved *saved, GError **error);

/* The text of tidings.conf without its database. Free with g_free(). */
char *keep_conf_without_database(const char *text);
