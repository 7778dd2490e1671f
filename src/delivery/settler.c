/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settler: records what became of each message. As many outcomes as wait are one commit; one
 * that cannot be committed is tried again until it can, because the answer of a relay exists only
 * once.
 */
#include "alerts/closing.h"
#include "base/error.h"
#include "base/log.h"
#include "delivery/private.h"
#include "delivery/retry.h"
#include "delivery/undeliverable.h"

#define BATCH_MAX  200
#define RETRY_MS   500
#define STOP_TRIES 4 /* with RETRY_MS: how long a stop waits for a database that is away */

typedef struct {
    Delivery *delivery;
    GPtrArray *jobs;
    int64_t now_us;
    int64_t relay_retry_at; /* 0: the relay answered */
} Batch;

static const char *outcome_name(DeliveryOutcomeKind kind)
{
    switch (kind) {
    case DELIVERY_SENT:
        return "sent";
    case DELIVERY_DEFERRED:
        return "deferred";
    case DELIVERY_REJECTED:
        return "rejected";
    case DELIVERY_UNCERTAIN:
        return "uncertain";
    case DELIVERY_RELAY_DOWN:
        return "relay_down";
    }
    return "unknown";
}

/* Where each outcome leads (product.md, section 3, "Outcomes"). */
static void plan(const Batch *batch, const Job *job, OutboxSettlement *settlement)
{
    settlement->counts = true;
    switch (job->outcome.kind) {
    case DELIVERY_SENT:
        settlement->state = OUTBOX_ACCEPTED;
        settlement->remote_id = job->outcome.remote_queue_id;
        settlement->message_hash = job->message_hash;
        settlement->composer = COMPOSER_VERSION;
        break;
    case DELIVERY_DEFERRED:
        settlement->state = OUTBOX_DEFERRED;
        settlement->due_at = batch->now_us + retry_delay_us(job->message->attempts + 1,
                                                            batch->delivery->setup.random);
        break;
    case DELIVERY_REJECTED:
        settlement->state = OUTBOX_REJECTED;
        break;
    case DELIVERY_UNCERTAIN:
        settlement->state = OUTBOX_UNCERTAIN;
        settlement->due_at = batch->now_us + RETRY_UNCERTAIN_US;
        break;
    case DELIVERY_RELAY_DOWN:
        /* It says nothing about this mail, which keeps its place in the queue. */
        settlement->state = OUTBOX_QUEUED;
        settlement->counts = false;
        break;
    }
}

static bool settle_tried(DbTx *tx, const Batch *batch, const Job *job, bool *settled,
                         GError **error)
{
    OutboxSettlement settlement = {
        .id = job->message->id, .lease = job->message->lease, .now_us = batch->now_us};
    OutboxAttempt attempt = {.at = batch->now_us};
    settlement.attempt = &attempt;
    if (job->composed) {
        attempt.outcome = (char *)outcome_name(job->outcome.kind);
        attempt.stage = (char *)job->outcome.stage;
        attempt.reply_code = job->outcome.reply_code;
        attempt.enhanced_status = (char *)job->outcome.enhanced_status;
        attempt.reply = job->outcome.reply;
        plan(batch, job, &settlement);
    } else {
        attempt.outcome = (char *)"not_composed";
        attempt.stage = (char *)"compose";
        attempt.reply = job->compose_error;
        settlement.state = OUTBOX_REJECTED;
        settlement.counts = true;
        settlement.state_reason = "not_composed";
    }
    return outbox_settle(tx, &settlement, settled, error) &&
           (!*settled || undeliverable_note(tx, job, batch->now_us, error));
}

/* ---- "customers not told" (docs/delivery.md) ---- */

typedef struct {
    int64_t ticket;
    bool refused; /* else accepted */
} Touched;

/* By ticket, what was refused first. */
static int compare_touched(const void *a, const void *b)
{
    const Touched *first = a;
    const Touched *second = b;
    if (first->ticket != second->ticket)
        return first->ticket < second->ticket ? -1 : 1;
    return (int)second->refused - (int)first->refused;
}

/* Notes the closing that a settlement may have changed the outcome of. Most mails are accepted, and
 * of those the sender has seen what they tell: they cost no query here. */
static bool note_closing(DbTx *tx, const Job *job, GArray *list, GError **error)
{
    Touched touched = {.refused = !job->composed || job->outcome.kind == DELIVERY_REJECTED};
    if (touched.refused && g_strcmp0(job->message->kind, OUTBOX_KIND_ALERT) == 0) {
        if (!closing_of_alert(tx, job->message->ref, &touched.ticket, error))
            return false;
    } else if (!touched.refused && job->outcome.kind == DELIVERY_SENT) {
        touched.ticket = job->closing;
    }
    if (touched.ticket != 0)
        g_array_append_val(list, touched);
    return true;
}

/* Once for each ticket, after all settlements and in the order of the numbers, so that no two
 * settlers wait for each other. */
static bool review_closings(DbTx *tx, const Batch *batch, GArray *list, GError **error)
{
    int64_t last = 0;
    g_array_sort(list, compare_touched);
    for (guint i = 0; i < list->len; i++) {
        const Touched *touched = &g_array_index(list, Touched, i);
        if (touched->ticket == last)
            continue;
        last = touched->ticket;
        if (!(touched->refused ? closing_review(tx, last, batch->now_us, NULL, error)
                               : closing_told(tx, last, batch->now_us, error)))
            return false;
    }
    return true;
}

