/* SPDX-License-Identifier: Apache-2.0 */
#include "records/settings.h"

#include "base/json.h"

#include <string.h>

static char *text_or(const json_t *stored, const char *name, const char *fallback)
{
    const char *text = json_get_text(stored, name);
    return g_strdup(*text != '\0' ? text : fallback);
}

static int int_or(const json_t *stored, const char *name, int fallback)
{
    int64_t value = json_get_int(stored, name);
    return value != 0 ? (int)value : fallback;
}

void desk_settings_clear(DeskSettings *settings)
{
    g_free(settings->name);
    g_free(settings->phone);
    g_free(settings->hours);
    g_free(settings->address);
    g_free(settings->language);
    g_free(settings->time_zone);
}

void desk_settings_read(const json_t *stored, DeskSettings *settings)
{
    settings->name = text_or(stored, "name", "");
    settings->phone = text_or(stored, "phone", "");
    settings->hours = text_or(stored, "hours", "");
    settings->address = text_or(stored, "address", "");
    settings->language = text_or(stored, "language", "en");
    settings->time_zone = text_or(stored, "time_zone", "UTC");
}

json_t *desk_settings_json(const DeskSettings *settings)
{
    json_t *value = json_object();
    json_set_text(value, "name", settings->name);
    json_set_text(value, "phone", settings->phone);
    json_set_text(value, "hours", settings->hours);
    json_set_text(value, "address", settings->address);
    json_set_text(value, "language", settings->language);
    json_set_text(value, "time_zone", settings->time_zone);
    return value;
}

const struct RelaySecret relay_secrets[RELAY_N_SECRETS] = {
    [RELAY_PASSWORD] = {"password", LIMIT_NAME_CHARS},
    [RELAY_CLIENT_SECRET] = {"client_secret", 1024},
    [RELAY_REFRESH_TOKEN] = {"refresh_token", 4096},
};

char *relay_secret_name(size_t relay, size_t secret)
{
    const char *field = relay_secrets[secret].field;
    return relay == 0 ? g_strdup_printf(OPTIONS_ALERTS_SERVER ".%s", field)
                      : g_strdup_printf(OPTIONS_ALERTS_SERVER ".%zu.%s", relay + 1, field);
}

void relay_settings_clear(RelaySettings *settings)
{
    g_free(settings->host);
    g_free(settings->security);
    g_free(settings->username);
    g_free(settings->auth);
    g_free(settings->token_url);
    g_free(settings->client_id);
    g_free(settings->scope);
    g_free(settings->ca_file);
    g_free(settings->refresh_token_changed);
}

static void relay_settings_free(RelaySettings *settings)
{
    relay_settings_clear(settings);
    g_free(settings);
}

void relay_settings_read(const json_t *stored, RelaySettings *settings)
{
    settings->host = text_or(stored, "host", "");
    settings->port = int_or(stored, "port", 25);
    settings->security = text_or(stored, "security", "starttls");
    settings->username = text_or(stored, "username", "");
    settings->auth = text_or(stored, "auth", "password");
    settings->token_url = text_or(stored, "token_url", "");
    settings->client_id = text_or(stored, "client_id", "");
    settings->scope = text_or(stored, "scope", "");
    settings->ca_file = text_or(stored, "ca_file", "");
    settings->refresh_token_changed = text_or(stored, "refresh_token_changed", "");
}

static void set_relay(json_t *value, const RelaySettings *relay)
{
    json_set_text(value, "host", relay->host);
    json_set_int(value, "port", relay->port);
    json_set_text(value, "security", relay->security);
    json_set_text(value, "username", relay->username);
    json_set_text(value, "auth", relay->auth);
    json_set_text(value, "token_url", relay->token_url);
    json_set_text(value, "client_id", relay->client_id);
    json_set_text(value, "scope", relay->scope);
    json_set_text(value, "ca_file", relay->ca_file);
}

static void add_relay(AlertsServerSettings *settings, const json_t *stored)
{
    RelaySettings *relay = g_new0(RelaySettings, 1);
    relay_settings_read(stored, relay);
    g_ptr_array_add(settings->relays, relay);
}

void alerts_server_settings_clear(AlertsServerSettings *settings)
{
    g_free(settings->transport);
    g_clear_pointer(&settings->relays, g_ptr_array_unref);
    g_free(settings->from_name);
    g_free(settings->from_address);
    g_free(settings->reply_to);
    g_free(settings->address_separator);
    g_free(settings->bounce_address);
    g_free(settings->canary.to);
}

static CanarySettings read_canary(const json_t *stored)
{
    return (CanarySettings){
        .enabled = json_get_bool(stored, "enabled", false),
        .to = text_or(stored, "to", ""),
        .every_seconds = int_or(stored, "every_seconds", 60),
        .since = json_get_int(stored, "since"),
    };
}

static json_t *canary_json(const CanarySettings *canary)
{
    json_t *value = json_object();
    json_set_bool(value, "enabled", canary->enabled);
    json_set_text(value, "to", canary->to);
    json_set_int(value, "every_seconds", canary->every_seconds);
    return value;
}

void alerts_server_settings_read(const json_t *stored, AlertsServerSettings *settings)
{
    settings->active = json_get_bool(stored, "active", false);
    settings->transport = text_or(stored, "transport", "maildir");
    settings->relays = g_ptr_array_new_with_free_func((GDestroyNotify)relay_settings_free);
    add_relay(settings, stored);
    size_t i;
    json_t *fallback;
    json_array_foreach(json_object_get(stored, "fallback_relays"), i, fallback)
        add_relay(settings, fallback);
    settings->from_name = text_or(stored, "from_name", "");
    settings->from_address = text_or(stored, "from_address", "");
    settings->reply_to = text_or(stored, "reply_to", "");
    settings->signed_reply = json_get_bool(stored, "signed_reply", false);
    settings->signed_bounce = json_get_bool(stored, "signed_bounce", false);
    settings->address_separator = text_or(stored, "address_separator", "+");
    settings->bounce_address = text_or(stored, "bounce_address", "");
    settings->concurrency = int_or(stored, "concurrency", 4);
    settings->canary = read_canary(json_object_get(stored, "canary"));
    settings->ask = strcmp(json_get_text(stored, "uncertain"), "ask") == 0;
}

