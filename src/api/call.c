/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every handler needs: its input read strictly, a transaction around its work.
 *
 * Nothing of a request is acted on before all of it was read. A handler's JSON is made inside the
 * transaction that read or changed the records, so an answer never mixes two moments.
 */
#include "api/call.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* RFC 9110 §8.3: parameters such as charset may follow. */
static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    if (type == NULL)
        return true;
    size_t bytes = strcspn(type, "; \t");
    return bytes == strlen(json) && g_ascii_strncasecmp(type, json, bytes) == 0;
}

json_t *api_body(ApiCall *call, GError **error)
{
    size_t bytes;
    const char *text = http_request_body(call->request, &bytes);
    if (call->body != NULL)
        return call->body;
    /* A page of this process has read a form already, with what its own maximum allows. */
    bool inside = http_request_caller(call->request) != NULL;
    if (!inside && bytes > LIMIT_REQUEST_BODY_BYTES) {
        error_set(error, TD_ERROR_LIMIT,
                  "The request body is %zu bytes long; at most %d are allowed."
                  " Nothing was changed.",
                  bytes, LIMIT_REQUEST_BODY_BYTES);
        return NULL;
    }
    if (!is_json_type(http_request_header(call->request, "Content-Type"))) {
        error_set_problem(error, TD_ERROR_MALFORMED, "not-json", NULL,
                          "The request body must be JSON, sent with Content-Type:"
                          " application/json. Nothing was changed.");
        return NULL;
    }
    call->body = json_parse(text, bytes, error);
    return call->body;
}

bool api_no_body(ApiCall *call, GError **error)
{
    size_t bytes;
    http_request_body(call->request, &bytes);
    if (bytes == 0)
        return true;
    json_t *body = api_body(call, error);
    if (body == NULL)
        return false;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    return json_reader_end(&reader, error);
}

bool api_param_id(const ApiCall *call, const char *name, const char *problem, int64_t *id,
                  GError **error)
{
    const char *text = http_request_param(call->request, name);
    if (text_to_int(text, 1, INT64_MAX, id))
        return true;
    error_set_problem(error, TD_ERROR_NOT_FOUND, problem, NULL,
                      "\"%s\" names nothing here: a number is needed", text);
    return false;
}

bool api_query_id(const ApiCall *call, const char *name, int64_t *id, GError **error)
{
    const char *text = http_request_query(call->request, name);
    if (text == NULL || *text == '\0') {
        *id = 0;
        return true;
    }
    if (text_to_int(text, 1, INT64_MAX, id))
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "invalid", NULL,
                      "The query parameter \"%s\" must be a number", name);
    return false;
}

bool api_page_limit(const ApiCall *call, int *limit, GError **error)
{
    const char *text = http_request_query(call->request, "limit");
    int64_t items = API_PAGE_ITEMS;
    if (text != NULL && *text != '\0' && !text_to_int(text, 1, LIMIT_PAGE_ITEMS, &items)) {
        error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                          "The query parameter \"limit\" must be from 1 to %d", LIMIT_PAGE_ITEMS);
        return false;
    }
    *limit = (int)items;
    return true;
}

bool api_cursor(const char *text, int64_t *after, GError **error)
{
    int64_t number = 0;
    if (text != NULL && *text != '\0' && !text_to_int(text, 1, INT64_MAX, &number)) {
        error_set_problem(error, TD_ERROR_INVALID, "bad-cursor", NULL,
                          "\"%s\" is no cursor: take it from \"next_cursor\" of the page before,"
                          " or leave it out for the first page",
                          text);
        return false;
    }
    *after = number;
    return true;
}

bool api_page(const ApiCall *call, ApiPage *page, GError **error)
{
    int64_t after;
    int items;
    if (!api_cursor(http_request_query(call->request, "cursor"), &after, error) ||
        !api_page_limit(call, &items, error))
        return false;
    *page = (ApiPage){after, items};
    return true;
}

typedef struct {
    ApiCall *call;
    ApiReadFn fn;
    void *data;
    json_t *result;
} Read;

static bool run_read(DbTx *tx, void *data, GError **error)
{
    Read *read = data;
    g_clear_pointer(&read->result, json_decref);
    read->result = read->fn(read->call, tx, read->data, error);
    return read->result != NULL;
}

json_t *api_read_json(ApiCall *call, ApiReadFn fn, void *data, GError **error)
{
    Read read = {.call = call, .fn = fn, .data = data};
    if (db_read(desk_db(call->api->desk), run_read, &read, error))
        return read.result;
    g_clear_pointer(&read.result, json_decref);
    return NULL;
}

HttpResponse *api_read(ApiCall *call, ApiReadFn fn, void *data, GError **error)
{
    json_t *result = api_read_json(call, fn, data, error);
    return result != NULL ? http_response_json(200, result) : NULL;
}
