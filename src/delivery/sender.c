/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sender: one thread, one connection. Takes its share of what was claimed, reads what the mails
 * are made from in one go, composes them, sends them in one pipeline, and hands each outcome on as
 * soon as it is known. It writes nothing to the database, but for a relay's new refresh token
 * (tokens.h).
 */
#include "alerts/mail_kind.h"
#include "base/error.h"
#include "delivery/private.h"

#include <string.h>

#define IDLE_CLOSE_MS 10000

G_STATIC_ASSERT(PACE_MAX <= ALERT_LIST_MAX);

typedef struct {
    Delivery *delivery;
    TransportLink *link;
    DeliveryRoute *route; /* that the link is for */
    bool link_is_well;    /* after the last share */
    Line *open_on;        /* the line that the link is counted in; NULL: it is closed */
    /* The share: */
    Line *line;
    Job *jobs[PACE_MAX];
    size_t n;
    size_t from, to;                 /* the part of it that is in memory */
    bool gave_up;                    /* the relay was down for a part of it */
    const MailKind *kinds[PACE_MAX]; /* NULL: unknown here */
    void *sources[PACE_MAX];
    /* What is being sent: */
    Envelope envelopes[PACE_MAX];
    char *envelope_from[PACE_MAX];
    DeliveryOutcome outcomes[PACE_MAX];
    Job *sending[PACE_MAX]; /* NULL: handed on already */
    size_t n_sending;
} Sender;

void job_free(Job *job)
{
    if (job == NULL)
        return;
    outbox_message_free(job->message);
    delivery_route_unref(job->route);
    term_unref(job->term);
    g_free(job->compose_error);
    g_free(job->message_hash);
    delivery_outcome_clear(&job->outcome);
    g_free(job);
}

bool job_is_relay_trouble(const Job *job)
{
    return job->tried && job->composed && !job->pushed_back &&
           (job->outcome.kind == DELIVERY_RELAY_DOWN || job->outcome.relay_misconfigured);
}

/* ---- composing ---- */

static void forget_sources(Sender *sender)
{
    for (size_t i = 0; i < PACE_MAX; i++)
        if (sender->sources[i] != NULL)
            sender->kinds[i]->free_source(g_steal_pointer(&sender->sources[i]));
}

/* Those in memory of the kind that jobs[first] has, of which it is the first. */
static bool load_kind(DbTx *tx, Sender *sender, size_t first, GError **error)
{
    int64_t refs[PACE_MAX] = {0};
    size_t places[PACE_MAX];
    void *sources[PACE_MAX] = {NULL};
    size_t n = 0;
    const MailKind *kind = sender->kinds[first];
    for (size_t i = first; i < sender->to; i++) {
        if (sender->kinds[i] != kind)
            continue;
        places[n] = i;
        refs[n++] = sender->jobs[i]->message->ref;
    }
    bool ok = kind->load(tx, sender->delivery->setup.composer, refs, n, sources, error);
    for (size_t i = 0; i < n; i++)
        sender->sources[places[i]] = sources[i];
    return ok;
}

static bool load_sources(DbTx *tx, void *data, GError **error)
{
    Sender *sender = data;
    Composer *composer = sender->delivery->setup.composer;
    forget_sources(sender);
    if (!composer_load_keys(composer, tx, error))
        return false;
    for (size_t i = sender->from; i < sender->to; i++) {
        bool first = sender->kinds[i] != NULL;
        for (size_t j = sender->from; j < i && first; j++)
            first = sender->kinds[j] != sender->kinds[i];
        if (first && !load_kind(tx, sender, i, error))
            return false;
    }
    return true;
}

static bool make_envelope_from(const Sender *sender, const Job *job, const MailKind *kind,
                               char **envelope_from, GError **error)
{
    Composer *composer = sender->delivery->setup.composer;
    if (kind->null_sender) {
        *envelope_from = g_strdup("");
        return true;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, job->message->sender, error);
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    return identity != NULL &&
           sender_envelope(identity, keys, job->message->id, envelope_from, error);
}

/* Adds one job to what is to be sent; false where there is no mail to send. */
static bool prepare(Sender *sender, Job *job, const MailKind *kind, const void *source)
{
    g_autoptr(GError) error = NULL;
    job->tried = true;
    if (source == NULL) {
        job->compose_error = kind != NULL ? g_strdup("There is no such mail")
                                          : g_strdup_printf("This program makes no mails of kind"
                                                            " \"%s\"",
                                                            job->message->kind);
        return false;
    }
    char *envelope_from = NULL;
    g_autoptr(GBytes) message = kind->compose(sender->delivery->setup.composer, source,
                                              job->message->sender, job->message->dated_at, &error);
    if (message == NULL || !make_envelope_from(sender, job, kind, &envelope_from, &error)) {
        job->compose_error = g_strdup(error->message);
        return false;
    }
    job->composed = true;
    job->closing = kind->closing != NULL ? kind->closing(source) : 0;
    job->message_hash = compose_hash(message);
    sender->envelopes[sender->n_sending] = (Envelope){
        .envelope_from = envelope_from,
        .envelope_to = job->message->recipient,
        .message = g_steal_pointer(&message),
        .not_after_us = &job->term->ends_at,
    };
    sender->envelope_from[sender->n_sending] = envelope_from;
    sender->sending[sender->n_sending++] = job;
    return true;
}

