/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/settings.h"

#include "alerts/compose.h"
#include "base/secret.h"
#include "delivery/tokens.h"
#include "records/option.h"
#include "records/signing_key.h"

#include <string.h>

typedef struct {
    const DeliverySetup *setup;
    DeliverySettings loaded;
} Load;

DeliveryRoute *delivery_route_ref(DeliveryRoute *route)
{
    g_atomic_int_inc(&route->users);
    return route;
}

void delivery_route_unref(DeliveryRoute *route)
{
    if (route == NULL || !g_atomic_int_dec_and_test(&route->users))
        return;
    transport_settings_clear(&route->transport);
    relay_state_clear(&route->relay);
    g_free(route->fingerprint);
    g_free(route->name);
    g_free(route);
}

void delivery_settings_clear(DeliverySettings *settings)
{
    g_clear_pointer(&settings->sender, g_free);
    g_clear_pointer(&settings->routes, g_ptr_array_unref);
}

static char *text_or_null(const char *text)
{
    return *text != '\0' ? g_strdup(text) : NULL;
}

static bool has_tokens(const RelaySettings *relay)
{
    return strcmp(relay->auth, "xoauth2") == 0;
}

static SmtpSecurity security_of(const RelaySettings *relay)
{
    return strcmp(relay->security, "tls") == 0    ? SMTP_SECURITY_TLS
           : strcmp(relay->security, "none") == 0 ? SMTP_SECURITY_NONE
                                                  : SMTP_SECURITY_STARTTLS;
}

/* `secret` is the password, or with XOAUTH2 the client's. */
static char *fingerprint(const char *kind, const RelaySettings *relay, const char *secret)
{
    char *all =
        g_strdup_printf("%s\n%s\n%d\n%d\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s", kind, relay->host,
                        relay->port, (int)security_of(relay), relay->username,
                        secret != NULL ? secret : "", relay->ca_file, relay->auth, relay->token_url,
                        relay->client_id, relay->scope, relay->refresh_token_changed);
    char *hash = secret_hash(all, strlen(all));
    secret_free(all);
    return hash;
}

static DeliveryRoute *make_route(const char *kind, const RelaySettings *relay, const char *secret,
                                 const DeliverySetup *setup)
{
    DeliveryRoute *route = g_new0(DeliveryRoute, 1);
    TransportSettings *transport = &route->transport;
    bool smtp = strcmp(kind, "smtp") == 0;
    route->users = 1;
    transport->kind = g_strdup(kind);
    transport->host = text_or_null(relay->host);
    transport->port = (uint16_t)relay->port;
    transport->security = security_of(relay);
    transport->username = text_or_null(relay->username);
    if (!has_tokens(relay))
        transport->password = g_strdup(secret);
    else if (smtp)
        transport->oauth = delivery_token_source(setup, relay, secret);
    transport->ca_file = text_or_null(relay->ca_file);
    transport->path = strcmp(kind, "maildir") == 0 ? g_strdup(setup->maildir) : NULL;
    transport->timeout_scale = setup->timeout_scale;
    route->name = smtp ? g_strdup_printf("%s:%d", relay->host, relay->port) : g_strdup(kind);
    route->fingerprint = fingerprint(kind, relay, secret);
    return route;
}

static bool add_route(DbTx *tx, Load *load, const char *kind, const RelaySettings *relay,
                      GError **error)
{
    char *secret = NULL;
    g_autofree char *name = relay_secret_name(
        load->loaded.routes->len, has_tokens(relay) ? RELAY_CLIENT_SECRET : RELAY_PASSWORD);
    if (!secret_load(tx, name, &secret, error))
        return false;
    DeliveryRoute *route = make_route(kind, relay, secret, load->setup);
    secret_free(secret);
    g_ptr_array_add(load->loaded.routes, route);
    return relay_load(tx, route->fingerprint, &route->relay, error);
}

static bool load_all(DbTx *tx, void *data, GError **error)
{
    Load *load = data;
    delivery_settings_clear(&load->loaded);
    g_autoptr(Settings) settings = settings_load(tx, error);
    int64_t key;
    if (settings == NULL || !signing_key_current(tx, &key, error))
        return false;
    const AlertsServerSettings *server = &settings->alerts_server;
    const char *kind = load->setup->memory != NULL ? "memory" : server->transport;
    load->loaded.active = server->active;
    load->loaded.ask = server->ask;
    load->loaded.concurrency = server->concurrency;
    load->loaded.canary_seconds = server->canary.enabled ? server->canary.every_seconds : 0;
    load->loaded.sender = sender_identity(&settings->desk, server, key);
    load->loaded.routes = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_route_unref);
    /* Only SMTP has relays to fall back on. */
    guint n = strcmp(kind, "smtp") == 0 ? server->relays->len : 1;
    for (guint i = 0; i < n; i++)
        if (!add_route(tx, load, kind, server->relays->pdata[i], error))
            return false;
    return true;
}

bool delivery_settings_load(const DeliverySetup *setup, DeliverySettings *settings, GError **error)
{
    Load load = {.setup = setup};
    if (!db_read(setup->db, load_all, &load, error)) {
        delivery_settings_clear(&load.loaded);
        return false;
    }
    delivery_settings_clear(settings);
    *settings = load.loaded;
    return true;
}
