/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim, settle, recover.
 *
 * The claim is also the intent to send, so it is committed before any byte leaves. From that commit
 * until the settle's commit the message is in the crash window: when its sender dies, or its lease
 * ends, it becomes `uncertain` and is sent again with the same Message-ID. Nothing outside the
 * window is ever sent twice.
 */
#include "outbox/claim.h"

#include "base/error.h"
#include "outbox/row-private.h"

#define WAITING   "('queued', 'deferred', 'uncertain')"
#define FOREVER   "9223372036854775807"
#define NOT_FINAL "('held', 'queued', 'sending', 'deferred', 'uncertain')"

#define FREE                                                                                       \
    "(w.order_key = '' OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_key = w.order_key"      \
    " AND e.order_seq < w.order_seq AND e.state IN " NOT_FINAL "))"

/* SQLite, which keeps no statistics unless told to, would rather look up the states and sort them:
 * the whole backlog, at every claim. */
#define SQLITE_INDEX     " INDEXED BY outbox_waiting"
#define POSTGRESQL_INDEX ""

/* A message that may have left already keeps the identity it left with: the same bytes are sent
 * again. */
#define CLAIM(index, lock)                                                                         \
    "WITH due AS MATERIALIZED (SELECT w.id FROM outbox w" index " WHERE w.state IN " WAITING       \
    " AND w.due_at <= $3 AND " FREE " ORDER BY w.urgent DESC, w.due_at, w.id LIMIT $5" lock ")"    \
    " UPDATE outbox SET state = 'sending', lease = $1, lease_until = $2,"                          \
    " dated_at = COALESCE(dated_at, $3),"                                                          \
    " sender = CASE WHEN uncertain = 1 THEN sender ELSE $4 END, updated_at = $3"                   \
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

GPtrArray *outbox_claim(DbTx *tx, const OutboxClaim *claim, GError **error)
{
    const char *sql = db_tx_engine(tx) == DB_POSTGRESQL
                          ? CLAIM(POSTGRESQL_INDEX, " FOR UPDATE SKIP LOCKED")
                          : CLAIM(SQLITE_INDEX, "");
    DbRows *rows = db_query(tx, error, sql, "siisi", claim->lease, claim->lease_until,
                            claim->now_us, claim->sender, (int64_t)claim->limit);
    return take_list(rows, error);
}

static bool record_attempt(DbTx *tx, int64_t id, const OutboxAttempt *attempt, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO outbox_attempt (outbox, at, outcome, stage, reply_code,"
                   " enhanced_status, reply) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   "iississ", id, attempt->at, attempt->outcome, attempt->stage,
                   attempt->reply_code, attempt->enhanced_status, attempt->reply);
}

bool outbox_settle(DbTx *tx, const OutboxSettlement *s, bool *settled, GError **error)
{
    g_return_val_if_fail(outbox_move_allowed(OUTBOX_SENDING, s->state, OUTBOX_BY_SERVICE), false);
    bool accepted = s->state == OUTBOX_ACCEPTED;
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "UPDATE outbox SET state = $3, due_at = CASE WHEN $4 = 0 THEN due_at ELSE $4 END,"
                 " attempts = attempts + $5,"
                 " state_reason = CASE WHEN $3 IN " WAITING
                 " THEN COALESCE($6, state_reason) ELSE $6 END,"
                 " last_reply = COALESCE($7, last_reply),"
                 " remote_id = COALESCE($8, remote_id),"
                 " message_hash = COALESCE($9, message_hash), composer = $10,"
                 " accepted_at = COALESCE($11, accepted_at),"
                 " uncertain = CASE WHEN $3 = 'uncertain' THEN 1 ELSE uncertain END,"
                 " lease_until = NULL, updated_at = $12"
                 " WHERE id = $1 AND lease = $2 AND (state = 'sending'"
                 " OR (state = 'uncertain' AND $3 = 'accepted'))",
                 "issiissssini", s->id, s->lease, outbox_state_name(s->state), s->due_at,
                 (int64_t)s->counts, s->state_reason, s->attempt != NULL ? s->attempt->reply : NULL,
                 s->remote_id, s->message_hash, s->composer, accepted ? s->now_us : 0, s->now_us))
        return false;
    if (changed == 1 && s->attempt != NULL && !accepted &&
        !record_attempt(tx, s->id, s->attempt, error))
        return false;
    *settled = changed == 1;
    return true;
}

bool outbox_recover(DbTx *tx, bool everything, int64_t now_us, int64_t due_at, int limit,
                    int64_t *taken, GError **error)
{
    /* The lease's token stays: a late "accepted" of its holder still counts. */
    return db_exec(tx, taken, error,
                   "UPDATE outbox SET state = 'uncertain', uncertain = 1, attempts = attempts + 1,"
                   " due_at = $1, lease_until = NULL, updated_at = $2,"
                   " last_reply = 'The sender stopped before it could record an answer'"
                   " WHERE id IN (SELECT id FROM outbox WHERE state = 'sending'"
                   " AND lease_until < CASE WHEN $3 = 1 THEN " FOREVER " ELSE $2 END LIMIT $4)",
                   "iiii", due_at, now_us, (int64_t)everything, (int64_t)limit);
}

/* The first due one among the urgent, or among the others: one look at the start of an index. */
#define FIRST_DUE(index)                                                                           \
    "SELECT w.due_at FROM outbox w" index " WHERE w.state IN " WAITING                             \
    " AND w.urgent = $1 AND " FREE " ORDER BY w.due_at LIMIT 1"

bool outbox_next_due(DbTx *tx, int64_t *due_at, GError **error)
{
    const char *sql =
        db_tx_engine(tx) == DB_POSTGRESQL ? FIRST_DUE(POSTGRESQL_INDEX) : FIRST_DUE(SQLITE_INDEX);
    int64_t next = INT64_MAX;
    for (int64_t urgent = 0; urgent <= 1; urgent++) {
        bool found;
        int64_t first;
        if (!db_query_int(tx, &found, &first, error, sql, "i", urgent))
            return false;
        if (found)
            next = MIN(next, first);
    }
    *due_at = next;
    return true;
}

GPtrArray *outbox_expire(DbTx *tx, int64_t queued_before_us, const char *reason, int limit,
                         int64_t now_us, GError **error)
{
    return take_list(
        db_query(tx, error,
                 "UPDATE outbox SET state = 'expired', state_reason = $2, updated_at = $4"
                 " WHERE id IN (SELECT id FROM outbox WHERE state IN ('queued', 'deferred')"
                 " AND queued_at < $1 LIMIT $3) RETURNING " OUTBOX_COLUMNS,
                 "isii", queued_before_us, reason, (int64_t)limit, now_us),
        error);
}