/* ---- handing on ---- */

static void give_to_settler(Delivery *delivery, Job *job)
{
    monitor_lock(&delivery->monitor);
    if (job_is_relay_trouble(job))
        job->line->blocked = true;
    g_queue_push_tail(&delivery->settled, job);
    pthread_cond_signal(&delivery->more_settled);
    monitor_unlock(&delivery->monitor);
}

/* A relay that has too many connections of ours says so with a 4xx: that is no trouble as long as
 * there can be fewer, or others are open. */
static void note_push_back(Sender *sender, Job *job)
{
    if (job->outcome.kind != DELIVERY_RELAY_DOWN || job->outcome.reply_code / 100 != 4)
        return;
    monitor_lock(&sender->delivery->monitor);
    job->pushed_back = pace_push_back(&job->line->pace) || job->line->open > 1;
    monitor_unlock(&sender->delivery->monitor);
}

/* Takes the outcome. */
static void finish(Sender *sender, size_t i, DeliveryOutcome *outcome)
{
    Job *job = g_steal_pointer(&sender->sending[i]);
    sender->link_is_well = outcome->kind != DELIVERY_RELAY_DOWN;
    sender->gave_up = sender->gave_up || !sender->link_is_well;
    job->outcome = *outcome;
    *outcome = (DeliveryOutcome){0};
    /* The right to send it ended (whoever took it back sends it), or this process is ending: no
     * fault of the relay's. */
    if (g_strcmp0(job->outcome.stage, "lease") == 0 ||
        (job->outcome.kind == DELIVERY_RELAY_DOWN &&
         g_cancellable_is_cancelled(sender->delivery->cancel)))
        job->tried = false;
    give_to_settler(sender->delivery, job);
}

static void one_done(DeliveryOutcome *outcome, void *data)
{
    Sender *sender = data;
    finish(sender, (size_t)(outcome - sender->outcomes), outcome);
}

/* Those that were not tried because the relay is down share the outcome of the first that was. */
static void finish_rest(Sender *sender)
{
    bool pushed_back = false;
    bool first = true;
    for (size_t i = 0; i < sender->n_sending; i++) {
        Job *job = sender->sending[i];
        if (job == NULL)
            continue;
        job->outcome = sender->outcomes[i];
        if (first)
            note_push_back(sender, job);
        pushed_back = first ? job->pushed_back : pushed_back;
        job->pushed_back = pushed_back;
        first = false;
        finish(sender, i, &sender->outcomes[i]);
    }
}

static void send_all(Sender *sender)
{
    if (sender->n_sending == 0)
        return;
    transport_send_many(sender->link, sender->envelopes, sender->n_sending,
                        sender->delivery->cancel, sender->outcomes);
    finish_rest(sender);
    for (size_t i = 0; i < sender->n_sending; i++) {
        g_free(sender->envelope_from[i]);
        g_bytes_unref(sender->envelopes[i].message);
    }
    sender->n_sending = 0;
}

/* ---- the thread ---- */

/* The link for this share's route; the former one is closed when an option changed. */
static void fit_link(Sender *sender, DeliveryRoute *route)
{
    if (sender->route != NULL && strcmp(sender->route->fingerprint, route->fingerprint) == 0)
        return;
    g_clear_pointer(&sender->link, transport_link_free);
    g_clear_pointer(&sender->route, delivery_route_unref);
    sender->link = transport_link_new(&route->transport, sender->delivery->setup.clock, NULL);
    transport_link_set_done(sender->link, one_done, sender);
    sender->route = delivery_route_ref(route);
}

static void run_probe(Sender *sender, Job *job)
{
    job->tried = true;
    job->composed = true;
    sender->link_is_well =
        transport_link_open(sender->link, sender->delivery->cancel, &job->outcome);
    give_to_settler(sender->delivery, job);
}

/* As many of the share as may be in memory at one time, from sender->from on. */
static void choose_part(Sender *sender)
{
    size_t large = 0;
    size_t to = sender->from;
    for (; to < sender->n; to++) {
        const MailKind *kind = sender->kinds[to];
        if (kind == NULL || kind->at_once == 0)
            continue;
        if (large == kind->at_once)
            break;
        large++;
    }
    sender->to = to;
}

static void run_part(Sender *sender)
{
    g_autoptr(GError) error = NULL;
    /* The database being away says nothing about the mails: they go back. */
    bool loaded = db_read(sender->delivery->setup.db, load_sources, sender, &error);
    for (size_t i = sender->from; i < sender->to; i++)
        if (!loaded || !prepare(sender, sender->jobs[i], sender->kinds[i], sender->sources[i]))
            give_to_settler(sender->delivery, sender->jobs[i]);
    forget_sources(sender);
    send_all(sender);
}

