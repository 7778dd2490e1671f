/* SPDX-License-Identifier: Apache-2.0 */
/* The API behind the real server, over TCP and over the desk's socket. */
#include "api/world.h"

#include "http/client.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static const char *engine;

typedef struct {
    World *world;
    char *folder;
    char *socket;
    HttpServer *server;
} Served;

static void served_start(Served *served)
{
    g_autoptr(GError) error = NULL;
    served->world = world_new(engine);
    served->folder = g_dir_make_tmp("tidings-api-XXXXXX", &error);
    g_assert_no_error(error);
    served->socket = g_build_filename(served->folder, "tidings.sock", NULL);
    HttpServerOptions options = {
        .listen = "127.0.0.1:0", .socket_path = served->socket, .workers = 4};
    served->server = http_server_start(served->world->router, &options, &error);
    g_assert_no_error(error);
}

static void served_stop(Served *served)
{
    http_server_stop(served->server, 1000);
    g_assert_cmpint(g_rmdir(served->folder), ==, 0);
    world_free(served->world);
    g_free(served->folder);
    g_free(served->socket);
}

/* One request as bytes over TCP, its whole answer. `headers` are lines with their ends. */
static char *call_tcp(Served *served, const char *method, const char *target, const char *headers,
                      const char *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    const char *host = http_server_url(served->server) + strlen("http://");
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_host(client, host, 80, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *request = g_strdup_printf(
        "%s %s HTTP/1.1\r\nHost: desk\r\nConnection: close\r\nContent-Length: %zu\r\n"
        "Content-Type: application/json\r\n%s\r\n%s",
        method, target, strlen(body), headers, body);
    /* A server that refuses a long body may close before all of it is written. */
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_output_stream_write_all(out, request, strlen(request), NULL, NULL, NULL);
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    g_autoptr(GString) answer = g_string_new(NULL);
    char part[4096];
    gssize got;
    while ((got = g_input_stream_read(in, part, sizeof part, NULL, NULL)) > 0)
        g_string_append_len(answer, part, got);
    return g_strdup(answer->str);
}

static void assert_status(const char *answer, int status, const char *words)
{
    g_autofree char *line = g_strdup_printf("HTTP/1.1 %d ", status);
    g_test_message("%.400s", answer);
    g_assert_true(g_str_has_prefix(answer, line));
    g_assert_nonnull(strstr(answer, words));
}

static void test_tcp(void)
{
    static const char ticket[] = "{\"account\":1,\"title\":\"x\"}";
    Served served = {0};
    served_start(&served);
    g_autofree char *token = g_strdup_printf("Authorization: Bearer %s\r\n", served.world->token);
    g_autofree char *bare = call_tcp(&served, "POST", "/api/v1/tickets", "", ticket);
    assert_status(bare, 401, "/problems/unauthenticated");
    g_autofree char *employee =
        call_tcp(&served, "POST", "/api/v1/tickets", "Tidings-Employee: erika\r\n", ticket);
    assert_status(employee, 403, "/problems/employee-header");
    g_autofree char *made = call_tcp(&served, "POST", "/api/v1/tickets", token, ticket);
    assert_status(made, 201, "\"channel\":\"api\"");
    g_autofree char *removed =
        call_tcp(&served, "DELETE", "/api/v1/tickets/1/recipients/1", token, "");
    assert_status(removed, 204, "\r\n\r\n");
    g_autofree char *head = call_tcp(&served, "HEAD", "/api/v1/tickets/1", token, "");
    assert_status(head, 200, "application/json");
    g_assert_true(g_str_has_suffix(head, "\r\n\r\n"));
    served_stop(&served);
}

static void test_near(void)
{
    Served served = {0};
    served_start(&served);
    g_autofree char *near = call_tcp(&served, "GET", "/metrics", "", "");
    assert_status(near, 200, "tidings_build_info");
    g_autofree char *proxied =
        call_tcp(&served, "GET", "/metrics", "X-Forwarded-For: 192.0.2.1\r\n", "");
    assert_status(proxied, 401, "/problems/unauthenticated");
    served_stop(&served);
}

static void test_long_body(void)
{
    Served served = {0};
    served_start(&served);
    g_autofree char *before = world_rows(served.world);
    g_autofree char *filler = g_strnfill(3 * 1024 * 1024, 'a');
    g_autofree char *body =
        g_strdup_printf("{\"account\":1,\"title\":\"x\",\"description\":\"%s\"}", filler);
    g_autofree char *token = g_strdup_printf("Authorization: Bearer %s\r\n", served.world->token);
    g_autofree char *answer = call_tcp(&served, "POST", "/api/v1/tickets", token, body);
    assert_status(answer, 413, "/problems/too-large");
    g_autoptr(HttpRequest) request =
        http_request_new("POST", "/api/v1/tickets", body, strlen(body));
    g_autoptr(GError) error = NULL;
    g_autoptr(HttpResponse) response = http_client_call(served.socket, request, &error);
    g_assert_no_error(error);
    g_assert_cmpint(http_response_status(response), ==, 413);
    g_autofree char *after = world_rows(served.world);
    g_assert_cmpstr(before, ==, after);
    served_stop(&served);
}

/* ---- many at once over the socket ---- */

#define CALLERS 8
#define TICKETS 25

typedef struct {
    const char *socket;
    int made;
} Caller;

static void *call_often(void *data)
{
    Caller *caller = data;
    for (int i = 0; i < TICKETS; i++) {
        static const char body[] = "{\"account\":1,\"title\":\"x\"}";
        g_autoptr(HttpRequest) request =
            http_request_new("POST", "/api/v1/tickets", body, strlen(body));
        http_request_set_header(request, "Content-Type", "application/json");
        http_request_set_header(request, "Tidings-Employee", "erika");
        g_autoptr(GError) error = NULL;
        g_autoptr(HttpResponse) response = http_client_call(caller->socket, request, &error);
        g_assert_no_error(error);
        caller->made += http_response_status(response) == 201;
        g_assert_nonnull(strstr(http_response_body(response, NULL), "\"channel\":\"cli\""));
    }
    return NULL;
}

static void test_at_once(void)
{
    Served served = {0};
    served_start(&served);
    world_set_alerts(served.world, true, true, true);
    Caller callers[CALLERS];
    GThread *threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (Caller){.socket = served.socket};
        threads[i] = g_thread_new("caller", call_often, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        g_thread_join(threads[i]);
        g_assert_cmpint(callers[i].made, ==, TICKETS);
    }
    World *world = served.world;
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, CALLERS * TICKETS);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert"), ==, CALLERS * TICKETS);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox"), ==, CALLERS * TICKETS);
    served_stop(&served);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/served/tcp", test_tcp);
    g_test_add_func("/api/served/near", test_near);
    g_test_add_func("/api/served/long body", test_long_body);
    g_test_add_func("/api/served/at once", test_at_once);
    return g_test_run();
}
