/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "delivery/delivery.h"
#include "delivery/settings.h"

json_t *delivery_status(const DeliverySetup *setup, GError **error)
{
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(setup->db, setup->maildir, setup->memory, setup->timeout_scale,
                                &settings, error))
        return NULL;
    json_t *relay = json_object();
    json_set_text(relay, "state", settings.relay.state);
    json_set_text(relay, "reason", settings.relay.reason);
    json_set_time(relay, "since", settings.relay.since);
    json_set_time(relay, "retry_at", settings.relay.retry_at);
    json_t *status = json_object();
    json_set_bool(status, "active", settings.active);
    json_set_text(status, "transport", settings.route->transport.kind);
    json_object_set_new(status, "relay", relay);
    return status;
}
