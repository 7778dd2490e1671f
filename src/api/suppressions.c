/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suppression list. An address is its own name here: in the path it may be written in any
 * spelling that compares as equal, percent-encoded. A page begins behind the compared form of the
 * address that the one before ended with.
 */
#include "desk/suppressions.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "mail/address.h"

typedef struct {
    char *email;
    char *key;
    char *note;
    const char *after; /* borrowed */
    ApiPage page;
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->email, g_free);
    g_clear_pointer(&work->key, g_free);
    g_clear_pointer(&work->note, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static bool read_address(const ApiCall *call, Work *work, GError **error)
{
    const char *typed = http_request_param(call->request, "email");
    if (address_parse(typed, NULL, &work->email, &work->key, NULL))
        return true;
    error_set_problem(error, TD_ERROR_NOT_FOUND, "not-suppressed", NULL,
                      "\"%s\" is no email address, so it is not on the suppression list", typed);
    return false;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    int limit = work->page.limit;
    g_autoptr(GPtrArray) all = suppression_list(tx, work->after, limit + 1, error);
    if (all == NULL)
        return NULL;
    json_t *items = json_array();
    const char *last = NULL;
    for (guint i = 0; i < all->len && i < (guint)limit; i++) {
        const Suppression *suppression = all->pdata[i];
        json_array_append_new(items, render_suppression(suppression));
        last = suppression->email_key;
    }
    json_t *page = render_page(items, 0);
    json_set_text(page, "next_cursor", all->len > (guint)limit ? last : NULL);
    return page;
}

HttpResponse *suppressions_list(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    const char *cursor = http_request_query(call->request, "cursor");
    work.after = cursor != NULL ? cursor : "";
    return api_page_limit(call, &work.page.limit, error) ? api_read(call, list, &work, error)
                                                         : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Suppression) suppression = suppression_load(tx, work->key, error);
    return suppression != NULL ? render_suppression(suppression) : NULL;
}

HttpResponse *suppressions_get(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return read_address(call, &work, error) ? api_read(call, get_one, &work, error) : NULL;
}

static json_t *add_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Suppression) suppression =
        suppression_add_by_hand(tx, work->email, work->key, work->note, error);
    return suppression != NULL ? render_suppression(suppression) : NULL;
}

HttpResponse *suppressions_post(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    json_t *body = api_body(call, error);
    if (body == NULL)
        return NULL;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    json_require(&reader, "email");
    input_address(&reader, "email", &work.email, &work.key);
    input_line(&reader, "note", LIMIT_NAME_CHARS, &work.note);
    return json_reader_end(&reader, error) ? api_write(call, 201, add_one, &work, error) : NULL;
}

static json_t *remove_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    return suppression_remove_by_hand(tx, work->key, error) ? json_true() : NULL;
}

HttpResponse *suppressions_delete(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return read_address(call, &work, error) && api_no_body(call, error)
               ? api_write(call, 204, remove_one, &work, error)
               : NULL;
}
