/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of tickets, for programs (the whole ticket) and for people (what a row of an inbox shows).
 *
 * A page is found by the numbers before or behind it, so that it costs the same however far down it
 * is. Titles have no index that could be searched: a search looks through so many tickets a page
 * and goes on with the next one.
 */
#include "records/ticket_list.h"
#include "api/call.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "api/ticket_input.h"
#include "base/error.h"
#include "base/text.h"
#include "outbox/outbox.h"

#include <string.h>

#define LIST_CHUNK 20   /* tickets read at a time: each may hold two long texts */
#define COUNT_MOST 1000 /* nobody needs to know more exactly on every page */

typedef struct {
    TicketFilter filter;
    const char *status; /* as typed; NULL: any */
    int limit;
    bool rows;     /* the short form */
    bool has_page; /* a cursor was given */
    json_t *labels;
} Listing;

static void listing_clear(Listing *listing)
{
    g_clear_pointer(&listing->labels, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_clear)

/* ---- whole tickets ---- */

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

/* Where the next page begins that a search would go on with; 0: it has seen all. */
static int64_t search_goes_on(const TicketFilter *filter)
{
    return filter->q != NULL ? filter->from : 0;
}

static json_t *whole_page(DbTx *tx, const Listing *listing, GError **error)
{
    TicketFilter filter = listing->filter;
    json_auto_t *items = json_array();
    size_t bytes = 0;
    size_t wanted = (size_t)listing->limit;
    do {
        filter.limit = (int)MIN((size_t)LIST_CHUNK, wanted - json_array_size(items));
        if (!append_chunk(tx, &filter, listing->labels, items, &bytes, error))
            return NULL;
    } while (filter.before != 0 && bytes <= API_PAGE_BYTES && json_array_size(items) < wanted);
    bool more = false;
    int64_t last = filter.before;
    if (last != 0 && !has_more(tx, &filter, &more, error))
        return NULL;
    return render_page(json_incref(items), more ? last : search_goes_on(&filter));
}

/* ---- rows ---- */

/* A cursor with a minus goes the other way. */
static void set_cursor(json_t *page, const char *name, bool back, int64_t number)
{
    g_autofree char *text =
        number != 0 ? g_strdup_printf("%s%" G_GINT64_FORMAT, back ? "-" : "", number) : NULL;
    json_set_text(page, name, text);
}

static json_t *render_rows(const GPtrArray *rows, guint n, bool reversed, const json_t *labels)
{
    json_t *items = json_array();
    for (guint i = 0; i < n; i++)
        json_array_append_new(items,
                              render_ticket_row(rows->pdata[reversed ? n - 1 - i : i], labels));
    return items;
}

/* The cursors of a page that shows `n` of `rows`, which has one more where there is more. */
static json_t *page_of_rows(const Listing *listing, const GPtrArray *rows)
{
    const TicketFilter *filter = &listing->filter;
    bool back = filter->oldest_first;
    guint n = MIN(rows->len, (guint)listing->limit);
    int64_t first = n > 0 ? ((const TicketRow *)rows->pdata[0])->number : 0;
    int64_t last = n > 0 ? ((const TicketRow *)rows->pdata[n - 1])->number : 0;
    int64_t beyond = 0; /* where it goes on in the direction of the page */
    if (rows->len > n)
        beyond = last;
    else if (!back)
        beyond = search_goes_on(filter);
    else if (filter->q != NULL && filter->before != 0)
        beyond = filter->before - 1;
    json_t *page = json_object();
    json_object_set_new(page, "items", render_rows(rows, n, back, listing->labels));
    set_cursor(page, "next_cursor", false, back ? first : beyond);
    set_cursor(page, "previous_cursor", true, back ? beyond : listing->has_page ? first : 0);
    return page;
}

static json_t *rows_page(DbTx *tx, const Listing *listing, GError **error)
{
    TicketFilter filter = listing->filter;
    filter.limit = listing->limit + 1;
    g_autoptr(GPtrArray) rows = ticket_list_rows(tx, &filter, error);
    return rows != NULL ? page_of_rows(listing, rows) : NULL;
}

/* ---- the page that was asked for ---- */

static json_t *make_page(DbTx *tx, const Listing *listing, GError **error)
{
    return listing->rows ? rows_page(tx, listing, error) : whole_page(tx, listing, error);
}

/* "#1042" or "1042". */
static bool reads_as_number(const char *q, int64_t *number)
{
    return text_to_int(*q == '#' ? q + 1 : q, 1, INT64_MAX - 1, number);
}

/* *page: the one ticket with this number and reference (0, NULL: whatever it is), as a page. */
static bool find_one(DbTx *tx, const Listing *listing, int64_t number, const char *reference,
                     json_t **page, GError **error)
{
    Listing one = *listing;
    one.filter.q = NULL;
    one.filter.from = number;
    one.filter.before = number != 0 ? number + 1 : 0;
    one.filter.reference = reference;
    json_auto_t *found = make_page(tx, &one, error);
    if (found == NULL)
        return false;
    bool empty = json_array_size(json_object_get(found, "items")) == 0;
    *page = empty ? NULL : json_incref(found);
    return true;
}

static json_t *join_pages(json_t *one, json_t *other)
{
    json_t *items = json_object_get(one, "items");
    json_t *more = json_object_get(other, "items");
    if (!json_equal(items, more))
        json_array_extend(items, more);
    json_decref(other);
    return one;
}

/* *page has the ticket with the number that was typed, and the one with this reference: where
 * tickets came from another desk, people type either. NULL where there is none. */
static bool find_typed(DbTx *tx, const Listing *listing, json_t **page, GError **error)
{
    const char *q = listing->filter.q;
    int64_t number;
    json_t *numbered = NULL;
    json_t *referenced = NULL;
    *page = NULL;
    if (listing->has_page || q == NULL || listing->filter.reference != NULL)
        return true;
    if (reads_as_number(q, &number) && !find_one(tx, listing, number, NULL, &numbered, error))
        return false;
    if (!find_one(tx, listing, 0, q, &referenced, error)) {
        json_decref(numbered);
        return false;
    }
    bool both = numbered != NULL && referenced != NULL;
    *page = both ? join_pages(numbered, referenced) : numbered != NULL ? numbered : referenced;
    return true;
}

/* How far this page's search looks. */
static bool limit_search(DbTx *tx, TicketFilter *filter, GError **error)
{
    if (filter->oldest_first) {
        filter->before = filter->from + LIMIT_SEARCHED_TICKETS;
        return true;
    }
    int64_t newest = 0;
    if (filter->before == 0 && !ticket_newest(tx, &newest, error))
        return false;
    int64_t below = filter->before != 0 ? filter->before : newest + 1;
    filter->from = MAX(below - LIMIT_SEARCHED_TICKETS, 0);
    return true;
}

static json_t *list_page(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    g_auto(Listing) listing = *(const Listing *)data;
    json_auto_t *status = listing.status != NULL ? json_string(listing.status) : NULL;
    if (status != NULL && !ticket_status_read(tx, status, NULL, &listing.filter.status, error))
        return NULL;
    listing.labels = ticket_labels(tx, error);
    if (listing.labels == NULL)
        return NULL;
    json_t *one;
    if (!find_typed(tx, &listing, &one, error))
        return NULL;
    if (one != NULL)
        return one;
    if (listing.filter.q != NULL && !limit_search(tx, &listing.filter, error))
        return NULL;
    return make_page(tx, &listing, error);
}

/* ---- reading the request ---- */

static bool refuse_query(const char *name, const char *may_be, GError **error)
{
    error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                      "The query parameter \"%s\" can only be %s", name, may_be);
    return false;
}

