/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database that a desk is copied into. From the first moment until everything is known to be
 * right it has the table DB_UNFINISHED, and as long as it has, no program takes it for a desk. What
 * an interrupted copy leaves is recognised by that, and taken away by the next.
 */
#pragma once

#include "db/db.h"

/* Marks an empty database as being filled from the backup with this checksum. What an unfinished
 * copy has made is dropped first, and nothing else ever is. Errors: CONFLICT (problem
 * "desk-exists": it holds a desk; "not-empty": it holds something else), those of db_write(). */
bool keep_target_begin(Db *db, const char *checksum, GError **error);

/* What the mark says. */
typedef enum {
    KEEP_TARGET_NONE,     /* there is none: a finished desk, or no desk at all */
    KEEP_TARGET_FILLING,  /* a copy has not come to its end */
    KEEP_TARGET_VERIFIED, /* all is there and compared: only the mark is to be taken away */
} KeepTargetState;

/* *checksum is of the backup; caller frees. */
bool keep_target_state(Db *db, KeepTargetState *state, char **checksum, GError **error);

/* Everything was compared. */
bool keep_target_verified(Db *db, GError **error);

/* Takes the mark away: from now on it is a desk. */
bool keep_target_finish(Db *db, GError **error);

/* After a failure: drops what keep_target_begin() and those after it have made. */
bool keep_target_undo(Db *db, GError **error);

/* Whether the database has no table at all. */
bool keep_target_is_empty(Db *db, bool *empty, GError **error);
