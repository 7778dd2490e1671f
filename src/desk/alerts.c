/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/alerts.h"

#include "base/error.h"
#include "desk/suppressions.h"
#include "outbox/outbox.h"

/* The outbox row; NULL with an error. */
static OutboxMessage *load_message(DeskTx *tx, const Alert *alert, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxMessage) message = outbox_find(tx->db, OUTBOX_KIND_ALERT, alert->id, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (message == NULL)
        error_set_problem(error, TD_ERROR_CONFLICT, "no-message", NULL,
                          "There is no mail to act on: this recipient was not told (%s)."
                          " \"Send the latest alert\" on the ticket's recipient makes a new one",
                          alert_reason_name(alert->reason));
    return g_steal_pointer(&message);
}

/* Its id; 0 with an error. */
static int64_t message_of(DeskTx *tx, int64_t id, GError **error)
{
    g_autoptr(Alert) alert = alert_load(tx->db, id, error);
    g_autoptr(OutboxMessage) message = alert != NULL ? load_message(tx, alert, error) : NULL;
    return message != NULL ? message->id : 0;
}

/* What cannot be sent again in any case is refused for that; what was forced already may be
 * hurried. */
static bool asks_the_list(const OutboxMessage *message)
{
    return message->state != OUTBOX_HELD && message->state != OUTBOX_SENDING &&
           message->state != OUTBOX_ACCEPTED &&
           g_strcmp0(message->state_reason, OUTBOX_FORCED) != 0;
}

bool alert_retry(DeskTx *tx, int64_t id, bool force, GError **error)
{
    g_autoptr(Alert) alert = alert_load(tx->db, id, error);
    g_autoptr(OutboxMessage) message = alert != NULL ? load_message(tx, alert, error) : NULL;
    if (message == NULL)
        return false;
    bool listed = false;
    if (asks_the_list(message) && !suppression_has(tx->db, alert->recipient_key, &listed, error))
        return false;
    if (listed && !force)
        return suppression_refuse(tx, id, alert->recipient_key, error);
    tx->queued = true;
    return outbox_retry(tx->db, message->id, listed ? OUTBOX_FORCED : NULL, tx->now_us, error);
}

bool alert_cancel(DeskTx *tx, int64_t alert, GError **error)
{
    int64_t id = message_of(tx, alert, error);
    /* Cancelling may let the next one of the same ticket and recipient go. */
    tx->queued = true;
    return id != 0 && outbox_cancel(tx->db, id, "cancelled_by_hand", tx->now_us, error);
}

bool alert_release(DeskTx *tx, int64_t alert, GError **error)
{
    int64_t id = message_of(tx, alert, error);
    tx->queued = true;
    return id != 0 && outbox_release(tx->db, id, tx->now_us, error);
}
