/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer and its headers. Nothing that comes from outside can break out of a header (control
 * characters become spaces) or out of a problem's JSON (text that is not UTF-8 is repaired), and an
 * error that is nobody's fault but ours is told without its detail: that belongs in the log.
 */
#include "base/error.h"
#include "base/json.h"
#include "http/fields.h"
#include "http/private.h"

#include <string.h>

HttpResponse *http_response_new(int status, const char *content_type, char *body, size_t bytes)
{
    HttpResponse *response = g_new0(HttpResponse, 1);
    response->status = status;
    response->headers = http_fields_new();
    response->bytes = body != NULL ? bytes : 0;
    response->body = g_realloc(body, response->bytes + 1);
    response->body[response->bytes] = '\0';
    response->length = response->bytes;
    http_response_set_header(response, "X-Content-Type-Options", "nosniff");
    http_response_set_header(response, "Cache-Control", "no-store");
    if (content_type != NULL)
        http_response_set_header(response, "Content-Type", content_type);
    return response;
}

void http_response_free(HttpResponse *response)
{
    if (response == NULL)
        return;
    g_array_unref(response->headers);
    g_free(response->body);
    g_free(response);
}

static HttpResponse *response_from_json(int status, const char *type, json_t *value)
{
    char *text = json_text(value);
    json_decref(value);
    return http_response_new(status, type, text, strlen(text));
}

HttpResponse *http_response_json(int status, json_t *value)
{
    return response_from_json(status, "application/json", value);
}

static void set_utf8(json_t *object, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_set_text(object, name, valid);
}

static HttpResponse *problem_at(int status, const char *problem, const char *title,
                                const char *detail, const char *field, int line, int column)
{
    json_t *object = json_object();
    g_autofree char *type = g_strconcat("/problems/", problem, NULL);
    set_utf8(object, "type", type);
    set_utf8(object, "title", title);
    json_set_int(object, "status", status);
    set_utf8(object, "detail", detail);
    if (field != NULL)
        set_utf8(object, "field", field);
    if (line > 0) {
        json_set_int(object, "line", line);
        json_set_int(object, "column", column);
    }
    HttpResponse *response = response_from_json(status, "application/problem+json", object);
    if (status == 401)
        http_response_set_header(response, "WWW-Authenticate", "Bearer");
    if (status == 503)
        http_response_set_header(response, "Retry-After", "1");
    return response;
}

HttpResponse *http_response_problem_new(int status, const char *problem, const char *title,
                                        const char *detail, const char *field)
{
    return problem_at(status, problem, title, detail, field, 0, 0);
}

HttpResponse *http_response_problem(const GError *error)
{
    return http_response_problem_at(error, 0, 0);
}

HttpResponse *http_response_problem_at(const GError *error, int line, int column)
{
    TdErrorCode code = error_code(error);
    bool ours = code == TD_ERROR_INTERNAL;
    const char *detail = ours ? "The server's log says what happened." : error->message;
    return problem_at(error_http_status(error), error_problem(error), error_info(code)->title,
                      detail, ours ? NULL : error_field(error), line, column);
}

void http_response_name(HttpResponse *response, const char *id)
{
    const char *type = http_response_header(response, "Content-Type");
    http_response_set_header(response, "X-Request-ID", id);
    if (g_strcmp0(type, "application/problem+json") != 0)
        return;
    /* An id needs no escaping, and a problem is an object with members. */
    g_autofree char *member = g_strdup_printf(",\"request_id\":\"%s\"}", id);
    size_t more = strlen(member) - 1;
    response->length += more;
    if (response->bytes == 0)
        return; /* the body of a HEAD was dropped */
    response->body = g_realloc(response->body, response->bytes + more + 1);
    memcpy(response->body + response->bytes - 1, member, more + 2);
    response->bytes += more;
}

void http_response_set_header(HttpResponse *response, const char *name, const char *value)
{
    if (g_ascii_strcasecmp(name, "Set-Cookie") == 0)
        http_fields_add_header(response->headers, name, value);
    else
        http_fields_set_header(response->headers, name, value);
}

void http_response_drop_body(HttpResponse *response)
{
    response->bytes = 0;
    response->body[0] = '\0';
}

int http_response_status(const HttpResponse *response)
{
    return response->status;
}

const char *http_response_header(const HttpResponse *response, const char *name)
{
    return http_fields_header(response->headers, name);
}

const char *http_response_body(const HttpResponse *response, size_t *bytes)
{
    if (bytes != NULL)
        *bytes = response->bytes;
    return response->body;
}
