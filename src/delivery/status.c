/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "delivery/delivery.h"
#include "delivery/settings.h"

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

json_t *delivery_status(const DeliverySetup *setup, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(setup, &settings, error))
        return NULL;
    json_t *status = json_object();
    json_t *relays = json_array();
    for (guint i = 0; i < settings.routes->len; i++)
        json_array_append_new(relays, show(delivery_settings_route(&settings, i)));
    json_set_bool(status, "active", settings.active);
    json_set_text(status, "transport", delivery_settings_route(&settings, 0)->transport.kind);
    json_object_set(status, "relay", json_array_get(relays, 0));
    json_object_set_new(status, "relays", relays);
    return status;
}
