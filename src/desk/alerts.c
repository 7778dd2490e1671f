/* SPDX-License-Identifier: Apache-2.0 */
/* Each locks the ticket of a closing's alert before it touches the outbox, as every use case does:
 * see alerts/closing.c for what hangs on it. */
#include "desk/alerts.h"

#include "alerts/closing.h"
#include "alerts/compose_held.h"
#include "base/error.h"
#include "desk/suppressions.h"
#include "outbox/outbox.h"
#include "records/event.h"
#include "records/ticket.h"

#define CHUNK 500

/* What is done to one alert's mail. */
typedef bool (*Move)(DeskTx *tx, const Alert *alert, const OutboxMessage *message, GError **error);

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

static bool hold_ticket(DeskTx *tx, int64_t ticket, GError **error)
{
    bool closed;
    int64_t not_told_at;
    return ticket == 0 || ticket_hold(tx->db, ticket, &closed, &not_told_at, error);
}

static bool act(DeskTx *tx, int64_t id, Move move, GError **error)
{
    int64_t ticket;
    if (!closing_of_alert(tx->db, id, &ticket, error) || !hold_ticket(tx, ticket, error))
        return false;
    g_autoptr(Alert) alert = alert_load(tx->db, id, error);
    g_autoptr(OutboxMessage) message = alert != NULL ? load_message(tx, alert, error) : NULL;
    if (message == NULL)
        return false;
    tx->made.queued = true;
    return move(tx, alert, message, error) &&
           (ticket == 0 || closing_review(tx->db, ticket, tx->now_us, NULL, error));
}

/* What cannot be sent again in any case is refused for that; what was forced already may be
 * hurried. */
static bool asks_the_list(const OutboxMessage *message)
{
    return message->state != OUTBOX_HELD && message->state != OUTBOX_SENDING &&
           message->state != OUTBOX_ACCEPTED &&
           g_strcmp0(message->state_reason, OUTBOX_FORCED) != 0;
}

static bool is_listed(DeskTx *tx, const Alert *alert, const OutboxMessage *message, bool *listed,
                      GError **error)
{
    *listed = false;
    return !asks_the_list(message) || suppression_has(tx->db, alert->recipient_key, listed, error);
}

/* What is final can be sent again only while there is what to make it from. */
static bool check_content(DeskTx *tx, const Alert *alert, const OutboxMessage *message,
                          GError **error)
{
    if (!outbox_state_is_final(message->state) || message->state == OUTBOX_ACCEPTED)
        return true;
    g_autoptr(Event) event = event_load(tx->db, alert->event, error);
    if (event == NULL)
        return false;
    if (event_content_is_gone(event))
        event_content_refuse(event, "This mail", error);
    return !event_content_is_gone(event);
}

static bool retry(DeskTx *tx, const Alert *alert, const OutboxMessage *message, GError **error)
{
    bool listed;
    if (!check_content(tx, alert, message, error) || !is_listed(tx, alert, message, &listed, error))
        return false;
    if (listed)
        return suppression_refuse(tx, alert->id, alert->recipient_key, error);
    return outbox_retry(tx->db, message->id, NULL, tx->now_us, error);
}

static bool retry_forced(DeskTx *tx, const Alert *alert, const OutboxMessage *message,
                         GError **error)
{
    bool listed;
    return check_content(tx, alert, message, error) &&
           is_listed(tx, alert, message, &listed, error) &&
           outbox_retry(tx->db, message->id, listed ? OUTBOX_FORCED : NULL, tx->now_us, error);
}

static bool cancel(DeskTx *tx, const Alert *alert, const OutboxMessage *message, GError **error)
{
    return outbox_cancel(tx->db, message->id, OUTBOX_CANCELLED_BY_HAND, tx->now_us, error);
}

static bool release(DeskTx *tx, const Alert *alert, const OutboxMessage *message, GError **error)
{
    return outbox_release(tx->db, message->id, tx->now_us, error);
}

bool alert_retry(DeskTx *tx, int64_t id, bool force, GError **error)
{
    return act(tx, id, force ? retry_forced : retry, error);
}

bool alert_cancel(DeskTx *tx, int64_t alert, GError **error)
{
    /* It may let the next one of the same ticket and recipient go. */
    return act(tx, alert, cancel, error);
}

bool alert_release(DeskTx *tx, int64_t alert, GError **error)
{
    return act(tx, alert, release, error);
}

/* ---- all that a filter lets through ---- */

typedef struct {
    AlertVerb verb;
    const AlertFilter *filter;
    int64_t after;
    int64_t changed, last; /* of this chunk; last 0: there was nothing left */
} Chunk;

static bool act_on_chunk(DeskTx *tx, void *data, GError **error)
{
    static const Move moves[] = {
        [ALERT_RETRY] = retry, [ALERT_CANCEL] = cancel, [ALERT_RELEASE] = release};
    Chunk *chunk = data;
    chunk->changed = 0;
    chunk->last = 0;
    g_autoptr(GArray) found = alert_find(tx->db, chunk->filter, chunk->after, CHUNK, error);
    if (found == NULL)
        return false;
    for (guint i = 0; i < found->len; i++) {
        const AlertMessage *one = &g_array_index(found, AlertMessage, i);
        chunk->last = one->message;
        if (one->other)
            continue;
        GError *failure = NULL;
        if (act(tx, one->alert, moves[chunk->verb], &failure)) {
            chunk->changed++;
        } else if (error_is(failure, TD_ERROR_CONFLICT)) {
            g_error_free(failure);
        } else {
            g_propagate_error(error, failure);
            return false;
        }
    }
    return true;
}

bool alerts_act_on_all(Desk *desk, const Actor *actor, AlertVerb verb, const AlertFilter *filter,
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

/* ---- what is held ---- */

typedef struct {
    int64_t before_us;
    int64_t count, since;
} Held;

static bool count_held(DbTx *tx, void *data, GError **error)
{
    Held *held = data;
    return outbox_held_long(tx, held->before_us, ALERTS_HELD_MOST, &held->count, &held->since,
                            error);
}

bool alerts_held_long(Desk *desk, int64_t *count, GError **error)
{
    Held held = {.before_us = desk_now_us(desk) - HELD_LONG_US};
    if (!db_read(desk_db(desk), count_held, &held, error))
        return false;
    *count = held.count;
    return true;
}
