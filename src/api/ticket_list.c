/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tickets. */
#include "api/call.h"
#include "api/render.h"
#include "api/resources.h"
#include "api/ticket_input.h"
#include "base/error.h"

#include <string.h>

#define LIST_CHUNK 20 /* tickets read at a time: each may hold two long texts */

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
    if (status != NULL && !ticket_status_read(tx, status, NULL, &filter.status, error))
        return NULL;
    json_auto_t *labels = ticket_labels(tx, error);
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
