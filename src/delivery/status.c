/* SPDX-License-Identifier: Apache-2.0 */
/* How sending is going, as rows in the database tell it: any process may ask. */
#include "alerts/canary.h"
#include "base/json.h"
#include "delivery/delivery.h"
#include "delivery/settings.h"
#include "outbox/lease.h"

static json_t *show(const DeliveryRoute *route)
{
    json_t *relay = json_object();
    json_set_text(relay, "name", route->name);
    json_set_text(relay, "state", route->relay.state);
    json_set_text(relay, "reason", route->relay.reason);
    json_set_time(relay, "since", route->relay.since);
    json_set_time(relay, "retry_at", route->relay.retry_at);
    return relay;
}

typedef struct {
    const DeliverySetup *setup;
    GPtrArray *leases;
    CanaryCondition canary;
} Senders;

static void senders_clear(Senders *senders)
{
    g_clear_pointer(&senders->leases, g_ptr_array_unref);
    canary_condition_clear(&senders->canary);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Senders, senders_clear)

static bool load_senders(DbTx *tx, void *data, GError **error)
{
    Senders *senders = data;
    g_clear_pointer(&senders->leases, g_ptr_array_unref);
    int64_t now_us = clock_wall_us(senders->setup->clock);
    senders->leases = lease_list(tx, now_us, error);
    return senders->leases != NULL && canary_condition(tx, now_us, &senders->canary, error);
}

static json_t *show_senders(const GPtrArray *leases)
{
    json_t *list = json_array();
    for (guint i = 0; i < leases->len; i++) {
        const Lease *lease = leases->pdata[i];
        json_t *sender = json_object();
        json_set_text(sender, "name", lease->name);
        json_set_time(sender, "since", lease->started_at);
        json_set_time(sender, "lease_until", lease->lease_until);
        json_array_append_new(list, sender);
    }
    return list;
}

static json_t *show_canary(const CanaryCondition *canary)
{
    json_t *value = json_object();
    bool known = canary->last_success != 0;
    json_set_bool(value, "enabled", canary->enabled);
    json_set_bool(value, "ok", canary->ok);
    json_set_text(value, "problem", canary->text);
    json_set_time(value, "last_success", canary->last_success);
    json_object_set_new(value, "round_trip_seconds",
                        known ? json_real((double)canary->round_trip_us / US_PER_SECOND)
                              : json_null());
    json_set_bool(value, "came_back", canary->came_back);
    return value;
}

json_t *delivery_status(const DeliverySetup *setup, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    g_auto(Senders) senders = {.setup = setup};
    if (!delivery_settings_load(setup, &settings, error) ||
        !db_read(setup->db, load_senders, &senders, error))
        return NULL;
    json_t *status = json_object();
    json_t *relays = json_array();
    for (guint i = 0; i < settings.routes->len; i++)
        json_array_append_new(relays, show(delivery_settings_route(&settings, i)));
    json_set_bool(status, "active", settings.active);
    json_set_text(status, "transport", delivery_settings_route(&settings, 0)->transport.kind);
    json_object_set(status, "relay", json_array_get(relays, 0));
    json_object_set_new(status, "relays", relays);
    json_object_set_new(status, "senders", show_senders(senders.leases));
    json_object_set_new(status, "canary", show_canary(&senders.canary));
    return status;
}

typedef struct {
    const DeliverySetup *setup;
    int64_t resumed;
} Resuming;

static bool resume(DbTx *tx, void *data, GError **error)
{
    Resuming *resuming = data;
    return relay_resume(tx, clock_wall_us(resuming->setup->clock), &resuming->resumed, error);
}

bool delivery_resume(const DeliverySetup *setup, int64_t *resumed, GError **error)
{
    Resuming resuming = {.setup = setup};
    if (!db_write(setup->db, resume, &resuming, error))
        return false;
    *resumed = resuming.resumed;
    return true;
}
