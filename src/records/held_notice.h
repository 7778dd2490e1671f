/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who of the admins was told that mails are held: one row for each of them and each time that
 * something is held for long, open until nothing is. All functions here run inside the caller's
 * transaction.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    int64_t employee;
    char *email;
    char *name;
    char *facts; /* JSON: what the mail says */
    int64_t at;
} HeldNotice;

void held_notice_free(HeldNotice *notice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeldNotice, held_notice_free)

/* Errors: NOT_FOUND. */
HeldNotice *held_notice_load(DbTx *tx, int64_t id, GError **error);

/* Active admins who have not been told of what is held now, at most `limit`: HeldNotice *, not yet
 * written, without facts. */
GPtrArray *held_notice_list_untold(DbTx *tx, int limit, GError **error);

/* Sets notice->id; 0: somebody else has told this employee at this moment. */
bool held_notice_insert(DbTx *tx, HeldNotice *notice, GError **error);

/* Nothing is held for long any more: the next time is told anew. */
bool held_notice_end(DbTx *tx, int64_t now_us, GError **error);
