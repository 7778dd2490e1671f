/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table metric: what all processes of the desk have counted (base/metrics.h), so that counts are
 * the desk's and outlive a restart.
 *
 * Every process adds what it has counted to the same rows, every few seconds and when it stops, in
 * a transaction of its own: nobody's work ever waits for it, and a process that is killed loses a
 * few seconds of counting and nothing else. Rows are written in the order of their key, so two
 * processes wait for each other for a moment, and never in a circle.
 */
#pragma once

#include "base/metrics.h"
#include "db/db.h"

/* Adds what is pending. Where COMMIT gave no answer it stays pending: a count may then be a little
 * high, but it never goes back. Blocks. Errors: those of db_write(), BUSY (another one folds). */
bool metric_fold(Metrics *metrics, Db *db, GError **error);

/* What the desk has counted, this process's latest included: of MetricPoint, sorted, whose texts
 * live in `texts` and the registry. Families that are not known here are left out. Errors: those of
 * db_read_within(), BUSY. */
GArray *metric_load_all(Metrics *metrics, Db *db, int64_t timeout_ms, GStringChunk *texts,
                        GError **error);
