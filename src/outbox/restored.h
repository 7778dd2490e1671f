/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "outbox/outbox.h"

/* What waits in an outbox that was taken from a backup may have been sent since by the desk that
 * the backup is of. So nothing of it leaves by itself: what was queued or deferred is held, with
 * `reason`; what was being sent, or uncertain, waits for a person to say; and messages of the kind
 * `dead` are cancelled. The counts say how many are held now, and how many uncertain. */
bool outbox_quiet(DbTx *tx, const char *reason, const char *dead, int64_t now_us, int64_t *held,
                  int64_t *uncertain, GError **error);
