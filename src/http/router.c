/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes, tried one by one: a desk has some hundred of them, and comparing a few segments costs
 * less than the request's first database read. Segments are compared decoded, so "%74ickets" is
 * "tickets" and "a%2Fb" is one segment.
 */
#include "http/router.h"

#include "http/private.h"

#include <string.h>

typedef struct {
    char *method;
    char *pattern;
    GPtrArray *segments; /* of the pattern; "{name}" is a parameter */
    HttpHandler handler;
    void *data;
} Route;

struct HttpRouter {
    GPtrArray *routes;
    HttpHandler missing;
    void *missing_data;
};

static void route_free(void *item)
{
    Route *route = item;
    g_free(route->method);
    g_free(route->pattern);
    g_ptr_array_unref(route->segments);
    g_free(route);
}

HttpRouter *http_router_new(void)
{
    HttpRouter *router = g_new0(HttpRouter, 1);
    router->routes = g_ptr_array_new_with_free_func(route_free);
    return router;
}

void http_router_free(HttpRouter *router)
{
    if (router == NULL)
        return;
    g_ptr_array_unref(router->routes);
    g_free(router);
}

void http_router_set_missing(HttpRouter *router, HttpHandler handler, void *data)
{
    router->missing = handler;
    router->missing_data = data;
}

void http_router_add(HttpRouter *router, const char *method, const char *pattern,
                     HttpHandler handler, void *data)
{
    Route *route = g_new0(Route, 1);
    route->method = g_strdup(method);
    route->pattern = g_strdup(pattern);
    route->segments = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit(pattern, "/", -1);
    for (size_t i = 1; parts[0] != NULL && parts[i] != NULL; i++)
        g_ptr_array_add(route->segments, g_strdup(parts[i]));
    route->handler = handler;
    route->data = data;
    g_ptr_array_add(router->routes, route);
}

static bool is_param(const char *segment)
{
    return segment[0] == '{';
}

static bool route_fits(const Route *route, const GPtrArray *segments)
{
    if (route->segments->len != segments->len)
        return false;
    for (guint i = 0; i < segments->len; i++) {
        const char *want = route->segments->pdata[i];
        const char *have = segments->pdata[i];
        if (is_param(want) ? have[0] == '\0' : strcmp(want, have) != 0)
            return false;
    }
    return true;
}

/* Both fit one path, so they differ only in where they are literal. */
static bool is_closer(const Route *route, const Route *other)
{
    for (guint i = 0; i < route->segments->len; i++) {
        bool param = is_param(route->segments->pdata[i]);
        bool other_param = is_param(other->segments->pdata[i]);
        if (param != other_param)
            return other_param;
    }
    return false;
}

static const Route *find_route(const HttpRouter *router, const char *method,
                               const GPtrArray *segments)
{
    const Route *best = NULL;
    for (guint i = 0; i < router->routes->len; i++) {
        const Route *route = router->routes->pdata[i];
        if (strcmp(route->method, method) == 0 && route_fits(route, segments) &&
            (best == NULL || is_closer(route, best)))
            best = route;
    }
    return best;
}

static void allow_add(GString *allow, const char *method)
{
    g_string_append_printf(allow, "%s%s", allow->len > 0 ? ", " : "", method);
}

/* The methods that this path has, for Allow (RFC 9110 §10.2.1); NULL: there is no such path. Free
 * with g_free(). */
static char *list_methods(const HttpRouter *router, const GPtrArray *segments)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();
    g_autoptr(GString) allow = g_string_new(NULL);
    for (guint i = 0; i < router->routes->len; i++) {
        const Route *route = router->routes->pdata[i];
        if (!route_fits(route, segments) ||
            g_ptr_array_find_with_equal_func(seen, route->method, g_str_equal, NULL))
            continue;
        g_ptr_array_add(seen, route->method);
        allow_add(allow, route->method);
        if (strcmp(route->method, "GET") == 0)
            allow_add(allow, "HEAD");
    }
    return allow->len > 0 ? g_string_free(g_steal_pointer(&allow), FALSE) : NULL;
}

static HttpResponse *answer_without_route(const HttpRouter *router, const HttpRequest *request)
{
    g_autofree char *allow = list_methods(router, request->target->segments);
    HttpResponse *page = allow == NULL && router->missing != NULL
                             ? router->missing(request, router->missing_data)
                             : NULL;
    if (page != NULL)
        return page;
    if (allow == NULL)
        return http_response_problem_new(404, "no-such-page", "There is no such page",
                                         "Nothing is served at this address.", NULL);
    g_autofree char *detail =
        g_strdup_printf("This address takes %s and nothing else. Nothing was changed.", allow);
    HttpResponse *response = http_response_problem_new(
        405, "method-not-allowed", "The method does not fit this address", detail, NULL);
    http_response_set_header(response, "Allow", allow);
    return response;
}

static HttpResponse *run_route(const Route *route, HttpRequest *request)
{
    g_array_set_size(request->params, 0);
    request->route = route->pattern;
    for (guint i = 0; i < route->segments->len; i++) {
        const char *segment = route->segments->pdata[i];
        if (!is_param(segment))
            continue;
        g_autofree char *name = g_strndup(segment + 1, strcspn(segment + 1, "}"));
        http_request_add_param(request, name, request->target->segments->pdata[i]);
    }
    HttpResponse *response = route->handler(request, route->data);
    return response != NULL ? response : http_response_problem(NULL);
}

HttpResponse *http_router_run(const HttpRouter *router, HttpRequest *request)
{
    HttpResponse *response = http_request_refusal(request);
    bool head = strcmp(request->method, "HEAD") == 0;
    if (response == NULL) {
        const Route *route =
            find_route(router, head ? "GET" : request->method, request->target->segments);
        response =
            route != NULL ? run_route(route, request) : answer_without_route(router, request);
    }
    if (head)
        http_response_drop_body(response);
    return response;
}

GPtrArray *http_router_list(const HttpRouter *router)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < router->routes->len; i++) {
        const Route *route = router->routes->pdata[i];
        g_ptr_array_add(list, g_strdup_printf("%s %s", route->method, route->pattern));
    }
    return list;
}
