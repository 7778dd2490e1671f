/* SPDX-License-Identifier: Apache-2.0 */
/* The list of tickets: what a technician has open all day. */
#include "base/error.h"
#include "console/lookup.h"
#include "console/pages.h"
#include "console/setup.h"

#include <string.h>

#define PAGE_ITEMS 50

HttpResponse *root_show(Page *page, GError **error)
{
    return web_redirect("/tickets");
}

/* A list is of open tickets unless somebody looks for something else. */
static const char *state_of(const Page *page)
{
    const char *state = page_query(page, "state");
    bool looks = *page_query(page, "q") != '\0' || *page_query(page, "status") != '\0' ||
                 *page_query(page, "customers_not_told") != '\0';
    return *state == '\0' ? (looks ? "all" : "open") : state;
}

static void append(GString *query, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    g_autofree char *escaped = page_escape(value);
    g_string_append_printf(query, "&%s=%s", name, escaped);
}

/* The filters as links keep them; as the API takes them it knows no "all". */
static char *query_of(const Page *page, bool api)
{
    static const char *const names[] = {"status", "account", "manager", "q", "customers_not_told"};
    GString *query = g_string_new(NULL);
    const char *state = api ? state_of(page) : page_query(page, "state");
    append(query, "state", api && strcmp(state, "all") == 0 ? "" : state);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        append(query, names[i], page_query(page, names[i]));
    return g_string_free(query, FALSE);
}

static void dress(Page *page, json_t *ticket)
{
    const char *priority = json_get_text(ticket, "priority");
    json_set_bool(ticket, "urgent", strcmp(priority, "urgent") == 0);
    json_set_bool(ticket, "high", strcmp(priority, "high") == 0);
    json_set_bool(ticket, "low", strcmp(priority, "low") == 0);
    json_set_bool(ticket, "closed", json_get_int(ticket, "status") >= 900);
    page_add_time(page, ticket, "updated");
}

static void add_link(Page *page, const json_t *list, const char *cursor, const char *name,
                     const char *query)
{
    const char *place = json_string_value(json_object_get(list, cursor));
    if (place == NULL)
        return;
    g_autofree char *escaped = page_escape(place);
    g_autofree char *link = g_strdup_printf("/tickets?cursor=%s%s", escaped, query);
    json_set_text(page->data, name, link);
}

static bool add_list(Page *page, GError **error)
{
    g_autofree char *links = query_of(page, false);
    g_autofree char *query = query_of(page, true);
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list = page_get(page, error, "/tickets?fields=list&limit=%d&cursor=%s%s",
                                 PAGE_ITEMS, cursor, query);
    if (list == NULL)
        return false;
    json_t *tickets = json_object_get(list, "items");
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket)
    {
        dress(page, ticket);
    }
    json_object_set(page->data, "tickets", tickets);
    json_set_bool(page->data, "none", i == 0);
    add_link(page, list, "next_cursor", "next", links);
    add_link(page, list, "previous_cursor", "previous", links);
    return true;
}

/* The tabs above the list: each a link, with what is chosen now marked. */
static bool add_tabs(Page *page, GError **error)
{
    char me[24];
    g_snprintf(me, sizeof me, "%" G_GINT64_FORMAT, page->employee->id);
    bool not_told = *page_query(page, "customers_not_told") != '\0';
    bool mine = strcmp(page_query(page, "manager"), me) == 0;
    const char *state = state_of(page);
    bool all = strcmp(state, "all") == 0;
    json_t *tab = json_object();
    json_set_bool(tab, "not_told", not_told);
    json_set_bool(tab, "mine", mine && !not_told);
    json_set_bool(tab, "closed", strcmp(state, "closed") == 0);
    json_set_bool(tab, "all", all && !not_told && !mine);
    json_set_bool(tab, "open", !not_told && !mine && !all && strcmp(state, "closed") != 0);
    json_object_set_new(page->data, "tab", tab);
    json_t *counts = page_get(page, error, "/tickets/counts");
    if (counts != NULL)
        json_object_set_new(page->data, "counts", counts);
    return counts != NULL;
}

HttpResponse *tickets_show(Page *page, GError **error)
{
    json_auto_t *employees = lookup_employees(page, error);
    if (employees == NULL || !add_list(page, error) || !add_tabs(page, error) ||
        !setup_add_banner(page, error))
        return NULL;
    json_object_set_new(page->data, "managers",
                        page_choices(employees, "id", "name", page_query(page, "manager")));
    json_set_text(page->data, "q", page_query(page, "q"));
    json_set_text(page->data, "state", page_query(page, "state"));
    int64_t account = lookup_number(page_query(page, "account"));
    if (account != 0) {
        json_t *shown = page_get(page, error, "/accounts/%" G_GINT64_FORMAT, account);
        if (shown == NULL)
            return NULL;
        json_object_set_new(page->data, "account", shown);
    }
    json_object_set_new(
        page->data, "statuses",
        lookup_statuses(page, g_ascii_strtoll(page_query(page, "status"), NULL, 10)));
    return page_view(page, 200, "tickets", "Tickets", error);
}
