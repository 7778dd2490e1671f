/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a claimed message. The lease must still be the one it was claimed under; a message
 * that was taken back meanwhile is no longer the caller's, but its "accepted" wins over a repeat
 * that has not begun.
 */
#include "outbox/claim.h"
#include "outbox/ready-private.h"

static bool record_attempt(DbTx *tx, int64_t id, const OutboxAttempt *attempt, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO outbox_attempt (outbox, at, outcome, stage, reply_code,"
                   " enhanced_status, reply) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   "iississ", id, attempt->at, attempt->outcome, attempt->stage,
                   attempt->reply_code, attempt->enhanced_status, attempt->reply);
}

static bool follow_up(DbTx *tx, const OutboxSettlement *s, GError **error)
{
    if (s->attempt != NULL && s->state != OUTBOX_ACCEPTED &&
        !record_attempt(tx, s->id, s->attempt, error))
        return false;
    return !outbox_state_is_final(s->state) || outbox_unblock(tx, s->order_key, s->now_us, error);
}

bool outbox_settle(DbTx *tx, const OutboxSettlement *s, bool *settled, GError **error)
{
    g_return_val_if_fail(outbox_move_allowed(OUTBOX_SENDING, s->state, OUTBOX_BY_SERVICE), false);
    bool accepted = s->state == OUTBOX_ACCEPTED;
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "UPDATE outbox SET state = $3, due_at = CASE WHEN $4 = 0 THEN due_at ELSE $4 END,"
                 " stamp = NULL, attempts = attempts + $5,"
                 " state_reason = CASE WHEN " OUTBOX_IS_WAITING(
                     "$3") " THEN COALESCE($6, state_reason) ELSE $6 END,"
                           " last_reply = COALESCE($7, last_reply),"
                           " remote_id = COALESCE($8, remote_id),"
                           " message_hash = COALESCE($9, message_hash), composer = $10,"
                           " accepted_at = COALESCE($11, accepted_at),"
                           " uncertain = CASE WHEN $3 = 'uncertain' THEN 1 ELSE uncertain END,"
                           " updated_at = $12"
                           " WHERE id = $1 AND lease = $2 AND (state = 'sending'"
                           " OR (state = 'uncertain' AND $3 = 'accepted'))",
                 "issiissssini", s->id, s->lease, outbox_state_name(s->state), s->due_at,
                 (int64_t)s->counts, s->state_reason, s->attempt != NULL ? s->attempt->reply : NULL,
                 s->remote_id, s->message_hash, s->composer, accepted ? s->now_us : 0, s->now_us))
        return false;
    if (changed == 1 && !follow_up(tx, s, error))
        return false;
    *settled = changed == 1;
    return true;
}

/* ---- many acceptances ---- */

#define COLUMNS 4 /* of each message: id, reply, remote_id, message_hash */
#define COMMON  3 /* of all: lease, composer, now */

/* The statement for OUTBOX_SETTLE_MAX rows; what there is less of is filled with ids that no
 * message has, so that one text serves all. */
static char *make_text(void)
{
    GString *sql =
        g_string_new("UPDATE outbox SET state = 'accepted', stamp = NULL, attempts = attempts + 1,"
                     " state_reason = NULL, last_reply = COALESCE(v.column2, last_reply),"
                     " remote_id = COALESCE(v.column3, remote_id),"
                     " message_hash = COALESCE(v.column4, message_hash),"
                     " composer = $2, accepted_at = $3, updated_at = $3 FROM (VALUES ");
    for (int i = 0; i < OUTBOX_SETTLE_MAX; i++) {
        int first = COMMON + 1 + i * COLUMNS;
        g_string_append_printf(sql, "%s($%d,$%d,$%d,$%d)", i > 0 ? "," : "", first, first + 1,
                               first + 2, first + 3);
    }
    g_string_append(sql, ") AS v WHERE id = v.column1 AND lease = $1"
                         " AND state IN ('sending', 'uncertain') RETURNING id");
    return g_string_free(sql, FALSE);
}

static const char *settle_text(void)
{
    static gsize made;
    static char *text;
    if (g_once_init_enter(&made)) {
        text = make_text();
        g_once_init_leave(&made, 1);
    }
    return text;
}