json_t *alerts_server_settings_json(const AlertsServerSettings *settings)
{
    json_t *value = json_object();
    json_set_bool(value, "active", settings->active);
    json_set_text(value, "transport", settings->transport);
    set_relay(value, settings->relays->pdata[0]);
    json_t *fallbacks = json_array();
    for (guint i = 1; i < settings->relays->len; i++) {
        json_t *fallback = json_object();
        set_relay(fallback, settings->relays->pdata[i]);
        json_array_append_new(fallbacks, fallback);
    }
    json_object_set_new(value, "fallback_relays", fallbacks);
    json_set_text(value, "from_name", settings->from_name);
    json_set_text(value, "from_address", settings->from_address);
    json_set_text(value, "reply_to", settings->reply_to);
    json_set_bool(value, "signed_reply", settings->signed_reply);
    json_set_bool(value, "signed_bounce", settings->signed_bounce);
    json_set_text(value, "address_separator", settings->address_separator);
    json_set_text(value, "bounce_address", settings->bounce_address);
    json_set_int(value, "concurrency", settings->concurrency);
    json_set_text(value, "uncertain", settings->ask ? "ask" : "repeat");
    json_object_set_new(value, "canary", canary_json(&settings->canary));
    return value;
}

static AlertSettings read_alert(const json_t *stored, const char *name)
{
    const json_t *alert = json_object_get(stored, name);
    return (AlertSettings){
        .enabled = json_get_bool(alert, "enabled", false),
        .template_id = json_get_int(alert, "template"),
        .sender_name = text_or(alert, "sender_name", ""),
        .reply_to = text_or(alert, "reply_to", ""),
    };
}

static void alert_clear(AlertSettings *alert)
{
    g_free(alert->sender_name);
    g_free(alert->reply_to);
}

void alerts_to_customers_settings_clear(AlertsToCustomersSettings *settings)
{
    alert_clear(&settings->new_ticket);
    alert_clear(&settings->ticket_closed);
}

void alerts_to_customers_settings_read(const json_t *stored, AlertsToCustomersSettings *settings)
{
    const json_t *defaults = json_object_get(stored, "default_recipients");
    settings->new_ticket = read_alert(stored, "new_ticket");
    settings->ticket_closed = read_alert(stored, "ticket_closed");
    settings->add_contact = json_get_bool(defaults, "contact", true);
    settings->add_on_every_ticket = json_get_bool(defaults, "on_every_ticket", true);
    settings->add_mail_copies = json_get_bool(defaults, "mail_copies", true);
    const json_t *brake = json_object_get(stored, "brake");
    settings->brake = (BrakeSettings){.enabled = json_get_bool(brake, "enabled", true),
                                      .customers = int_or(brake, "customers", 100),
                                      .minutes = int_or(brake, "minutes", 5)};
    settings->web_link = json_get_bool(stored, "web_link", false);
    settings->merge_open_and_close = json_get_bool(stored, "merge_open_and_close", false);
}

static json_t *alert_json(const AlertSettings *alert)
{
    json_t *value = json_object();
    json_set_bool(value, "enabled", alert->enabled);
    json_set_id(value, "template", alert->template_id);
    json_set_text(value, "sender_name", alert->sender_name);
    json_set_text(value, "reply_to", alert->reply_to);
    return value;
}

json_t *alerts_to_customers_settings_json(const AlertsToCustomersSettings *settings)
{
    json_t *value = json_object();
    json_object_set_new(value, "new_ticket", alert_json(&settings->new_ticket));
    json_object_set_new(value, "ticket_closed", alert_json(&settings->ticket_closed));
    json_t *defaults = json_object();
    json_set_bool(defaults, "contact", settings->add_contact);
    json_set_bool(defaults, "on_every_ticket", settings->add_on_every_ticket);
    json_set_bool(defaults, "mail_copies", settings->add_mail_copies);
    json_object_set_new(value, "default_recipients", defaults);
    json_t *brake = json_object();
    json_set_bool(brake, "enabled", settings->brake.enabled);
    json_set_int(brake, "customers", settings->brake.customers);
    json_set_int(brake, "minutes", settings->brake.minutes);
    json_object_set_new(value, "brake", brake);
    json_set_bool(value, "web_link", settings->web_link);
    json_set_bool(value, "merge_open_and_close", settings->merge_open_and_close);
    return value;
}

void ticket_settings_clear(TicketSettings *settings)
{
    json_decref(settings->status_labels);
    g_free(settings->desk_recipient);
    g_free(settings->reopen_on_reply);
}

void ticket_settings_read(const json_t *stored, TicketSettings *settings)
{
    json_t *labels = json_object_get(stored, "status_labels");
    settings->status_labels = labels != NULL ? json_deep_copy(labels) : json_object();
    settings->desk_recipient = text_or(stored, "desk_recipient", "");
    settings->reopen_on_reply = text_or(stored, "reopen_on_reply", "ask");
}

json_t *ticket_settings_json(const TicketSettings *settings)
{
    json_t *value = json_object();
    json_object_set_new(value, "status_labels", json_deep_copy(settings->status_labels));
    json_set_text(value, "desk_recipient", settings->desk_recipient);
    json_set_text(value, "reopen_on_reply", settings->reopen_on_reply);
    return value;
}
