/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of the mails that come in (tidings_connector_mails_total). */
#pragma once

#include "base/metrics.h"
#include "records/inbox.h"

/* Makes the family known, also in a process that takes no mail. */
void connector_counts_declare(Metrics *metrics);

/* A mail was filed; `seen_before`: it had been filed already. */
void connector_count(Metrics *metrics, InboxState state, bool seen_before);
