/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping, and the dispatcher: the one thread that claims. It never waits for a
 * relay, so a slow one cannot keep it from taking back what another process left behind.
 */
#include "delivery/delivery.h"

#include "base/error.h"
#include "base/log.h"
#include "delivery/private.h"
#include "delivery/retry.h"
#include "records/token.h"

#define LEASE_US         (5 * US_PER_MINUTE)
#define POLL_US          US_PER_SECOND
#define HOUSEKEEPING_US  (15 * US_PER_SECOND)
#define RECOVERED_DUE_US (30 * US_PER_SECOND)
#define CHUNK            500
#define SENDERS_MAX      64

/* ---- claiming ---- */

typedef struct {
    Delivery *delivery;
    const char *sender;
    int limit;
    char *lease;
    GPtrArray *claimed;
} Claiming;

static bool claim(DbTx *tx, void *data, GError **error)
{
    Claiming *claiming = data;
    g_clear_pointer(&claiming->claimed, g_ptr_array_unref);
    int64_t now_us = clock_wall_us(claiming->delivery->setup.clock);
    OutboxClaim wanted = {
        .lease = claiming->lease,
        .lease_until = now_us + LEASE_US,
        .sender = claiming->sender,
        .now_us = now_us,
        .limit = claiming->limit,
    };
    claiming->claimed = outbox_claim(tx, &wanted, error);
    return claiming->claimed != NULL;
}

static void hand_out(Delivery *delivery, GPtrArray *claimed, DeliveryRoute *route)
{
    g_ptr_array_set_free_func(claimed, NULL);
    monitor_lock(&delivery->monitor);
    for (guint i = 0; i < claimed->len; i++) {
        Job *job = g_new0(Job, 1);
        job->message = claimed->pdata[i];
        job->route = delivery_route_ref(route);
        g_queue_push_tail(&delivery->jobs, job);
    }
    delivery->in_flight += (int)claimed->len;
    pthread_cond_broadcast(&delivery->more_jobs);
    monitor_unlock(&delivery->monitor);
}

/* How many more may be claimed now. While the relay is down, one at a time tries whether it is
 * back. */
static int room(Delivery *delivery, const DeliverySettings *settings, int64_t now_us)
{
    if (!settings->active)
        return 0;
    bool down = g_strcmp0(settings->relay.state, "up") != 0;
    if (down && now_us < settings->relay.retry_at)
        return 0;
    monitor_lock(&delivery->monitor);
    int in_flight = delivery->in_flight;
    if (in_flight == 0)
        delivery->relay_blocked = false;
    bool blocked = delivery->relay_blocked;
    monitor_unlock(&delivery->monitor);
    if (down || blocked)
        return in_flight == 0 ? 1 : 0;
    return MAX(0, MIN(settings->concurrency, SENDERS_MAX) * DELIVERY_IN_FLIGHT - in_flight);
}

/* *claimed is how many; 0 where there was nothing, or no room. */
static bool claim_some(Delivery *delivery, const DeliverySettings *settings, guint *claimed,
                       GError **error)
{
    *claimed = 0;
    int limit = room(delivery, settings, clock_wall_us(delivery->setup.clock));
    if (limit == 0)
        return true;
    g_autofree char *lease = random_base32(delivery->setup.random, 26);
    Claiming claiming = {
        .delivery = delivery, .sender = settings->sender, .limit = limit, .lease = lease};
    bool ok = db_write(delivery->setup.db, claim, &claiming, error);
    if (ok) {
        *claimed = claiming.claimed->len;
        hand_out(delivery, claiming.claimed, settings->route);
    }
    g_clear_pointer(&claiming.claimed, g_ptr_array_unref);
    return ok;
}

/* ---- keeping house ---- */

typedef struct {
    Delivery *delivery;
    bool everything;
    int64_t due_at;
    int64_t moved;
} Housework;

static bool take_back(DbTx *tx, void *data, GError **error)
{
    Housework *work = data;
    return outbox_recover(tx, work->everything, clock_wall_us(work->delivery->setup.clock),
                          work->due_at, CHUNK, &work->moved, error);
}