static bool settle_batch(DbTx *tx, void *data, GError **error)
{
    Batch *batch = data;
    g_autoptr(GArray) closings = g_array_new(FALSE, FALSE, sizeof(Touched));
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = batch->jobs->pdata[i];
        bool settled;
        OutboxSettlement back = {.id = job->message->id,
                                 .lease = job->message->lease,
                                 .state = OUTBOX_QUEUED,
                                 .now_us = batch->now_us};
        if (!(job->tried ? settle_tried(tx, batch, job, &settled, error)
                         : outbox_settle(tx, &back, &settled, error)))
            return false;
        if (job->tried && settled && !note_closing(tx, job, closings, error))
            return false;
    }
    if (!review_closings(tx, batch, closings, error))
        return false;
    for (guint i = batch->jobs->len; i > 0; i--) {
        const Job *job = batch->jobs->pdata[i - 1];
        if (!job->composed)
            continue;
        bool misconfigured = job->outcome.relay_misconfigured;
        if (job->outcome.kind == DELIVERY_RELAY_DOWN || misconfigured)
            return relay_store_trouble(tx, job->route->fingerprint,
                                       misconfigured ? "misconfigured" : "down", job->outcome.reply,
                                       batch->relay_retry_at, batch->now_us, error);
        return relay_store_up(tx, job->route->fingerprint, batch->now_us, error);
    }
    return true;
}

/* Counts failures of the relay in a row and sets when to try it again; says when it goes and when
 * it is back. When a relay goes, all connections fail, one after the other: that is one failure,
 * so nothing counts before the next try is due. */
static void look_at_relay(Batch *batch)
{
    Delivery *delivery = batch->delivery;
    bool answered = false;
    const Job *trouble = NULL;
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = batch->jobs->pdata[i];
        if (!job->composed)
            continue;
        if (job->outcome.kind == DELIVERY_RELAY_DOWN || job->outcome.relay_misconfigured)
            trouble = job;
        else
            answered = true;
    }
    monitor_lock(&delivery->monitor);
    bool was_down = delivery->relay_failures > 0;
    if (trouble != NULL && batch->now_us >= delivery->relay_retry_at) {
        delivery->relay_failures++;
        delivery->relay_retry_at = batch->now_us + relay_delay_us(delivery->relay_failures);
    } else if (trouble == NULL && answered) {
        delivery->relay_failures = 0;
        delivery->relay_retry_at = 0;
    }
    int64_t failures = delivery->relay_failures;
    batch->relay_retry_at = trouble != NULL ? delivery->relay_retry_at : 0;
    monitor_unlock(&delivery->monitor);
    if (trouble != NULL && !was_down)
        log_warning(
            "The relay cannot be used: %s. Nothing is lost: alerts wait, and it is tried again"
            " every few minutes",
            trouble->outcome.reply != NULL ? trouble->outcome.reply : "no answer");
    if (was_down && failures == 0 && answered)
        log_info("The relay can be used again");
}

static void commit(Batch *batch)
{
    Delivery *delivery = batch->delivery;
    look_at_relay(batch);
    for (int tries = 1;; tries++) {
        g_autoptr(GError) error = NULL;
        if (db_write(delivery->setup.db, settle_batch, batch, &error))
            break;
        monitor_lock(&delivery->monitor);
        bool stopping = delivery->stopping;
        monitor_unlock(&delivery->monitor);
        log_error("What became of %u alerts could not be recorded: %s. %s", batch->jobs->len,
                  error->message,
                  stopping && tries >= STOP_TRIES
                      ? "They are marked uncertain at the next start and sent again"
                      : "Trying again");
        if (stopping && tries >= STOP_TRIES)
            break;
        g_usleep(RETRY_MS * 1000);
    }
    monitor_lock(&delivery->monitor);
    delivery->in_flight -= (int)batch->jobs->len;
    delivery->woken = true;
    monitor_broadcast(&delivery->monitor);
    monitor_unlock(&delivery->monitor);
}

/* Waits for outcomes and takes as many as there are; none at the end. */
static GPtrArray *take_settled(Delivery *delivery)
{
    GPtrArray *jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
    monitor_lock(&delivery->monitor);
    while (g_queue_is_empty(&delivery->settled) && !delivery->settler_stop)
        pthread_cond_wait(&delivery->more_settled, &delivery->monitor.mutex);
    while (!g_queue_is_empty(&delivery->settled) && jobs->len < BATCH_MAX)
        g_ptr_array_add(jobs, g_queue_pop_head(&delivery->settled));
    monitor_unlock(&delivery->monitor);
    return jobs;
}

gpointer delivery_settler_run(gpointer data)
{
    Delivery *delivery = data;
    for (;;) {
        g_autoptr(GPtrArray) jobs = take_settled(delivery);
        if (jobs->len == 0)
            return NULL;
        Batch batch = {
            .delivery = delivery, .jobs = jobs, .now_us = clock_wall_us(delivery->setup.clock)};
        commit(&batch);
    }
}
