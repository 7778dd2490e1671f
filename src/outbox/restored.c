/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/restored.h"

#include "outbox/claim.h"

bool outbox_quiet(DbTx *tx, const char *reason, const char *dead, int64_t now_us, int64_t *held,
                  int64_t *uncertain, GError **error)
{
    int64_t taken, counts[OUTBOX_N_STATES];
    if (!outbox_recover(tx, true, now_us, OUTBOX_NEVER, G_MAXINT, &taken, error) ||
        !db_exec(tx, NULL, error,
                 "UPDATE outbox SET due_at = $1, stamp = NULL, state_reason = '" OUTBOX_ASK "',"
                 " updated_at = $2 WHERE state = 'uncertain'",
                 "ii", OUTBOX_NEVER, now_us) ||
        !db_exec(tx, NULL, error,
                 "UPDATE outbox SET state = 'cancelled', stamp = NULL, state_reason = $2,"
                 " updated_at = $3 WHERE kind = $1"
                 " AND state IN ('held', 'queued', 'deferred', 'uncertain')",
                 "ssi", dead, reason, now_us) ||
        !outbox_hold_waiting(tx, reason, G_MAXINT, now_us, NULL, error) ||
        !outbox_count(tx, NULL, counts, error))
        return false;
    *held = counts[OUTBOX_HELD];
    *uncertain = counts[OUTBOX_UNCERTAIN];
    return true;
}
