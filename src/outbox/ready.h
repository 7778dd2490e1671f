/* SPDX-License-Identifier: Apache-2.0 */
/* From waiting to ready: stamps what has become due, in fair turns (see ready-private.h). */
#pragma once

#include "outbox/outbox.h"

/* A blocked message is looked at again after this time, should nobody have unblocked it. */
#define OUTBOX_BLOCKED_US (60 * G_TIME_SPAN_SECOND)

/* Makes at most `limit` messages ready whose time has come. *more: there may be others. */
bool outbox_admit(DbTx *tx, int64_t now_us, int limit, bool *more, GError **error);

/* When the next message that is not ready yet becomes due: INT64_MAX where none waits. */
bool outbox_next_due(DbTx *tx, int64_t *due_at, GError **error);

/* What waited for an earlier message of this order is looked at by the next outbox_admit(). */
bool outbox_unblock(DbTx *tx, const char *order_key, int64_t now_us, GError **error);
