/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db-private.h"

static const int64_t write_bounds[] = {1000,   2500,   5000,    10000,   25000,    50000, 100000,
                                       250000, 500000, 1000000, 5000000, 10000000, 0};

static const MetricFamily writes = {
    .name = "tidings_database_writes",
    .type = METRIC_COUNTER,
    .help = "Writing transactions by what became of them.",
    .labels = {"result"},
    .aside = true,
};
static const MetricFamily commits = {
    .name = "tidings_database_commits",
    .type = METRIC_COUNTER,
    .help = "Commits; on SQLite several writes share one.",
    .aside = true,
};
static const MetricFamily retries = {
    .name = "tidings_database_retries",
    .type = METRIC_COUNTER,
    .help = "Writes that were begun anew: a conflict, a lost connection, a neighbour that failed.",
    .aside = true,
};
static const MetricFamily duration = {
    .name = "tidings_database_write_duration_seconds",
    .type = METRIC_HISTOGRAM,
    .unit = "seconds",
    .help = "How long a write took, its wait for a turn included.",
    .bounds = write_bounds,
    .aside = true,
};

void db_set_metrics(Db *db, Metrics *metrics)
{
    static const char *const results[DB_N_RESULTS] = {"done", "refused", "busy", "uncertain",
                                                      "failed"};
    for (int i = 0; i < DB_N_RESULTS; i++)
        db->counts.writes[i] = metrics_counter(metrics, &writes, results[i], NULL);
    db->counts.commits = metrics_counter(metrics, &commits, NULL);
    db->counts.retries = metrics_counter(metrics, &retries, NULL);
    db->counts.duration = metrics_histogram(metrics, &duration, NULL);
}
