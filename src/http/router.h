/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler a method and a path belong to. Routes are added first, by one thread; running them
 * is thread-safe. */
#pragma once

#include "http/request.h"
#include "http/response.h"

typedef struct HttpRouter HttpRouter;

/* Runs on a worker thread, may block; gives the answer, never NULL. */
typedef HttpResponse *(*HttpHandler)(const HttpRequest *request, void *data);

HttpRouter *http_router_new(void);
void http_router_free(HttpRouter *router);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpRouter, http_router_free)

/* `pattern` such as "/api/v1/tickets/{number}/recipients/{id}"; a parameter is one segment, never
 * empty. Where several patterns fit a path, the one that is literal earliest wins: "/tickets/new"
 * before "/tickets/{number}", in any order of adding. */
void http_router_add(HttpRouter *router, const char *method, const char *pattern,
                     HttpHandler handler, void *data);

/* Who answers where no route has the path; NULL as its answer means the problem "no-such-page". */
void http_router_set_missing(HttpRouter *router, HttpHandler handler, void *data);

/* Finds and runs the handler. 404 (problem "no-such-page") and 405 with Allow (problem
 * "method-not-allowed") are problem+json; HEAD runs GET, the body is dropped. Never NULL. */
HttpResponse *http_router_run(const HttpRouter *router, HttpRequest *request);

/* "METHOD pattern" for each route, in the order of http_router_add(); for the check of the OpenAPI
 * document. Free with g_ptr_array_unref(). */
GPtrArray *http_router_list(const HttpRouter *router);
