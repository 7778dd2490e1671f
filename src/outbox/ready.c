/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/ready.h"

#include "outbox/ready-private.h"

#define DUE(engine)                                                                                \
    " FROM outbox w" engine##_DUE                                                                  \
        " WHERE w.stamp IS NULL AND " OUTBOX_IS_WAITING("w.state") " AND w.due_at <= $1 AND "
#define FREE "" OUTBOX_IS_FREE("w.order_key", "w.order_seq")

/* Out of the way of the others until somebody unblocks them. On PostgreSQL what blocks is locked,
 * too: else its settlement could unblock at the same moment, before there is anything to unblock,
 * and the message would lie there for all the time. */
#define POSTGRESQL_LOCK_BOTH " FOR UPDATE OF w SKIP LOCKED FOR SHARE OF e SKIP LOCKED"
#define SQLITE_LOCK_BOTH     ""
#define POSTPONE(engine, lock)                                                                     \
    "UPDATE outbox SET due_at = $2 WHERE id IN (SELECT w.id FROM outbox w" engine##_DUE            \
        " JOIN outbox e ON e.order_key = w.order_key AND e.order_seq < w.order_seq"                \
        " AND " OUTBOX_IS_NOT_FINAL("e.state") " WHERE w.stamp IS NULL AND " OUTBOX_IS_WAITING(    \
            "w.state") " AND w.due_at <= $1 AND w.order_key <> ''"                                 \
                       " ORDER BY w.due_at, w.id LIMIT $3" engine##_LOCK_BOTH ")"

#define ADMIT(engine, lock)                                                                        \
    "WITH due AS (SELECT id, ROW_NUMBER() OVER (PARTITION BY urgent, lane ORDER BY due_at, id)"    \
    " AS turn FROM (SELECT w.id, w.lane, w.urgent, w.due_at" DUE(engine) FREE                      \
        " ORDER BY w.due_at, w.id LIMIT $2" lock ") AS waiting)"                                   \
        " UPDATE outbox SET stamp = due.turn + " OUTBOX_LAST_STAMP(                                \
            engine, "outbox.urgent", "outbox.lane") " FROM due WHERE outbox.id = due.id"

bool outbox_admit(DbTx *tx, int64_t now_us, int limit, bool *more, GError **error)
{
    int64_t due_at;
    int64_t postponed;
    int64_t admitted;
    if (!outbox_next_due(tx, &due_at, error))
        return false;
    if (due_at > now_us) {
        *more = false;
        return true;
    }
    if (!db_exec(tx, &postponed, error, OUTBOX_SQL(tx, POSTPONE), "iii", now_us,
                 now_us + OUTBOX_BLOCKED_US, (int64_t)limit) ||
        !db_exec(tx, &admitted, error, OUTBOX_SQL(tx, ADMIT), "ii", now_us, (int64_t)limit))
        return false;
    *more = postponed == limit || admitted == limit;
    return true;
}

#define NEXT_DUE(engine, lock)                                                                     \
    "SELECT w.due_at FROM outbox w" engine##_DUE                                                   \
        " WHERE w.stamp IS NULL AND " OUTBOX_IS_WAITING("w.state") " ORDER BY w.due_at LIMIT 1"

bool outbox_next_due(DbTx *tx, int64_t *due_at, GError **error)
{
    bool found;
    int64_t first;
    if (!db_query_int(tx, &found, &first, error, OUTBOX_SQL(tx, NEXT_DUE), ""))
        return false;
    *due_at = found ? first : INT64_MAX;
    return true;
}

bool outbox_unblock(DbTx *tx, const char *order_key, int64_t now_us, GError **error)
{
    return *order_key == '\0' ||
           db_exec(tx, NULL, error,
                   "UPDATE outbox SET due_at = $2 WHERE order_key = $1 AND state = 'queued'"
                   " AND " OUTBOX_IS_NOT_FINAL("state") " AND stamp IS NULL AND due_at > $2",
                   "si", order_key, now_us);
}