static bool tidy(DbTx *tx, void *data, GError **error)
{
    Housework *work = data;
    int64_t now_us = clock_wall_us(work->delivery->setup.clock);
    return outbox_expire(tx, now_us - RETRY_GIVE_UP_US, "gave_up", CHUNK, now_us, &work->moved,
                         error) &&
           idempotency_forget(tx, now_us - US_PER_DAY, CHUNK, error);
}

static bool take_back_all(Delivery *delivery, bool everything, int64_t due_at, GError **error)
{
    Housework work = {.delivery = delivery, .everything = everything, .due_at = due_at};
    int64_t total = 0;
    do {
        if (!db_write(delivery->setup.db, take_back, &work, error))
            return false;
        total += work.moved;
    } while (work.moved == CHUNK);
    if (total > 0)
        log_warning("%" G_GINT64_FORMAT
                    " alerts were being sent when their sender stopped: they are"
                    " marked uncertain and sent again with the same Message-ID",
                    total);
    return true;
}

static bool keep_house(Delivery *delivery, GError **error)
{
    Housework work = {.delivery = delivery};
    return take_back_all(delivery, false, clock_wall_us(delivery->setup.clock) + RECOVERED_DUE_US,
                         error) &&
           db_write(delivery->setup.db, tidy, &work, error);
}

/* ---- the dispatcher ---- */

static bool next_due(DbTx *tx, void *data, GError **error)
{
    return outbox_next_due(tx, data, error);
}

/* Other settings are another relay, of which nothing bad is known yet. */
static void notice_new_route(Delivery *delivery, const DeliveryRoute *route, char **known)
{
    if (g_strcmp0(*known, route->fingerprint) == 0)
        return;
    g_free(*known);
    *known = g_strdup(route->fingerprint);
    monitor_lock(&delivery->monitor);
    delivery->relay_blocked = false;
    delivery->relay_failures = 0;
    monitor_unlock(&delivery->monitor);
}

/* One round. *wait_us says how long nothing can be due. */
static bool work_once(Delivery *delivery, DeliverySettings *settings, char **route,
                      int64_t *wait_us, GError **error)
{
    guint claimed = 0;
    *wait_us = POLL_US;
    if (!delivery_settings_load(delivery->setup.db, delivery->maildir, delivery->setup.memory,
                                delivery->setup.timeout_scale, settings, error))
        return false;
    notice_new_route(delivery, settings->route, route);
    if (!claim_some(delivery, settings, &claimed, error))
        return false;
    if (claimed > 0 || room(delivery, settings, clock_wall_us(delivery->setup.clock)) == 0)
        return true;
    int64_t due_at;
    if (!db_read(delivery->setup.db, next_due, &due_at, error))
        return false;
    *wait_us = CLAMP(due_at - clock_wall_us(delivery->setup.clock), US_PER_MS, POLL_US);
    return true;
}

