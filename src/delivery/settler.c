/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settler: records what became of each message. As many outcomes as wait are one commit; one
 * that cannot be committed is tried again until it can, because the answer of a relay exists only
 * once.
 */
#include "alerts/closing.h"
#include "alerts/mail_kind.h"
#include "base/log.h"
#include "delivery/batch.h"
#include "delivery/counts.h"
#include "delivery/retry.h"
#include "delivery/undeliverable.h"
#include "outbox/tally.h"

#define BATCH_MAX  512
#define RETRY_MS   500
#define STOP_TRIES 4 /* with RETRY_MS: how long a stop waits for a database that is away */

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
        settlement->due_at = batch->ask ? OUTBOX_NEVER : batch->now_us + RETRY_UNCERTAIN_US;
        settlement->state_reason = batch->ask ? OUTBOX_ASK : NULL;
        break;
    case DELIVERY_RELAY_DOWN:
        /* It says nothing about this mail, which keeps its place in the queue. */
        settlement->state = OUTBOX_QUEUED;
        settlement->counts = false;
        break;
    }
}

static bool tell_kind(DbTx *tx, const Batch *batch, const Job *job, GError **error)
{
    const MailKind *kind = composer_find(batch->delivery->setup.composer, job->message->kind);
    bool final = !job->composed || job->outcome.kind == DELIVERY_SENT ||
                 job->outcome.kind == DELIVERY_REJECTED;
    return !final || kind == NULL || kind->settled == NULL ||
           kind->settled(tx, job->message->ref, error);
}

static bool settle_tried(DbTx *tx, const Batch *batch, const Job *job, bool *settled,
                         GError **error)
{
    OutboxSettlement settlement = {.id = job->message->id,
                                   .lease = job->message->lease,
                                   .order_key = job->message->order_key,
                                   .now_us = batch->now_us};
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
           (!*settled || (undeliverable_note(tx, job, batch->now_us, error) &&
                          tell_kind(tx, batch, job, error)));
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

/* ---- what happens in one batch ---- */

/* What its transaction gathers on the way, afresh at each run. */
typedef struct {
    GArray *closings; /* of Touched */
    Tally tally;
} Gathered;

static void count(Gathered *gathered, const Batch *batch, const Job *job)
{
    bool refused = !job->composed || job->outcome.kind == DELIVERY_REJECTED;
    if (refused)
        gathered->tally.n[TALLY_FAILED]++;
    else if (job->outcome.kind == DELIVERY_SENT)
        tally_accepted(&gathered->tally, batch->now_us - job->message->queued_at);
    else if (job->outcome.kind == DELIVERY_DEFERRED)
        gathered->tally.n[TALLY_DEFERRED]++;
}

/* ---- one batch ---- */

/* Most are accepted and have nothing else to tell: those are one statement for many. */
static bool is_plain(const Job *job)
{
    return job->tried && job->composed && job->outcome.kind == DELIVERY_SENT;
}

static bool settle_one(DbTx *tx, const Batch *batch, Job *job, Gathered *gathered, GError **error)
{
    bool settled;
    OutboxSettlement back = {.id = job->message->id,
                             .lease = job->message->lease,
                             .order_key = job->message->order_key,
                             .state = OUTBOX_QUEUED,
                             .now_us = batch->now_us};
    if (!job->tried)
        return outbox_settle(tx, &back, &settled, error);
    if (!settle_tried(tx, batch, job, &settled, error))
        return false;
    job->settled = settled;
    if (!settled)
        return true;
    count(gathered, batch, job);
    return note_closing(tx, job, gathered->closings, error);
}

static Job *find_job(Job *const *jobs, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i]->message->id == id)
            return jobs[i];
    return NULL;
}

/* n acceptances under one lease. */
static bool settle_plain(DbTx *tx, const Batch *batch, Job *const *jobs, size_t n,
                         Gathered *gathered, GError **error)
{
    OutboxSettlement settlements[OUTBOX_SETTLE_MAX];
    OutboxAttempt attempts[OUTBOX_SETTLE_MAX];
    for (size_t i = 0; i < n; i++) {
        settlements[i] = (OutboxSettlement){.id = jobs[i]->message->id,
                                            .lease = jobs[i]->message->lease,
                                            .order_key = jobs[i]->message->order_key,
                                            .attempt = &attempts[i],
                                            .now_us = batch->now_us};
        attempts[i] = (OutboxAttempt){.reply = jobs[i]->outcome.reply};
        plan(batch, jobs[i], &settlements[i]);
    }
    g_autoptr(GArray) settled = outbox_settle_accepted(tx, settlements, n, error);
    for (guint i = 0; settled != NULL && i < settled->len; i++) {
        Job *job = find_job(jobs, n, g_array_index(settled, int64_t, i));
        job->settled = true;
        count(gathered, batch, job);
        if (!undeliverable_note(tx, job, batch->now_us, error) ||
            !tell_kind(tx, batch, job, error) || !note_closing(tx, job, gathered->closings, error))
            return false;
    }
    return settled != NULL;
}

