/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/untouched.h"

/* The first statement changes nothing that counts. It locks the row and asks, so that no sender can
 * claim it before the move: on PostgreSQL a claim skips what is locked. */
bool outbox_cancel_untouched(DbTx *tx, int64_t id, const char *reason, int64_t now_us,
                             bool *cancelled, GError **error)
{
    int64_t locked;
    if (!db_exec(tx, &locked, error,
                 "UPDATE outbox SET updated_at = $2 WHERE id = $1 AND state = 'queued'"
                 " AND attempts = 0 AND uncertain = 0 AND state_reason IS NULL",
                 "ii", id, now_us))
        return false;
    *cancelled = locked == 1;
    return locked == 0 || outbox_cancel(tx, id, reason, now_us, error);
}
