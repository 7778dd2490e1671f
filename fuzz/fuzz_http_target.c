/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's target, from any bytes: decoded, routed, read as a handler reads it. What must hold:
 * nothing crashes, what a handler sees is UTF-8 without NUL, and a refused target reaches no
 * handler.
 *
 * Input: the first line is "METHOD target" (anything at all), the rest are header lines
 * "name:value".
 */
#include "fuzz.h"

#include "http/http.h"
#include "http/private.h"

#include <string.h>

static HttpResponse *look(const HttpRequest *request, void *data)
{
    FUZZ_CHECK(request->refused == NULL);
    FUZZ_CHECK(g_utf8_validate(http_request_path(request), -1, NULL));
    FUZZ_CHECK(http_request_path(request)[0] == '/');
    const char *const *names = http_request_query_names(request);
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *value = http_request_query(request, names[i]);
        FUZZ_CHECK(value != NULL && g_utf8_validate(value, -1, NULL));
        FUZZ_CHECK(g_utf8_validate(names[i], -1, NULL));
    }
    const char *param = http_request_param(request, "number");
    FUZZ_CHECK(data == NULL ||
               (param != NULL && param[0] != '\0' && g_utf8_validate(param, -1, NULL)));
    const char *key = http_request_header(request, "Idempotency-Key");
    FUZZ_CHECK(key == NULL || g_utf8_validate(key, -1, NULL));
    return http_response_new(200, "text/plain", g_strdup(http_request_path(request)),
                             strlen(http_request_path(request)));
}

static HttpRouter *make_router(void)
{
    static char with_param[] = "with a parameter";
    HttpRouter *router = http_router_new();
    http_router_add(router, "GET", "/", look, NULL);
    http_router_add(router, "GET", "/tickets", look, NULL);
    http_router_add(router, "POST", "/tickets", look, NULL);
    http_router_add(router, "GET", "/tickets/new", look, NULL);
    http_router_add(router, "GET", "/tickets/{number}", look, with_param);
    http_router_add(router, "DELETE", "/tickets/{number}/recipients/{id}", look, with_param);
    return router;
}

static void take_headers(HttpRequest *request, char *text, size_t bytes)
{
    char *end = text + bytes;
    for (char *line = text; line < end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop != NULL ? stop : end;
        char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon != NULL) {
            g_autofree char *name = g_strndup(line, (gsize)(colon - line));
            g_autofree char *value = g_malloc0((gsize)(stop - colon));
            memcpy(value, colon + 1, (size_t)(stop - colon - 1));
            http_request_take_header(request, name, (size_t)(colon - line), value,
                                     (size_t)(stop - colon - 1));
        }
        line = stop + 1;
    }
    http_request_check_framing(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes > 65536)
        return 0;
    g_autofree char *text = g_malloc0(bytes + 1);
    memcpy(text, data, bytes);
    size_t line = strcspn(text, "\n");
    size_t method = MIN(strcspn(text, " "), line);
    g_autofree char *name = g_strndup(text, method);
    g_autofree char *target =
        method < line ? g_strndup(text + method + 1, line - method - 1) : g_strdup("");
    g_autoptr(HttpRouter) router = make_router();
    g_autoptr(HttpRequest) request = http_request_new(name, target, NULL, 0);
    if (line < bytes)
        take_headers(request, text + line + 1, bytes - line - 1);
    g_autoptr(HttpResponse) response = http_router_run(router, request);
    FUZZ_CHECK(request->refused == NULL || http_response_status(response) == 400);
    size_t body_bytes;
    const char *body = http_response_body(response, &body_bytes);
    FUZZ_CHECK(body[body_bytes] == '\0');
    return 0;
}
