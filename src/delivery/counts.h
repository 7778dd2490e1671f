/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of sending (tidings_attempts_total and its neighbours). */
#pragma once

#include "base/metrics.h"

/* Makes the families known, also in a process that does not send. */
void delivery_counts_declare(Metrics *metrics);

/* One attempt that was recorded. `outcome` as in table outbox_attempt. */
void delivery_count_attempt(Metrics *metrics, const char *kind, const char *outcome, bool again);

/* A message was accepted so long after it was queued. */
void delivery_count_accepted(Metrics *metrics, const char *kind, int64_t after_us);

void delivery_count_recovered(Metrics *metrics, int64_t n);

/* One round of housekeeping, that gave up so many messages. */
void delivery_count_house(Metrics *metrics, int64_t expired);
