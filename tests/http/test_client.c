/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's client, against our server and against peers that misbehave. */
#include "raw.h"

#include "base/error.h"
#include "http/client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    char *folder;
    char *path;
} Place;

static void place_make(Place *place)
{
    place->folder = g_dir_make_tmp("tidings-http-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "tidings.sock", NULL);
}

static void place_clear(Place *place)
{
    g_remove(place->path);
    g_assert_cmpint(g_rmdir(place->folder), ==, 0);
    g_free(place->path);
    g_free(place->folder);
}

/* ---- our server ---- */

static HttpResponse *echo(const HttpRequest *request, void *data)
{
    size_t bytes;
    const char *body = http_request_body(request, &bytes);
    HttpResponse *response =
        http_response_new(201, "application/json", g_memdup2(body, bytes), bytes);
    http_response_set_header(response, "X-Local", http_request_is_local(request) ? "yes" : "no");
    http_response_set_header(response, "X-Query", http_request_query(request, "q"));
    http_response_set_header(response, "X-Type", http_request_header(request, "content-type"));
    http_response_set_header(response, "X-Empty",
                             http_request_header(request, "x-empty") != NULL ? "there" : "gone");
    return response;
}

static HttpResponse *tell_much(const HttpRequest *request, void *data)
{
    size_t bytes = *(size_t *)data;
    char *text = g_malloc(bytes);
    memset(text, 'x', bytes);
    return http_response_new(200, "text/plain", text, bytes);
}

static void test_call(void)
{
    Place place;
    place_make(&place);
    g_autoptr(HttpRouter) router = http_router_new();
    http_router_add(router, "POST", "/echo", echo, NULL);
    http_router_add(router, "GET", "/echo", echo, NULL);
    http_router_add(router, "DELETE", "/echo", echo, NULL);
    HttpServerOptions options = {.socket_path = place.path, .workers = 2};
    g_autoptr(GError) error = NULL;
    HttpServer *server = http_server_start(router, &options, &error);
    g_assert_no_error(error);

    g_autoptr(HttpRequest) post = http_request_new("POST", "/echo?q=a%20b", "{\"a\":\0001}", 8);
    http_request_set_header(post, "Content-Type", "application/json");
    http_request_set_header(post, "X-Empty", "");
    g_autoptr(HttpResponse) posted = http_client_call(place.path, post, &error);
    g_assert_no_error(error);
    g_assert_cmpint(http_response_status(posted), ==, 201);
    size_t bytes;
    const char *body = http_response_body(posted, &bytes);
    g_assert_cmpmem(body, bytes, "{\"a\":\0001}", 8);
    g_assert_cmpstr(http_response_header(posted, "x-local"), ==, "yes");
    g_assert_cmpstr(http_response_header(posted, "x-query"), ==, "a b");
    g_assert_cmpstr(http_response_header(posted, "x-type"), ==, "application/json");
    g_assert_cmpstr(http_response_header(posted, "x-empty"), ==, "there");

    static const char *const methods[] = {"GET", "DELETE", "HEAD"};
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_autoptr(HttpRequest) request = http_request_new(methods[i], "/echo", NULL, 0);
        g_autoptr(HttpResponse) response = http_client_call(place.path, request, &error);
        g_assert_no_error(error);
        g_assert_cmpint(http_response_status(response), ==, 201);
        g_assert_cmpstr(http_response_body(response, NULL), ==, "");
        g_assert_null(http_response_header(response, "x-type"));
    }
    g_autoptr(HttpRequest) refused = http_request_new("PUT", "/echo", "x", 1);
    g_autoptr(HttpResponse) problem = http_client_call(place.path, refused, &error);
    g_assert_no_error(error);
    g_assert_cmpint(http_response_status(problem), ==, 405);
    http_server_stop(server, 1000);
    place_clear(&place);
}

/* A proxy of the environment is not asked. */
static void test_no_proxy(void)
{
    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    g_setenv("all_proxy", "http://127.0.0.1:1", TRUE);
    test_call();
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
}

static void test_large_answer(void)
{
    Place place;
    place_make(&place);
    size_t fits = HTTP_CLIENT_ANSWER_BYTES_MAX, too_large = fits + 1;
    g_autoptr(HttpRouter) router = http_router_new();
    http_router_add(router, "GET", "/fits", tell_much, &fits);
    http_router_add(router, "GET", "/too-large", tell_much, &too_large);
    HttpServerOptions options = {.socket_path = place.path, .workers = 2};
    g_autoptr(GError) error = NULL;
    HttpServer *server = http_server_start(router, &options, &error);
    g_assert_no_error(error);
    g_autoptr(HttpRequest) small = http_request_new("GET", "/fits", NULL, 0);
    g_autoptr(HttpResponse) response = http_client_call(place.path, small, &error);
    g_assert_no_error(error);
    size_t bytes;
    http_response_body(response, &bytes);
    g_assert_cmpuint(bytes, ==, fits);
    g_autoptr(HttpRequest) large = http_request_new("GET", "/too-large", NULL, 0);
    g_assert_null(http_client_call(place.path, large, &error));
    g_assert_true(error_is(error, TD_ERROR_LIMIT));
    http_server_stop(server, 1000);
    place_clear(&place);
}

