/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim, recover, expire.
 *
 * The claim is also the intent to send, so it is committed before any byte leaves. From that commit
 * until the settle's commit the message is in the crash window: when its sender dies, or its lease
 * ends, it becomes `uncertain` and is sent again with the same Message-ID. Nothing outside the
 * window is ever sent twice.
 */
#include "outbox/claim.h"

#include "outbox/ready-private.h"
#include "outbox/row-private.h"

#define FOREVER "9223372036854775807" /* OUTBOX_NEVER */

/* What is ready is free, but for what a person has revived since; so it is looked at once more. A
 * message that may have left already keeps the identity it left with: the same bytes are sent
 * again. */
#define CLAIM(engine, lock)                                                                        \
    "WITH due AS MATERIALIZED (SELECT w.id FROM outbox w" engine##_READY                           \
        " WHERE w.stamp IS NOT NULL AND w.state IN " OUTBOX_WAITING " AND " OUTBOX_IS_FREE(        \
            "w.order_key",                                                                         \
            "w.order_seq") " AND EXISTS (SELECT 1 FROM sender s WHERE s.token = $1 AND "           \
                           "s.lease_until > $2)"                                                   \
                           " ORDER BY w.urgent DESC, w.stamp, w.id LIMIT $4" lock ")"              \
                           " UPDATE outbox SET state = 'sending', stamp = NULL, lease = $1,"       \
                           " dated_at = COALESCE(dated_at, $2),"                                   \
                           " sender = CASE WHEN uncertain = 1 THEN sender ELSE $3 END, "           \
                           "updated_at = $2"                                                       \
                           " WHERE id IN (SELECT id FROM due) RETURNING " OUTBOX_COLUMNS

/* Takes `rows`, which may be NULL with an error. */
static GPtrArray *take_list(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)outbox_message_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, outbox_from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* RETURNING promises no order. */
static int compare_claimed(const void *a, const void *b)
{
    const OutboxMessage *first = *(OutboxMessage *const *)a;
    const OutboxMessage *second = *(OutboxMessage *const *)b;
    if (first->urgent != second->urgent)
        return first->urgent ? -1 : 1;
    return first->id < second->id ? -1 : first->id > second->id;
}

GPtrArray *outbox_claim(DbTx *tx, const OutboxClaim *claim, GError **error)
{
    GPtrArray *claimed = take_list(db_query(tx, error, OUTBOX_SQL(tx, CLAIM), "sisi", claim->lease,
                                            claim->now_us, claim->sender, (int64_t)claim->limit),
                                   error);
    if (claimed != NULL)
        g_ptr_array_sort(claimed, compare_claimed);
    return claimed;
}

bool outbox_recover(DbTx *tx, bool everything, int64_t now_us, int64_t due_at, int limit,
                    int64_t *taken, GError **error)
{
    /* The lease's token stays: a late "accepted" of its holder still counts. */
    if (!db_exec(tx, taken, error,
                 "UPDATE outbox SET state = 'uncertain', uncertain = 1, attempts = attempts + 1,"
                 " due_at = $1, updated_at = $2,"
                 " state_reason = CASE WHEN $1 = " FOREVER " THEN '" OUTBOX_ASK "'"
                 " ELSE state_reason END,"
                 " last_reply = 'The sender stopped before it could record an answer'"
                 " WHERE id IN (SELECT o.id FROM outbox o WHERE o.state = 'sending'"
                 " AND ($3 = 1 OR NOT EXISTS (SELECT 1 FROM sender s WHERE s.token = o.lease"
                 " AND s.lease_until >= $2)) LIMIT $4)",
                 "iiii", due_at, now_us, (int64_t)everything, (int64_t)limit))
        return false;
    return *taken == limit ||
           db_exec(tx, NULL, error, "DELETE FROM sender WHERE lease_until < $1 OR $2 = 1", "ii",
                   now_us, (int64_t)everything);
}

#define OLDEST(state_name)                                                                         \
    "SELECT id FROM (SELECT id, queued_at FROM outbox WHERE state " OUTBOX_LISTED                  \
    " AND state = '" state_name "' ORDER BY id LIMIT $3) AS " state_name " WHERE queued_at < $1"

GPtrArray *outbox_expire(DbTx *tx, int64_t queued_before_us, const char *reason, int limit,
                         int64_t now_us, GError **error)
{
    g_autoptr(GPtrArray) expired = take_list(
        db_query(tx, error,
                 "UPDATE outbox SET state = 'expired', stamp = NULL, state_reason = $2,"
                 " updated_at = $4 WHERE state IN ('queued', 'deferred') AND id IN (" OLDEST(
                     "queued") " UNION ALL " OLDEST("deferred") ") RETURNING " OUTBOX_COLUMNS,
                 "isii", queued_before_us, reason, (int64_t)limit, now_us),
        error);
    for (guint i = 0; expired != NULL && i < expired->len; i++) {
        const OutboxMessage *message = expired->pdata[i];
        if (!outbox_unblock(tx, message->order_key, now_us, error))
            return NULL;
    }
    return g_steal_pointer(&expired);
}
