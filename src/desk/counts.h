/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of the desk's own work (tidings_decisions_total). */
#pragma once

#include "alerts/decide.h"
#include "base/metrics.h"

typedef struct {
    MetricSeries *decisions[ALERT_N_KINDS][REASON_N];
} DeskCounts;

void desk_counts_init(DeskCounts *counts, Metrics *metrics);

/* After the commit of what made them. */
void desk_counts_add(const DeskCounts *counts, const AlertsMade *made);
