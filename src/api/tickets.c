/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: open, list, show, change.
 *
 * A status may come as a code, an English name or the desk's own label. Labels are options, so a
 * text that is no English name is looked up inside the transaction that uses it.
 */
#include "api/call.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "records/settings.h"
#include "records/status.h"

#include <string.h>

#define TYPE_CHARS  64
#define SHOWN_CHARS 80 /* of what is no status, in its error */
#define LIST_CHUNK  20 /* tickets read at a time: each may hold two long texts */

static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

/* ---- the ticket as an answer ---- */

/* The desk's labels; new reference. */
static json_t *load_labels(DbTx *tx, GError **error)
{
    g_autoptr(Settings) settings = settings_load(tx, error);
    return settings != NULL ? json_incref(settings->tickets.status_labels) : NULL;
}

/* Takes `ticket`, which may be NULL with an error. */
static json_t *show(DbTx *tx, Ticket *ticket, GError **error)
{
    g_autoptr(Ticket) owned = ticket;
    if (owned == NULL)
        return NULL;
    json_auto_t *labels = load_labels(tx, error);
    return labels != NULL ? render_ticket(owned, labels) : NULL;
}

/* ---- status ---- */

static void refuse_status(const json_t *value, const char *path, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < STATUS_N; i++)
        g_string_append_printf(names, "%s%s (%d)", i > 0 ? ", " : "", status_name(status_codes[i]),
                               (int)status_codes[i]);
    g_autofree char *shown = json_text(value);
    bool is_long = g_utf8_strlen(shown, -1) > SHOWN_CHARS;
    g_autofree char *start = is_long ? g_utf8_substring(shown, 0, SHOWN_CHARS) : g_strdup(shown);
    error_set_problem(error, TD_ERROR_INVALID, "unknown-status", path,
                      "%s%s is no ticket status; known are: %s", start, is_long ? "..." : "",
                      names->str);
}

static bool read_status(DbTx *tx, const json_t *value, const char *path, int *code, GError **error)
{
    if (status_read(value, NULL, code))
        return true;
    json_auto_t *labels = load_labels(tx, error);
    if (labels == NULL)
        return false;
    if (status_read(value, labels, code))
        return true;
    refuse_status(value, path, error);
    return false;
}

/* A status that could be one; what it is comes later. */
static void take_status(JsonReader *reader, json_t **out)
{
    json_t *value;
    if (!json_read_any(reader, "status", &value))
        return;
    if (json_is_integer(value) || json_is_string(value)) {
        *out = value;
        return;
    }
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "wrong-type", "/status",
                      "/status must be a code or a name, such as 100 or \"New\"");
    json_reader_fail(reader, failure);
}

/* ---- opening ---- */

typedef struct {
    TicketDraft draft;
    json_t *status; /* borrowed; NULL: New */
    Ticket *ticket; /* that was opened */
    json_t *labels;
} Opening;

static void opening_clear(Opening *opening)
{
    ticket_draft_clear(&opening->draft);
    g_clear_pointer(&opening->ticket, ticket_free);
    g_clear_pointer(&opening->labels, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opening, opening_clear)

static void take_account(JsonReader *reader, int64_t *account)
{
    int64_t number = 0;
    if (!json_read_id(reader, "account", &number))
        return;
    if (number != 0) {
        *account = number;
        return;
    }
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "unknown-account", "/account",
                      "Every ticket belongs to an account; /account cannot be null");
    json_reader_fail(reader, failure);
}

static void take_recipients(JsonReader *reader, TicketDraft *draft)
{
    json_t *list;
    if (!json_read_any(reader, "recipients", &list))
        return;
    GError *failure = NULL;
    draft->recipients = input_recipients(list, "/recipients", &failure);
    if (draft->recipients == NULL)
        json_reader_fail(reader, failure);
}

