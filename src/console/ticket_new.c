/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a ticket: first for whom, then what. The second step shows who will be told before
 * anything is saved: from the real policy, which a script asks again when the form changes.
 */
#include "base/error.h"
#include "console/lookup.h"
#include "console/pages.h"
#include "console/ticket.h"

#include <string.h>

/* ---- for whom ---- */

static HttpResponse *show_accounts(Page *page, int status, GError **error)
{
    json_t *accounts = lookup_accounts(page, error);
    if (accounts == NULL)
        return NULL;
    json_object_set_new(page->data, "accounts", accounts);
    json_set_text(page->data, "typed", page_query(page, "account"));
    return page_view(page, status, "ticket_account", "New ticket", error);
}

/* By number, or by a name that only one account has; NULL where it is not clear. */
static json_t *find_account(Page *page, const char *words, GError **error)
{
    int64_t number = lookup_number(words);
    if (number != 0)
        return page_get(page, error, "/accounts/%" G_GINT64_FORMAT, number);
    g_autofree char *escaped = page_escape(words);
    json_auto_t *list = page_get(page, error, "/accounts?limit=2&q=%s", escaped);
    const json_t *items = json_object_get(list, "items");
    if (list == NULL || json_array_size(items) == 1)
        return list != NULL ? json_incref(json_array_get(items, 0)) : NULL;
    error_set_problem(error, TD_ERROR_INVALID, "unknown-account", "/account",
                      "%s account has a name like \"%s\". Pick one from the list",
                      json_array_size(items) == 0 ? "No" : "More than one", words);
    return NULL;
}

/* ---- what ---- */

static bool add_choices(Page *page, const json_t *account, GError **error)
{
    json_auto_t *contacts = page_get(page, error, "/contacts?limit=200&account=%" G_GINT64_FORMAT,
                                     json_get_int(account, "number"));
    json_auto_t *employees = contacts != NULL ? lookup_employees(page, error) : NULL;
    if (employees == NULL)
        return false;
    bool again = page->form != NULL;
    char own[24];
    g_snprintf(own, sizeof own, "%" G_GINT64_FORMAT, json_get_int(account, "manager"));
    const char *priority = page_field(page, "priority");
    json_object_set_new(page->data, "contacts",
                        page_choices(json_object_get(contacts, "items"), "id", "name",
                                     page_field(page, "contact")));
    json_object_set_new(
        page->data, "managers",
        page_choices(employees, "id", "name", again ? page_field(page, "manager") : own));
    json_object_set_new(page->data, "priorities",
                        lookup_priorities(*priority != '\0' ? priority : "normal"));
    int64_t status = g_ascii_strtoll(page_field(page, "status"), NULL, 10);
    json_object_set_new(page->data, "statuses", lookup_statuses(page, status != 0 ? status : 100));
    json_set_bool(page->data, "notify", !again || page_ticked(page, "notify"));
    return true;
}

static HttpResponse *show_form(Page *page, json_t *account, int status, GError **error)
{
    json_object_set(page->data, "account", account);
    return add_choices(page, account, error) && ticket_preview_new(page, account, error)
               ? page_view(page, status, "ticket_new", "New ticket", error)
               : NULL;
}

HttpResponse *ticket_new_show(Page *page, GError **error)
{
    const char *words = page_query(page, "account");
    if (*words == '\0')
        return show_accounts(page, 200, error);
    GError *failure = NULL;
    json_auto_t *account = find_account(page, words, &failure);
    if (account != NULL)
        return show_form(page, account, 200, error);
    if (error_http_status(failure) >= 500) {
        g_propagate_error(error, failure);
        return NULL;
    }
    json_set_text(page->data, "problem", failure->message);
    int status = page_status(failure);
    g_error_free(failure);
    return show_accounts(page, status, error);
}

json_t *ticket_read_new(Page *page)
{
    json_t *body = json_object();
    page_take_id(page, body, "account");
    page_take_id(page, body, "contact");
    page_take_id(page, body, "manager");
    page_take_text(page, body, "title");
    page_take_text(page, body, "description");
    page_take_optional(page, body, "type");
    page_take_text(page, body, "priority");
    page_take_text(page, body, "status");
    g_autofree char *due = lookup_time_from_field(page, page_field(page, "due"));
    if (*due != '\0')
        json_set_text(body, "due", due);
    json_t *recipients = ticket_read_recipients(page_field(page, "recipients"));
    if (json_array_size(recipients) > 0)
        json_object_set(body, "recipients", recipients);
    json_decref(recipients);
    json_set_bool(body, "notify", page_ticked(page, "notify"));
    return body;
}

HttpResponse *ticket_new_post(Page *page, GError **error)
{
    GError *failure = NULL;
    json_auto_t *ticket = page_send(page, "POST", ticket_read_new(page), &failure, "/tickets");
    if (ticket != NULL)
        return page_redirect(page, "opened", "/tickets/%" G_GINT64_FORMAT,
                             json_get_int(ticket, "number"));
    int64_t number = lookup_number(page_field(page, "account"));
    if (!page_refused(page, failure) || number == 0) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    json_auto_t *account = page_get(page, error, "/accounts/%" G_GINT64_FORMAT, number);
    return account != NULL ? show_form(page, account, status, error) : NULL;
}
