/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/counts.h"

static const MetricFamily mails = {
    .name = "tidings_connector_mails",
    .type = METRIC_COUNTER,
    .help = "Mails that came in, by what became of them.",
    .labels = {"outcome"},
};

void connector_counts_declare(Metrics *metrics)
{
    for (InboxState state = 0; state < INBOX_N_STATES; state++)
        if (state != INBOX_DISCARDED) /* a person does that, later */
            metrics_counter(metrics, &mails, inbox_state_name(state), NULL);
    metrics_counter(metrics, &mails, "seen_before", NULL);
}

void connector_count(Metrics *metrics, InboxState state, bool seen_before)
{
    metric_add(metrics_counter(metrics, &mails,
                               seen_before ? "seen_before" : inbox_state_name(state), NULL),
               1);
}
