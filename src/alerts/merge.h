/* SPDX-License-Identifier: Apache-2.0 */
/* "Closed before the New alert has left: one mail instead of two", an option that is off by
 * default. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* The state_reason of a New Ticket alert that the Ticket Closed alert stands in for. */
#define ALERT_MERGED "merged"

/* For each recipient whom the closing `event` tells now: cancels their New Ticket alert of the same
 * ticket if nobody can have got it yet (outbox_cancel_untouched()). Who is not told of the closing
 * keeps it, and one that was sent by hand stays. The decisions stay what they are. Runs inside the
 * closing's transaction, after its decisions were written. */
bool alerts_merge_opening(DbTx *tx, int64_t ticket, int64_t event, int64_t now_us, GError **error);
