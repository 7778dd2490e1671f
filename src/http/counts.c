/* SPDX-License-Identifier: Apache-2.0 */
#include "http/counts.h"

#include <string.h>

static const int64_t request_bounds[] = {1000,     5000,     10000,   50000,   100000,
                                         250000,   500000,   1000000, 2500000, 5000000,
                                         10000000, 30000000, 0};

static const MetricFamily requests = {
    .name = "tidings_http_requests",
    .type = METRIC_COUNTER,
    .help = "Requests answered, by the pattern of their route and the class of their status.",
    .labels = {"method", "route", "status"},
    .aside = true,
};
static const MetricFamily duration = {
    .name = "tidings_http_request_duration_seconds",
    .type = METRIC_HISTOGRAM,
    .unit = "seconds",
    .help = "From a whole request to its answer, the wait for a worker included.",
    .bounds = request_bounds,
    .aside = true,
};
static const MetricFamily refused = {
    .name = "tidings_http_refused",
    .type = METRIC_COUNTER,
    .help = "Requests refused before a worker had them: too many waited, or the server was"
            " being stopped.",
    .aside = true,
};

void http_counts_init(HttpCounts *counts, Metrics *metrics)
{
    counts->metrics = metrics;
    metrics_declare(metrics, &requests);
    counts->duration = metrics_histogram(metrics, &duration, NULL);
    counts->refused = metrics_counter(metrics, &refused, NULL);
}

/* A method is what the client says: of those that no route has, one name stands for all. */
static const char *known_method(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL};
    for (size_t i = 0; known[i] != NULL; i++)
        if (strcmp(known[i], method) == 0)
            return known[i];
    return "other";
}

void http_counts_answered(HttpCounts *counts, const char *method, const char *route, int status,
                          int64_t took_us)
{
    static const char *const classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
    int class = status / 100;
    metric_observe(counts->duration, took_us);
    metric_add(metrics_counter(counts->metrics, &requests, known_method(method),
                               route != NULL ? route : "none",
                               classes[class >= 1 && class <= 5 ? class : 0], NULL),
               1);
}