static bool settle_jobs(DbTx *tx, const Batch *batch, Gathered *gathered, GError **error)
{
    Job *plain[OUTBOX_SETTLE_MAX];
    size_t n = 0;
    for (guint i = 0; i < batch->jobs->len; i++) {
        Job *job = batch->jobs->pdata[i];
        job->settled = false;
        if (job->message == NULL)
            continue;
        if (!is_plain(job)) {
            if (!settle_one(tx, batch, job, gathered, error))
                return false;
            continue;
        }
        if (n == OUTBOX_SETTLE_MAX || (n > 0 && plain[0]->term != job->term)) {
            if (!settle_plain(tx, batch, plain, n, gathered, error))
                return false;
            n = 0;
        }
        plain[n++] = job;
    }
    return n == 0 || settle_plain(tx, batch, plain, n, gathered, error);
}

/* The server that claimed them: one process has one, but for a lease that it lost on the way. */
static const char *sender_of(const Batch *batch)
{
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = batch->jobs->pdata[i];
        if (job->message != NULL && job->message->lease != NULL)
            return job->message->lease;
    }
    return "";
}

static bool settle_batch(DbTx *tx, void *data, GError **error)
{
    const Batch *batch = data;
    g_autoptr(GArray) closings = g_array_new(FALSE, FALSE, sizeof(Touched));
    Gathered gathered = {.closings = closings};
    return settle_jobs(tx, batch, &gathered, error) &&
           tally_store(tx, &gathered.tally, batch->now_us, sender_of(batch), error) &&
           review_closings(tx, batch, closings, error) && relay_watch_store(tx, batch, error);
}

/* ---- what is told of it, after the commit ---- */

/* Without the reply's words, which name people; the alert's page has them. */
static void say_outcome(const Job *job, const char *outcome)
{
    const DeliveryOutcome *told = &job->outcome;
    log_set(LOG_RELAY, job->route->name);
    log_set_id(LOG_MESSAGE, job->message->id);
    log_set_id(LOG_ALERT,
               g_strcmp0(job->message->kind, OUTBOX_KIND_ALERT) == 0 ? job->message->ref : 0);
    if (!job->composed)
        log_info("The mail (%s) could not be composed: %s", job->message->kind, job->compose_error);
    else if (told->kind == DELIVERY_SENT)
        log_debug("The mail (%s) was accepted", job->message->kind);
    else
        log_info("The mail (%s) is %s: the relay said %d %s at %s", job->message->kind, outcome,
                 told->reply_code, told->enhanced_status,
                 told->stage != NULL ? told->stage : "connect");
    if (told->reply != NULL)
        log_debug("The relay's reply: %s", told->reply);
    log_clear();
}

/* That the relay is down is said once (relay_watch.c), not for each mail. */
static void tell(const Batch *batch)
{
    Metrics *metrics = batch->delivery->setup.metrics;
    for (guint i = 0; i < batch->jobs->len; i++) {
        const Job *job = batch->jobs->pdata[i];
        if (!job->settled)
            continue;
        const OutboxMessage *message = job->message;
        const char *outcome = job->composed ? outcome_name(job->outcome.kind) : "not_composed";
        delivery_count_attempt(metrics, message->kind, outcome, message->attempts > 0);
        if (is_plain(job))
            delivery_count_accepted(metrics, message->kind, batch->now_us - message->queued_at);
        if (job->outcome.kind != DELIVERY_RELAY_DOWN || !job->composed)
            say_outcome(job, outcome);
    }
}

static void commit(Batch *batch)
{
    Delivery *delivery = batch->delivery;
    relay_watch_look(batch);
    for (int tries = 1;; tries++) {
        g_autoptr(GError) error = NULL;
        if (db_write(delivery->setup.db, settle_batch, batch, &error)) {
            tell(batch);
            break;
        }
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
    for (guint i = 0; i < batch->jobs->len; i++)
        ((Job *)batch->jobs->pdata[i])->line->in_flight--;
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
        g_autoptr(GPtrArray) troubles = g_ptr_array_new();
        g_autoptr(GPtrArray) answers = g_ptr_array_new();
        g_autoptr(GPtrArray) stops = g_ptr_array_new();
        Batch batch = {.delivery = delivery,
                       .jobs = jobs,
                       .now_us = clock_wall_us(delivery->setup.clock),
                       .troubles = troubles,
                       .answers = answers,
                       .stops = stops};
        commit(&batch);
    }
}
