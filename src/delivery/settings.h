/* SPDX-License-Identifier: Apache-2.0 */
/* What the Alerts Server reads before each claim. */
#pragma once

#include "delivery/relay.h"
#include "mail/transport.h"

/* Shared by the messages claimed under it; a new one is made when an option changed. */
typedef struct {
    int users;
    char *fingerprint;
    TransportSettings transport;
} DeliveryRoute;

DeliveryRoute *delivery_route_ref(DeliveryRoute *route);
void delivery_route_unref(DeliveryRoute *route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeliveryRoute, delivery_route_unref)

typedef struct {
    bool active;
    int concurrency;
    char *sender; /* sender_identity() */
    DeliveryRoute *route;
    RelayState relay;
} DeliverySettings;

void delivery_settings_clear(DeliverySettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeliverySettings, delivery_settings_clear)

/* `memory`: see DeliverySetup. */
bool delivery_settings_load(Db *db, const char *maildir, const char *memory, int timeout_scale,
                            DeliverySettings *settings, GError **error);
