/* SPDX-License-Identifier: Apache-2.0 */
#include "records/canary.h"

#define KEPT 20 /* the newest ones, whatever their age */

void canary_free(Canary *canary)
{
    if (canary == NULL)
        return;
    g_free(canary->recipient);
    g_free(canary->state);
    g_free(canary->reply);
    g_free(canary);
}

bool canary_insert(DbTx *tx, const char *recipient, bool comes_back, int64_t slot, int64_t now_us,
                   int64_t *id, GError **error)
{
    bool found;
    int64_t made = 0;
    if (!db_query_int(tx, &found, &made, error,
                      "INSERT INTO canary (recipient, comes_back, slot, at) VALUES ($1, $2, $3, $4)"
                      " ON CONFLICT DO NOTHING RETURNING id",
                      "siii", recipient, (int64_t)comes_back, slot, now_us))
        return false;
    *id = found ? made : 0;
    return true;
}

GPtrArray *canary_list(DbTx *tx, int limit, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT canary.id, canary.recipient, comes_back, at, received_at, state,"
                 " last_reply, accepted_at FROM canary JOIN outbox ON kind = 'canary' AND"
                 " ref = canary.id ORDER BY canary.id DESC LIMIT $1",
                 "i", (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)canary_free);
    while (db_rows_next(rows)) {
        Canary *canary = g_new0(Canary, 1);
        canary->id = db_rows_int(rows, 0);
        canary->recipient = db_rows_dup(rows, 1);
        canary->comes_back = db_rows_int(rows, 2) != 0;
        canary->at = db_rows_int(rows, 3);
        canary->received_at = db_rows_int(rows, 4);
        canary->state = db_rows_dup(rows, 5);
        canary->reply = db_rows_dup(rows, 6);
        canary->accepted_at = db_rows_int(rows, 7);
        g_ptr_array_add(list, canary);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

Canary *canary_find(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT recipient, comes_back, at FROM canary WHERE id = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(Canary) canary = NULL;
    if (db_rows_next(rows)) {
        canary = g_new0(Canary, 1);
        canary->id = id;
        canary->recipient = db_rows_dup(rows, 0);
        canary->comes_back = db_rows_int(rows, 1) != 0;
        canary->at = db_rows_int(rows, 2);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&canary) : NULL;
}

bool canary_received(DbTx *tx, int64_t id, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE canary SET received_at = $1 WHERE id = $2 AND received_at IS NULL", "ii",
                   now_us, id);
}

GArray *canary_list_waiting(DbTx *tx, int64_t before_us, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT outbox.id FROM canary JOIN outbox ON kind = 'canary' AND"
                            " ref = canary.id WHERE at < $1 AND state IN ('held', 'queued',"
                            " 'deferred', 'uncertain') ORDER BY outbox.id",
                            "i", before_us);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(list, id);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* Reports that name one stay, and so does what they name. */
#define OLD                                                                                        \
    "SELECT outbox.id FROM canary JOIN outbox ON kind = 'canary' AND ref = canary.id"              \
    " WHERE at < $1 AND canary.id NOT IN (SELECT id FROM canary ORDER BY id DESC LIMIT $2)"        \
    " AND state NOT IN ('sending') AND NOT EXISTS"                                                 \
    " (SELECT 1 FROM inbound_mail WHERE inbound_mail.outbox = outbox.id)"

bool canary_forget(DbTx *tx, int64_t before_us, GError **error)
{
    int64_t kept = KEPT;
    return db_exec(tx, NULL, error, "DELETE FROM outbox_attempt WHERE outbox IN (" OLD ")", "ii",
                   before_us, kept) &&
           db_exec(tx, NULL, error, "DELETE FROM outbox_early_bounce WHERE outbox IN (" OLD ")",
                   "ii", before_us, kept) &&
           db_exec(tx, NULL, error, "DELETE FROM outbox WHERE id IN (" OLD ")", "ii", before_us,
                   kept) &&
           db_exec(tx, NULL, error,
                   "DELETE FROM canary WHERE at < $1 AND id NOT IN"
                   " (SELECT id FROM canary ORDER BY id DESC LIMIT $2)"
                   " AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'canary' AND"
                   " ref = canary.id)",
                   "ii", before_us, kept);
}
