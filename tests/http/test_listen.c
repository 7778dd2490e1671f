/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens: addresses, ports that are taken, the socket file. */
#include "raw.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    HttpRouter *router;
    char *folder;
    char *path;
} Place;

static HttpResponse *tell_peer(const HttpRequest *request, void *data)
{
    char *text =
        g_strdup_printf("%s %d", http_request_peer(request), http_request_is_local(request));
    return http_response_new(200, "text/plain", text, strlen(text));
}

static void place_make(Place *place)
{
    place->router = http_router_new();
    http_router_add(place->router, "GET", "/peer", tell_peer, NULL);
    place->folder = g_dir_make_tmp("tidings-http-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "tidings.sock", NULL);
}

static void place_clear(Place *place)
{
    g_remove(place->path);
    g_assert_cmpint(g_rmdir(place->folder), ==, 0);
    g_free(place->path);
    g_free(place->folder);
    http_router_free(place->router);
}

static HttpServer *start(const Place *place, const char *listen, const char *path, GError **error)
{
    HttpServerOptions options = {.listen = listen, .socket_path = path, .workers = 1};
    return http_server_start(place->router, &options, error);
}

static void expect_peer(int fd, const char *peer)
{
    raw_send(fd, "GET /peer HTTP/1.1\r\nHost: desk\r\n\r\n");
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpstr(answer->body, ==, peer);
    close(fd);
}

typedef struct {
    const char *name;
    const char *listen;
    const char *prefix; /* of the URL; NULL: refused */
} ListenCase;

static const ListenCase listen_cases[] = {
    {"IPv4", "127.0.0.1:0", "http://127.0.0.1:"},
    {"localhost", "localhost:0", "http://127.0.0.1:"},
    {"any", "0.0.0.0:0", "http://0.0.0.0:"},
    {"IPv6", "[::1]:0", "http://[::1]:"},
    {"no port", "127.0.0.1", NULL},
    {"empty port", "127.0.0.1:", NULL},
    {"port too large", "127.0.0.1:65536", NULL},
    {"negative port", "127.0.0.1:-1", NULL},
    {"signed port", "127.0.0.1:+80", NULL},
    {"no address", ":8080", NULL},
    {"name", "desk.example:8080", NULL},
    {"IPv6 without brackets", "::1:8080", NULL},
    {"half a bracket", "[::1:8080", NULL},
    {"only brackets", "[]:8080", NULL},
    {"one bracket", "[:8080", NULL},
    {"empty", "", NULL},
};

static void test_listen(const void *data)
{
    const ListenCase *c = data;
    Place place;
    place_make(&place);
    g_autoptr(GError) error = NULL;
    HttpServer *server = start(&place, c->listen, NULL, &error);
    if (c->prefix == NULL) {
        g_assert_null(server);
        g_assert_true(error_is(error, TD_ERROR_INVALID));
        g_assert_nonnull(strstr(error->message, c->listen));
    } else if (server == NULL) { /* a machine without IPv6 */
        g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
        g_assert_true(g_str_has_prefix(c->listen, "[::1]"));
        g_test_skip("no IPv6 here");
    } else {
        g_assert_true(g_str_has_prefix(http_server_url(server), c->prefix));
        g_assert_cmpint(atoi(http_server_url(server) + strlen(c->prefix)), >, 0);
    }
    http_server_stop(server, 1000);
    place_clear(&place);
}

static void test_taken_port(void)
{
    Place place;
    place_make(&place);
    g_autoptr(GError) error = NULL;
    HttpServer *server = start(&place, "127.0.0.1:0", NULL, &error);
    g_assert_no_error(error);
    const char *address = http_server_url(server) + strlen("http://");
    HttpServer *other = start(&place, address, NULL, &error);
    g_assert_null(other);
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_nonnull(strstr(error->message, address));
    g_clear_error(&error);
    expect_peer(raw_connect(http_server_url(server)), "127.0.0.1 0");
    g_autofree char *again = g_strdup(address);
    int open = raw_connect(http_server_url(server));
    raw_send(open, "GET /peer HTTP/1.1\r\nHost: desk\r\n\r\n");
    g_autoptr(RawAnswer) answer = raw_read(open, false);
    http_server_stop(server, 1000);
    close(open);
    /* The server closed first, so its port is still in TIME_WAIT. */
    HttpServer *next = start(&place, again, NULL, &error);
    g_assert_no_error(error);
    http_server_stop(next, 1000);
    place_clear(&place);
}

static void test_socket(void)
{
    Place place;
    place_make(&place);
    mode_t umask_before = umask(0);
    g_autoptr(GError) error = NULL;
    HttpServer *server = start(&place, "127.0.0.1:0", place.path, &error);
    umask(umask_before);
    g_assert_no_error(error);
    struct stat info;
    g_assert_cmpint(stat(place.path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 07777, ==, 0600);
    expect_peer(raw_connect_unix(place.path), "local 1");
    expect_peer(raw_connect(http_server_url(server)), "127.0.0.1 0");
    http_server_stop(server, 1000);
    g_assert_cmpint(stat(place.path, &info), ==, -1);
    g_assert_cmpint(errno, ==, ENOENT);
    place_clear(&place);
}

/* A socket file whose process is gone. */
static void make_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    close(fd);
}

static void test_stale_socket(void)
{
    Place place;
    place_make(&place);
    make_stale(place.path);
    g_autoptr(GError) error = NULL;
    HttpServer *server = start(&place, NULL, place.path, &error);
    g_assert_no_error(error);
    g_assert_null(http_server_url(server));
    expect_peer(raw_connect_unix(place.path), "local 1");
    http_server_stop(server, 1000);
    place_clear(&place);
}

static void test_taken_socket(void)
{
    Place place;
    place_make(&place);
    g_autoptr(GError) error = NULL;
    HttpServer *server = start(&place, NULL, place.path, &error);
    g_assert_no_error(error);
    HttpServer *other = start(&place, "127.0.0.1:0", place.path, &error);
    g_assert_null(other);
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_nonnull(strstr(error->message, place.path));
    expect_peer(raw_connect_unix(place.path), "local 1");
    http_server_stop(server, 1000);
    place_clear(&place);
}

/* What stands there and is no socket is left alone. */
static void test_other_file(void)
{
    Place place;
    place_make(&place);
    g_assert_true(g_file_set_contents(place.path, "precious", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_assert_null(start(&place, NULL, place.path, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(place.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "precious");
    place_clear(&place);
}

/* A server that is stopped does not take away the socket that another one has put in the place of
 * its own. */
static void test_replaced_socket(void)
{
    Place place;
    place_make(&place);
    g_autoptr(GError) error = NULL;
    HttpServer *first = start(&place, NULL, place.path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_remove(place.path), ==, 0);
    HttpServer *second = start(&place, NULL, place.path, &error);
    g_assert_no_error(error);
    http_server_stop(first, 1000);
    expect_peer(raw_connect_unix(place.path), "local 1");
    http_server_stop(second, 1000);
    place_clear(&place);
}

static void test_socket_path(void)
{
    Place place;
    place_make(&place);
    g_autofree char *name = g_strnfill(120, 'x');
    g_autofree char *too_long = g_build_filename(place.folder, name, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(start(&place, NULL, too_long, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_clear_error(&error);
    g_autofree char *nowhere = g_build_filename(place.folder, "nothing", "tidings.sock", NULL);
    g_assert_null(start(&place, NULL, nowhere, &error));
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    place_clear(&place);
}

typedef struct {
    const Place *place;
    HttpServer *server;
} Race;

static void *race_main(void *data)
{
    Race *race = data;
    race->server = start(race->place, NULL, race->place->path, NULL);
    return NULL;
}

/* Of several that find the same stale file at once, exactly one serves, and it is the one that
 * answers. */
static void test_race(void)
{
    Place place;
    place_make(&place);
    for (int round = 0; round < 20; round++) {
        make_stale(place.path);
        Race races[4];
        GThread *threads[G_N_ELEMENTS(races)];
        for (size_t i = 0; i < G_N_ELEMENTS(races); i++) {
            races[i] = (Race){&place, NULL};
            threads[i] = g_thread_new("race", race_main, &races[i]);
        }
        int serving = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(races); i++) {
            g_thread_join(threads[i]);
            serving += races[i].server != NULL;
        }
        g_assert_cmpint(serving, ==, 1);
        expect_peer(raw_connect_unix(place.path), "local 1");
        for (size_t i = 0; i < G_N_ELEMENTS(races); i++)
            http_server_stop(races[i].server, 1000);
    }
    place_clear(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    for (size_t i = 0; i < G_N_ELEMENTS(listen_cases); i++) {
        g_autofree char *path = g_strconcat("/http/listen/", listen_cases[i].name, NULL);
        g_test_add_data_func(path, &listen_cases[i], test_listen);
    }
    g_test_add_func("/http/listen/taken port", test_taken_port);
    g_test_add_func("/http/listen/socket", test_socket);
    g_test_add_func("/http/listen/stale socket", test_stale_socket);
    g_test_add_func("/http/listen/taken socket", test_taken_socket);
    g_test_add_func("/http/listen/other file", test_other_file);
    g_test_add_func("/http/listen/replaced socket", test_replaced_socket);
    g_test_add_func("/http/listen/socket path", test_socket_path);
    g_test_add_func("/http/listen/race", test_race);
    return g_test_run();
}
