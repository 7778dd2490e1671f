/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/counts.h"

#include "alerts/mail_kind.h"
#include "base/clock.h"
#include "outbox/state.h"

#include <stddef.h>

#define S US_PER_SECOND

static const int64_t bounds[] = {S / 10,   S / 2,        S,         2 * S,   5 * S,
                                 10 * S,   30 * S,       60 * S,    300 * S, 900 * S,
                                 3600 * S, 4 * 3600 * S, 86400 * S, 0};

static const MetricFamily attempts = {
    .name = "tidings_attempts",
    .type = METRIC_COUNTER,
    .help = "Attempts to send a message, by its kind and by what came of it.",
    .labels = {"kind", "outcome"},
};
static const MetricFamily retries = {
    .name = "tidings_retries",
    .type = METRIC_COUNTER,
    .help = "Attempts of messages that had been tried before.",
    .labels = {"kind"},
};
static const MetricFamily accepted = {
    .name = "tidings_accepted_after_seconds",
    .type = METRIC_HISTOGRAM,
    .unit = "seconds",
    .help = "From the event (or a person's release or retry) to the relay's acceptance.",
    .labels = {"kind"},
    .bounds = bounds,
};
static const MetricFamily recovered = {
    .name = "tidings_recovered",
    .type = METRIC_COUNTER,
    .help = "Messages found in the hands of a sender that was gone: they are uncertain since.",
};
static const MetricFamily expired = {
    .name = "tidings_expired",
    .type = METRIC_COUNTER,
    .help = "Messages given up after days of waiting.",
};
static const MetricFamily rounds = {
    .name = "tidings_housekeeping_rounds",
    .type = METRIC_COUNTER,
    .help = "Rounds of housekeeping that were completed, by any process of the desk.",
};

static const char *const kinds[] = {OUTBOX_KIND_ALERT,         OUTBOX_KIND_MESSAGE,
                                    OUTBOX_KIND_AUTO_RESPONSE, OUTBOX_KIND_SIGN_IN,
                                    OUTBOX_KIND_HELD,          "forward" /* connector/forward.h */};
static const char *const outcomes[] = {"sent",      "deferred",   "rejected",
                                       "uncertain", "relay_down", "not_composed"};

void delivery_counts_declare(Metrics *metrics)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(outcomes); k++)
            metrics_counter(metrics, &attempts, kinds[i], outcomes[k], NULL);
        metrics_counter(metrics, &retries, kinds[i], NULL);
        metrics_histogram(metrics, &accepted, kinds[i], NULL);
    }
    metrics_counter(metrics, &recovered, NULL);
    metrics_counter(metrics, &expired, NULL);
    metrics_counter(metrics, &rounds, NULL);
}

/* A kind of a newer program has no label of its own. */
static const char *known(const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kinds[i], kind) == 0)
            return kinds[i];
    return "other";
}

void delivery_count_attempt(Metrics *metrics, const char *kind, const char *outcome, bool again)
{
    metric_add(metrics_counter(metrics, &attempts, known(kind), outcome, NULL), 1);
    if (again)
        metric_add(metrics_counter(metrics, &retries, known(kind), NULL), 1);
}

void delivery_count_accepted(Metrics *metrics, const char *kind, int64_t after_us)
{
    metric_observe(metrics_histogram(metrics, &accepted, known(kind), NULL), after_us);
}

void delivery_count_recovered(Metrics *metrics, int64_t n)
{
    metric_add(metrics_counter(metrics, &recovered, NULL), n);
}

void delivery_count_house(Metrics *metrics, int64_t n)
{
    metric_add(metrics_counter(metrics, &rounds, NULL), 1);
    metric_add(metrics_counter(metrics, &expired, NULL), n);
}