static void run_share(Sender *sender)
{
    const Composer *composer = sender->delivery->setup.composer;
    for (size_t i = 0; i < sender->n; i++)
        sender->kinds[i] = composer_find(composer, sender->jobs[i]->message->kind);
    sender->gave_up = false;
    for (sender->from = 0; sender->from < sender->n; sender->from = sender->to) {
        choose_part(sender);
        if (!sender->gave_up) {
            run_part(sender);
            continue;
        }
        /* What was not tried goes back. */
        for (size_t i = sender->from; i < sender->to; i++)
            give_to_settler(sender->delivery, sender->jobs[i]);
    }
}

/* Counts the link in `line`, or nowhere (NULL). The caller holds the monitor. */
static void count_link(Sender *sender, Line *line)
{
    if (sender->open_on != NULL)
        sender->open_on->open--;
    sender->open_on = line;
    if (line != NULL)
        line->open++;
}

/* Its share is what makes all connections end at about the same time. */
static void take_share(Sender *sender, Job *first)
{
    Delivery *delivery = sender->delivery;
    int connections = pace_connections(&first->line->pace, delivery->max_connections);
    guint share = (delivery->jobs.length + (guint)connections - 1) / (guint)connections;
    share = CLAMP(share, 1, PACE_MAX);
    sender->line = first->line;
    sender->n = 0;
    for (GList *at = delivery->jobs.head, *next; at != NULL && sender->n < share; at = next) {
        Job *job = at->data;
        next = at->next;
        if (job->line != first->line || (job->message == NULL && job != first))
            continue;
        g_queue_delete_link(&delivery->jobs, at);
        sender->jobs[sender->n++] = job;
        if (job->message == NULL)
            break;
    }
    count_link(sender, sender->line);
    sender->line->busy++;
    delivery->busy++;
}

/* The first whose relay may have another connection at work, and one more open where this sender
 * has none to it. */
static Job *first_job(const Sender *sender)
{
    const Delivery *delivery = sender->delivery;
    for (GList *at = delivery->jobs.head; at != NULL; at = at->next) {
        Job *job = at->data;
        int connections = pace_connections(&job->line->pace, delivery->max_connections);
        if (job->line->busy < connections &&
            (sender->open_on == job->line || job->line->open < connections))
            return job;
    }
    return NULL;
}

static void close_idle_link(Sender *sender)
{
    Delivery *delivery = sender->delivery;
    count_link(sender, NULL);
    monitor_unlock(&delivery->monitor);
    transport_link_idle(sender->link, 0);
    monitor_lock(&delivery->monitor);
    pthread_cond_broadcast(&delivery->more_jobs); /* another may open one now */
}

/* False at the end. *may_try: false for what is to be given back untouched. */
static bool next_share(Sender *sender, bool *may_try)
{
    Delivery *delivery = sender->delivery;
    Job *first = NULL;
    monitor_lock(&delivery->monitor);
    while (!delivery->stopping && (first = first_job(sender)) == NULL) {
        gint64 until = g_get_monotonic_time() + IDLE_CLOSE_MS * G_TIME_SPAN_MILLISECOND;
        if (!monitor_wait_cond_until(&delivery->monitor, &delivery->more_jobs, until) &&
            sender->open_on != NULL)
            close_idle_link(sender);
    }
    if (first != NULL) {
        take_share(sender, first);
        *may_try = !sender->line->blocked || sender->jobs[0]->message == NULL;
    }
    monitor_unlock(&delivery->monitor);
    return first != NULL;
}

static void share_done(Sender *sender, bool tried, int64_t took_us)
{
    Delivery *delivery = sender->delivery;
    monitor_lock(&delivery->monitor);
    sender->line->busy--;
    delivery->busy--;
    if (!sender->link_is_well)
        count_link(sender, NULL);
    if (tried && !sender->line->blocked)
        pace_sent(&sender->line->pace, (int)sender->n, took_us, delivery->max_connections);
    if (delivery->stopping)
        monitor_broadcast(&delivery->monitor);
    if (!g_queue_is_empty(&delivery->jobs))
        pthread_cond_broadcast(&delivery->more_jobs); /* one more may go now */
    monitor_unlock(&delivery->monitor);
}

gpointer delivery_sender_run(gpointer data)
{
    g_autofree Sender *sender = g_new0(Sender, 1);
    sender->delivery = data;
    bool may_try;
    while (next_share(sender, &may_try)) {
        gint64 began = g_get_monotonic_time();
        sender->link_is_well = false;
        fit_link(sender, sender->jobs[0]->route);
        if (!may_try)
            for (size_t i = 0; i < sender->n; i++)
                give_to_settler(sender->delivery, sender->jobs[i]);
        else if (sender->jobs[0]->message == NULL)
            run_probe(sender, sender->jobs[0]);
        else
            run_share(sender);
        share_done(sender, may_try, g_get_monotonic_time() - began);
    }
    monitor_lock(&sender->delivery->monitor);
    count_link(sender, NULL);
    monitor_unlock(&sender->delivery->monitor);
    transport_link_free(sender->link);
    delivery_route_unref(sender->route);
    return NULL;
}
