/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: the one thread that claims, and that keeps house. It never waits for a relay, so
 * a slow one cannot keep it from taking back what another process left behind.
 */
#include "alerts/closing.h"
#include "base/error.h"
#include "base/log.h"
#include "delivery/private.h"
#include "delivery/retry.h"
#include "records/token.h"

/* Longer than the longest wait of one SMTP dialogue (RFC 5321 §4.5.3.2.6: 10 minutes for the dot).
 */
#define LEASE_US         (15 * US_PER_MINUTE)
#define POLL_US          US_PER_SECOND
#define HOUSEKEEPING_US  (15 * US_PER_SECOND)
#define RECOVERED_DUE_US (30 * US_PER_SECOND)
#define CHUNK            500

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
    const RelayState *relay = &delivery_settings_route(settings, 0)->relay;
    bool down = g_strcmp0(relay->state, "up") != 0;
    if (down && now_us < relay->retry_at)
        return 0;
    monitor_lock(&delivery->monitor);
    int in_flight = delivery->in_flight;
    if (in_flight == 0)
        delivery->relay_blocked = false;
    bool blocked = delivery->relay_blocked;
    monitor_unlock(&delivery->monitor);
    if (down || blocked)
        return in_flight == 0 ? 1 : 0;
    return MAX(0,
               MIN(settings->concurrency, DELIVERY_SENDERS_MAX) * DELIVERY_IN_FLIGHT - in_flight);
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
        hand_out(delivery, claiming.claimed, delivery_settings_route(settings, 0));
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

static int by_number(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

/* "Customers not told": a closing whose last mail was given up has reached nobody. In the order of
 * the tickets' numbers, as the settler's. */
static bool review_closings(DbTx *tx, GPtrArray *expired, int64_t now_us, GError **error)
{
    g_autoptr(GArray) tickets = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < expired->len; i++) {
        const OutboxMessage *message = expired->pdata[i];
        int64_t ticket = 0;
        if (g_strcmp0(message->kind, OUTBOX_KIND_ALERT) == 0 &&
            !closing_of_alert(tx, message->ref, &ticket, error))
            return false;
        if (ticket != 0)
            g_array_append_val(tickets, ticket);
    }
    g_array_sort(tickets, by_number);
    for (guint i = 0; i < tickets->len; i++)
        if (!closing_review(tx, g_array_index(tickets, int64_t, i), now_us, NULL, error))
            return false;
    return true;
}

static bool tidy(DbTx *tx, void *data, GError **error)
{
    Housework *work = data;
    int64_t now_us = clock_wall_us(work->delivery->setup.clock);
    g_autoptr(GPtrArray) expired =
        outbox_expire(tx, now_us - RETRY_GIVE_UP_US, "gave_up", CHUNK, now_us, error);
    return expired != NULL && review_closings(tx, expired, now_us, error) &&
           idempotency_forget(tx, now_us - US_PER_DAY, CHUNK, error);
}

bool delivery_take_back(Delivery *delivery, bool everything, int64_t due_at, GError **error)
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
    return delivery_take_back(delivery, false,
                              clock_wall_us(delivery->setup.clock) + RECOVERED_DUE_US, error) &&
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
    delivery->relay_retry_at = 0;
    monitor_unlock(&delivery->monitor);
}

/* One round. *wait_us says how long nothing can be due. */
static bool work_once(Delivery *delivery, DeliverySettings *settings, char **route,
                      int64_t *wait_us, GError **error)
{
    guint claimed = 0;
    *wait_us = POLL_US;
    if (!delivery_settings_load(&delivery->setup, settings, error))
        return false;
    notice_new_route(delivery, delivery_settings_route(settings, 0), route);
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
