/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics as text: OpenMetrics 1.0, or the older format of Prometheus (0.0.4) for who does not ask
 * for it. Pure. A family is begun once, with all its samples together.
 */
#pragma once

#include "base/metrics.h"

typedef struct MetricText MetricText;

/* `open`: OpenMetrics. */
MetricText *metric_text_new(bool open);
void metric_text_free(MetricText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetricText, metric_text_free)

/* `name="value",...` of the family's labels; as many values as it has. Free with g_free(). */
char *metric_labels(const MetricFamily *family, const char *const *values);

/* The comments that begin a family. */
void metric_text_begin(MetricText *text, const MetricFamily *family);

/* One sample of the family begun, a gauge, counter or info; `labels` of metric_labels(), NULL:
 * none. */
void metric_text_sample(MetricText *text, const char *labels, int64_t value);

/* The same for a time in microseconds, shown in seconds. */
void metric_text_seconds(MetricText *text, const char *labels, int64_t us);

/* A family of one sample. */
void metric_text_one(MetricText *text, const MetricFamily *family, int64_t value);

/* A whole family of counts, made of the points of its own among `points` (MetricPoint), which are
 * sorted by metric_points_sort(); those of the same labels and bin are added up. */
void metric_text_counts(MetricText *text, const MetricFamily *family, const GArray *points);

/* By family's name, labels and bin. */
void metric_points_sort(GArray *points);

/* Ends it. Free with g_free(). */
char *metric_text_end(MetricText *text, size_t *bytes);
const char *metric_text_type(const MetricText *text); /* for Content-Type */

/* Whether an Accept header (NULL: none) prefers OpenMetrics 1.0 to the older format. */
bool metric_text_is_wanted(const char *accept);
