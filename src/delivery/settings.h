/* SPDX-License-Identifier: Apache-2.0 */
/* What the Alerts Server reads before each claim. */
#pragma once

#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "mail/transport.h"

/* One way out, shared by the messages claimed under it; made anew with each load of the settings.
 * Never written to once it is loaded. */
typedef struct {
    int users;
    char *fingerprint; /* the same as long as no option of this relay changed */
    char *name;        /* for people: "mail.example.com:587", or the transport's name */
    TransportSettings transport;
    RelayState relay; /* as it was when the settings were loaded */
} DeliveryRoute;

DeliveryRoute *delivery_route_ref(DeliveryRoute *route);
void delivery_route_unref(DeliveryRoute *route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeliveryRoute, delivery_route_unref)

typedef struct {
    bool active;
    bool ask; /* what is uncertain waits for a person */
    int concurrency;
    int canary_seconds; /* 0: no canary is sent */
    char *sender;       /* sender_identity() */
    GPtrArray *routes;  /* of DeliveryRoute *, in order of preference; one at least */
} DeliverySettings;

static inline DeliveryRoute *delivery_settings_route(const DeliverySettings *settings, guint i)
{
    return settings->routes->pdata[i];
}

void delivery_settings_clear(DeliverySettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeliverySettings, delivery_settings_clear)

/* What is in force now, by one read of the database. Replaces what *settings holds. */
bool delivery_settings_load(const DeliverySetup *setup, DeliverySettings *settings, GError **error);