/* ---- peers that misbehave ---- */

typedef struct {
    const char *name;
    const char *method;
    size_t body_bytes;
    size_t read_bytes;  /* what the peer reads before it speaks */
    const char *answer; /* what it says before it closes; NULL: nothing */
    TdErrorCode code;
} PeerCase;

static const PeerCase peer_cases[] = {
    {"closes after the request", "POST", 10, 10000, NULL, TD_ERROR_UNCERTAIN},
    {"closes in the middle of the answer", "POST", 10, 10000,
     "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf", TD_ERROR_UNCERTAIN},
    {"answers with something else", "POST", 10, 10000, "220 mail ESMTP\r\n", TD_ERROR_UNCERTAIN},
    {"closes after a request that changes nothing", "GET", 0, 10000, NULL, TD_ERROR_UNAVAILABLE},
    {"closes before the body is there", "POST", 8 * 1024 * 1024, 1000, NULL, TD_ERROR_UNAVAILABLE},
};

typedef struct {
    const PeerCase *c;
    int fd;
} Peer;

static void *peer_main(void *data)
{
    const Peer *peer = data;
    char buffer[10000];
    int fd = accept(peer->fd, NULL, NULL);
    size_t have = 0;
    /* A short request ends with its body of "x"; a longer one is cut off after read_bytes. */
    while (have < peer->c->read_bytes) {
        ssize_t n = recv(fd, buffer + have, peer->c->read_bytes - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
        char *end = memmem(buffer, have, "\r\n\r\n", 4);
        if (end != NULL && (size_t)(buffer + have - end) == 4 + peer->c->body_bytes)
            break;
    }
    if (peer->c->answer != NULL)
        send(fd, peer->c->answer, strlen(peer->c->answer), MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static void test_peer(const void *data)
{
    const PeerCase *c = data;
    Place place;
    place_make(&place);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, place.path, sizeof address.sun_path);
    Peer peer = {c, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    g_assert_cmpint(bind(peer.fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(peer.fd, 1), ==, 0);
    GThread *thread = g_thread_new("peer", peer_main, &peer);
    g_autofree char *body = g_strnfill(c->body_bytes, 'x');
    g_autoptr(HttpRequest) request = http_request_new(c->method, "/x", body, c->body_bytes);
    g_autoptr(GError) error = NULL;
    g_assert_null(http_client_call(place.path, request, &error));
    g_assert_cmpint(error_code(error), ==, c->code);
    g_assert_cmpstr(error_problem(error), !=, "not-serving");
    g_thread_join(thread);
    close(peer.fd);
    place_clear(&place);
}

static void expect_not_serving(const char *path)
{
    g_autoptr(HttpRequest) request = http_request_new("POST", "/x", "x", 1);
    g_autoptr(GError) error = NULL;
    g_assert_null(http_client_call(path, request, &error));
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_cmpstr(error_problem(error), ==, "not-serving");
}

static void test_not_serving(void)
{
    Place place;
    place_make(&place);
    expect_not_serving(place.path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, place.path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    close(fd);
    expect_not_serving(place.path);
    g_autofree char *name = g_strnfill(120, 'x');
    g_autofree char *too_long = g_build_filename(place.folder, name, NULL);
    expect_not_serving(too_long);
    place_clear(&place);
}

/* A server that is too busy to accept is a server all the same. */
static void test_full_backlog(void)
{
    Place place;
    place_make(&place);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, place.path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 0), ==, 0);
    int waiting[16];
    size_t n = 0;
    int rc;
    do {
        waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        rc = connect(waiting[n++], (struct sockaddr *)&address, sizeof address);
    } while (rc == 0 && n < G_N_ELEMENTS(waiting));
    g_assert_cmpint(rc, ==, -1);
    g_autoptr(HttpRequest) request = http_request_new("POST", "/x", "x", 1);
    g_autoptr(GError) error = NULL;
    g_assert_null(http_client_call(place.path, request, &error));
    g_assert_true(error_is(error, TD_ERROR_BUSY));
    while (n > 0)
        close(waiting[--n]);
    close(fd);
    place_clear(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/http/client/call", test_call);
    g_test_add_func("/http/client/no proxy", test_no_proxy);
    g_test_add_func("/http/client/large answer", test_large_answer);
    g_test_add_func("/http/client/not serving", test_not_serving);
    g_test_add_func("/http/client/full backlog", test_full_backlog);
    for (size_t i = 0; i < G_N_ELEMENTS(peer_cases); i++) {
        g_autofree char *path = g_strconcat("/http/client/peer/", peer_cases[i].name, NULL);
        g_test_add_data_func(path, &peer_cases[i], test_peer);
    }
    return g_test_run();
}
