/* SPDX-License-Identifier: Apache-2.0 */
/* One ticket, for who has signed in and for who has the link of a mail. */
#include "alerts/locale.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "portal/pages.h"

#include <string.h>

/* ---- what is shown ---- */

static json_t *file_items(const PortalPage *page, const GPtrArray *attachments, int64_t number)
{
    g_autofree char *path = portal_ticket_path(page, number);
    json_t *items = json_array();
    for (guint i = 0; i < attachments->len; i++) {
        const Attachment *attachment = attachments->pdata[i];
        g_autofree char *size = g_format_size((guint64)attachment->bytes);
        g_autofree char *href =
            g_strdup_printf("%s/attachments/%" G_GINT64_FORMAT, path, attachment->id);
        json_t *item = json_object();
        json_set_text(item, "name", attachment->name);
        json_set_text(item, "size", size);
        json_set_text(item, "href", href);
        json_array_append_new(items, item);
    }
    return items;
}

/* Whether it was this visitor: one of their contacts, or the address that the mail came from. */
static bool is_own(const Visitor *visitor, const TicketMessage *message)
{
    if (message->author.kind != ACTOR_CUSTOMER)
        return false;
    const GPtrArray *places = visitor->customer != NULL ? visitor->customer->places : NULL;
    for (guint i = 0; places != NULL && i < places->len; i++) {
        const CustomerPlace *place = places->pdata[i];
        if (place->contact != 0 && place->contact == message->author.id)
            return true;
    }
    return g_strcmp0(message->from_key, visitor->email_key) == 0 ||
           (visitor->actor.id != 0 && visitor->actor.id == message->author.id);
}

static json_t *message_item(const PortalPage *page, const Visitor *visitor,
                            const CustomerMessage *shown)
{
    const TicketMessage *message = shown->message;
    json_t *item = json_object();
    json_set_int(item, "id", message->id);
    /* What a program or Tidings itself wrote is the desk's: what these are called is its business.
     */
    bool person = message->author.kind == ACTOR_CUSTOMER || message->author.kind == ACTOR_EMPLOYEE;
    json_set_text(item, "who", person ? message->author.name : page->settings->desk.name);
    json_set_bool(item, "own", is_own(visitor, message));
    json_set_bool(item, "customer", message->author.kind == ACTOR_CUSTOMER);
    json_set_text(item, "text", message->text);
    json_set_text(item, "quoted", message->quoted);
    json_set_bool(item, "has_files", shown->attachments->len > 0);
    json_object_set_new(item, "files", file_items(page, shown->attachments, message->ticket));
    portal_set_time(page, item, "at", message->at);
    return item;
}

static void set_facts(PortalPage *page, const CustomerTicket *shown)
{
    const Ticket *ticket = shown->ticket;
    g_autofree char *upper = g_strdup(ticket->priority);
    upper[0] = g_ascii_toupper(upper[0]);
    g_autofree char *priority = locale_priority(upper, page->language);
    g_autofree char *path = portal_ticket_path(page, ticket->number);
    json_t *facts = json_object();
    json_set_int(facts, "number", ticket->number);
    json_set_text(facts, "title", ticket->title);
    json_set_text(facts, "path", path);
    json_set_text(facts, "description", shown->first_is_description ? "" : ticket->description);
    json_set_text(facts, "resolution", ticket->resolution);
    json_set_text(facts, "priority", priority);
    json_set_text(facts, "account", shown->account_name);
    json_set_text(facts, "manager", shown->manager_name);
    portal_set_status(page, facts, ticket->status);
    portal_set_time(page, facts, "opened", ticket->opened_at);
    portal_set_time(page, facts, "closed", ticket->closed_at);
    portal_set_time(page, facts, "due", ticket->due_at);
    json_set_bool(facts, "on_list", shown->on_list == CUSTOMER_ON_LIST);
    json_set_bool(facts, "left", shown->on_list == CUSTOMER_LEFT);
    json_object_set_new(page->data, "ticket", facts);
    g_autofree char *title =
        g_strdup_printf("#%" G_GINT64_FORMAT " %s", ticket->number, ticket->title);
    json_set_text(page->data, "page_title", title);
}

static int64_t ticket_of(const PortalPage *page, const Visitor *visitor)
{
    if (visitor->ticket != 0)
        return visitor->ticket;
    return portal_number(page->form != NULL && page->route->role == PORTAL_EITHER
                             ? portal_field(page, "ticket")
                             : http_request_param(page->request, "number"));
}

