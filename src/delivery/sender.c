/* SPDX-License-Identifier: Apache-2.0 */
/* A sender: one thread, one connection. Composes, sends, hands the outcome on. It never writes to
 * the database. */
#include "base/error.h"
#include "delivery/private.h"

#define IDLE_CLOSE_MS 10000

typedef struct {
    const OutboxMessage *message;
    ComposeSource *source;
    int64_t closing;
} LoadSource;

void job_free(Job *job)
{
    if (job == NULL)
        return;
    outbox_message_free(job->message);
    delivery_route_unref(job->route);
    g_free(job->compose_error);
    g_free(job->message_hash);
    delivery_outcome_clear(&job->outcome);
    g_free(job);
}

static bool load_source(DbTx *tx, void *data, GError **error)
{
    LoadSource *load = data;
    g_clear_pointer(&load->source, compose_source_free);
    g_autoptr(Alert) alert = alert_load(tx, load->message->ref, error);
    if (alert == NULL)
        return false;
    load->closing = alert->kind == ALERT_TICKET_CLOSED ? alert->ticket : 0;
    load->source = compose_source_load(tx, alert, error);
    return load->source != NULL;
}

static GBytes *compose(Delivery *delivery, Job *job, GError **error)
{
    const OutboxMessage *message = job->message;
    LoadSource load = {.message = message};
    bool loaded = db_read(delivery->setup.db, load_source, &load, error);
    g_autoptr(ComposeSource) source = load.source;
    job->closing = load.closing;
    return loaded ? compose_message(delivery->setup.composer, source, message->sender,
                                    message->dated_at, error)
                  : NULL;
}

/* The address that bounces come back to. */
static char *envelope_from(const OutboxMessage *message)
{
    json_auto_t *sender = json_loads(message->sender, 0, NULL);
    const char *address = json_string_value(json_object_get(sender, "from_address"));
    return g_strdup(address != NULL ? address : "");
}

/* The link for this job's route; the former one is closed when an option changed. */
static TransportLink *fit_link(Delivery *delivery, TransportLink **link, DeliveryRoute **route,
                               const Job *job)
{
    if (*route == NULL || g_strcmp0((*route)->fingerprint, job->route->fingerprint) != 0) {
        g_clear_pointer(link, transport_link_free);
        g_clear_pointer(route, delivery_route_unref);
        *link = transport_link_new(&job->route->transport, delivery->setup.clock, NULL);
        *route = delivery_route_ref(job->route);
    }
    return *link;
}

static void run_job(Delivery *delivery, TransportLink *link, Job *job)
{
    g_autoptr(GError) error = NULL;
    job->tried = true;
    g_autoptr(GBytes) message = compose(delivery, job, &error);
    if (message == NULL) {
        /* The database being away says nothing about the mail. */
        job->tried = !error_try_again(error);
        job->compose_error = g_strdup(error->message);
        return;
    }
    job->composed = true;
    job->message_hash = compose_hash(message);
    g_autofree char *from = envelope_from(job->message);
    Envelope envelope = {
        .envelope_from = from, .envelope_to = job->message->recipient, .message = message};
    transport_send(link, &envelope, delivery->cancel, &job->outcome);
}

/* The next job, or NULL at the end. Jobs are given back untried while the relay is down or the
 * server stops. */
static Job *next_job(Delivery *delivery, TransportLink *link)
{
    monitor_lock(&delivery->monitor);
    while (g_queue_is_empty(&delivery->jobs) && !delivery->stopping) {
        gint64 until = g_get_monotonic_time() + IDLE_CLOSE_MS * G_TIME_SPAN_MILLISECOND;
        if (!monitor_wait_cond_until(&delivery->monitor, &delivery->more_jobs, until) &&
            link != NULL) {
            monitor_unlock(&delivery->monitor);
            transport_link_idle(link, IDLE_CLOSE_MS);
            monitor_lock(&delivery->monitor);
        }
    }
    Job *job = g_queue_pop_head(&delivery->jobs);
    if (job != NULL)
        delivery->busy++;
    monitor_unlock(&delivery->monitor);
    return job;
}

static bool may_try(Delivery *delivery)
{
    monitor_lock(&delivery->monitor);
    bool may = !delivery->stopping && !delivery->relay_blocked;
    monitor_unlock(&delivery->monitor);
    return may;
}

static void job_done(Delivery *delivery, Job *job)
{
    bool down = job->composed &&
                (job->outcome.kind == DELIVERY_RELAY_DOWN || job->outcome.relay_misconfigured);
    monitor_lock(&delivery->monitor);
    delivery->busy--;
    if (down)
        delivery->relay_blocked = true;
    g_queue_push_tail(&delivery->settled, job);
    pthread_cond_signal(&delivery->more_settled);
    if (delivery->stopping)
        monitor_broadcast(&delivery->monitor);
    monitor_unlock(&delivery->monitor);
}

gpointer delivery_sender_run(gpointer data)
{
    Delivery *delivery = data;
    TransportLink *link = NULL;
    DeliveryRoute *route = NULL;
    for (;;) {
        Job *job = next_job(delivery, link);
        if (job == NULL)
            break;
        if (may_try(delivery))
            run_job(delivery, fit_link(delivery, &link, &route, job), job);
        job_done(delivery, job);
    }
    transport_link_free(link);
    delivery_route_unref(route);
    return NULL;
}
