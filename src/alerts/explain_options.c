/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the options had to do with a decision: those that were in force at the event, found by the
 * versions noted with it, and who had made them so. A later change of the options changes nothing
 * of the answer.
 */
#include "alerts/decide.h"
#include "alerts/explain-private.h"
#include "base/json.h"
#include "records/option.h"
#include "records/settings.h"

/* So many changes are looked through for the one that switched something off. */
#define CHANGES_MAX 200

/* A switch in the options. */
typedef struct {
    const char *section;
    const char *group; /* NULL: at the top */
    const char *field;
    const char *off; /* what somebody did to it */
    const char *never;
} Switch;

static bool is_on(const char *stored, const Switch *which)
{
    json_auto_t *value = json_loads(stored, 0, NULL);
    const json_t *object = which->group != NULL ? json_object_get(value, which->group) : value;
    return json_get_bool(object, which->field, false);
}

/* The change that switched it off, the last one up to this version. */
static bool describe(DbTx *tx, const Switch *which, int64_t version, char **note, GError **error)
{
    g_autoptr(GPtrArray) changes =
        option_change_list_until(tx, which->section, version, CHANGES_MAX, error);
    if (changes == NULL)
        return false;
    for (guint i = 0; i < changes->len; i++) {
        const OptionChange *change = changes->pdata[i];
        if (!is_on(change->before, which) || is_on(change->after, which))
            continue;
        g_autofree char *at = explain_time(change->at);
        *note = g_strdup_printf("%s had %s on %s", change->actor.name, which->off, at);
        return true;
    }
    *note = changes->len < CHANGES_MAX ? g_strdup(which->never) : NULL;
    return true;
}

static bool describe_brake(DbTx *tx, int64_t version, char **note, GError **error)
{
    json_auto_t *stored = option_load_then(tx, OPTIONS_ALERTS_TO_CUSTOMERS, version, error);
    if (stored == NULL)
        return false;
    g_auto(AlertsToCustomersSettings) settings = {0};
    alerts_to_customers_settings_read(stored, &settings);
    *note = g_strdup_printf(
        "At that time it let one person or program tell %d customer%s in %d minute%s.",
        settings.brake.customers, settings.brake.customers == 1 ? "" : "s", settings.brake.minutes,
        settings.brake.minutes == 1 ? "" : "s");
    return true;
}

static bool make_note(DbTx *tx, const Alert *alert, char **note, GError **error)
{
    static const Switch server = {OPTIONS_ALERTS_SERVER, NULL, "active", "deactivated it",
                                  "it had never been activated"};
    const Switch enabled = {OPTIONS_ALERTS_TO_CUSTOMERS, alert_kind_name(alert->kind), "enabled",
                            "switched it off", "it had never been switched on"};
    g_autoptr(Event) event = event_load(tx, alert->event, error);
    OptionVersions versions = event != NULL ? event->options : OPTION_VERSIONS_UNKNOWN;
    if (event == NULL || !options_find_versions(tx, event->at, &versions, error))
        return false;
    if (alert->reason == REASON_ALERTS_SERVER_INACTIVE)
        return describe(tx, &server, versions.alerts_server, note, error);
    if (alert->reason == REASON_ALERT_DISABLED)
        return describe(tx, &enabled, versions.alerts_to_customers, note, error);
    return describe_brake(tx, versions.alerts_to_customers, note, error);
}

static bool hangs_on_options(const Alert *alert)
{
    return alert->reason == REASON_ALERTS_SERVER_INACTIVE ||
           alert->reason == REASON_ALERT_DISABLED || alert->reason == REASON_BRAKE;
}

bool explain_options(DbTx *tx, GPtrArray *stories, GError **error)
{
    const AlertStory *last = NULL;
    for (guint i = 0; i < stories->len; i++) {
        AlertStory *story = stories->pdata[i];
        const Alert *alert = story->alert;
        if (!hangs_on_options(alert))
            continue;
        bool same = last != NULL && last->alert->event == alert->event &&
                    last->alert->reason == alert->reason;
        if (same)
            story->options_note = g_strdup(last->options_note);
        else if (!make_note(tx, alert, &story->options_note, error))
            return false;
        last = story;
    }
    return true;
}