static bool read_ticket(PortalPage *page, DbTx *tx, const Visitor *visitor, GError **error)
{
    int64_t number = ticket_of(page, visitor);
    int64_t before = portal_number(portal_query(page, "before"));
    g_autoptr(CustomerTicket) shown = customer_ticket(tx, visitor, number, before, error);
    g_autoptr(GPtrArray) mails =
        shown != NULL ? customer_mails_of(tx, visitor, number, error) : NULL;
    if (mails == NULL)
        return false;
    json_t *messages = json_array();
    for (guint i = 0; i < shown->messages->len; i++)
        json_array_append_new(messages, message_item(page, visitor, shown->messages->pdata[i]));
    json_object_set_new(page->data, "messages", messages);
    json_set_bool(page->data, "no_messages", shown->messages->len == 0);
    json_set_id(page->data, "older", shown->older);
    json_set_bool(page->data, "newer", before != 0);
    json_object_set_new(page->data, "mails", portal_mail_items(page, mails));
    json_set_bool(page->data, "has_mails", mails->len > 0);
    set_facts(page, shown);
    return true;
}

static HttpResponse *show(PortalPage *page, int status, GError **error)
{
    return portal_read(page, read_ticket, error) ? portal_view(page, status, "ticket", NULL, error)
                                                 : NULL;
}

HttpResponse *portal_ticket(PortalPage *page, GError **error)
{
    return show(page, 200, error);
}

HttpResponse *portal_ticket_by_link(PortalPage *page, GError **error)
{
    return show(page, 200, error);
}

/* ---- an attachment ---- */

typedef struct {
    PortalPage *page;
    Attachment *attachment;
} Download;

static bool load_attachment(DbTx *tx, void *data, GError **error)
{
    Download *download = data;
    PortalPage *page = download->page;
    g_clear_pointer(&download->attachment, attachment_free);
    g_autoptr(Settings) settings = settings_load(tx, error);
    g_autoptr(Visitor) visitor =
        settings != NULL ? visitor_load(tx, settings, &page->caller, error) : NULL;
    if (visitor == NULL)
        return false;
    int64_t id = portal_number(http_request_param(page->request, "id"));
    download->attachment = customer_attachment(tx, visitor, ticket_of(page, visitor), id, error);
    return download->attachment != NULL;
}

/* To be saved and never to be run or shown as a page of ours, whatever its type says. */
HttpResponse *portal_attachment(PortalPage *page, GError **error)
{
    Download download = {.page = page};
    if (!db_read(desk_db(page->portal->desk), load_attachment, &download, error)) {
        attachment_free(download.attachment);
        return NULL;
    }
    g_autoptr(Attachment) attachment = download.attachment;
    gsize bytes;
    const void *content = g_bytes_get_data(attachment->content, &bytes);
    HttpResponse *response =
        http_response_new(200, attachment->content_type, g_memdup2(content, bytes), bytes);
    g_autofree char *name = g_uri_escape_string(attachment->name, NULL, FALSE);
    g_autofree char *disposition = g_strdup_printf("attachment; filename*=UTF-8''%s", name);
    http_response_set_header(response, "Content-Disposition", disposition);
    http_response_set_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    return response;
}

/* ---- what they do ---- */

typedef struct {
    char *text;
    AttachmentDraft *files;
    size_t n_files;
    bool leave;
    int64_t number;
} Doing;

static bool comment(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data,
                    GError **error)
{
    Doing *doing = data;
    doing->number = ticket_of(page, visitor);
    return customer_comment(tx, visitor, doing->number, doing->text, doing->files, doing->n_files,
                            error);
}

static HttpResponse *back(PortalPage *page, const char *done, int64_t number)
{
    g_autofree char *path = portal_ticket_path(page, number);
    return portal_redirect(page, done, "%s", path);
}

HttpResponse *portal_comment(PortalPage *page, GError **error)
{
    const char *typed = portal_field(page, "text");
    g_autofree char *text = NULL;
    size_t n_files;
    g_autofree AttachmentDraft *files = portal_files(page, &n_files);
    g_autoptr(GError) failure = NULL;
    if (text_block(typed, strlen(typed), LIMIT_MESSAGE_BYTES, "/text", &text, &failure)) {
        Doing doing = {.text = g_strchomp(text), .files = files, .n_files = n_files};
        if (portal_write_once(page, comment, &doing, &doing.number, &failure))
            return back(page, "commented_done", doing.number);
    }
    if (!portal_is_refusal(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    portal_note_problem(page, failure);
    json_set_text(page->data, "text", typed);
    return show(page, error_http_status(failure), error);
}

static bool leave(PortalPage *page, DeskTx *tx, const Visitor *visitor, void *data, GError **error)
{
    Doing *doing = data;
    doing->number = ticket_of(page, visitor);
    return customer_leave(tx, visitor, doing->number, doing->leave, error);
}

HttpResponse *portal_leave(PortalPage *page, GError **error)
{
    Doing doing = {.leave = strcmp(portal_field(page, "leave"), "yes") == 0};
    return portal_write(page, leave, &doing, error)
               ? back(page, doing.leave ? "left_done" : "returned_done", doing.number)
               : NULL;
}
