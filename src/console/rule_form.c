/* SPDX-License-Identifier: Apache-2.0 */
/* The form of one rule. */
#include "base/error.h"
#include "base/text.h"
#include "console/fields.h"
#include "console/lookup.h"
#include "console/pages.h"
#include "console/rules.h"
#include "records/status.h"

#include <string.h>

/* ---- from the API's words to fields ---- */

static void copy_text(json_t *form, const char *field, const json_t *record, const char *name)
{
    json_set_text(form, field, json_get_text(record, name));
}

static void copy_lines(json_t *form, const json_t *rule, const char *name)
{
    g_autofree char *lines = fields_join(json_object_get(rule, name));
    json_set_text(form, name, lines);
}

static void copy_id(json_t *form, const char *field, const json_t *record, const char *name)
{
    char text[24] = "";
    int64_t id = json_get_int(record, name);
    if (id != 0)
        g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, id);
    json_set_text(form, field, text);
}

static json_t *form_of(Page *page, const json_t *rule)
{
    const json_t *account = json_object_get(rule, "account");
    const json_t *ticket = json_object_get(rule, "ticket");
    const json_t *key = json_object_get(rule, "key");
    json_t *form = json_object();
    copy_text(form, "name", rule, "name");
    if (json_get_bool(rule, "enabled", true))
        json_set_text(form, "enabled", "1");
    copy_text(form, "from", rule, "from");
    copy_text(form, "subject", rule, "subject");
    copy_lines(form, rule, "skip");
    copy_lines(form, rule, "recovery");
    copy_text(form, "by", account, "by");
    copy_text(form, "account_after", account, "after");
    copy_text(form, "account_before", account, "before");
    copy_id(form, "account", account, "account");
    int64_t number = json_get_int(account, "account");
    json_auto_t *found =
        number != 0 ? page_get(page, NULL, "/accounts/%" G_GINT64_FORMAT, number) : NULL;
    if (found != NULL) {
        g_autofree char *words = lookup_account_words(found);
        json_set_text(form, "account", words);
    }
    copy_text(form, "type", ticket, "type");
    copy_text(form, "priority", ticket, "priority");
    copy_id(form, "status", ticket, "status");
    copy_id(form, "manager", ticket, "manager");
    if (json_is_object(key))
        json_set_text(form, "has_key", "1");
    copy_text(form, "key_after", key, "after");
    copy_text(form, "key_before", key, "before");
    return form;
}

/* ---- and back ---- */

static json_t *place_of(const Page *page, const char *after, const char *before)
{
    json_t *place = json_object();
    json_set_text(place, "after", page_field(page, after));
    json_set_text(place, "before", page_field(page, before));
    return place;
}

static void set_number(json_t *object, const char *name, const char *text)
{
    int64_t id;
    if (text_to_int(text, 1, INT64_MAX, &id))
        json_set_int(object, name, id);
    else
        json_set_text(object, name, *text != '\0' ? text : NULL); /* the API says what is wrong */
}

static json_t *read_account(const Page *page)
{
    const char *words = page_field(page, "account");
    int64_t number = lookup_number(words);
    json_t *account = place_of(page, "account_after", "account_before");
    json_set_text(account, "by", page_field(page, "by"));
    if (number != 0)
        json_set_int(account, "account", number);
    else
        json_set_text(account, "account", *words != '\0' ? words : NULL);
    return account;
}

static json_t *read_ticket(const Page *page)
{
    const char *type = page_field(page, "type");
    const char *priority = page_field(page, "priority");
    json_t *ticket = json_object();
    json_set_text(ticket, "type", *type != '\0' ? type : NULL);
    json_set_text(ticket, "priority", *priority != '\0' ? priority : NULL);
    set_number(ticket, "status", page_field(page, "status"));
    set_number(ticket, "manager", page_field(page, "manager"));
    return ticket;
}

static json_t *read_rule(const Page *page)
{
    json_t *rule = json_object();
    json_set_text(rule, "name", page_field(page, "name"));
    json_set_bool(rule, "enabled", page_ticked(page, "enabled"));
    json_set_text(rule, "from", page_field(page, "from"));
    json_set_text(rule, "subject", page_field(page, "subject"));
    json_object_set_new(rule, "skip", fields_lines(page_field(page, "skip"), false));
    json_object_set_new(rule, "recovery", fields_lines(page_field(page, "recovery"), false));
    json_object_set_new(rule, "account", read_account(page));
    json_object_set_new(rule, "ticket", read_ticket(page));
    json_object_set_new(rule, "key",
                        page_ticked(page, "has_key") ? place_of(page, "key_after", "key_before")
                                                     : json_null());
    return rule;
}

/* ---- what the form offers ---- */

