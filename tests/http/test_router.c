/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <string.h>

/* Answers with the pattern it was registered for and what it saw. */
static HttpResponse *say(const HttpRequest *request, void *data)
{
    const char *id = http_request_param(request, "id");
    const char *number = http_request_param(request, "number");
    char *text = g_strdup_printf("%s|%s|%s", (const char *)data, number != NULL ? number : "-",
                                 id != NULL ? id : "-");
    return http_response_new(200, "text/plain", text, strlen(text));
}

static HttpRouter *make_router(void)
{
    static const char *const routes[][2] = {
        {"GET", "/"},
        {"GET", "/tickets"},
        {"POST", "/tickets"},
        {"GET", "/tickets/{number}"},
        {"PATCH", "/tickets/{number}"},
        {"GET", "/tickets/new"},
        {"DELETE", "/tickets/{number}/recipients/{id}"},
        {"GET", "/portal/"},
    };
    HttpRouter *router = http_router_new();
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_router_add(router, routes[i][0], routes[i][1], say, (void *)routes[i][1]);
    return router;
}

typedef struct {
    const char *name;
    const char *method;
    const char *target;
    int status;
    const char *body;  /* of 200; NULL: not looked at */
    const char *allow; /* of 405 */
} RouteCase;

static const RouteCase cases[] = {
    {"root", "GET", "/", 200, "/|-|-", NULL},
    {"literal", "GET", "/tickets", 200, "/tickets|-|-", NULL},
    {"query is not the path", "GET", "/tickets?status=New&q=a/b", 200, "/tickets|-|-", NULL},
    {"parameter", "GET", "/tickets/17", 200, "/tickets/{number}|17|-", NULL},
    {"literal before parameter", "GET", "/tickets/new", 200, "/tickets/new|-|-", NULL},
    {"other method of a literal's path", "PATCH", "/tickets/new", 200, "/tickets/{number}|new|-",
     NULL},
    {"two parameters", "DELETE", "/tickets/17/recipients/4", 200,
     "/tickets/{number}/recipients/{id}|17|4", NULL},
    {"encoded literal", "GET", "/%74ickets", 200, "/tickets|-|-", NULL},
    {"encoded slash stays inside", "GET", "/tickets/a%2Fb", 200, "/tickets/{number}|a/b|-", NULL},
    {"encoded UTF-8", "GET", "/tickets/%C3%BC", 200, "/tickets/{number}|ü|-", NULL},
    {"plus in a path is a plus", "GET", "/tickets/a+b", 200, "/tickets/{number}|a+b|-", NULL},
    {"absolute form", "GET", "http://desk.example/tickets/3", 200, "/tickets/{number}|3|-", NULL},
    {"HEAD runs GET, without body", "HEAD", "/tickets/17", 200, "", NULL},
    {"trailing slash is another page", "GET", "/tickets/", 404, NULL, NULL},
    {"trailing slash of a pattern", "GET", "/portal/", 200, "/portal/|-|-", NULL},
    {"empty parameter", "DELETE", "/tickets//recipients/4", 404, NULL, NULL},
    {"too deep", "GET", "/tickets/17/x", 404, NULL, NULL},
    {"nothing there", "GET", "/nothing", 404, NULL, NULL},
    {"HEAD of nothing", "HEAD", "/nothing", 404, "", NULL},
    {"wrong method", "PUT", "/tickets", 405, NULL, "GET, HEAD, POST"},
    {"OPTIONS", "OPTIONS", "/tickets/17", 405, NULL, "GET, HEAD, PATCH"},
    {"HEAD where no GET is", "HEAD", "/tickets/1/recipients/2", 405, "", "DELETE"},
    {"method in small letters", "get", "/tickets", 405, NULL, "GET, HEAD, POST"},
    {"half a sequence", "GET", "/tickets/%4", 400, NULL, NULL},
    {"no digits", "GET", "/tickets/%zz", 400, NULL, NULL},
    {"percent at the end", "GET", "/tickets/%", 400, NULL, NULL},
    {"NUL", "GET", "/tickets/a%00b", 400, NULL, NULL},
    {"not UTF-8", "GET", "/tickets/%FF", 400, NULL, NULL},
    {"overlong UTF-8", "GET", "/tickets/%C0%AF", 400, NULL, NULL},
    {"bad query", "GET", "/tickets?q=%G1", 400, NULL, NULL},
    {"NUL in the query", "GET", "/tickets?q=%00", 400, NULL, NULL},
    {"parameter twice", "GET", "/tickets?q=1&q=2", 400, NULL, NULL},
    {"no slash", "GET", "tickets", 400, NULL, NULL},
    {"asterisk", "OPTIONS", "*", 400, NULL, NULL},
    {"empty", "GET", "", 400, NULL, NULL},
};

static void test_route(const void *data)
{
    const RouteCase *c = data;
    g_autoptr(HttpRouter) router = make_router();
    g_autoptr(HttpRequest) request = http_request_new(c->method, c->target, NULL, 0);
    g_autoptr(HttpResponse) response = http_router_run(router, request);
    g_assert_cmpint(http_response_status(response), ==, c->status);
    if (c->body != NULL)
        g_assert_cmpstr(http_response_body(response, NULL), ==, c->body);
    g_assert_cmpstr(http_response_header(response, "allow"), ==, c->allow);
    if (c->status != 200)
        g_assert_cmpstr(http_response_header(response, "Content-Type"), ==,
                        "application/problem+json");
    g_assert_cmpstr(http_response_header(response, "X-Content-Type-Options"), ==, "nosniff");
    g_assert_cmpstr(http_response_header(response, "Cache-Control"), ==, "no-store");
}

static void test_list(void)
{
    g_autoptr(HttpRouter) router = make_router();
    g_autoptr(GPtrArray) list = http_router_list(router);
    g_assert_cmpuint(list->len, ==, 8);
    g_assert_cmpstr(list->pdata[0], ==, "GET /");
    g_assert_cmpstr(list->pdata[6], ==, "DELETE /tickets/{number}/recipients/{id}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/http/router/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_route);
    }
    g_test_add_func("/http/router/list", test_list);
    return g_test_run();
}
