/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of accounts and contacts: from the API's words to fields and back. */
#include "console/account.h"
#include "console/fields.h"
#include "console/lookup.h"

#include <string.h>

static void take_lines(const Page *page, json_t *body, const char *name)
{
    json_object_set_new(body, name, fields_lines(page_field(page, name), true));
}

static void copy_text(json_t *form, const json_t *record, const char *name)
{
    json_set_text(form, name, json_get_text(record, name));
}

static void copy_lines(json_t *form, const json_t *record, const char *name)
{
    g_autofree char *lines = fields_join(json_object_get(record, name));
    json_set_text(form, name, lines);
}

/* A box in "form" is the text "1" or nothing, as the browser sends it. */
static void copy_box(json_t *form, const json_t *record, const char *name)
{
    if (json_get_bool(record, name, false))
        json_set_text(form, name, "1");
}

/* ---- accounts ---- */

json_t *account_read_form(Page *page)
{
    json_t *body = json_object();
    page_take_text(page, body, "name");
    page_take_text(page, body, "email");
    page_take_optional(page, body, "email2");
    take_lines(page, body, "domains");
    page_take_optional(page, body, "language");
    page_take_optional(page, body, "time_zone");
    page_take_id(page, body, "manager");
    page_take_optional(page, body, "reference");
    json_set_bool(body, "active", page_ticked(page, "active"));
    return body;
}

json_t *account_form(const json_t *account)
{
    json_t *form = json_object();
    copy_text(form, account, "name");
    copy_text(form, account, "email");
    copy_text(form, account, "email2");
    copy_lines(form, account, "domains");
    copy_text(form, account, "language");
    copy_text(form, account, "time_zone");
    copy_text(form, account, "reference");
    copy_box(form, account, "active");
    char manager[24];
    g_snprintf(manager, sizeof manager, "%" G_GINT64_FORMAT, json_get_int(account, "manager"));
    json_set_text(form, "manager", manager);
    return form;
}

json_t *account_languages(void)
{
    static const char *const names[][2] = {{"en", "English"},
                                           {"de", "Deutsch"},
                                           {"es", "Español"},
                                           {"fr", "Français"},
                                           {"ja", "日本語"}};
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        json_t *language = json_object();
        json_set_text(language, "value", names[i][0]);
        json_set_text(language, "label", names[i][1]);
        json_array_append_new(list, language);
    }
    return list;
}

/* Somebody who has left may still be the manager, and must not be lost by saving. */
static void keep_manager(Page *page, json_t *employees, int64_t manager)
{
    size_t i;
    json_t *employee;
    json_array_foreach(employees, i, employee)
    {
        if (json_get_int(employee, "id") == manager)
            return;
    }
    g_autofree char *name = lookup_employee_name(page, manager);
    if (*name == '\0')
        return;
    json_t *former = json_object();
    json_set_int(former, "id", manager);
    json_set_text(former, "name", name);
    json_array_append_new(employees, former);
}

bool account_add_choices(Page *page, GError **error)
{
    json_auto_t *employees = lookup_employees(page, error);
    if (employees == NULL)
        return false;
    const char *manager = json_get_text(json_object_get(page->data, "form"), "manager");
    keep_manager(page, employees, g_ascii_strtoll(manager, NULL, 10));
    json_object_set_new(page->data, "managers", page_choices(employees, "id", "name", manager));
    json_object_set_new(page->data, "languages", account_languages());
    return true;
}

/* ---- contacts ---- */

json_t *contact_read_form(Page *page)
{
    json_t *body = json_object();
    page_take_text(page, body, "name");
    page_take_text(page, body, "email");
    take_lines(page, body, "emails");
    page_take_optional(page, body, "language");
    page_take_optional(page, body, "sees");
    json_set_bool(body, "on_every_ticket", page_ticked(page, "on_every_ticket"));
    json_set_bool(body, "active", page_ticked(page, "active"));
    return body;
}

json_t *contact_form(const json_t *contact)
{
    json_t *form = json_object();
    copy_text(form, contact, "name");
    copy_text(form, contact, "email");
    copy_lines(form, contact, "emails");
    copy_text(form, contact, "language");
    copy_text(form, contact, "sees");
    copy_box(form, contact, "on_every_ticket");
    copy_box(form, contact, "active");
    return form;
}

void contact_add_choices(Page *page)
{
    static const char *const names[][2] = {{"", "As the options of the Web Interface say"},
                                           {"account", "All tickets of the account"},
                                           {"own", "Only their own tickets"}};
    const char *selected = json_get_text(json_object_get(page->data, "form"), "sees");
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        json_t *choice = json_object();
        json_set_text(choice, "value", names[i][0]);
        json_set_text(choice, "label", names[i][1]);
        json_set_bool(choice, "selected", strcmp(names[i][0], selected) == 0);
        json_array_append_new(list, choice);
    }
    json_object_set_new(page->data, "sees", list);
    json_object_set_new(page->data, "languages", account_languages());
}
