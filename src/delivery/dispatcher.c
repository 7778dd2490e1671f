/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: the one thread that claims, and that keeps house. It never waits for a relay, so
 * a slow one cannot keep it from taking back what another process left behind.
 *
 * Each round asks for every relay, in the order of preference, whether something may be claimed for
 * it; the first that is open gets it. A better one that was down is tried now and then on the side:
 * by a connection alone where another relay can take the mail meanwhile, else by one message.
 */
#include "alerts/canary.h"
#include "base/error.h"
#include "base/log.h"
#include "delivery/private.h"

#include <string.h>

#define POLL_US         US_PER_SECOND
#define HOUSEKEEPING_US (15 * US_PER_SECOND)
#define ADMIT_MAX       500

typedef struct {
    Delivery *delivery;
    const char *sender;
    Term *term;
    int limit;
    GPtrArray *claimed;
    bool more;      /* there may be others */
    int64_t due_at; /* without `more`: when the next one is due */
} Claiming;

static bool claim(DbTx *tx, void *data, GError **error)
{
    Claiming *claiming = data;
    g_clear_pointer(&claiming->claimed, g_ptr_array_unref);
    int64_t now_us = clock_wall_us(claiming->delivery->setup.clock);
    OutboxClaim wanted = {.lease = claiming->term->token,
                          .sender = claiming->sender,
                          .now_us = now_us,
                          .limit = claiming->limit};
    if (!outbox_admit(tx, now_us, ADMIT_MAX, &claiming->more, error))
        return false;
    claiming->claimed = outbox_claim(tx, &wanted, error);
    if (claiming->claimed == NULL)
        return false;
    claiming->more = claiming->more || (int)claiming->claimed->len == claiming->limit;
    return claiming->more || outbox_next_due(tx, &claiming->due_at, error);
}

static Job *job_new(OutboxMessage *message, DeliveryRoute *route, Line *line, Term *term)
{
    Job *job = g_new0(Job, 1);
    job->message = message;
    job->route = delivery_route_ref(route);
    job->line = line;
    job->term = term_ref(term);
    return job;
}

/* What is urgent comes before what waits here already. */
static void hand_out(Delivery *delivery, Line *line, GPtrArray *claimed, DeliveryRoute *route,
                     Term *term)
{
    g_ptr_array_set_free_func(claimed, NULL);
    monitor_lock(&delivery->monitor);
    GList *first = delivery->jobs.head;
    for (guint i = 0; i < claimed->len; i++) {
        OutboxMessage *message = claimed->pdata[i];
        Job *job = job_new(message, route, line, term);
        if (message->urgent && first != NULL)
            g_queue_insert_before(&delivery->jobs, first, job);
        else
            g_queue_push_tail(&delivery->jobs, job);
    }
    line->in_flight += (int)claimed->len;
    pthread_cond_broadcast(&delivery->more_jobs);
    monitor_unlock(&delivery->monitor);
}

/* A job without a message: only whether the relay can be reached. */
static void hand_out_probe(Delivery *delivery, Line *line, DeliveryRoute *route, Term *term)
{
    monitor_lock(&delivery->monitor);
    g_queue_push_head(&delivery->jobs, job_new(NULL, route, line, term));
    line->in_flight++;
    pthread_cond_broadcast(&delivery->more_jobs);
    monitor_unlock(&delivery->monitor);
}

static Line *find_line(Delivery *delivery, const DeliveryRoute *route)
{
    for (guint i = 0; i < delivery->lines->len; i++) {
        Line *line = delivery->lines->pdata[i];
        if (strcmp(line->fingerprint, route->fingerprint) == 0)
            return line;
    }
    Line *line = line_new(route->fingerprint, delivery->max_connections);
    g_ptr_array_add(delivery->lines, line);
    return line;
}

/* Claims at most `limit` for one relay. */
static bool claim_some(Delivery *delivery, const DeliverySettings *settings, DeliveryRoute *route,
                       Line *line, int limit, Claiming *claiming, GError **error)
{
    g_autoptr(Term) term = term_keep(&delivery->keeper, error);
    if (term == NULL)
        return false;
    claiming->delivery = delivery;
    claiming->sender = settings->sender;
    claiming->term = term;
    claiming->limit = limit;
    bool well = db_write(delivery->setup.db, claim, claiming, error);
    if (well && claiming->claimed->len > 0)
        hand_out(delivery, line, claiming->claimed, route, term);
    g_clear_pointer(&claiming->claimed, g_ptr_array_unref);
    return well;
}

