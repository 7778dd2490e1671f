/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's parts as the handler reads them. A request that breaks a rule is made all the same
 * and carries the reason with it; http_router_run() turns that into the answer, so that no door has
 * to ask.
 */
#include "http/private.h"

#include "base/error.h"
#include "base/random.h"
#include "http/fields.h"

#include <string.h>

HttpRequest *http_request_new(const char *method, const char *target, const void *body,
                              size_t bytes)
{
    HttpRequest *request = g_new0(HttpRequest, 1);
    request->method = g_strdup(method);
    request->text = g_strdup(target);
    request->target = http_target_parse(target, &request->refused);
    request->headers = http_fields_new();
    request->params = http_fields_new();
    request->body = g_string_new(NULL);
    if (body != NULL)
        http_request_append_body(request, body, bytes);
    return request;
}

static bool is_good_id(const char *text)
{
    size_t bytes = text != NULL ? strlen(text) : 0;
    return bytes >= 8 && bytes < HTTP_REQUEST_ID_BYTES &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               bytes;
}

void http_request_name(HttpRequest *request)
{
    const char *given = http_request_header(request, "X-Request-ID");
    if (is_good_id(given)) {
        g_strlcpy(request->id, given, sizeof request->id);
        return;
    }
    g_autofree char *text = random_base32(random_system(), 16);
    g_strlcpy(request->id, text, sizeof request->id);
}

const char *http_request_id(const HttpRequest *request)
{
    return request->id;
}

void http_request_free(HttpRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->method);
    g_free(request->text);
    http_target_free(request->target);
    g_clear_error(&request->refused);
    g_array_unref(request->headers);
    g_array_unref(request->params);
    g_string_free(request->body, TRUE);
    g_free(request->peer);
    g_free(request);
}

void http_request_set_header(HttpRequest *request, const char *name, const char *value)
{
    http_fields_set_header(request->headers, name, value);
}

static void refuse(HttpRequest *request, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void refuse(HttpRequest *request, const char *format, ...)
{
    if (request->refused != NULL)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    error_set_problem(&request->refused, TD_ERROR_MALFORMED, "bad-request", NULL,
                      "%s. Nothing was changed.", what);
}

/* RFC 9110 §5.6.2 */
static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!g_ascii_isalnum(text[i]) && (text[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", text[i])))
            return false;
    return bytes > 0;
}

typedef struct {
    const char *name;
    bool text; /* a handler puts it into a row or an answer, so it must be UTF-8 */
} SingleHeader;

static const SingleHeader singles[] = {
    {"Authorization", true},   {"Content-Type", true}, {"Idempotency-Key", true},
    {"Content-Length", false}, {"Host", false},        {"Transfer-Encoding", false},
};

static void check_single(HttpRequest *request, const char *name, const char *value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(singles); i++) {
        if (g_ascii_strcasecmp(name, singles[i].name) != 0)
            continue;
        if (http_fields_header(request->headers, name) != NULL)
            refuse(request, "The header %s was sent twice", singles[i].name);
        if (singles[i].text && !g_utf8_validate(value, -1, NULL))
            refuse(request, "The header %s is not UTF-8", singles[i].name);
    }
}

void http_request_take_header(HttpRequest *request, const char *name, size_t name_bytes,
                              const char *value, size_t value_bytes)
{
    if (!is_token(name, name_bytes)) {
        refuse(request, "A header has a name that is no HTTP token");
        return;
    }
    if (memchr(value, '\0', value_bytes) != NULL) {
        refuse(request, "The header %s contains a NUL character", name);
        return;
    }
    check_single(request, name, value);
    http_fields_add_header(request->headers, name, value);
}

void http_request_check_framing(HttpRequest *request)
{
    const char *coding = http_fields_header(request->headers, "Transfer-Encoding");
    if (coding == NULL)
        return;
    if (g_ascii_strcasecmp(coding, "chunked") != 0)
        refuse(request, "The body has a transfer coding other than chunked");
    if (http_fields_header(request->headers, "Content-Length") != NULL)
        refuse(request, "The request has both Content-Length and Transfer-Encoding");
}

void http_request_append_body(HttpRequest *request, const void *data, size_t bytes)
{
    g_string_append_len(request->body, data, (gssize)bytes);
}

void http_request_drop_body(HttpRequest *request)
{
    g_string_free(request->body, TRUE);
    request->body = g_string_new(NULL);
}

void http_request_set_peer(HttpRequest *request, const char *peer)
{
    g_free(request->peer);
    request->peer = g_strdup(peer);
}

void http_request_add_param(HttpRequest *request, const char *name, const char *value)
{
    http_fields_add(request->params, name, value);
}

void http_request_set_local(HttpRequest *request, bool local)
{
    request->local = local;
}

void http_request_set_caller(HttpRequest *request, const void *caller)
{
    request->caller = caller;
}

const void *http_request_caller(const HttpRequest *request)
{
    return request->caller;
}

HttpResponse *http_request_refusal(const HttpRequest *request)
{
    return request->refused != NULL ? http_response_problem(request->refused) : NULL;
}

const char *http_request_method(const HttpRequest *request)
{
    return request->method;
}

const char *http_request_path(const HttpRequest *request)
{
    return request->target != NULL ? request->target->path : "";
}

const char *http_request_header(const HttpRequest *request, const char *name)
{
    return http_fields_header(request->headers, name);
}

const char *http_request_query(const HttpRequest *request, const char *name)
{
    return request->target != NULL ? http_fields_exact(request->target->query, name) : NULL;
}

const char *const *http_request_query_names(const HttpRequest *request)
{
    static const char *const none[] = {NULL};
    if (request->target == NULL)
        return none;
    return (const char *const *)request->target->query_names->pdata;
}

const char *http_request_param(const HttpRequest *request, const char *name)
{
    return http_fields_exact(request->params, name);
}

const char *http_request_body(const HttpRequest *request, size_t *bytes)
{
    if (bytes != NULL)
        *bytes = request->body->len;
    return request->body->str;
}

bool http_request_is_local(const HttpRequest *request)
{
    return request->local;
}

const char *http_request_peer(const HttpRequest *request)
{
    return request->peer != NULL ? request->peer : "local";
}
