/* SPDX-License-Identifier: Apache-2.0 */
/* One ticket: what it is, what was written, and who was told. */
#include "console/ticket.h"

#include "console/lookup.h"
#include "console/pages.h"
#include "console/story.h"
#include "records/status.h"

#include <string.h>

bool ticket_number(const Page *page, int64_t *number, GError **error)
{
    const char *text = page_param(page, "number");
    if (text_to_int(text, 1, INT64_MAX, number))
        return true;
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-ticket", NULL,
                      "\"%s\" is no ticket's number", text);
    return false;
}

/* ---- what the page shows ---- */

static bool add_account(Page *page, json_t *ticket, GError **error)
{
    json_t *account =
        page_get(page, error, "/accounts/%" G_GINT64_FORMAT, json_get_int(ticket, "account"));
    if (account == NULL)
        return false;
    json_object_set_new(page->data, "account", account);
    json_auto_t *contacts = page_get(page, error, "/contacts?limit=200&account=%" G_GINT64_FORMAT,
                                     json_get_int(ticket, "account"));
    if (contacts == NULL)
        return false;
    const json_t *list = json_object_get(contacts, "items");
    char selected[24];
    g_snprintf(selected, sizeof selected, "%" G_GINT64_FORMAT, json_get_int(ticket, "contact"));
    json_object_set_new(page->data, "contacts", page_choices(list, "id", "name", selected));
    size_t i;
    json_t *contact;
    json_array_foreach(list, i, contact)
    {
        if (json_get_int(contact, "id") == json_get_int(ticket, "contact"))
            json_object_set(page->data, "contact", contact);
    }
    return true;
}

static bool add_choices(Page *page, json_t *ticket, GError **error)
{
    json_auto_t *employees = lookup_employees(page, error);
    if (employees == NULL)
        return false;
    char selected[24];
    int64_t manager = json_get_int(ticket, "manager");
    g_snprintf(selected, sizeof selected, "%" G_GINT64_FORMAT, manager);
    json_object_set_new(page->data, "managers", page_choices(employees, "id", "name", selected));
    g_autofree char *name = lookup_employee_name(page, manager);
    json_set_text(page->data, "manager_name", name);
    json_object_set_new(page->data, "statuses",
                        lookup_statuses(page, json_get_int(ticket, "status")));
    json_object_set_new(page->data, "priorities",
                        lookup_priorities(json_get_text(ticket, "priority")));
    return true;
}

static void add_state(Page *page, json_t *ticket)
{
    static const char *const times[] = {"opened", "closed", "due", "updated",
                                        "customers_not_told_since"};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        page_add_time(page, ticket, times[i]);
    int64_t status = json_get_int(ticket, "status");
    json_set_bool(ticket, "is_closed", status == STATUS_COMPLETED);
    json_set_bool(ticket, "is_over", status == STATUS_COMPLETED || status == STATUS_CANCELED);
    json_set_bool(ticket, "is_urgent", strcmp(json_get_text(ticket, "priority"), "urgent") == 0);
    g_autofree char *due =
        lookup_time_to_field(page, json_string_value(json_object_get(ticket, "due")));
    json_set_text(ticket, "due_field", due);
    json_set_bool(ticket, "has_resolution", *json_get_text(ticket, "resolution") != '\0');
    json_set_bool(ticket, "has_description", *json_get_text(ticket, "description") != '\0');
}

static bool add_recipients(Page *page, int64_t number, GError **error)
{
    json_auto_t *list = page_get(page, error, "/tickets/%" G_GINT64_FORMAT "/recipients", number);
    if (list == NULL)
        return false;
    json_t *items = json_object_get(list, "items");
    size_t i;
    json_t *recipient;
    json_array_foreach(items, i, recipient)
    {
        json_set_bool(recipient, "left", !json_is_null(json_object_get(recipient, "left_at")));
    }
    json_object_set(page->data, "recipients", items);
    json_set_bool(page->data, "no_recipients", i == 0);
    return true;
}

bool ticket_load_page(Page *page, int64_t number, json_t **ticket, GError **error)
{
    json_t *loaded = page_get(page, error, "/tickets/%" G_GINT64_FORMAT, number);
    if (loaded == NULL)
        return false;
    json_object_set_new(page->data, "ticket", loaded);
    add_state(page, loaded);
    *ticket = loaded;
    return add_account(page, loaded, error) && add_choices(page, loaded, error) &&
           add_recipients(page, number, error) && story_add_told(page, number, error) &&
           story_add_timeline(page, number, error);
}

HttpResponse *ticket_render(Page *page, int64_t number, int status, GError **error)
{
    json_t *ticket;
    if (!ticket_load_page(page, number, &ticket, error))
        return NULL;
    g_autofree char *title =
        g_strdup_printf("#%" G_GINT64_FORMAT " %s", number, json_get_text(ticket, "title"));
    return page_view(page, status, "ticket", title, error);
}

HttpResponse *ticket_show(Page *page, GError **error)
{
    int64_t number;
    return ticket_number(page, &number, error) ? ticket_render(page, number, 200, error) : NULL;
}

/* The part of the page that changes by itself, while mail is on its way. */
HttpResponse *ticket_story(Page *page, GError **error)
{
    int64_t number;
    if (!ticket_number(page, &number, error))
        return NULL;
    json_t *ticket = page_get(page, error, "/tickets/%" G_GINT64_FORMAT, number);
    if (ticket == NULL)
        return NULL;
    json_object_set_new(page->data, "ticket", ticket);
    add_state(page, ticket);
    return story_add_told(page, number, error) ? page_piece(page, "_told", error) : NULL;
}