static bool probe(Delivery *delivery, const DeliverySettings *settings, DeliveryRoute *route,
                  Line *line, GError **error)
{
    if (settings->routes->len == 1 || strcmp(route->relay.state, "down") != 0) {
        Claiming claiming = {0};
        return claim_some(delivery, settings, route, line, 1, &claiming, error);
    }
    g_autoptr(Term) term = term_keep(&delivery->keeper, error);
    if (term != NULL)
        hand_out_probe(delivery, line, route, term);
    return term != NULL;
}

/* Claims for the first relay that is open. *wait_us: how long nothing more can be done, unless
 * somebody wakes the dispatcher. */
static bool claim_round(Delivery *delivery, const DeliverySettings *settings, int64_t *wait_us,
                        GError **error)
{
    for (guint i = 0; i < settings->routes->len; i++) {
        DeliveryRoute *route = delivery_settings_route(settings, i);
        int64_t now_us = clock_wall_us(delivery->setup.clock);
        int room = 0;
        monitor_lock(&delivery->monitor);
        Line *line = find_line(delivery, route);
        LineState state = line_look(line, &route->relay, delivery->max_connections, now_us, &room);
        int in_flight = line->in_flight;
        monitor_unlock(&delivery->monitor);
        if (state == LINE_PROBE && !probe(delivery, settings, route, line, error))
            return false;
        if (state != LINE_OPEN)
            continue;
        /* A claim is a commit: not one for each message that has left. */
        if (room == 0 || room < in_flight / 3)
            return true;
        Claiming claiming = {.due_at = INT64_MAX};
        if (!claim_some(delivery, settings, route, line, room, &claiming, error))
            return false;
        if (claiming.more)
            *wait_us = 0;
        else
            *wait_us = CLAMP(claiming.due_at - now_us, US_PER_MS, POLL_US);
        return true;
    }
    return true;
}

static bool tick(DbTx *tx, void *data, GError **error)
{
    const Delivery *delivery = data;
    return canary_tick(tx, clock_wall_us(delivery->setup.clock), error);
}

/* Once for each time of the schedule; whether another process was first, the database says. */
static bool send_canary(Delivery *delivery, const DeliverySettings *settings, GError **error)
{
    if (settings->canary_seconds == 0 || !settings->active)
        return true;
    int64_t every_us = settings->canary_seconds * US_PER_SECOND;
    int64_t now_us = clock_wall_us(delivery->setup.clock);
    int64_t slot = now_us - now_us % every_us;
    if (slot == delivery->canary_slot)
        return true;
    if (!db_write(delivery->setup.db, tick, delivery, error))
        return false;
    delivery->canary_slot = slot;
    return true;
}

/* One round. */
static bool work_once(Delivery *delivery, DeliverySettings *settings, int64_t *wait_us,
                      GError **error)
{
    *wait_us = POLL_US;
    if (!delivery_settings_load(&delivery->setup, settings, error))
        return false;
    int connections = CLAMP(settings->concurrency, 1, DELIVERY_SENDERS_MAX);
    monitor_lock(&delivery->monitor);
    delivery->max_connections = connections;
    delivery->ask = settings->ask;
    monitor_unlock(&delivery->monitor);
    if (!delivery_add_senders(delivery, connections, error))
        return false;
    return send_canary(delivery, settings, error) &&
           (!settings->active || claim_round(delivery, settings, wait_us, error));
}

/* False when it is time to stop. */
static bool wait_for_work(Delivery *delivery, int64_t wait_us)
{
    gint64 until = g_get_monotonic_time() + wait_us;
    monitor_lock(&delivery->monitor);
    while (wait_us > 0 && !delivery->woken && !delivery->stopping &&
           monitor_wait_until(&delivery->monitor, until))
        ;
    delivery->woken = false;
    bool go_on = !delivery->stopping;
    monitor_unlock(&delivery->monitor);
    return go_on;
}

gpointer delivery_dispatcher_run(gpointer data)
{
    Delivery *delivery = data;
    g_auto(DeliverySettings) settings = {0};
    int64_t housekeeping_at = 0;
    bool failing = false;
    int64_t wait_us;
    do {
        g_autoptr(GError) error = NULL;
        int64_t now_us = clock_boot_us(delivery->setup.clock);
        bool ok = true;
        if (now_us >= housekeeping_at) {
            housekeeping_at = now_us + MIN(HOUSEKEEPING_US, delivery->keeper.lease_us / 2);
            ok = delivery_keep_house(delivery, &error);
        }
        ok = ok && work_once(delivery, &settings, &wait_us, &error);
        if (!ok) {
            /* Said once, not at every poll. */
            if (!failing)
                log_error(
                    "The Alerts Server cannot reach its outbox: %s. Nothing is lost; it tries again"
                    " each second",
                    error->message);
            wait_us = POLL_US;
        } else if (failing) {
            log_info("The Alerts Server reaches its outbox again");
        }
        failing = !ok;
    } while (wait_for_work(delivery, wait_us));
    return NULL;
}
