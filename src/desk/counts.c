/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/counts.h"

static const MetricFamily decisions = {
    .name = "tidings_decisions",
    .type = METRIC_COUNTER,
    .help = "Decisions whether to tell a recipient, by the kind of the alert and by the reason.",
    .labels = {"kind", "decision", "reason"},
};

/* The reasons that a kind can have are there from the start, so that their first increase shows. */
static bool is_possible(AlertKind kind, AlertReason reason)
{
    if (reason == REASON_NEW_TICKET)
        return kind == ALERT_NEW_TICKET;
    if (reason == REASON_TICKET_CLOSED)
        return kind == ALERT_TICKET_CLOSED;
    return kind == ALERT_NEW_TICKET ||
           (reason != REASON_CREATED_BY_CUSTOMER_EMAIL && reason != REASON_CREATED_BY_CUSTOMER_WEB);
}

void desk_counts_init(DeskCounts *counts, Metrics *metrics)
{
    for (AlertKind kind = 0; kind < ALERT_N_KINDS; kind++)
        for (AlertReason reason = 0; reason < REASON_N; reason++)
            if (is_possible(kind, reason))
                counts->decisions[kind][reason] =
                    metrics_counter(metrics, &decisions, alert_kind_name(kind),
                                    alert_decision_name(alert_decision_of(reason)),
                                    alert_reason_name(reason), NULL);
}

void desk_counts_add(const DeskCounts *counts, const AlertsMade *made)
{
    for (AlertKind kind = 0; kind < ALERT_N_KINDS; kind++)
        for (AlertReason reason = 0; reason < REASON_N; reason++)
            if (made->decisions[kind][reason] != 0)
                metric_add(counts->decisions[kind][reason], made->decisions[kind][reason]);
}
