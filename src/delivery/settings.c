/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/settings.h"

#include "alerts/compose.h"
#include "base/secret.h"
#include "records/option.h"
#include "records/settings.h"

#include <string.h>

typedef struct {
    const char *maildir;
    const char *memory;
    int timeout_scale;
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
    g_free(route->fingerprint);
    g_free(route);
}

void delivery_settings_clear(DeliverySettings *settings)
{
    g_clear_pointer(&settings->sender, g_free);
    g_clear_pointer(&settings->route, delivery_route_unref);
    relay_state_clear(&settings->relay);
}

static char *text_or_null(const char *text)
{
    return *text != '\0' ? g_strdup(text) : NULL;
}

static DeliveryRoute *make_route(const AlertsServerSettings *server, const char *password,
                                 const Load *load)
{
    DeliveryRoute *route = g_new0(DeliveryRoute, 1);
    TransportSettings *transport = &route->transport;
    route->users = 1;
    transport->kind = g_strdup(load->memory != NULL ? "memory" : server->transport);
    transport->host = text_or_null(server->host);
    transport->port = (uint16_t)server->port;
    transport->security = strcmp(server->security, "tls") == 0    ? SMTP_SECURITY_TLS
                          : strcmp(server->security, "none") == 0 ? SMTP_SECURITY_NONE
                                                                  : SMTP_SECURITY_STARTTLS;
    transport->username = text_or_null(server->username);
    transport->password = g_strdup(password);
    transport->ca_file = text_or_null(server->ca_file);
    transport->path = strcmp(transport->kind, "maildir") == 0 ? g_strdup(load->maildir) : NULL;
    transport->timeout_scale = load->timeout_scale;
    g_autofree char *all =
        g_strdup_printf("%s\n%s\n%d\n%d\n%s\n%s\n%s", transport->kind, server->host, server->port,
                        (int)transport->security, server->username,
                        password != NULL ? password : "", server->ca_file);
    route->fingerprint = secret_hash(all, strlen(all));
    return route;
}

static bool load_all(DbTx *tx, void *data, GError **error)
{
    Load *load = data;
    delivery_settings_clear(&load->loaded);
    g_autoptr(Settings) settings = settings_load(tx, error);
    char *password = NULL;
    if (settings == NULL || !secret_load(tx, SECRET_RELAY_PASSWORD, &password, error))
        return false;
    load->loaded.active = settings->alerts_server.active;
    load->loaded.concurrency = settings->alerts_server.concurrency;
    load->loaded.sender = sender_identity(&settings->desk, &settings->alerts_server);
    load->loaded.route = make_route(&settings->alerts_server, password, load);
    secret_free(password);
    return relay_load(tx, load->loaded.route->fingerprint, &load->loaded.relay, error);
}

bool delivery_settings_load(Db *db, const char *maildir, const char *memory, int timeout_scale,
                            DeliverySettings *settings, GError **error)
{
    Load load = {.maildir = maildir, .memory = memory, .timeout_scale = timeout_scale};
    if (!db_read(db, load_all, &load, error)) {
        delivery_settings_clear(&load.loaded);
        return false;
    }
    delivery_settings_clear(settings);
    *settings = load.loaded;
    return true;
}