/* *unblock_text is for all order keys at once, in the same way. */
static char *make_unblock_text(void)
{
    GString *sql = g_string_new("UPDATE outbox SET due_at = $1 WHERE order_key IN (");
    for (int i = 0; i < OUTBOX_SETTLE_MAX; i++)
        g_string_append_printf(sql, "%s$%d", i > 0 ? "," : "", i + 2);
    g_string_append(sql, ") AND state = 'queued' AND " OUTBOX_IS_NOT_FINAL(
                             "state") " AND stamp IS NULL AND due_at > $1");
    return g_string_free(sql, FALSE);
}

static const char *unblock_text(void)
{
    static gsize made;
    static char *text;
    if (g_once_init_enter(&made)) {
        text = make_unblock_text();
        g_once_init_leave(&made, 1);
    }
    return text;
}

static bool unblock_many(DbTx *tx, const OutboxSettlement *settlements, size_t n, GError **error)
{
    DbParam params[1 + OUTBOX_SETTLE_MAX] = {DB_PARAM_INT(settlements[0].now_us)};
    bool any = false;
    for (size_t i = 0; i < OUTBOX_SETTLE_MAX; i++) {
        const char *order_key = i < n ? settlements[i].order_key : "";
        params[1 + i] = DB_PARAM_TEXT(*order_key != '\0' ? order_key : NULL);
        any = any || *order_key != '\0';
    }
    return !any || db_exec_list(tx, NULL, error, unblock_text(), params, G_N_ELEMENTS(params));
}

/* SQLite asks nobody over a wire: a statement for each costs less than a table made for all. */
static GArray *settle_each(DbTx *tx, const OutboxSettlement *settlements, size_t n, GError **error)
{
    g_autoptr(GArray) settled = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < n; i++) {
        const OutboxSettlement *s = &settlements[i];
        int64_t changed;
        if (!db_exec(tx, &changed, error,
                     "UPDATE outbox SET state = 'accepted', stamp = NULL, attempts = attempts + 1,"
                     " state_reason = NULL, last_reply = COALESCE($3, last_reply),"
                     " remote_id = COALESCE($4, remote_id),"
                     " message_hash = COALESCE($5, message_hash),"
                     " composer = $6, accepted_at = $7, updated_at = $7"
                     " WHERE id = $1 AND lease = $2 AND state IN ('sending', 'uncertain')",
                     "issssii", s->id, s->lease, s->attempt != NULL ? s->attempt->reply : NULL,
                     s->remote_id, s->message_hash, s->composer, s->now_us))
            return NULL;
        if (changed != 1)
            continue;
        g_array_append_val(settled, s->id);
        if (!outbox_unblock(tx, s->order_key, s->now_us, error))
            return NULL;
    }
    return g_steal_pointer(&settled);
}

static GArray *settle_together(DbTx *tx, const OutboxSettlement *settlements, size_t n,
                               GError **error)
{
    DbParam params[COMMON + OUTBOX_SETTLE_MAX * COLUMNS] = {
        DB_PARAM_TEXT(settlements[0].lease),
        DB_PARAM_INT(settlements[0].composer),
        DB_PARAM_INT(settlements[0].now_us),
    };
    for (size_t i = 0; i < OUTBOX_SETTLE_MAX; i++) {
        const OutboxSettlement *s = i < n ? &settlements[i] : NULL;
        DbParam *row = params + COMMON + i * COLUMNS;
        row[0] = DB_PARAM_INT(s != NULL ? s->id : -1);
        row[1] = DB_PARAM_TEXT(s != NULL && s->attempt != NULL ? s->attempt->reply : NULL);
        row[2] = DB_PARAM_TEXT(s != NULL ? s->remote_id : NULL);
        row[3] = DB_PARAM_TEXT(s != NULL ? s->message_hash : NULL);
    }
    DbRows *rows = db_query_list(tx, error, settle_text(), params, G_N_ELEMENTS(params));
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) settled = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(settled, id);
    }
    if (!db_rows_end(rows, error) || !unblock_many(tx, settlements, n, error))
        return NULL;
    return g_steal_pointer(&settled);
}

GArray *outbox_settle_accepted(DbTx *tx, const OutboxSettlement *settlements, size_t n,
                               GError **error)
{
    g_return_val_if_fail(n > 0 && n <= OUTBOX_SETTLE_MAX, NULL);
    return db_tx_engine(tx) == DB_SQLITE ? settle_each(tx, settlements, n, error)
                                         : settle_together(tx, settlements, n, error);
}
