/* SPDX-License-Identifier: Apache-2.0 */
/* Callers who, on SQLite, certainly share one commit, in this order. */
#pragma once

#include "db/db.h"

#include <stddef.h>

typedef struct {
    DbFn fn;
    const void *data;
    Db *db;        /* set by batch_run() */
    GError *error; /* result; NULL: it succeeded */
} BatchCaller;

/* Runs them all, each on a thread of its own, and waits for their answers. On PostgreSQL, where
 * callers share nothing, they simply run at once. */
void batch_run(Db *db, BatchCaller *callers, size_t n);
