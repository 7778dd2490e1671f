/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of the requests that come over a connection (tidings_http_*). */
#pragma once

#include "base/metrics.h"

typedef struct {
    Metrics *metrics; /* NULL: nothing is counted */
    MetricHistogram *duration;
    MetricSeries *refused; /* before a worker had them */
} HttpCounts;

void http_counts_init(HttpCounts *counts, Metrics *metrics);

/* `route` is a pattern, NULL where no route has the path. */
void http_counts_answered(HttpCounts *counts, const char *method, const char *route, int status,
                          int64_t took_us);
