/* SPDX-License-Identifier: Apache-2.0 */
/* Counting within the windows, for what is sent without being asked for. */
#pragma once

#include "connector/respond.h"
#include "desk/desk.h"

/* The columns that respond_count() reads; `at` names the time's column. Goes on with FROM, and a
 * WHERE that has both $1 and `at > $6`, so that few rows are read. */
#define RESPOND_SUMS(at)                                                                           \
    "SELECT SUM(CASE WHEN " at " > $2 THEN 1 ELSE 0 END), SUM(CASE WHEN " at                       \
    " > $3 THEN 1 ELSE 0 END), SUM(CASE WHEN " at " > $4 THEN 1 ELSE 0 END), SUM(CASE WHEN " at    \
    " > $5 THEN 1 ELSE 0 END), COUNT(*)"

/* How many went within each window until now; `key` is $1. */
bool respond_count(DeskTx *tx, const char *sql, const char *key, int64_t counts[RESPOND_WINDOWS],
                   GError **error);