static json_t *choice(const char *value, const char *label, const char *selected)
{
    json_t *item = json_object();
    json_set_text(item, "value", value);
    json_set_text(item, "label", label);
    json_set_bool(item, "selected", strcmp(value, selected) == 0);
    return item;
}

static json_t *ways_to_account(const char *selected)
{
    static const char *const ways[][2] = {
        {"sender", "The sender's"},        {"number", "A number in the subject"},
        {"name", "A name in the subject"}, {"reference", "A reference in the subject"},
        {"fixed", "Always the same"},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
        json_array_append_new(list, choice(ways[i][0], ways[i][1], selected));
    return list;
}

/* Those that a new ticket can have. */
static json_t *open_statuses(Page *page, int64_t selected)
{
    json_t *list = lookup_statuses(page, selected);
    for (size_t i = json_array_size(list); i > 0; i--) {
        const char *code = json_get_text(json_array_get(list, i - 1), "value");
        if (status_is_closed((int)g_ascii_strtoll(code, NULL, 10)))
            json_array_remove(list, i - 1);
    }
    return list;
}

static bool add_choices(Page *page, GError **error)
{
    const json_t *form = json_object_get(page->data, "form");
    int64_t status = g_ascii_strtoll(json_get_text(form, "status"), NULL, 10);
    json_auto_t *employees = lookup_employees(page, error);
    json_t *accounts = employees != NULL ? lookup_accounts(page, error) : NULL;
    if (accounts == NULL)
        return false;
    json_object_set_new(page->data, "accounts", accounts);
    json_object_set_new(page->data, "managers",
                        page_choices(employees, "id", "name", json_get_text(form, "manager")));
    json_object_set_new(page->data, "ways", ways_to_account(json_get_text(form, "by")));
    json_object_set_new(page->data, "priorities",
                        lookup_priorities(json_get_text(form, "priority")));
    json_object_set_new(page->data, "statuses", open_statuses(page, status));
    return true;
}

static HttpResponse *show(Page *page, int64_t position, int status, GError **error)
{
    json_set_int(page->data, "position", position);
    return add_choices(page, error)
               ? page_view(page, status, "rule", position != 0 ? "Rule" : "New rule", error)
               : NULL;
}

/* ---- the pages ---- */

/* 0 for "new". Errors: NOT_FOUND. */
static bool read_position(const Page *page, const json_t *rules, int64_t *position, GError **error)
{
    const char *text = page_param(page, "position");
    *position = 0;
    if (strcmp(text, "new") == 0 || rules_find(rules, text, position))
        return true;
    error_set(error, TD_ERROR_NOT_FOUND, "There is no such rule");
    return false;
}

HttpResponse *rule_show(Page *page, GError **error)
{
    int64_t position;
    json_auto_t *rules = rules_load(page, error);
    if (rules == NULL || !read_position(page, rules, &position, error))
        return NULL;
    const json_t *rule = position != 0 ? json_array_get(rules, (size_t)position - 1) : NULL;
    json_object_set_new(page->data, "form", form_of(page, rule));
    return show(page, position, 200, error);
}

static HttpResponse *refuse(Page *page, int64_t position, size_t index, GError *failure,
                            GError **error)
{
    static const FieldName names[] = {
        {"/name", "name"},
        {"/from", "from"},
        {"/subject", "subject"},
        {"/skip", "skip"},
        {"/recovery", "recovery"},
        {"/account/by", "by"},
        {"/account/after", "account_after"},
        {"/account/before", "account_before"},
        {"/account", "account"},
        {"/ticket/type", "type"},
        {"/ticket/priority", "priority"},
        {"/ticket/status", "status"},
        {"/ticket/manager", "manager"},
        {"/key/before", "key_before"},
        {"/key", "key_after"},
    };
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    g_autofree char *own = g_strdup_printf("/rules/%zu/", index);
    const char *field = error_field(failure);
    bool inside = field != NULL && g_str_has_prefix(field, own);
    json_object_set_new(
        page->data, "errors",
        fields_mark(inside ? field + strlen(own) - 1 : NULL, names, G_N_ELEMENTS(names)));
    int status = page_status(failure);
    g_error_free(failure);
    return show(page, position, status, error);
}

HttpResponse *rule_post(Page *page, GError **error)
{
    int64_t position;
    json_auto_t *rules = rules_load_again(page, error);
    if (rules == NULL || !read_position(page, rules, &position, error))
        return NULL;
    size_t index = position != 0 ? (size_t)position - 1 : json_array_size(rules);
    if (position != 0)
        json_array_set_new(rules, index, read_rule(page));
    else
        json_array_append_new(rules, read_rule(page));
    GError *failure = NULL;
    if (rules_save(page, json_incref(rules), &failure))
        return page_redirect(page, position != 0 ? "saved" : "rule-added", RULES_PAGE);
    return refuse(page, position, index, failure, error);
}
