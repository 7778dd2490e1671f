/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounce can overtake the settlement of its own message: the next server has it, says so, and
 * refuses it, while our settler waits for its commit. Such a bounce is kept in a table of its own
 * and applied by the housekeeping; the settlement itself knows nothing of it.
 */
#include "outbox/bounce.h"

#include "base/error.h"
#include "outbox/ready.h"

/* Locks the row, so that its state stays what it is until the end of the transaction. */
static bool lock(DbTx *tx, int64_t id, OutboxState *state, char **order_key, GError **error)
{
    DbRows *rows = db_query(
        tx, error,
        "UPDATE outbox SET updated_at = updated_at WHERE id = $1 RETURNING state, order_key", "i",
        id);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows) && outbox_state_from_name(db_rows_text(rows, 0), state);
    char *key = found ? db_rows_dup(rows, 1) : NULL;
    if (!db_rows_end(rows, error)) {
        g_free(key);
        return false;
    }
    if (!found)
        error_set(error, TD_ERROR_NOT_FOUND,
                  "There is no message %" G_GINT64_FORMAT " in the outbox", id);
    *order_key = key;
    return found;
}

static bool keep(DbTx *tx, int64_t id, const char *reply, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO outbox_early_bounce (outbox, reply, at) VALUES ($1, $2, $3)"
                   " ON CONFLICT (outbox) DO NOTHING",
                   "isi", id, reply, now_us);
}

/* What waited for an uncertain one may go. */
static bool apply(DbTx *tx, int64_t id, const char *order_key, const char *reply, int64_t now_us,
                  GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE outbox SET state = 'bounced', stamp = NULL, state_reason = NULL,"
                   " last_reply = $2, updated_at = $3 WHERE id = $1",
                   "isi", id, reply, now_us) &&
           outbox_unblock(tx, order_key, now_us, error);
}

bool outbox_bounce(DbTx *tx, int64_t id, const char *reply, int64_t now_us, OutboxReport *report,
                   GError **error)
{
    OutboxState state;
    g_autofree char *order_key = NULL;
    if (!lock(tx, id, &state, &order_key, error))
        return false;
    if (state == OUTBOX_SENDING) {
        *report = OUTBOX_REPORT_KEPT;
        return keep(tx, id, reply, now_us, error);
    }
    bool allowed = outbox_move_allowed(state, OUTBOX_BOUNCED, OUTBOX_BY_SERVICE);
    *report = allowed ? OUTBOX_REPORT_APPLIED : OUTBOX_REPORT_LATE;
    return !allowed || apply(tx, id, order_key, reply, now_us, error);
}

bool outbox_delivered(DbTx *tx, int64_t id, const char *reply, int64_t now_us, OutboxReport *report,
                      GError **error)
{
    OutboxState state;
    g_autofree char *order_key = NULL;
    if (!lock(tx, id, &state, &order_key, error))
        return false;
    bool uncertain = state == OUTBOX_UNCERTAIN;
    *report = uncertain ? OUTBOX_REPORT_APPLIED : OUTBOX_REPORT_LATE;
    return !uncertain ||
           (db_exec(tx, NULL, error,
                    "UPDATE outbox SET state = 'accepted', stamp = NULL, state_reason = NULL,"
                    " last_reply = $2, accepted_at = $3, updated_at = $3 WHERE id = $1",
                    "isi", id, reply, now_us) &&
            outbox_unblock(tx, order_key, now_us, error));
}

/* ---- what was kept ---- */

typedef struct {
    int64_t outbox;
    char *reply;
} Early;

static void early_clear(void *data)
{
    Early *early = data;
    g_free(early->reply);
}

static GArray *list_early(DbTx *tx, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT b.outbox, b.reply FROM outbox_early_bounce b"
                            " JOIN outbox o ON o.id = b.outbox WHERE o.state <> 'sending'"
                            " ORDER BY b.outbox LIMIT $1",
                            "i", (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(Early));
    g_array_set_clear_func(list, early_clear);
    while (db_rows_next(rows)) {
        Early early = {db_rows_int(rows, 0), db_rows_dup(rows, 1)};
        g_array_append_val(list, early);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* One that is sent again meanwhile keeps its bounce for later. */
static bool apply_early(DbTx *tx, const Early *early, int64_t now_us, GPtrArray *bounced,
                        GError **error)
{
    OutboxReport report;
    g_autoptr(OutboxMessage) message = outbox_load(tx, early->outbox, error);
    if (message == NULL || !outbox_bounce(tx, early->outbox, early->reply, now_us, &report, error))
        return false;
    if (report == OUTBOX_REPORT_KEPT)
        return true;
    if (report == OUTBOX_REPORT_APPLIED)
        g_ptr_array_add(bounced, g_steal_pointer(&message));
    return db_exec(tx, NULL, error, "DELETE FROM outbox_early_bounce WHERE outbox = $1", "i",
                   early->outbox);
}

GPtrArray *outbox_apply_early(DbTx *tx, int limit, int64_t now_us, GError **error)
{
    g_autoptr(GArray) list = list_early(tx, limit, error);
    g_autoptr(GPtrArray) bounced =
        g_ptr_array_new_with_free_func((GDestroyNotify)outbox_message_free);
    for (guint i = 0; list != NULL && i < list->len; i++)
        if (!apply_early(tx, &g_array_index(list, Early, i), now_us, bounced, error))
            return NULL;
    return list != NULL ? g_steal_pointer(&bounced) : NULL;
}