static bool read_opening(json_t *body, Opening *opening, GError **error)
{
    TicketDraft *draft = &opening->draft;
    draft->notify = true;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "account");
    json_require(&reader, "title");
    take_account(&reader, &draft->account);
    json_read_id(&reader, "contact", &draft->contact);
    json_read_id(&reader, "manager", &draft->manager);
    input_name(&reader, "title", LIMIT_TITLE_CHARS, &draft->title);
    json_read_block(&reader, "description", LIMIT_DESCRIPTION_BYTES, &draft->description);
    input_line(&reader, "type", TYPE_CHARS, &draft->type);
    input_choice(&reader, "priority", priorities, &draft->priority);
    take_status(&reader, &opening->status);
    json_read_time(&reader, "due", &draft->due_at);
    json_read_block(&reader, "resolution", LIMIT_RESOLUTION_BYTES, &draft->resolution);
    take_recipients(&reader, draft);
    json_read_bool(&reader, "notify", &draft->notify);
    return json_reader_end(&reader, error);
}

static bool open_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    Opening *opening = data;
    g_clear_pointer(&opening->ticket, ticket_free);
    g_clear_pointer(&opening->labels, json_decref);
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL ||
        (opening->status != NULL &&
         !read_status(tx->db, opening->status, "/status", &opening->draft.status, error)))
        return false;
    opening->labels = json_incref(settings->tickets.status_labels);
    opening->ticket = ticket_open(tx, &opening->draft, error);
    return opening->ticket != NULL;
}

static json_t *show_opened(const void *data)
{
    const Opening *opening = data;
    return render_ticket(opening->ticket, opening->labels);
}

HttpResponse *tickets_open(ApiCall *call, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    g_auto(Opening) opening = {0};
    return read_opening(body, &opening, error)
               ? api_write_and_show(call, 201, open_one, show_opened, &opening, error)
               : NULL;
}

/* ---- changing ---- */

typedef struct {
    int64_t number;
    TicketChange change;
    json_t *status; /* borrowed; NULL: stays */
} Changing;

static bool read_changing(json_t *body, Changing *changing, GError **error)
{
    TicketChange *change = &changing->change;
    change->notify = true;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    take_status(&reader, &changing->status);
    unsigned fields = changing->status != NULL ? TICKET_SET_STATUS : 0;
    if (input_name(&reader, "title", LIMIT_TITLE_CHARS, &change->title))
        fields |= TICKET_SET_TITLE;
    if (json_read_block(&reader, "description", LIMIT_DESCRIPTION_BYTES, &change->description))
        fields |= TICKET_SET_DESCRIPTION;
    if (input_choice(&reader, "priority", priorities, &change->priority))
        fields |= TICKET_SET_PRIORITY;
    if (input_line(&reader, "type", TYPE_CHARS, &change->type))
        fields |= TICKET_SET_TYPE;
    if (json_read_time(&reader, "due", &change->due_at))
        fields |= TICKET_SET_DUE;
    if (json_read_block(&reader, "resolution", LIMIT_RESOLUTION_BYTES, &change->resolution))
        fields |= TICKET_SET_RESOLUTION;
    if (json_read_id(&reader, "manager", &change->manager))
        fields |= TICKET_SET_MANAGER;
    if (json_read_id(&reader, "contact", &change->contact))
        fields |= TICKET_SET_CONTACT;
    take_account(&reader, &change->account);
    if (change->account != 0)
        fields |= TICKET_SET_ACCOUNT;
    json_read_bool(&reader, "notify", &change->notify);
    change->fields = fields;
    return json_reader_end(&reader, error);
}

static json_t *change_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    Changing *changing = data;
    if (changing->status != NULL &&
        !read_status(tx->db, changing->status, "/status", &changing->change.status, error))
        return NULL;
    return show(tx->db, ticket_change(tx, changing->number, &changing->change, error), error);
}

HttpResponse *tickets_change(ApiCall *call, GError **error)
{
    Changing changing = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !api_param_id(call, "number", "unknown-ticket", &changing.number, error))
        return NULL;
    HttpResponse *response = read_changing(body, &changing, error)
                                 ? api_write(call, 200, change_one, &changing, error)
                                 : NULL;
    ticket_change_clear(&changing.change);
    return response;
}

