/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of a page to the API in this process. What the API refuses comes back as an error with
 * the same problem, words and field, so that a form can say it where it was typed.
 */
#include "base/error.h"
#include "console/page.h"

#include <string.h>

#define API "/api/v1"

static TdErrorCode code_of(int status)
{
    for (int code = 0; code < TD_ERROR_N_CODES; code++)
        if (error_info(code)->http_status == status)
            return code;
    return TD_ERROR_INTERNAL;
}

static void take_problem(const HttpResponse *response, GError **error)
{
    size_t bytes;
    const char *body = http_response_body(response, &bytes);
    json_auto_t *problem = json_loadb(body, bytes, 0, NULL);
    const char *type = json_get_text(problem, "type");
    const char *name = strrchr(type, '/');
    const char *field = json_string_value(json_object_get(problem, "field"));
    const char *detail = json_get_text(problem, "detail");
    const char *known = g_intern_string(name != NULL ? name + 1 : "internal");
    error_set_problem(error, code_of(http_response_status(response)), known, field, "%s", detail);
}

static HttpResponse *call(Page *page, const char *method, json_t *body, const char *path,
                          const char *once)
{
    g_autofree char *target = g_strconcat(API, path, NULL);
    g_autofree char *text = body != NULL ? json_text(body) : NULL;
    json_decref(body);
    g_autoptr(HttpRequest) request =
        http_request_new(method, target, text, text != NULL ? strlen(text) : 0);
    if (*once != '\0' && strcmp(method, "POST") == 0) {
        g_autofree char *key =
            g_strdup_printf("console %" G_GINT64_FORMAT " %s", page->employee->id, once);
        http_request_set_header(request, "Idempotency-Key", key);
    }
    return api_call_as(page->console->api, &page->caller, request);
}

HttpResponse *page_call(Page *page, const char *method, json_t *body, const char *path)
{
    return call(page, method, body, path, page_field(page, "once"));
}

/* Takes `answer`. */
static json_t *read_answer(HttpResponse *answer, const char *method, const char *path,
                           GError **error)
{
    g_autoptr(HttpResponse) response = answer;
    if (http_response_status(response) >= 300) {
        take_problem(response, error);
        return NULL;
    }
    size_t bytes;
    const char *text = http_response_body(response, &bytes);
    json_t *value = bytes > 0 ? json_loadb(text, bytes, JSON_DECODE_ANY, NULL) : json_null();
    if (value == NULL)
        error_set(error, TD_ERROR_INTERNAL, "The answer to %s %s is no JSON", method, path);
    return value;
}

json_t *page_get(Page *page, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    return read_answer(call(page, "GET", NULL, path, ""), "GET", path, error);
}

json_t *page_send(Page *page, const char *method, json_t *body, GError **error, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    return read_answer(page_call(page, method, body, path), method, path, error);
}

json_t *page_ask(Page *page, json_t *body, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    return read_answer(call(page, "POST", body, path, ""), "POST", path, error);
}

json_t *page_send_bytes(Page *page, const char *type, GBytes *body, GError **error,
                        const char *path)
{
    g_autofree char *target = g_strconcat(API, path, NULL);
    size_t bytes;
    const void *data = g_bytes_get_data(body, &bytes);
    g_autoptr(HttpRequest) request = http_request_new("POST", target, data, bytes);
    http_request_set_header(request, "Content-Type", type);
    return read_answer(api_call_as(page->console->api, &page->caller, request), "POST", path,
                       error);
}

HttpResponse *page_as_text(HttpResponse *response)
{
    if (http_response_status(response) != 200)
        return response;
    http_response_set_header(response, "Content-Type", "text/plain; charset=utf-8");
    http_response_set_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
    return response;
}