/* Only the flagged ones can be asked for: a list of those that are not would say that somebody was
 * told, which nobody knows of a ticket that is open. */
static bool read_words(const ApiCall *call, Listing *listing, GError **error)
{
    const char *not_told = http_request_query(call->request, "customers_not_told");
    const char *fields = http_request_query(call->request, "fields");
    const char *state = http_request_query(call->request, "state");
    if (not_told != NULL && strcmp(not_told, "true") != 0)
        return refuse_query("customers_not_told", "true", error);
    if (fields != NULL && strcmp(fields, "list") != 0)
        return refuse_query("fields", "list", error);
    listing->filter.not_told = not_told != NULL;
    listing->rows = fields != NULL;
    if (state == NULL || *state == '\0')
        return true;
    if (strcmp(state, "open") != 0 && strcmp(state, "closed") != 0)
        return refuse_query("state", "open or closed", error);
    listing->filter.state = strcmp(state, "open") == 0 ? TICKETS_OPEN : TICKETS_ENDED;
    return true;
}

static bool read_cursor(const ApiCall *call, Listing *listing, GError **error)
{
    const char *text = http_request_query(call->request, "cursor");
    bool back = listing->rows && text != NULL && *text == '-';
    int64_t number;
    if (!api_cursor(back ? text + 1 : text, &number, error))
        return false;
    listing->has_page = number != 0;
    listing->filter.oldest_first = back;
    if (back)
        listing->filter.from = MIN(number, INT64_MAX / 2) + 1;
    else
        listing->filter.before = number;
    return true;
}

