/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: who may send what it has claimed.
 *
 * Each sending process has one token, which stands in all that it claims, and renews its lease long
 * before it ends. A lease that has lapsed is never renewed: what was claimed under it is taken back
 * by whoever looks first (outbox_recover()), and its holder, should it still live, takes a new
 * token.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* `name` says to people which process it is. */
bool lease_take(DbTx *tx, const char *token, const char *name, int64_t now_us, int64_t until_us,
                GError **error);

/* *held: false when the lease had lapsed; then it is lost. */
bool lease_renew(DbTx *tx, const char *token, int64_t now_us, int64_t until_us, bool *held,
                 GError **error);

/* At a clean end, when nothing is claimed any more. */
bool lease_end(DbTx *tx, const char *token, GError **error);

typedef struct {
    char *name;
    int64_t started_at;
    int64_t lease_until;
} Lease;

void lease_free(Lease *lease);

/* Those in force, oldest first. NULL on error; free the array with g_ptr_array_unref(). */
GPtrArray *lease_list(DbTx *tx, int64_t now_us, GError **error);
