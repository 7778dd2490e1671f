/* SPDX-License-Identifier: Apache-2.0 */
/* A process's part in the metrics: keeping what it counts, and telling how it is itself. */
#pragma once

#include "api/ready.h"
#include "base/metric_text.h"
#include "db/wake.h"
#include "http/server.h"

typedef struct Watch Watch;

/* A thread that adds what was counted to the desk's table every ten seconds. Borrows both. Errors:
 * UNAVAILABLE (no thread). */
Watch *watch_start(Metrics *metrics, Db *db, GError **error);

/* Stops it, without a last time: that is for who closes the database. NULL is allowed. */
void watch_stop(Watch *watch);

/* What a process has; NULL: not this one. */
typedef struct {
    Db *db;
    DbWake *wake;
    HttpServer *server;
    const char *folder;
    int64_t started_at_us;
} WatchParts;
void watch_append_gauges(MetricText *text, const WatchParts *parts);

/* Whether there is room left in the desk's folder (condition "disk"). */
void watch_check_disk(ReadyList *list, const char *folder);
