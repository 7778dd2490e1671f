/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing many tickets: the list's form is looked at first, with how many customers it would tell
 * and whether the brake would hold that whole; what was confirmed is done, and each refusal shown.
 */
#include "base/error.h"
#include "base/text.h"
#include "console/lookup.h"
#include "console/pages.h"

#include <string.h>

/* {"tickets":[...],"change":{...}} out of the list's form. New reference. */
static json_t *read_change(Page *page)
{
    json_t *body = json_object();
    json_t *tickets = json_array();
    json_t *change = json_object();
    g_autoptr(GPtrArray) numbers = http_form_all(page->form, "ticket");
    for (guint i = 0; i < numbers->len; i++) {
        int64_t number;
        if (text_to_int(numbers->pdata[i], 1, INT64_MAX, &number))
            json_array_append_new(tickets, json_integer(number));
    }
    static const char *const texts[] = {"status", "priority"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (*page_field(page, texts[i]) != '\0')
            page_take_text(page, change, texts[i]);
    if (*page_field(page, "manager") != '\0')
        page_take_id(page, change, "manager");
    bool changes = json_object_size(change) > 0;
    if (changes)
        json_set_bool(change, "notify", page_ticked(page, "notify"));
    json_object_set_new(body, "tickets", tickets);
    json_object_set_new(body, "change", change);
    return body;
}

static bool check(const json_t *body, GError **error)
{
    const char *lacks = NULL;
    if (json_array_size(json_object_get(body, "tickets")) == 0)
        lacks = "No ticket was chosen. Tick some in the list";
    else if (json_object_size(json_object_get(body, "change")) == 0)
        lacks = "Nothing to change was chosen. Pick a status, a manager or a priority";
    if (lacks != NULL)
        error_set_problem(error, TD_ERROR_INVALID, "empty", NULL, "%s", lacks);
    return lacks == NULL;
}

/* "status", "Completed" */
static void add_line(json_t *lines, const char *what, const char *value)
{
    json_t *line = json_object();
    json_set_text(line, "what", what);
    json_set_text(line, "value", value);
    json_array_append_new(lines, line);
}

static const char *label_of(const json_t *choices, const char *value)
{
    size_t i;
    json_t *choice;
    json_array_foreach(choices, i, choice)
    {
        if (strcmp(json_get_text(choice, "value"), value) == 0)
            return json_get_text(choice, "label");
    }
    return value;
}

/* What was chosen, in words, and as hidden fields of the next form. */
static void add_words(Page *page, const json_t *body)
{
    json_t *lines = json_array();
    json_auto_t *statuses = lookup_statuses(page, 0);
    json_auto_t *priorities = lookup_priorities(NULL);
    const char *status = page_field(page, "status");
    const char *priority = page_field(page, "priority");
    if (*status != '\0')
        add_line(lines, "Status", label_of(statuses, status));
    if (*priority != '\0')
        add_line(lines, "Priority", label_of(priorities, priority));
    int64_t manager = json_get_int(json_object_get(body, "change"), "manager");
    if (manager != 0) {
        g_autofree char *name = lookup_employee_name(page, manager);
        add_line(lines, "Manager", name);
    }
    json_object_set_new(page->data, "lines", lines);
    json_object_set(page->data, "numbers", json_object_get(body, "tickets"));
    json_set_int(page->data, "n", (int64_t)json_array_size(json_object_get(body, "tickets")));
    json_set_text(page->data, "status", status);
    json_set_text(page->data, "priority", priority);
    json_set_text(page->data, "manager", page_field(page, "manager"));
    json_set_bool(page->data, "notify", page_ticked(page, "notify"));
}

HttpResponse *tickets_bulk_check(Page *page, GError **error)
{
    json_auto_t *body = read_change(page);
    if (!check(body, error))
        return NULL;
    json_t *size = page_ask(page, json_incref(body), error, "/tickets/bulk/preview");
    if (size == NULL)
        return NULL;
    json_object_set_new(page->data, "size", size);
    add_words(page, body);
    return page_view(page, 200, "tickets_bulk", "Change tickets", error);
}

HttpResponse *tickets_bulk_post(Page *page, GError **error)
{
    json_auto_t *body = read_change(page);
    json_auto_t *result = check(body, error)
                              ? page_send(page, "POST", json_incref(body), error, "/tickets/bulk")
                              : NULL;
    if (result == NULL)
        return NULL;
    json_t *refused = json_array();
    int64_t done = 0;
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(result, "results"), i, item)
    {
        if (json_get_bool(item, "ok", false))
            done++;
        else
            json_array_append(refused, item);
    }
    if (json_array_size(refused) == 0) {
        json_decref(refused);
        return page_redirect(page, "bulk", "/tickets");
    }
    json_set_int(page->data, "changed", done);
    json_object_set_new(page->data, "refused", refused);
    return page_view(page, 200, "tickets_bulk_done", "Change tickets", error);
}
