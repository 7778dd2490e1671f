/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: open, change, show; and what opening or changing one would tell whom. */
#include "api/call.h"
#include "api/preview.h"
#include "api/render.h"
#include "api/resources.h"
#include "api/ticket_input.h"
#include "desk/ticket_merge.h"

/* Takes `ticket`, which may be NULL with an error. */
static json_t *show(DbTx *tx, Ticket *ticket, GError **error)
{
    g_autoptr(Ticket) owned = ticket;
    if (owned == NULL)
        return NULL;
    json_auto_t *labels = ticket_labels(tx, error);
    return labels != NULL ? render_ticket(owned, labels) : NULL;
}

/* ---- opening ---- */

typedef struct {
    TicketOpening input;
    Ticket *ticket; /* that was opened */
    json_t *labels;
} Opening;

static void opening_clear(Opening *opening)
{
    ticket_opening_clear(&opening->input);
    g_clear_pointer(&opening->ticket, ticket_free);
    g_clear_pointer(&opening->labels, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opening, opening_clear)

static bool open_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    Opening *opening = data;
    g_clear_pointer(&opening->ticket, ticket_free);
    g_clear_pointer(&opening->labels, json_decref);
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL || !ticket_opening_settle(tx->db, &opening->input, error))
        return false;
    opening->labels = json_incref(settings->tickets.status_labels);
    opening->ticket = ticket_open(tx, &opening->input.draft, error);
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
    return ticket_opening_read(body, &opening.input, error)
               ? api_write_and_show(call, 201, open_one, show_opened, &opening, error)
               : NULL;
}

static json_t *preview_opening(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    TicketOpening *input = data;
    if (!ticket_opening_settle(tx->db, input, error))
        return NULL;
    g_autoptr(Ticket) ticket = ticket_open(tx, &input->draft, error);
    return ticket != NULL ? preview_events(tx->db, ticket->number, 0, error) : NULL;
}

HttpResponse *tickets_preview_opening(ApiCall *call, GError **error)
{
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    g_auto(TicketOpening) input = {0};
    return ticket_opening_read(body, &input, error) ? api_try(call, preview_opening, &input, error)
                                                    : NULL;
}

/* ---- changing ---- */

typedef struct {
    int64_t number;
    TicketChanging input;
} Changing;

static json_t *change_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    Changing *changing = data;
    return ticket_changing_settle(tx->db, &changing->input, error)
               ? show(tx->db, ticket_change(tx, changing->number, &changing->input.change, error),
                      error)
               : NULL;
}

static json_t *preview_change(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    Changing *changing = data;
    if (!ticket_changing_settle(tx->db, &changing->input, error))
        return NULL;
    g_autoptr(Ticket) ticket = ticket_change(tx, changing->number, &changing->input.change, error);
    return ticket != NULL ? preview_events(tx->db, ticket->number, ticket->version - 1, error)
                          : NULL;
}

/* Reads the request; false with an error. */
static bool read_change(ApiCall *call, Changing *changing, GError **error)
{
    json_t *body = api_body(call, error);
    return body != NULL &&
           api_param_id(call, "number", "unknown-ticket", &changing->number, error) &&
           ticket_changing_read(body, "", &changing->input, error);
}

HttpResponse *tickets_change(ApiCall *call, GError **error)
{
    Changing changing = {0};
    HttpResponse *response = read_change(call, &changing, error)
                                 ? api_write(call, 200, change_one, &changing, error)
                                 : NULL;
    ticket_changing_clear(&changing.input);
    return response;
}

HttpResponse *tickets_preview_change(ApiCall *call, GError **error)
{
    Changing changing = {0};
    HttpResponse *response = read_change(call, &changing, error)
                                 ? api_try(call, preview_change, &changing, error)
                                 : NULL;
    ticket_changing_clear(&changing.input);
    return response;
}

/* ---- merging ---- */

typedef struct {
    int64_t number, into;
} Merging;

static json_t *merge_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Merging *merging = data;
    return show(tx->db, ticket_merge(tx, merging->number, merging->into, error), error);
}

HttpResponse *tickets_merge(ApiCall *call, GError **error)
{
    Merging merging = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !api_param_id(call, "number", "unknown-ticket", &merging.number, error))
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "into");
    json_read_int(&reader, "into", 1, INT64_MAX, &merging.into);
    return json_reader_end(&reader, error) ? api_write(call, 200, merge_one, &merging, error)
                                           : NULL;
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
