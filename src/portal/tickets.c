/* SPDX-License-Identifier: Apache-2.0 */
/* The customer's tickets, and a new one. */
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "portal/pages.h"

#include <string.h>

#define PAGE_TICKETS 30
#define SEARCH_CHARS 100

/* ---- the list ---- */

static json_t *ticket_item(const PortalPage *page, const Ticket *ticket)
{
    g_autofree char *path = portal_ticket_path(page, ticket->number);
    json_t *item = json_object();
    json_set_int(item, "number", ticket->number);
    json_set_text(item, "title", ticket->title);
    json_set_text(item, "path", path);
    portal_set_status(page, item, ticket->status);
    portal_set_time(page, item, "opened", ticket->opened_at);
    return item;
}

static bool read_tickets(PortalPage *page, DbTx *tx, const Visitor *visitor, GError **error)
{
    bool all = strcmp(portal_query(page, "show"), "all") == 0;
    g_autofree char *q = NULL;
    const char *typed = portal_query(page, "q");
    if (!text_one_line(typed, strlen(typed), SEARCH_CHARS, "/q", &q, error))
        return false;
    const CustomerFilter filter = {.before = portal_number(portal_query(page, "before")),
                                   .open = !all,
                                   .q = q,
                                   .limit = PAGE_TICKETS + 1};
    g_autoptr(GPtrArray) list = customer_tickets(tx, visitor, &filter, error);
    if (list == NULL)
        return false;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < MIN(list->len, PAGE_TICKETS); i++) {
        const Ticket *ticket = list->pdata[i];
        json_array_append_new(items, ticket_item(page, ticket));
        last = ticket->number;
    }
    json_object_set_new(page->data, "tickets", items);
    json_set_bool(page->data, "none", list->len == 0);
    json_set_bool(page->data, "all", all);
    json_set_bool(page->data, "newer", filter.before != 0);
    json_set_id(page->data, "next", list->len > PAGE_TICKETS ? last : 0);
    g_autofree char *q_url = g_uri_escape_string(q, NULL, FALSE);
    json_set_text(page->data, "q", q);
    json_set_text(page->data, "q_url", q_url);
    return true;
}

HttpResponse *portal_tickets(PortalPage *page, GError **error)
{
    return portal_read(page, read_tickets, error)
               ? portal_view(page, 200, "tickets", "tickets", error)
               : NULL;
}

/* ---- a new one ---- */

static json_t *place_items(const Visitor *visitor, int64_t chosen)
{
    json_t *items = json_array();
    const GPtrArray *places = visitor->customer->places;
    int64_t former = 0;
    for (guint i = 0; i < places->len; i++) {
        const CustomerPlace *place = places->pdata[i];
        if (place->account == former)
            continue;
        former = place->account;
        json_t *item = json_object();
        json_set_int(item, "number", place->account);
        json_set_text(item, "name", place->account_name);
        json_set_bool(item, "selected", place->account == chosen);
        json_array_append_new(items, item);
    }
    return items;
}

static HttpResponse *show_form(PortalPage *page, int status, GError **error)
{
    json_t *places = place_items(page->visitor, portal_number(portal_field(page, "account")));
    json_set_bool(page->data, "several", json_array_size(places) > 1);
    json_object_set_new(page->data, "places", places);
    json_set_text(page->data, "title", portal_field(page, "title"));
    json_set_text(page->data, "text", portal_field(page, "text"));
    return portal_view(page, status, "ticket_new", "new_ticket", error);
}

HttpResponse *portal_new_show(PortalPage *page, GError **error)
{
    return show_form(page, 200, error);
}

typedef struct {
    CustomerTicketDraft draft;
    int64_t number;
} Opening;

static bool open_ticket(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data,
                        GError **error)
{
    Opening *opening = data;
    opening->number = customer_open_ticket(tx, visitor, &opening->draft, error);
    return opening->number != 0;
}

static bool read_texts(const PortalPage *page, char **title, char **text, GError **error)
{
    const char *typed_title = portal_field(page, "title");
    const char *typed_text = portal_field(page, "text");
    return text_one_line(typed_title, strlen(typed_title), LIMIT_TITLE_CHARS, "/title", title,
                         error) &&
           text_block(typed_text, strlen(typed_text), LIMIT_MESSAGE_BYTES, "/text", text, error);
}

HttpResponse *portal_new_post(PortalPage *page, GError **error)
{
    g_autofree char *title = NULL;
    g_autofree char *text = NULL;
    Opening opening = {0};
    g_autofree AttachmentDraft *files = portal_files(page, &opening.draft.n_attachments);
    g_autoptr(GError) failure = NULL;
    if (read_texts(page, &title, &text, &failure)) {
        opening.draft.account = portal_number(portal_field(page, "account"));
        opening.draft.title = title;
        opening.draft.text = g_strchomp(text);
        opening.draft.attachments = files;
        if (portal_write_once(page, open_ticket, &opening, &opening.number, &failure))
            return portal_redirect(page, "opened_done", "/portal/tickets/%" G_GINT64_FORMAT,
                                   opening.number);
    }
    if (!portal_is_refusal(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    portal_note_problem(page, failure);
    return show_form(page, error_http_status(failure), error);
}
