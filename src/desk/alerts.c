/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/alerts.h"

#include "base/error.h"

#define CANCELLED_BY_HAND "cancelled_by_hand"
#define CHUNK             500

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

bool alert_retry(DeskTx *tx, int64_t alert, GError **error)
{
    int64_t id = message_of(tx, alert, error);
    tx->queued = true;
    return id != 0 && outbox_retry(tx->db, id, tx->now_us, error);
}

bool alert_cancel(DeskTx *tx, int64_t alert, GError **error)
{
    int64_t id = message_of(tx, alert, error);
    /* Cancelling may let the next one of the same ticket and recipient go. */
    tx->queued = true;
    return id != 0 && outbox_cancel(tx->db, id, CANCELLED_BY_HAND, tx->now_us, error);
}

bool alert_release(DeskTx *tx, int64_t alert, GError **error)
{
    int64_t id = message_of(tx, alert, error);
    tx->queued = true;
    return id != 0 && outbox_release(tx->db, id, tx->now_us, error);
}

typedef struct {
    OutboxVerb verb;
    const AlertFilter *filter;
    int64_t after;
    int64_t changed, last; /* of this chunk; last 0: there was nothing left */
} Chunk;

static bool act_on_chunk(DeskTx *tx, void *data, GError **error)
{
    Chunk *chunk = data;
    g_autoptr(GArray) ids = alert_find_messages(tx->db, chunk->filter, chunk->after, CHUNK, error);
    if (ids == NULL || !outbox_act_on_each(tx->db, chunk->verb, ids, CANCELLED_BY_HAND, tx->now_us,
                                           &chunk->changed, error))
        return false;
    chunk->last = ids->len > 0 ? g_array_index(ids, int64_t, ids->len - 1) : 0;
    tx->queued = chunk->changed > 0;
    return true;
}

bool alerts_act_on_all(Desk *desk, const Actor *actor, OutboxVerb verb, const AlertFilter *filter,
                       int64_t *changed, GError **error)
{
    Chunk chunk = {.verb = verb, .filter = filter};
    *changed = 0;
    do {
        if (!desk_write(desk, actor, act_on_chunk, &chunk, error))
            return false;
        *changed += chunk.changed;
        chunk.after = chunk.last;
    } while (chunk.last != 0);
    return true;
}
