/* SPDX-License-Identifier: Apache-2.0 */
/* Each locks the ticket of a closing's alert before it touches the outbox, as every use case does:
 * see alerts/closing.c for what hangs on it. */
#include "desk/alerts.h"

#include "alerts/closing.h"
#include "base/error.h"
#include "outbox/outbox.h"
#include "records/ticket.h"

/* The outbox row's id; 0 with an error. */
static int64_t message_of(DeskTx *tx, int64_t id, GError **error)
{
    g_autoptr(Alert) alert = alert_load(tx->db, id, error);
    if (alert == NULL)
        return 0;
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxMessage) message = outbox_find(tx->db, OUTBOX_KIND_ALERT, id, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return 0;
    }
    if (message == NULL) {
        error_set_problem(error, TD_ERROR_CONFLICT, "no-message", NULL,
                          "There is no mail to act on: this recipient was not told (%s)."
                          " \"Send the latest alert\" on the ticket's recipient makes a new one",
                          alert_reason_name(alert->reason));
        return 0;
    }
    return message->id;
}

typedef bool (*Move)(DbTx *tx, int64_t message, int64_t now_us, GError **error);

static bool cancel(DbTx *tx, int64_t message, int64_t now_us, GError **error)
{
    return outbox_cancel(tx, message, OUTBOX_CANCELLED_BY_HAND, now_us, error);
}

static bool hold_ticket(DeskTx *tx, int64_t ticket, GError **error)
{
    bool closed;
    int64_t not_told_at;
    return ticket == 0 || ticket_hold(tx->db, ticket, &closed, &not_told_at, error);
}

static bool act(DeskTx *tx, int64_t alert, Move move, GError **error)
{
    int64_t ticket;
    if (!closing_of_alert(tx->db, alert, &ticket, error) || !hold_ticket(tx, ticket, error))
        return false;
    int64_t id = message_of(tx, alert, error);
    tx->queued = true;
    return id != 0 && move(tx->db, id, tx->now_us, error) &&
           (ticket == 0 || closing_review(tx->db, ticket, tx->now_us, NULL, error));
}

bool alert_retry(DeskTx *tx, int64_t alert, GError **error)
{
    return act(tx, alert, outbox_retry, error);
}

bool alert_cancel(DeskTx *tx, int64_t alert, GError **error)
{
    /* It may let the next one of the same ticket and recipient go. */
    return act(tx, alert, cancel, error);
}

bool alert_release(DeskTx *tx, int64_t alert, GError **error)
{
    return act(tx, alert, outbox_release, error);
}
