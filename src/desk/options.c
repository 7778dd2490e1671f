/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function a section: it reads the patch strictly, writes what it found into the stored object,
 * and refuses what does not fit. What is stored is therefore always valid, and records/settings.c
 * can read it without a doubt.
 */
#include "desk/options.h"

#include "base/error.h"
#include "base/json.h"
#include "desk/options-private.h"
#include "records/option.h"
#include "records/settings.h"
#include "records/status.h"

#include <string.h>

typedef bool (*Merge)(DeskTx *tx, json_t *stored, json_t *patch, GError **error);

/* ---- sections ---- */

static bool merge_desk(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    option_merge_line(&reader, "name", LIMIT_NAME_CHARS, stored);
    option_merge_line(&reader, "phone", 64, stored);
    option_merge_line(&reader, "hours", LIMIT_NAME_CHARS, stored);
    option_merge_block(&reader, "address", 1024, stored);
    option_merge_line(&reader, "language", 35, stored);
    option_merge_time_zone(&reader, "time_zone", stored);
    return json_reader_end(&reader, error);
}

static void merge_status_labels(JsonReader *outer, json_t *stored)
{
    json_t *patch;
    if (!json_read_object(outer, "status_labels", &patch))
        return;
    g_autofree char *path = json_reader_path(outer, "status_labels");
    json_t *labels = option_group(stored, "status_labels");
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    char keys[STATUS_N][8];
    for (int i = 0; i < STATUS_N; i++) {
        g_snprintf(keys[i], sizeof keys[i], "%d", (int)status_codes[i]);
        g_autofree char *label = NULL;
        if (!json_read_optional_line(&reader, keys[i], 64, &label))
            continue;
        if (label != NULL)
            json_set_text(labels, keys[i], label);
        else
            json_object_del(labels, keys[i]);
    }
    GError *failure = NULL;
    if (!json_reader_end(&reader, &failure))
        json_reader_fail(outer, failure);
}

/* A label that two statuses could be read by would let a request close a ticket by mistake. */
static bool check_labels(const json_t *stored, GError **error)
{
    const json_t *labels = json_object_get(stored, "status_labels");
    for (int i = 0; i < STATUS_N; i++) {
        json_auto_t *label = json_string(status_label(status_codes[i], labels));
        int code;
        for (int j = 0; j < STATUS_N; j++) {
            json_auto_t *one = json_object();
            char key[8];
            g_snprintf(key, sizeof key, "%d", (int)status_codes[j]);
            json_object_set(one, key, json_object_get(labels, key));
            if (j != i && status_read(label, one, &code) && code == (int)status_codes[j]) {
                error_set_problem(
                    error, TD_ERROR_INVALID, "label-ambiguous", "/status_labels",
                    "\"%s\" cannot be the label of status %d, because status %d is called"
                    " so too",
                    json_string_value(label), (int)status_codes[i], (int)status_codes[j]);
                return false;
            }
        }
    }
    return true;
}

static const char *const reopen_choices[] = {"ask", "always", "never", NULL};

static bool merge_tickets(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    merge_status_labels(&reader, stored);
    option_merge_address(&reader, "desk_recipient", stored);
    option_merge_choice(&reader, "reopen_on_reply", reopen_choices, stored);
    return json_reader_end(&reader, error) && check_labels(stored, error);
}

/* ---- the sections together ---- */

static json_t *show_desk(const json_t *stored)
{
    g_auto(DeskSettings) settings = {0};
    desk_settings_read(stored, &settings);
    return desk_settings_json(&settings);
}

static json_t *show_alerts_server(const json_t *stored)
{
    g_auto(AlertsServerSettings) settings = {0};
    alerts_server_settings_read(stored, &settings);
    return alerts_server_settings_json(&settings);
}

static json_t *show_tickets(const json_t *stored)
{
    g_auto(TicketSettings) settings = {0};
    ticket_settings_read(stored, &settings);
    return ticket_settings_json(&settings);
}

static const struct {
    const char *section;
    Merge merge;
    json_t *(*show)(const json_t *stored);
} sections[] = {
    {OPTIONS_DESK, merge_desk, show_desk},
    {OPTIONS_ALERTS_SERVER, option_merge_alerts_server, show_alerts_server},
    {OPTIONS_ALERTS_TO_CUSTOMERS, option_merge_alerts_to_customers,
     option_show_alerts_to_customers},
    {OPTIONS_TICKETS, merge_tickets, show_tickets},
    {OPTIONS_EMAIL_CONNECTOR, option_merge_email_connector, option_show_email_connector},
    {OPTIONS_WEB_INTERFACE, option_merge_web_interface, option_show_web_interface},
    {OPTIONS_RETENTION, option_merge_retention, option_show_retention},
};

static int find_section(const char *section, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        if (strcmp(sections[i].section, section) == 0)
            return (int)i;
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-options", NULL,
                      "There is no options page called \"%s\"", section);
    return -1;
}

json_t *options_get(DbTx *tx, const char *section, GError **error)
{
    int i = find_section(section, error);
    if (i < 0)
        return NULL;
    int64_t version;
    json_auto_t *stored = option_load(tx, section, &version, error);
    return stored != NULL ? sections[i].show(stored) : NULL;
}

json_t *options_put(DeskTx *tx, const char *section, json_t *patch, GError **error)
{
    int i = find_section(section, error);
    if (i < 0)
        return NULL;
    int64_t version;
    json_auto_t *stored = option_load(tx->db, section, &version, error);
    if (stored == NULL)
        return NULL;
    json_auto_t *before = json_deep_copy(stored);
    if (!sections[i].merge(tx, stored, patch, error))
        return NULL;
    if (!json_equal(before, stored) &&
        !option_store(tx->db, section, version, before, stored, tx->actor, tx->now_us, error))
        return NULL;
    g_clear_pointer(&tx->settings, settings_free); /* what this transaction knew of them */
    return sections[i].show(stored);
}
