/* SPDX-License-Identifier: Apache-2.0 */
/* Who works at the desk: the list, and the form for one of them. */
#include "base/error.h"
#include "base/text.h"
#include "console/form.h"
#include "console/pages.h"

#include <string.h>

static const FieldChoice roles[] = {
    {"technician", "Technician: tickets, accounts, contacts"},
    {"admin", "Admin: everything"},
    {NULL, NULL},
};
static const FieldChoice languages[] = {
    {"", "The desk's"}, {"en", "English"},  {"de", "German"}, {"es", "Spanish"},
    {"fr", "French"},   {"ja", "Japanese"}, {NULL, NULL},
};

static const FormField fields[] = {
    {"name", FIELD_LINE, "Name", .max = 255},
    {"email", FIELD_ADDRESS, "Email address", .max = 254},
    {"email2", FIELD_ADDRESS, "Second address", .help = "Mails from it count as theirs, too.",
     .max = 254},
    {"language", FIELD_CHOICE, "Language", .max = 35, .choices = languages},
    {"role", FIELD_CHOICE, "Role", .choices = roles},
    {"active", FIELD_BOX, "Active",
     .help = "Who is not active cannot sign in, and gets no copies of customers' mails."},
    {.name = NULL},
};
static const FormField login_fields[] = {
    {"login", FIELD_LINE, "Login", .help = "Letters a to z, digits and . _ @ -", .max = 64},
    {.name = NULL},
};

/* ---- the list ---- */

HttpResponse *employees_show(Page *page, GError **error)
{
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *answer = page_get(page, error, "/employees?limit=100&cursor=%s", cursor);
    if (answer == NULL)
        return NULL;
    json_t *items = json_object_get(answer, "items");
    size_t i;
    json_t *employee;
    json_array_foreach(items, i, employee)
    {
        json_set_bool(employee, "is_admin", strcmp(json_get_text(employee, "role"), "admin") == 0);
    }
    json_object_set(page->data, "employees", items);
    json_set_text(page->data, "next", json_string_value(json_object_get(answer, "next_cursor")));
    return page_view(page, 200, "employees", "Employees", error);
}

/* ---- one of them ---- */

/* `employee` is what the form starts with. */
static HttpResponse *show(Page *page, int status, const json_t *employee, GError **error)
{
    bool typed = page->form != NULL;
    bool is_new = json_get_int(employee, "id") == 0;
    json_t *shown = form_show(page, fields, "", employee, typed);
    if (is_new) {
        json_t *login = form_show(page, login_fields, "", employee, typed);
        json_array_insert(shown, 1, json_array_get(login, 0));
        json_decref(login);
    }
    json_object_set_new(page->data, "fields", shown);
    json_object_set(page->data, "employee", (json_t *)employee);
    json_set_bool(page->data, "is_new", is_new);
    return page_view(page, status, "employee",
                     is_new ? "New employee" : json_get_text(employee, "name"), error);
}

static json_t *nobody_yet(void)
{
    return json_pack("{s:s, s:b}", "role", "technician", "active", 1);
}

/* What the form says, as the API takes it. */
static json_t *read_form(const Page *page, bool is_new)
{
    json_t *body = json_object();
    form_read(page, fields, "", body);
    if (is_new)
        form_read(page, login_fields, "", body);
    if (*page_field(page, "language") == '\0')
        json_object_set_new(body, "language", json_null());
    if (*page_field(page, "email2") == '\0')
        json_object_set_new(body, "email2", json_null());
    if (*page_field(page, "password") != '\0')
        json_set_text(body, "password", page_field(page, "password"));
    else if (page_ticked(page, "no_password"))
        json_object_set_new(body, "password", json_null());
    return body;
}

HttpResponse *employee_new_show(Page *page, GError **error)
{
    json_auto_t *employee = nobody_yet();
    return show(page, 200, employee, error);
}

HttpResponse *employee_new_post(Page *page, GError **error)
{
    g_autoptr(GError) failure = NULL;
    json_auto_t *made = page_send(page, "POST", read_form(page, true), &failure, "/employees");
    if (made != NULL)
        return page_redirect(page, "employee-added", "/employees");
    json_auto_t *employee = nobody_yet();
    if (form_refused(page, failure))
        return show(page, page_status(failure), employee, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

static json_t *load(Page *page, GError **error)
{
    int64_t id;
    if (!text_to_int(page_param(page, "id"), 1, INT64_MAX, &id))
        id = 0;
    return page_get(page, error, "/employees/%" G_GINT64_FORMAT, id);
}

HttpResponse *employee_show(Page *page, GError **error)
{
    json_auto_t *employee = load(page, error);
    return employee != NULL ? show(page, 200, employee, error) : NULL;
}

HttpResponse *employee_post(Page *page, GError **error)
{
    json_auto_t *employee = load(page, error);
    if (employee == NULL)
        return NULL;
    g_autoptr(GError) failure = NULL;
    json_auto_t *saved = page_send(page, "PATCH", read_form(page, false), &failure,
                                   "/employees/%" G_GINT64_FORMAT, json_get_int(employee, "id"));
    if (saved != NULL)
        return page_redirect(page, "saved", "/employees");
    if (form_refused(page, failure))
        return show(page, page_status(failure), employee, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
