/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a backup into an empty database, of either engine, and compares every record. */
#pragma once

#include "db/db.h"
#include "keep/reader.h"

/* `contents` is what keep_check() gave for this file. Leaves the database marked as unfinished
 * (keep/target.h), with all of the backup's records in it, compared one by one with the file, and
 * with the newest schema. Errors: those of keep_target_begin(), of reading and writing; CORRUPT
 * (what was read back is not what was written, or a record refers to one that is not there), LIMIT
 * and CONFLICT (a record that the database refuses). After an error keep_target_undo() follows. */
bool keep_fill(Db *db, int fd, const KeepContents *contents, int64_t now_us, KeepTally *tally,
               GError **error);

/* The second half of it: compares what is in the database with the file. */
bool keep_verify(Db *db, int fd, const char *checksum, KeepTally *tally, GError **error);
