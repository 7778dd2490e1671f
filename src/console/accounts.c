/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: the list, and one with its contacts and its latest tickets. */
#include "base/error.h"
#include "base/text.h"
#include "console/account.h"
#include "console/fields.h"
#include "console/lookup.h"
#include "console/pages.h"

#include <string.h>

#define PAGE_ITEMS  50
#define CONTACTS    200
#define LATEST      10
#define ACCOUNT     "/accounts/%" G_GINT64_FORMAT
#define OF_CONTACTS "/contacts?limit=%d&account=%" G_GINT64_FORMAT
#define OF_TICKETS  "/tickets?fields=list&limit=%d&account=%" G_GINT64_FORMAT

bool account_number(const Page *page, int64_t *number, GError **error)
{
    const char *text = page_param(page, "number");
    if (text_to_int(text, 1, INT64_MAX, number))
        return true;
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-account", NULL,
                      "\"%s\" is no account's number", text);
    return false;
}

/* ---- the list ---- */

static const char *name_of(const json_t *employees, int64_t id)
{
    size_t i;
    const json_t *employee;
    json_array_foreach(employees, i, employee)
    {
        if (json_get_int(employee, "id") == id)
            return json_get_text(employee, "name");
    }
    return "";
}

static void add_next(Page *page, const json_t *list, const char *query)
{
    const char *next = json_string_value(json_object_get(list, "next_cursor"));
    if (next == NULL)
        return;
    g_autofree char *link = g_strdup_printf("/accounts?cursor=%s&q=%s", next, query);
    json_set_text(page->data, "next", link);
}

HttpResponse *accounts_show(Page *page, GError **error)
{
    g_autofree char *query = page_escape(page_query(page, "q"));
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *employees = lookup_employees(page, error);
    json_auto_t *list =
        employees != NULL
            ? page_get(page, error, "/accounts?limit=%d&cursor=%s&q=%s", PAGE_ITEMS, cursor, query)
            : NULL;
    if (list == NULL)
        return NULL;
    size_t i;
    json_t *account;
    json_array_foreach(json_object_get(list, "items"), i, account)
    {
        json_set_text(account, "manager_name",
                      name_of(employees, json_get_int(account, "manager")));
    }
    json_object_set(page->data, "accounts", json_object_get(list, "items"));
    json_set_bool(page->data, "none", i == 0);
    json_set_text(page->data, "q", page_query(page, "q"));
    json_set_bool(page->data, "searched", *page_query(page, "q") != '\0');
    add_next(page, list, query);
    return page_view(page, 200, "accounts", "Accounts", error);
}

/* ---- one ---- */

static bool add_contacts(Page *page, int64_t number, GError **error)
{
    json_auto_t *list = page_get(page, error, OF_CONTACTS, CONTACTS, number);
    if (list == NULL)
        return false;
    size_t i;
    json_t *contact;
    json_array_foreach(json_object_get(list, "items"), i, contact)
    {
        json_set_bool(contact, "own", strcmp(json_get_text(contact, "sees"), "own") == 0);
    }
    json_object_set(page->data, "contacts", json_object_get(list, "items"));
    json_set_bool(page->data, "no_contacts", i == 0);
    json_set_bool(page->data, "more_contacts", !json_is_null(json_object_get(list, "next_cursor")));
    return true;
}

static bool add_tickets(Page *page, int64_t number, GError **error)
{
    json_auto_t *list = page_get(page, error, OF_TICKETS, LATEST, number);
    if (list == NULL)
        return false;
    size_t i;
    json_t *ticket;
    json_array_foreach(json_object_get(list, "items"), i, ticket)
    {
        json_set_bool(ticket, "closed", json_get_int(ticket, "status") >= 900);
        page_add_time(page, ticket, "updated");
    }
    json_object_set(page->data, "tickets", json_object_get(list, "items"));
    json_set_bool(page->data, "no_tickets", i == 0);
    return true;
}

static void add_facts(Page *page, json_t *account)
{
    g_autofree char *domains = fields_join(json_object_get(account, "domains"));
    g_autofree char *manager = lookup_employee_name(page, json_get_int(account, "manager"));
    json_set_text(account, "domain_lines", domains);
    json_set_text(account, "manager_name", manager);
    page_add_time(page, account, "created");
    json_object_set(page->data, "account", account);
}

static HttpResponse *show_one(Page *page, int64_t number, int status, GError **error)
{
    json_auto_t *account = page_get(page, error, ACCOUNT, number);
    if (account == NULL)
        return NULL;
    add_facts(page, account);
    if (json_object_get(page->data, "form") == NULL)
        json_object_set_new(page->data, "form", account_form(account));
    return account_add_choices(page, error) && add_contacts(page, number, error) &&
                   add_tickets(page, number, error)
               ? page_view(page, status, "account", json_get_text(account, "name"), error)
               : NULL;
}

HttpResponse *account_show(Page *page, GError **error)
{
    int64_t number;
    return account_number(page, &number, error) ? show_one(page, number, 200, error) : NULL;
}

HttpResponse *account_post(Page *page, GError **error)
{
    int64_t number;
    if (!account_number(page, &number, error))
        return NULL;
    GError *failure = NULL;
    json_auto_t *account =
        page_send(page, "PATCH", account_read_form(page), &failure, ACCOUNT, number);
    if (account != NULL)
        return page_redirect(page, "saved", ACCOUNT, number);
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    return show_one(page, number, status, error);
}

/* ---- a new one ---- */

static HttpResponse *show_new(Page *page, int status, GError **error)
{
    return account_add_choices(page, error)
               ? page_view(page, status, "account_new", "New account", error)
               : NULL;
}

HttpResponse *account_new_show(Page *page, GError **error)
{
    json_t *form = json_object();
    json_set_text(form, "active", "1");
    json_object_set_new(page->data, "form", form);
    return show_new(page, 200, error);
}

HttpResponse *account_new_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_auto_t *account = page_send(page, "POST", account_read_form(page), &failure, "/accounts");
    if (account != NULL)
        return page_redirect(page, "account-added", ACCOUNT, json_get_int(account, "number"));
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    return show_new(page, status, error);
}
