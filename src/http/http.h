/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: the only folder that includes libmicrohttpd. Knows no ticket.
 *
 * One or two epoll threads only read and write. A complete request is suspended, run by a bounded pool of workers
 * (default 32; when the queue behind it is full the answer is 503 with Retry-After), and resumed with its answer. A
 * handler may therefore block. Requests can also be run without any server, with http_router_run(): the command line
 * does so when nobody serves.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HttpRequest HttpRequest;
typedef struct HttpResponse HttpResponse;
typedef struct HttpRouter HttpRouter;
typedef struct HttpServer HttpServer;

/* ---- request: borrowed by the handler ---- */

/* Makes a request by hand (command line, tests). `target` is path and query. Free with http_request_free(). */
HttpRequest *http_request_new(const char *method, const char *target, const void *body, size_t bytes);
void http_request_free(HttpRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpRequest, http_request_free)
void http_request_set_header(HttpRequest *request, const char *name, const char *value);
void http_request_set_local(HttpRequest *request, bool local);

const char *http_request_method(const HttpRequest *request);
const char *http_request_path(const HttpRequest *request);    /* percent-decoded, without the query */
const char *http_request_header(const HttpRequest *request, const char *name);    /* any letter case; NULL: none */
const char *http_request_query(const HttpRequest *request, const char *name);     /* decoded, UTF-8; NULL: none */
/* The names of all query parameters, so that a handler can refuse unknown ones. */
const char *const *http_request_query_names(const HttpRequest *request);
/* What stood in place of {name} in the route; never NULL inside a handler of that route. */
const char *http_request_param(const HttpRequest *request, const char *name);
const char *http_request_body(const HttpRequest *request, size_t *bytes);    /* never NULL; NUL-terminated */
/* True when it came over the desk's own socket (mode 0600: the caller is the desk's own user) or from this process. */
bool http_request_is_local(const HttpRequest *request);
const char *http_request_peer(const HttpRequest *request);    /* "127.0.0.1" or "local" */

/* ---- response ---- */

/* Takes `body` (g_malloc'ed); NULL for none. content_type may be NULL with no body. */
HttpResponse *http_response_new(int status, const char *content_type, char *body, size_t bytes);
/* Takes the reference to `value`. application/json */
HttpResponse *http_response_json(int status, json_t *value);
/* problem+json (RFC 9457): {"type","title","status","detail","field"?}; type is "/problems/" and the problem's name.
 * 401 carries WWW-Authenticate: Bearer, 503 a Retry-After. Internal errors show no detail to the outside. */
HttpResponse *http_response_problem(const GError *error);
void http_response_set_header(HttpResponse *response, const char *name, const char *value);
int http_response_status(const HttpResponse *response);
const char *http_response_header(const HttpResponse *response, const char *name);
const char *http_response_body(const HttpResponse *response, size_t *bytes);    /* never NULL; NUL-terminated */
void http_response_free(HttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpResponse, http_response_free)

/* ---- router ---- */

/* Runs on a worker thread; gives the answer, never NULL. */
typedef HttpResponse *(*HttpHandler)(const HttpRequest *request, void *data);

HttpRouter *http_router_new(void);
void http_router_free(HttpRouter *router);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpRouter, http_router_free)

/* `pattern` such as "/api/v1/tickets/{number}/recipients/{id}"; a parameter is one segment, never empty. */
void http_router_add(HttpRouter *router, const char *method, const char *pattern, HttpHandler handler, void *data);

/* Finds and runs the handler. 404 (problem "no-such-page") and 405 with Allow (problem "method-not-allowed") are
 * problem+json; HEAD runs GET, the body is dropped. Never NULL. */
HttpResponse *http_router_run(const HttpRouter *router, HttpRequest *request);

/* "METHOD pattern" for each route, in the order of http_router_add(); for the check of the OpenAPI document. */
GPtrArray *http_router_list(const HttpRouter *router);

/* ---- server ---- */

typedef struct {
    const char *listen;         /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:80"; port 0 picks a free one; NULL: none */
    const char *socket_path;    /* Unix socket, made with mode 0600, replaced if stale; NULL: none */
    int workers;                /* 0: 32 */
    int queue;                  /* requests that may wait for a worker; 0: 256 */
    int max_connections;        /* 0: 1000 */
    int idle_timeout_s;         /* 0: 60 */
} HttpServerOptions;

/* Starts serving. `router` is borrowed and must outlive the server. A body over LIMIT_REQUEST_BODY_BYTES is answered
 * with 413 without being read on. Errors: INVALID (listen text), UNAVAILABLE (the address is taken: says by which
 * address and what to do). */
HttpServer *http_server_start(const HttpRouter *router, const HttpServerOptions *options, GError **error);

/* The URL it listens on, with the real port: "http://127.0.0.1:8080"; NULL without TCP. Borrowed. */
const char *http_server_url(const HttpServer *server);

/* Stops accepting, waits at most grace_ms for requests under way to be answered, joins all threads, removes the socket
 * file. NULL is allowed. */
void http_server_stop(HttpServer *server, int64_t grace_ms);
