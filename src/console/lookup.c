/* SPDX-License-Identifier: Apache-2.0 */
#include "console/lookup.h"

#include "base/text.h"
#include "base/zone.h"
#include "records/status.h"

#include <string.h>

#define EMPLOYEES_MAX 500
#define ACCOUNTS_MAX  500
#define PAGE_ITEMS    200

typedef struct {
    int64_t id; /* 0: all active ones */
    json_t *list;
} Employees;

static bool load_employees(DbTx *tx, void *data, GError **error)
{
    Employees *wanted = data;
    g_clear_pointer(&wanted->list, json_decref);
    g_autoptr(GPtrArray) list = employee_list(tx, 0, EMPLOYEES_MAX, error);
    if (list == NULL)
        return false;
    wanted->list = json_array();
    for (guint i = 0; i < list->len; i++) {
        const Employee *employee = list->pdata[i];
        if (wanted->id != 0 ? employee->id != wanted->id : !employee->active)
            continue;
        json_t *value = json_object();
        json_set_int(value, "id", employee->id);
        json_set_text(value, "name", employee->name);
        json_array_append_new(wanted->list, value);
    }
    return true;
}

json_t *lookup_employees(Page *page, GError **error)
{
    Employees wanted = {0};
    if (db_read(desk_db(page->console->desk), load_employees, &wanted, error))
        return wanted.list;
    json_decref(wanted.list);
    return NULL;
}

char *lookup_employee_name(Page *page, int64_t id)
{
    Employees wanted = {.id = id};
    bool found = id != 0 && db_read(desk_db(page->console->desk), load_employees, &wanted, NULL) &&
                 json_array_size(wanted.list) > 0;
    char *name = g_strdup(found ? json_get_text(json_array_get(wanted.list, 0), "name") : "");
    json_decref(wanted.list);
    return name;
}

static void add_choice(json_t *list, const char *value, const char *label, bool selected)
{
    json_t *choice = json_object();
    json_set_text(choice, "value", value);
    json_set_text(choice, "label", label);
    json_set_bool(choice, "selected", selected);
    json_array_append_new(list, choice);
}

json_t *lookup_statuses(Page *page, int64_t selected)
{
    const Settings *settings = page_settings(page, NULL);
    json_t *list = json_array();
    for (int i = 0; i < STATUS_N; i++) {
        char code[16];
        g_snprintf(code, sizeof code, "%d", (int)status_codes[i]);
        const char *label = status_label(status_codes[i],
                                         settings != NULL ? settings->tickets.status_labels : NULL);
        add_choice(list, code, label, status_codes[i] == selected);
    }
    return list;
}

json_t *lookup_priorities(const char *selected)
{
    static const char *const names[][2] = {
        {"low", "Low"}, {"normal", "Normal"}, {"high", "High"}, {"urgent", "Urgent"}};
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        add_choice(list, names[i][0], names[i][1], g_strcmp0(names[i][0], selected) == 0);
    return list;
}

char *lookup_account_words(const json_t *account)
{
    return g_strdup_printf("%s (#%" G_GINT64_FORMAT ")", json_get_text(account, "name"),
                           json_get_int(account, "number"));
}

int64_t lookup_number(const char *words)
{
    g_autofree char *text = g_strstrip(g_strdup(words));
    char *start = text;
    size_t bytes = strlen(text);
    if (bytes > 0 && text[bytes - 1] == ')') {
        char *open = strrchr(text, '(');
        if (open == NULL)
            return 0;
        text[bytes - 1] = '\0';
        start = open + 1;
    }
    int64_t number;
    return text_to_int(start[0] == '#' ? start + 1 : start, 1, INT64_MAX, &number) ? number : 0;
}

json_t *lookup_accounts(Page *page, GError **error)
{
    json_t *words = json_array();
    g_autofree char *cursor = g_strdup("");
    do {
        json_auto_t *list =
            page_get(page, error, "/accounts?limit=%d&cursor=%s", PAGE_ITEMS, cursor);
        if (list == NULL) {
            json_decref(words);
            return NULL;
        }
        size_t i;
        json_t *account;
        json_array_foreach(json_object_get(list, "items"), i, account)
        {
            g_autofree char *text = lookup_account_words(account);
            json_array_append_new(words, json_string(text));
        }
        g_free(cursor);
        cursor = g_strdup(json_get_text(list, "next_cursor"));
    } while (*cursor != '\0' && json_array_size(words) < ACCOUNTS_MAX);
    return words;
}

static GTimeZone *desk_zone(Page *page)
{
    const Settings *settings = page_settings(page, NULL);
    return zone_find(settings != NULL ? settings->desk.time_zone : "UTC");
}

char *lookup_time_from_field(Page *page, const char *text)
{
    if (*text == '\0')
        return g_strdup("");
    GTimeZone *zone = desk_zone(page);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, zone != NULL ? zone : utc);
    /* What is no time goes on as it is: the API says so. */
    return time != NULL ? text_from_time(g_date_time_to_unix(time) * G_USEC_PER_SEC)
                        : g_strdup(text);
}

char *lookup_time_to_field(Page *page, const char *rfc3339)
{
    int64_t time_us;
    if (rfc3339 == NULL || !text_to_time(rfc3339, NULL, &time_us, NULL))
        return g_strdup("");
    GTimeZone *zone = desk_zone(page);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local =
        zone != NULL ? g_date_time_to_timezone(utc, zone) : g_date_time_ref(utc);
    return g_date_time_format(local, "%Y-%m-%dT%H:%M");
}
