/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "alerts-to-customers", and what of it a simulation may change. */
#include "alerts/brake.h"
#include "base/error.h"
#include "desk/options-private.h"
#include "desk/options.h"
#include "records/option.h"
#include "records/ticket_template.h"

#include <string.h>

static bool check_template(DeskTx *tx, int64_t id, const char *path, GError **error)
{
    if (id == 0)
        return true;
    g_autoptr(GError) failure = NULL;
    g_autoptr(TicketTemplate) record = ticket_template_load(tx->db, id, 0, &failure);
    if (record != NULL && strcmp(record->kind, "ticket") == 0)
        return true;
    if (record != NULL || error_is(failure, TD_ERROR_NOT_FOUND))
        error_set_problem(error, TD_ERROR_INVALID, "unknown-template", path,
                          "There is no ticket template %" G_GINT64_FORMAT, id);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static bool merge_alert(DeskTx *tx, JsonReader *outer, const char *name, json_t *stored,
                        bool *switched_on)
{
    json_t *patch;
    if (!json_read_object(outer, name, &patch))
        return true;
    json_t *alert = option_group(stored, name);
    bool was_enabled = json_get_bool(alert, "enabled", false);
    g_autofree char *path = json_reader_path(outer, name);
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    option_merge_bool(&reader, "enabled", alert);
    option_merge_line(&reader, "sender_name", LIMIT_NAME_CHARS, alert);
    option_merge_address(&reader, "reply_to", alert);
    int64_t id = 0;
    bool has_template = json_read_id(&reader, "template", &id);
    g_autofree char *template_path = json_reader_path(&reader, "template");
    GError *failure = NULL;
    if (!json_reader_end(&reader, &failure) ||
        (has_template && !check_template(tx, id, template_path, &failure))) {
        json_reader_fail(outer, failure);
        return false;
    }
    if (has_template)
        json_set_int(alert, "template", id);
    *switched_on = *switched_on || (!was_enabled && json_get_bool(alert, "enabled", false));
    return true;
}

static void merge_default_recipients(JsonReader *outer, json_t *stored)
{
    json_t *patch;
    if (!json_read_object(outer, "default_recipients", &patch))
        return;
    g_autofree char *path = json_reader_path(outer, "default_recipients");
    json_t *defaults = option_group(stored, "default_recipients");
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    option_merge_bool(&reader, "contact", defaults);
    option_merge_bool(&reader, "on_every_ticket", defaults);
    option_merge_bool(&reader, "mail_copies", defaults);
    GError *failure = NULL;
    if (!json_reader_end(&reader, &failure))
        json_reader_fail(outer, failure);
}

static void merge_brake(JsonReader *outer, json_t *stored)
{
    json_t *patch;
    if (!json_read_object(outer, "brake", &patch))
        return;
    g_autofree char *path = json_reader_path(outer, "brake");
    json_t *brake = option_group(stored, "brake");
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    option_merge_bool(&reader, "enabled", brake);
    option_merge_int(&reader, "customers", 1, 100000, brake);
    option_merge_int(&reader, "minutes", 1, BRAKE_MINUTES_MAX, brake);
    GError *failure = NULL;
    if (!json_reader_end(&reader, &failure))
        json_reader_fail(outer, failure);
}

/* *switched_on: an alert is on that was not. */
static bool merge_fields(DeskTx *tx, json_t *stored, json_t *patch, const char *path,
                         bool *switched_on, GError **error)
{
    *switched_on = false;
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    merge_alert(tx, &reader, "new_ticket", stored, switched_on);
    merge_alert(tx, &reader, "ticket_closed", stored, switched_on);
    merge_default_recipients(&reader, stored);
    merge_brake(&reader, stored);
    option_merge_bool(&reader, "web_link", stored);
    option_merge_bool(&reader, "merge_open_and_close", stored);
    return json_reader_end(&reader, error);
}

bool option_merge_alerts_to_customers(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    bool switched_on;
    if (!merge_fields(tx, stored, patch, "", &switched_on, error))
        return false;
    if (!switched_on)
        return true;
    int64_t version;
    json_auto_t *server = option_load(tx->db, OPTIONS_ALERTS_SERVER, &version, error);
    if (server == NULL)
        return false;
    if (!json_get_bool(server, "active", false)) {
        error_set_problem(
            error, TD_ERROR_CONFLICT, "alerts-server-inactive", NULL,
            "An alert cannot be switched on while the Alerts Server is not active; set up"
            " outgoing mail under options/alerts-server, set its \"active\" to true, then"
            " switch the alert on");
        return false;
    }
    return true;
}

json_t *option_show_alerts_to_customers(const json_t *stored)
{
    g_auto(AlertsToCustomersSettings) settings = {0};
    alerts_to_customers_settings_read(stored, &settings);
    return alerts_to_customers_settings_json(&settings);
}

json_t *options_try_alerts_to_customers(DbTx *tx, json_t *patch, GError **error)
{
    int64_t version;
    bool switched_on;
    DeskTx desk = {.db = tx};
    json_auto_t *stored = option_load(tx, OPTIONS_ALERTS_TO_CUSTOMERS, &version, error);
    return stored != NULL && merge_fields(&desk, stored, patch, "", &switched_on, error)
               ? option_show_alerts_to_customers(stored)
               : NULL;
}

/* ---- for a simulation ---- */

/* Lists are recorded as they were, links stand in mails, and two mails become one when they are
 * sent: a simulation of decisions can heed none of it, so it does not pretend to. */
static bool check_simulated(DbTx *tx, const json_t *changes, const char *path, GError **error)
{
    static const char *const fixed[] = {"default_recipients", "web_link", "merge_open_and_close"};
    int64_t version;
    json_auto_t *now = option_load(tx, OPTIONS_ALERTS_TO_CUSTOMERS, &version, error);
    if (now == NULL)
        return false;
    json_auto_t *is = option_show_alerts_to_customers(now);
    json_object_update_recursive(now, (json_t *)changes);
    json_auto_t *changed = option_show_alerts_to_customers(now);
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++) {
        if (json_equal(json_object_get(is, fixed[i]), json_object_get(changed, fixed[i])))
            continue;
        g_autofree char *field = g_strdup_printf("%s/%s", path, fixed[i]);
        error_set_problem(error, TD_ERROR_INVALID, "not-simulated", field,
                          "%s changes no decision about a recorded event, so it cannot be"
                          " simulated; leave it out",
                          fixed[i]);
        return false;
    }
    return true;
}