/* ---- reading ---- */

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *number = data;
    return show(tx, ticket_load(tx, *number, error), error);
}

HttpResponse *tickets_get(ApiCall *call, GError **error)
{
    int64_t number;
    return api_param_id(call, "number", "unknown-ticket", &number, error)
               ? api_read(call, get_one, &number, error)
               : NULL;
}

typedef struct {
    ApiPage page;
    int64_t account;
    const char *status; /* as typed; NULL: any */
    const char *q;
    bool not_told;
} Listing;

/* Appends one chunk. *before is where the next one begins, 0 at the end of the list. */
static bool append_chunk(DbTx *tx, TicketFilter *filter, const json_t *labels, json_t *items,
                         size_t *bytes, GError **error)
{
    g_autoptr(GPtrArray) tickets = ticket_list(tx, filter, error);
    if (tickets == NULL)
        return false;
    for (guint i = 0; i < tickets->len; i++) {
        const Ticket *ticket = tickets->pdata[i];
        json_array_append_new(items, render_ticket(ticket, labels));
        *bytes += strlen(ticket->description) + strlen(ticket->resolution);
        filter->before = ticket->number;
        if (*bytes > API_PAGE_BYTES)
            return true;
    }
    if (tickets->len < (guint)filter->limit)
        filter->before = 0;
    return true;
}

/* Whether anything stands behind the last ticket of a page. */
static bool has_more(DbTx *tx, TicketFilter *filter, bool *more, GError **error)
{
    filter->limit = 1;
    g_autoptr(GPtrArray) tickets = ticket_list(tx, filter, error);
    if (tickets == NULL)
        return false;
    *more = tickets->len > 0;
    return true;
}

static json_t *list_page(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Listing *listing = data;
    TicketFilter filter = {.before = listing->page.cursor,
                           .account = listing->account,
                           .q = listing->q,
                           .not_told = listing->not_told};
    json_auto_t *status = listing->status != NULL ? json_string(listing->status) : NULL;
    if (status != NULL && !read_status(tx, status, NULL, &filter.status, error))
        return NULL;
    json_auto_t *labels = load_labels(tx, error);
    if (labels == NULL)
        return NULL;
    json_auto_t *items = json_array();
    size_t bytes = 0;
    size_t wanted = (size_t)listing->page.limit;
    do {
        filter.limit = (int)MIN((size_t)LIST_CHUNK, wanted - json_array_size(items));
        if (!append_chunk(tx, &filter, labels, items, &bytes, error))
            return NULL;
    } while (filter.before != 0 && bytes <= API_PAGE_BYTES && json_array_size(items) < wanted);
    bool more = false;
    if (filter.before != 0 && !has_more(tx, &filter, &more, error))
        return NULL;
    return render_page(json_incref(items), more ? filter.before : 0);
}

/* Only the flagged ones can be asked for: a list of those that are not would say that somebody was
 * told, which nobody knows of a ticket that is open. */
static bool read_not_told(const ApiCall *call, bool *wanted, GError **error)
{
    const char *text = http_request_query(call->request, "customers_not_told");
    if (text != NULL && strcmp(text, "true") != 0) {
        error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                          "The query parameter \"customers_not_told\" can only be true");
        return false;
    }
    *wanted = text != NULL;
    return true;
}

HttpResponse *tickets_list(ApiCall *call, GError **error)
{
    Listing listing = {.q = http_request_query(call->request, "q")};
    const char *status = http_request_query(call->request, "status");
    if (status != NULL && *status != '\0')
        listing.status = status;
    if (!api_page(call, &listing.page, error) ||
        !api_query_id(call, "account", &listing.account, error) ||
        !read_not_told(call, &listing.not_told, error))
        return NULL;
    return api_read(call, list_page, &listing, error);
}
