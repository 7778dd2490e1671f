/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "http/client.h"
#include "http/http.h"

#include <glib/gstdio.h>
#include <string.h>

static HttpResponse *echo(const HttpRequest *request, void *data)
{
    size_t bytes;
    const char *body = http_request_body(request, &bytes);
    HttpResponse *response =
        http_response_new(201, "application/json", g_memdup2(body, bytes), bytes);
    http_response_set_header(response, "X-Local", http_request_is_local(request) ? "yes" : "no");
    http_response_set_header(response, "X-Query", http_request_query(request, "q"));
    return response;
}

static void test_call(void)
{
    g_autoptr(HttpRouter) router = http_router_new();
    http_router_add(router, "POST", "/echo", echo, NULL);
    g_autofree char *folder = g_dir_make_tmp("tidings-http-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "tidings.sock", NULL);
    HttpServerOptions options = {.listen = "127.0.0.1:0", .socket_path = path, .workers = 2};
    g_autoptr(GError) error = NULL;
    HttpServer *server = http_server_start(router, &options, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(http_server_url(server), "http://127.0.0.1:"));

    g_autoptr(HttpRequest) request = http_request_new("POST", "/echo?q=a%20b", "{\"a\":1}", 7);
    http_request_set_header(request, "Content-Type", "application/json");
    g_autoptr(HttpResponse) response = http_client_call(path, request, &error);
    g_assert_no_error(error);
    g_assert_cmpint(http_response_status(response), ==, 201);
    g_assert_cmpstr(http_response_body(response, NULL), ==, "{\"a\":1}");
    g_assert_cmpstr(http_response_header(response, "x-local"), ==, "yes");
    g_assert_cmpstr(http_response_header(response, "x-query"), ==, "a b");
    http_server_stop(server, 1000);

    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_autoptr(HttpResponse) none = http_client_call(path, request, &error);
    g_assert_null(none);
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_cmpstr(error_problem(error), ==, "not-serving");
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/http/client/call", test_call);
    return g_test_run();
}
