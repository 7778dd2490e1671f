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

/* What is ready is free, but for what a person has revived since; so it is looked at once more.
 * Read first and then written, in one transaction: on SQLite what RETURNING gives goes through a
 * table that is made for it. */
#define READY(engine, lock)                                                                        \
    "SELECT " OUTBOX_COLUMNS " FROM outbox w" engine##_READY                                       \
        " WHERE w.stamp IS NOT NULL AND " OUTBOX_IS_WAITING("w.state") " AND " OUTBOX_IS_FREE(     \
            "w.order_key", "w.order_seq") " AND EXISTS (SELECT 1 FROM sender s WHERE s.token = "   \
                                          "$1 AND s.lease_until > $2)"                             \
                                          " ORDER BY w.urgent DESC, w.stamp, w.id LIMIT $3" lock

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

/* ---- the intent ---- */

#define MARK_MAX    32
#define MARK_COMMON 3

/* A message that may have left already keeps the identity it left with: the same bytes are sent
 * again. */
#define MARK                                                                                       \
    "UPDATE outbox SET state = 'sending', stamp = NULL, lease = $1,"                               \
    " dated_at = COALESCE(dated_at, $2), sender = CASE WHEN uncertain = 1 THEN sender ELSE $3 "    \
    "END,"                                                                                         \
    " updated_at = $2 WHERE id"

/* For MARK_MAX ids; what there are less of is filled with ids that no message has. */
static const char *mark_text(void)
{
    static gsize made;
    static char *text;
    if (g_once_init_enter(&made)) {
        GString *sql = g_string_new(MARK " IN (");
        for (int i = 0; i < MARK_MAX; i++)
            g_string_append_printf(sql, "%s$%d", i > 0 ? "," : "", MARK_COMMON + 1 + i);
        g_string_append_c(sql, ')');
        text = g_string_free(sql, FALSE);
        g_once_init_leave(&made, 1);
    }
    return text;
}

/* As the UPDATE does, in memory. */
static void mark(OutboxMessage *message, const OutboxClaim *claim)
{
    message->state = OUTBOX_SENDING;
    g_free(message->lease);
    message->lease = g_strdup(claim->lease);
    if (message->dated_at == 0)
        message->dated_at = claim->now_us;
    if (message->uncertain)
        return;
    g_free(message->sender);
    message->sender = g_strdup(claim->sender);
}

/* SQLite asks nobody over a wire: a statement for each costs less than a list. */
static bool mark_each(DbTx *tx, const OutboxClaim *claim, GPtrArray *messages, GError **error)
{
    for (guint i = 0; i < messages->len; i++) {
        OutboxMessage *message = messages->pdata[i];
        mark(message, claim);
        if (!db_exec(tx, NULL, error, MARK " = $4", "sisi", claim->lease, claim->now_us,
                     claim->sender, message->id))
            return false;
    }
    return true;
}

static bool mark_together(DbTx *tx, const OutboxClaim *claim, GPtrArray *messages, GError **error)
{
    for (guint first = 0; first < messages->len; first += MARK_MAX) {
        DbParam params[MARK_COMMON + MARK_MAX] = {
            DB_PARAM_TEXT(claim->lease), DB_PARAM_INT(claim->now_us), DB_PARAM_TEXT(claim->sender)};
        for (guint i = 0; i < MARK_MAX; i++) {
            OutboxMessage *message = first + i < messages->len ? messages->pdata[first + i] : NULL;
            params[MARK_COMMON + i] = DB_PARAM_INT(message != NULL ? message->id : -1);
            if (message != NULL)
                mark(message, claim);
        }
        if (!db_exec_list(tx, NULL, error, mark_text(), params, G_N_ELEMENTS(params)))
            return false;
    }
    return true;
}

GPtrArray *outbox_claim(DbTx *tx, const OutboxClaim *claim, GError **error)
{
    g_autoptr(GPtrArray) ready =
        take_list(db_query(tx, error, OUTBOX_SQL(tx, READY), "sii", claim->lease, claim->now_us,
                           (int64_t)claim->limit),
                  error);
    if (ready == NULL)
        return NULL;
    bool marked = db_tx_engine(tx) == DB_SQLITE ? mark_each(tx, claim, ready, error)
                                                : mark_together(tx, claim, ready, error);
    return marked ? g_steal_pointer(&ready) : NULL;
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