HttpResponse *tickets_list(ApiCall *call, GError **error)
{
    Listing listing = {0};
    const char *status = http_request_query(call->request, "status");
    const char *q = http_request_query(call->request, "q");
    if (status != NULL && *status != '\0')
        listing.status = status;
    const char *reference = http_request_query(call->request, "reference");
    if (q != NULL && *q != '\0')
        listing.filter.q = q;
    if (reference != NULL && *reference != '\0')
        listing.filter.reference = reference;
    if (!read_words(call, &listing, error) || !read_cursor(call, &listing, error) ||
        !api_page_limit(call, &listing.limit, error) ||
        !api_query_id(call, "account", &listing.filter.account, error) ||
        !api_query_id(call, "manager", &listing.filter.manager, error))
        return NULL;
    return api_read(call, list_page, &listing, error);
}

/* ---- how many ---- */

static json_t *render_counts(const int64_t counts[STATUS_N], const json_t *labels, int64_t *open)
{
    json_t *list = json_array();
    *open = 0;
    for (int i = 0; i < STATUS_N; i++) {
        json_t *one = json_object();
        json_set_int(one, "status", status_codes[i]);
        json_set_text(one, "status_label", status_label(status_codes[i], labels));
        json_set_int(one, "count", counts[i]);
        json_array_append_new(list, one);
        if (status_codes[i] < STATUS_CANCELED)
            *open += counts[i];
    }
    return list;
}

static json_t *count_all(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    int64_t counts[STATUS_N];
    int64_t not_told, held, open;
    json_auto_t *labels = ticket_labels(tx, error);
    if (labels == NULL || !ticket_count(tx, COUNT_MOST, counts, error) ||
        !ticket_count_not_told_to(tx, COUNT_MOST, &not_told, error) ||
        !outbox_count_held(tx, COUNT_MOST, &held, error))
        return NULL;
    json_t *value = json_object();
    json_set_int(value, "most", COUNT_MOST);
    json_object_set_new(value, "by_status", render_counts(counts, labels, &open));
    json_set_int(value, "open", MIN(open, COUNT_MOST));
    json_set_int(value, "customers_not_told", not_told);
    json_set_int(value, "held", held);
    return value;
}

HttpResponse *tickets_counts(ApiCall *call, GError **error)
{
    return api_read(call, count_all, NULL, error);
}
