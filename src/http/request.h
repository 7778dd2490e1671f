/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request, whole: it exists only once its body has arrived. Handlers borrow it.
 *
 * The target is decoded strictly (RFC 3986): a bad %-sequence, %00 or text that is not UTF-8 makes
 * the request refused, and http_router_run() answers it with 400 (problem "bad-request") before any
 * handler sees it. So is a target that names a query parameter twice, for a silent choice between
 * two values would hide a mistake.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct HttpRequest HttpRequest;

/* Makes a request by hand (command line, tests). `target` is path and query; `body` is copied, may
 * be NULL. Free with http_request_free(). */
HttpRequest *http_request_new(const char *method, const char *target, const void *body,
                              size_t bytes);
void http_request_free(HttpRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpRequest, http_request_free)

/* Replaces a header of that name, in any letter case. Control characters in the value become
 * spaces. */
void http_request_set_header(HttpRequest *request, const char *name, const char *value);
void http_request_set_local(HttpRequest *request, bool local);

/* In whose name another part of this process makes the request; handlers agree with it on what that
 * is. Nothing that comes over a connection can set it. Borrowed; NULL: nobody's. */
void http_request_set_caller(HttpRequest *request, const void *caller);
const void *http_request_caller(const HttpRequest *request);

const char *http_request_method(const HttpRequest *request);

/* Percent-decoded, without the query; "" where the target was refused. A slash that came as %2F
 * looks like any other here: take parts of the path from http_request_param(). */
const char *http_request_path(const HttpRequest *request);

/* By name in any letter case; NULL: none. Of a header sent several times the first; Authorization,
 * Content-Type and Idempotency-Key never are (400) and are UTF-8, other values are the bytes that
 * came. */
const char *http_request_header(const HttpRequest *request, const char *name);

/* Decoded ("+" is a space), UTF-8; NULL: none; "" for "?name" and "?name=". */
const char *http_request_query(const HttpRequest *request, const char *name);

/* The names of all query parameters, NULL-terminated, so that a handler can refuse unknown ones. */
const char *const *http_request_query_names(const HttpRequest *request);

/* What stood in place of {name} in the route, decoded; never NULL inside a handler of that route.
 */
const char *http_request_param(const HttpRequest *request, const char *name);

/* Never NULL; NUL-terminated. `bytes` may be NULL. */
const char *http_request_body(const HttpRequest *request, size_t *bytes);

#define HTTP_REQUEST_ID_BYTES 65

/* What names this request in the log and in its answer: the X-Request-ID that a proxy gave it,
 * where that is 8 to 64 letters, digits, dots, hyphens or underscores, else one made here. "" for a
 * request that came over no connection. */
const char *http_request_id(const HttpRequest *request);

/* True when it came over the desk's own socket (mode 0600: the caller is the desk's own user) or
 * from this process. */
bool http_request_is_local(const HttpRequest *request);

/* The address it came from, "127.0.0.1", or "local". */
const char *http_request_peer(const HttpRequest *request);
