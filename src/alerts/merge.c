/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/merge.h"

#include "alerts/alert.h"
#include "outbox/untouched.h"

/* The outbox rows of the New alerts that the closing's recipients wait for. */
static GArray *find(DbTx *tx, int64_t ticket, int64_t event, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT o.id FROM alert c JOIN alert n ON n.ticket = $1"
                 " AND n.recipient_key = c.recipient_key AND n.kind = 'new_ticket'"
                 " AND n.decision <> 'suppress' AND n.reason <> 'sent_by_hand'"
                 " JOIN outbox o ON o.kind = '" OUTBOX_KIND_ALERT "' AND o.ref = n.id"
                 " WHERE c.event = $2 AND c.decision = 'send' AND o.state = 'queued' ORDER BY o.id",
                 "ii", ticket, event);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&ids) : NULL;
}

bool alerts_merge_opening(DbTx *tx, int64_t ticket, int64_t event, int64_t now_us, GError **error)
{
    g_autoptr(GArray) ids = find(tx, ticket, event, error);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        bool cancelled;
        if (!outbox_cancel_untouched(tx, g_array_index(ids, int64_t, i), ALERT_MERGED, now_us,
                                     &cancelled, error))
            return false;
    }
    return ids != NULL;
}