static bool read_active(json_t *patch, const char *path, json_t *changes, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    option_merge_bool(&reader, "active", changes);
    return json_reader_end(&reader, error);
}

bool options_read_simulated(DbTx *tx, json_t *patch, const char *path, json_t **alerts_server,
                            json_t **alerts_to_customers, GError **error)
{
    json_t *server = NULL;
    json_t *alerts = NULL;
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    json_read_object(&reader, "alerts_server", &server);
    json_read_object(&reader, "alerts_to_customers", &alerts);
    if (!json_reader_end(&reader, error))
        return false;
    DeskTx desk = {.db = tx};
    bool switched_on;
    json_auto_t *server_changes = json_object();
    json_auto_t *alerts_changes = json_object();
    g_autofree char *server_path = g_strconcat(path, "/alerts_server", NULL);
    g_autofree char *alerts_path = g_strconcat(path, "/alerts_to_customers", NULL);
    if ((server != NULL && !read_active(server, server_path, server_changes, error)) ||
        (alerts != NULL &&
         (!merge_fields(&desk, alerts_changes, alerts, alerts_path, &switched_on, error) ||
          !check_simulated(tx, alerts_changes, alerts_path, error))))
        return false;
    *alerts_server = json_incref(server_changes);
    *alerts_to_customers = json_incref(alerts_changes);
    return true;
}
