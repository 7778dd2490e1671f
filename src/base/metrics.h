/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process counts, for those who watch over the desk: counters and histograms of families
 * with a few labels each. Counting is an atomic addition; a series is looked up once, by whoever
 * counts, and kept.
 *
 * Counts are the desk's and outlive the process: what was counted since the last time is now and
 * then added to a table (records/metric.h). Never count inside a function that runs in a
 * transaction, which may run more than once: count after the commit.
 *
 * Labels are words of the program, such as a reason or a route's pattern: never an address, a name,
 * or anything else from outside.
 *
 * Thread-safe. Every function here takes NULL for the registry, the series and the histogram, and
 * then counts nothing.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define METRIC_LABELS_MAX 3
#define METRIC_SERIES_MAX 10000 /* of one process: what would be more is not counted */

typedef enum {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM, /* of times; they are counted in microseconds and shown in seconds */
    METRIC_INFO,
} MetricType;

/* A constant of who counts. */
typedef struct {
    const char *name; /* without what OpenMetrics adds for its type ("_total", "_bucket") */
    MetricType type;
    const char *unit; /* the last word of the name, such as "seconds"; NULL: a plain number */
    const char *help; /* one line without a backslash */
    const char *labels[METRIC_LABELS_MAX + 1]; /* their names, NULL-terminated */
    const int64_t *bounds; /* of a histogram: upper bounds in us, ascending, 0 at the end */
    bool aside;            /* is no reason to write to the table by itself, but is written along */
} MetricFamily;

typedef struct Metrics Metrics;
typedef struct MetricSeries MetricSeries;
typedef struct MetricHistogram MetricHistogram;

Metrics *metrics_new(void);
void metrics_free(Metrics *metrics); /* when nobody counts any more */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metrics, metrics_free)

/* Makes a family known, so that it is shown before anything is counted. */
void metrics_declare(Metrics *metrics, const MetricFamily *family);

/* In the order in which they became known: of const MetricFamily *. Free with g_ptr_array_unref().
 */
GPtrArray *metrics_families(Metrics *metrics);

/* The series with these values of the family's labels, as many as it has, then NULL. It begins at
 * 0. Borrowed; lives as long as the registry. */
#define metrics_counter(metrics, family, ...)                                                      \
    metrics_find_counter(metrics, family, (const char *const[]){__VA_ARGS__})
#define metrics_histogram(metrics, family, ...)                                                    \
    metrics_find_histogram(metrics, family, (const char *const[]){__VA_ARGS__})

MetricSeries *metrics_find_counter(Metrics *metrics, const MetricFamily *family,
                                   const char *const *values);
MetricHistogram *metrics_find_histogram(Metrics *metrics, const MetricFamily *family,
                                        const char *const *values);

void metric_add(MetricSeries *series, int64_t n);
void metric_observe(MetricHistogram *histogram, int64_t us);

/* One number: what a series or a part of a histogram stands at. */
typedef struct {
    const MetricFamily *family;
    const char *labels;   /* `name="value",...`, escaped; "" without labels */
    int64_t bin;          /* of a histogram: the upper bound, METRIC_BIN_SUM or METRIC_BIN_REST */
    int64_t value;        /* not cumulative */
    MetricSeries *series; /* NULL: it comes from elsewhere */
} MetricPoint;

#define METRIC_BIN_SUM  INT64_C(-1)
#define METRIC_BIN_REST INT64_MAX /* above all bounds */

/* What was counted and not yet folded, zeros included; of MetricPoint, whose texts live as long as
 * the registry. Free with g_array_unref(). *pressing says whether there is a reason to fold. */
GArray *metrics_pending(Metrics *metrics, bool *pressing);

/* Takes these points (of metrics_pending()) for folded: they stand elsewhere now. */
void metrics_folded(const GArray *points);

/* One at a time folds or shows what stands here and elsewhere, or a number would be seen twice or
 * not at all. False: it was not one's turn within timeout_us. */
bool metrics_begin(Metrics *metrics, int64_t timeout_us);
void metrics_end(Metrics *metrics);