/* False when it is time to stop. */
static bool wait_for_work(Delivery *delivery, int64_t wait_us)
{
    gint64 until = g_get_monotonic_time() + wait_us;
    monitor_lock(&delivery->monitor);
    while (!delivery->woken && !delivery->stopping && monitor_wait_until(&delivery->monitor, until))
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
    g_autofree char *route = NULL;
    int64_t housekeeping_at = 0;
    bool failing = false;
    int64_t wait_us;
    do {
        g_autoptr(GError) error = NULL;
        int64_t now_us = clock_boot_us(delivery->setup.clock);
        bool ok = true;
        if (now_us >= housekeeping_at) {
            housekeeping_at = now_us + HOUSEKEEPING_US;
            ok = keep_house(delivery, &error);
        }
        ok = ok && work_once(delivery, &settings, &route, &wait_us, &error);
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

/* ---- starting and stopping ---- */

static GThread *start_thread(const char *name, GThreadFunc run, Delivery *delivery, GError **error)
{
    g_autoptr(GError) failure = NULL;
    GThread *thread = g_thread_try_new(name, run, delivery, &failure);
    if (thread == NULL)
        error_set(error, TD_ERROR_UNAVAILABLE, "The thread %s cannot be started: %s", name,
                  failure->message);
    return thread;
}

static int sender_count(Delivery *delivery, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(delivery->setup.db, delivery->maildir, delivery->setup.memory,
                                delivery->setup.timeout_scale, &settings, error))
        return -1;
    return CLAMP(settings.concurrency, 1, SENDERS_MAX);
}

static bool start_threads(Delivery *delivery, GError **error)
{
    int n = sender_count(delivery, error);
    if (n < 0)
        return false;
    delivery->settler = start_thread("settler", delivery_settler_run, delivery, error);
    if (delivery->settler == NULL)
        return false;
    for (int i = 0; i < n; i++) {
        GThread *thread = start_thread("sender", delivery_sender_run, delivery, error);
        if (thread == NULL)
            return false;
        g_ptr_array_add(delivery->senders, thread);
    }
    delivery->dispatcher = start_thread("dispatcher", delivery_dispatcher_run, delivery, error);
    return delivery->dispatcher != NULL;
}

Delivery *delivery_start(const DeliverySetup *setup, GError **error)
{
    Delivery *delivery = g_new0(Delivery, 1);
    delivery->setup = *setup;
    delivery->maildir = g_strdup(setup->maildir);
    delivery->senders = g_ptr_array_new();
    delivery->cancel = g_cancellable_new();
    monitor_init(&delivery->monitor);
    monitor_cond_init(&delivery->more_jobs);
    monitor_cond_init(&delivery->more_settled);
    g_queue_init(&delivery->jobs);
    g_queue_init(&delivery->settled);
    /* On SQLite this process is the only sender there can be, so whatever is `sending` was its
     * predecessor's. */
    bool only_sender = db_engine(setup->db) == DB_SQLITE;
    if (!take_back_all(delivery, only_sender, clock_wall_us(setup->clock), error) ||
        !start_threads(delivery, error)) {
        delivery_stop(delivery, 0);
        return NULL;
    }
    return delivery;
}

void delivery_wake(Delivery *delivery)
{
    monitor_lock(&delivery->monitor);
    delivery->woken = true;
    monitor_broadcast(&delivery->monitor);
    monitor_unlock(&delivery->monitor);
}

/* What is being sent gets its time; then its connections are broken. */
static void wait_for_senders(Delivery *delivery, int64_t grace_ms)
{
    gint64 until = g_get_monotonic_time() + grace_ms * G_TIME_SPAN_MILLISECOND;
    monitor_lock(&delivery->monitor);
    delivery->stopping = true;
    monitor_broadcast(&delivery->monitor);
    pthread_cond_broadcast(&delivery->more_jobs);
    while (delivery->busy > 0 && monitor_wait_until(&delivery->monitor, until))
        ;
    monitor_unlock(&delivery->monitor);
    g_cancellable_cancel(delivery->cancel);
}

void delivery_stop(Delivery *delivery, int64_t grace_ms)
{
    if (delivery == NULL)
        return;
    wait_for_senders(delivery, grace_ms);
    g_clear_pointer(&delivery->dispatcher, g_thread_join);
    for (guint i = 0; i < delivery->senders->len; i++)
        g_thread_join(delivery->senders->pdata[i]);
    monitor_lock(&delivery->monitor);
    while (!g_queue_is_empty(&delivery->jobs))
        g_queue_push_tail(&delivery->settled, g_queue_pop_head(&delivery->jobs));
    delivery->settler_stop = true;
    pthread_cond_signal(&delivery->more_settled);
    monitor_unlock(&delivery->monitor);
    g_clear_pointer(&delivery->settler, g_thread_join);
    g_ptr_array_unref(delivery->senders);
    g_object_unref(delivery->cancel);
    pthread_cond_destroy(&delivery->more_jobs);
    pthread_cond_destroy(&delivery->more_settled);
    monitor_clear(&delivery->monitor);
    g_free(delivery->maildir);
    g_free(delivery);
}
