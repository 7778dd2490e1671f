/* SPDX-License-Identifier: Apache-2.0 */
/* One request at a time, byte for byte, over TCP. */
#include "raw.h"

#include "base/limits.h"

#include <string.h>
#include <unistd.h>

#define HOST "Host: desk\r\n"

typedef struct {
    HttpRouter *router;
    HttpServer *server;
} Desk;

static HttpResponse *tell_size(const HttpRequest *request, void *data)
{
    size_t bytes;
    const char *body = http_request_body(request, &bytes);
    size_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += (unsigned char)body[i];
    char *text = g_strdup_printf("%zu %zu", bytes, sum);
    return http_response_new(200, "text/plain", text, strlen(text));
}

static HttpResponse *tell_peer(const HttpRequest *request, void *data)
{
    char *text =
        g_strdup_printf("%s %d", http_request_peer(request), http_request_is_local(request));
    HttpResponse *response = http_response_new(200, "text/plain", text, strlen(text));
    http_response_set_header(response, "Cache-Control", "private, max-age=60");
    http_response_set_header(response, "Set-Cookie", "a=1");
    http_response_set_header(response, "Set-Cookie", "b=2\r\nX-Evil: 1");
    return response;
}

static HttpResponse *tell_nothing(const HttpRequest *request, void *data)
{
    return http_response_new(204, NULL, NULL, 0);
}

static HttpResponse *tell_much(const HttpRequest *request, void *data)
{
    size_t bytes = 8 * 1024 * 1024;
    char *text = g_malloc(bytes);
    memset(text, 'x', bytes);
    return http_response_new(200, "text/plain", text, bytes);
}

static bool at_gate, gate_open; /* atomic */

static HttpResponse *wait_at_gate(const HttpRequest *request, void *data)
{
    __atomic_store_n(&at_gate, true, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&gate_open, __ATOMIC_SEQ_CST))
        g_usleep(1000);
    return tell_nothing(request, data);
}

static void desk_start(Desk *desk, const HttpServerOptions *options)
{
    g_autoptr(GError) error = NULL;
    desk->router = http_router_new();
    http_router_add(desk->router, "POST", "/size", tell_size, NULL);
    http_router_add(desk->router, "GET", "/peer", tell_peer, NULL);
    http_router_add(desk->router, "GET", "/nothing", tell_nothing, NULL);
    http_router_add(desk->router, "GET", "/much", tell_much, NULL);
    http_router_add(desk->router, "GET", "/gate", wait_at_gate, NULL);
    desk->server = http_server_start(desk->router, options, &error);
    g_assert_no_error(error);
}

static void desk_stop(Desk *desk)
{
    http_server_stop(desk->server, 5000);
    http_router_free(desk->router);
}

static const HttpServerOptions small = {.listen = "127.0.0.1:0", .workers = 2};

/* LIBRARY: libmicrohttpd's own error page; 0.9.75 sends the head of some of them twice before it
 * closes. */
typedef struct {
    const char *name;
    const char *request;
    int status;       /* 0: closed without an answer */
    const char *body; /* NULL: not looked at */
    const char *line; /* a line of the head; NULL: not looked at */
    enum { STAYS, CLOSES, LIBRARY } end;
} RawCase;

static const RawCase cases[] = {
    {"GET", "GET /peer HTTP/1.1\r\n" HOST "\r\n", 200, "127.0.0.1 0",
     "X-Content-Type-Options: nosniff", STAYS},
    {"a handler's cache rule", "GET /peer HTTP/1.1\r\n" HOST "\r\n", 200, NULL,
     "Cache-Control: private, max-age=60", STAYS},
    {"first cookie", "GET /peer HTTP/1.1\r\n" HOST "\r\n", 200, NULL, "Set-Cookie: a=1", STAYS},
    {"no line break in a header", "GET /peer HTTP/1.1\r\n" HOST "\r\n", 200, NULL,
     "Set-Cookie: b=2  X-Evil: 1", STAYS},
    {"204", "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 204, "", "Cache-Control: no-store", STAYS},
    {"absolute form", "GET http://desk/peer HTTP/1.1\r\n" HOST "\r\n", 200, "127.0.0.1 0", NULL,
     STAYS},
    {"no such page", "GET /x HTTP/1.1\r\n" HOST "\r\n", 404, NULL,
     "Content-Type: application/problem+json", STAYS},
    {"wrong method", "PUT /size HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405, NULL,
     "Allow: POST", STAYS},
    {"unknown method", "BREW /size HTTP/1.1\r\n" HOST "\r\n", 405, NULL, "Allow: POST", STAYS},
    {"OPTIONS", "OPTIONS /peer HTTP/1.1\r\n" HOST "\r\n", 405, NULL, "Allow: GET, HEAD", STAYS},
    {"POST", "POST /size HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, "3 294",
     "Content-Length: 5", STAYS},
    {"POST without a body", "POST /size HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, "0 0",
     NULL, STAYS},
    {"chunked",
     "POST /size HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
     200, "3 294", NULL, STAYS},
    {"HTTP/1.0 is closed", "GET /peer HTTP/1.0\r\n\r\n", 200, "127.0.0.1 0", "Connection: close",
     CLOSES},
    {"asked to close", "GET /peer HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200, NULL,
     "Connection: close", CLOSES},
    {"two Authorizations",
     "GET /peer HTTP/1.1\r\n" HOST "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n",
     400, NULL, "Content-Type: application/problem+json", CLOSES},
    {"two keys",
     "POST /size HTTP/1.1\r\n" HOST
     "Idempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: 3\r\n\r\nabc",
     400, NULL, NULL, CLOSES},
    {"two types", "GET /peer HTTP/1.1\r\n" HOST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
     400, NULL, NULL, CLOSES},
    {"key that is not UTF-8", "GET /peer HTTP/1.1\r\n" HOST "Idempotency-Key: \xff\r\n\r\n", 400,
     NULL, NULL, CLOSES},
    {"two lengths",
     "POST /size HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, NULL,
     NULL, CLOSES},
    {"length and chunks",
     "POST /size HTTP/1.1\r\n" HOST
     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     400, NULL, NULL, CLOSES},
    {"unknown coding",
     "POST /size HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     400, NULL, NULL, CLOSES},
    {"two hosts", "GET /peer HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, NULL, CLOSES},
    {"space before the colon", "GET /peer HTTP/1.1\r\n" HOST "X : y\r\n\r\n", 400, NULL, NULL,
     CLOSES},
    {"space in a header's name", "GET /peer HTTP/1.1\r\n" HOST "X Y: y\r\n\r\n", 400, NULL, NULL,
     CLOSES},
    {"bad target", "GET /peer?q=%zz HTTP/1.1\r\n" HOST "\r\n", 400, NULL,
     "Content-Type: application/problem+json", CLOSES},
    {"too large by its length", "POST /size HTTP/1.1\r\n" HOST "Content-Length: 2097153\r\n\r\n",
     413, NULL, "Content-Type: application/problem+json", CLOSES},
    {"length beyond 64 bits",
     "POST /size HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 413, NULL, NULL,
     LIBRARY},
    {"length that is no number", "POST /size HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", 400,
     NULL, NULL, LIBRARY},
    {"negative length", "POST /size HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400, NULL,
     NULL, LIBRARY},
    {"bad chunk",
     "POST /size HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\na\r\n0\r\n\r\n", 400,
     NULL, NULL, LIBRARY},
    {"no host", "GET /peer HTTP/1.1\r\n\r\n", 400, NULL, NULL, LIBRARY},
    {"unknown version", "GET /peer HTTP/9.9\r\n\r\n", 505, NULL, NULL, LIBRARY},
    {"garbage", "garbage\r\n\r\n", 0, NULL, NULL, CLOSES},
    {"garbage bytes", "\xff\xfe\x01 \x02\r\n\r\n", 400, NULL, NULL, LIBRARY},
};

static void test_raw(const void *data)
{
    const RawCase *c = data;
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    raw_send(fd, c->request);
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpint(answer->status, ==, c->status);
    if (c->body != NULL)
        g_assert_cmpstr(answer->body, ==, c->body);
    if (c->line != NULL)
        g_assert_true(raw_has_line(answer, c->line));
    g_assert_null(strstr(answer->head, "\r\nServer:"));
    if (c->end == LIBRARY)
        raw_wait_closed(fd);
    else if (c->end == CLOSES)
        g_assert_true(raw_is_closed(fd));
    else {
        raw_send(fd, "GET /peer HTTP/1.1\r\n" HOST "\r\n");
        g_autoptr(RawAnswer) second = raw_read(fd, false);
        g_assert_cmpint(second->status, ==, 200);
    }
    close(fd);
    desk_stop(&desk);
}

static void test_head(void)
{
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    raw_send(fd, "HEAD /peer HTTP/1.1\r\n" HOST "\r\n");
    g_autoptr(RawAnswer) head = raw_read(fd, true);
    g_assert_cmpint(head->status, ==, 200);
    g_assert_true(raw_has_line(head, "Content-Length: 11"));
    raw_send(fd, "HEAD /x HTTP/1.1\r\n" HOST "\r\n");
    g_autoptr(RawAnswer) missing = raw_read(fd, true);
    g_assert_cmpint(missing->status, ==, 404);
    raw_send(fd, "GET /peer HTTP/1.1\r\n" HOST "\r\n");
    g_autoptr(RawAnswer) get = raw_read(fd, false);
    g_assert_cmpstr(get->body, ==, "127.0.0.1 0");
    close(fd);
    desk_stop(&desk);
}

/* False: the other side closed in between. */
static bool send_body(int fd, bool chunked, size_t bytes)
{
    g_autofree char *block = g_malloc(65536);
    memset(block, 1, 65536);
    if (chunked)
        raw_send(fd, "POST /size HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    else {
        g_autofree char *head =
            g_strdup_printf("POST /size HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", bytes);
        raw_send(fd, head);
    }
    for (size_t sent = 0; sent < bytes;) {
        size_t n = MIN(bytes - sent, 65536);
        g_autofree char *size = g_strdup_printf("%zx\r\n", n);
        if ((chunked && !raw_try_send(fd, size, strlen(size))) || !raw_try_send(fd, block, n) ||
            (chunked && !raw_try_send(fd, "\r\n", 2)))
            return false;
        sent += n;
    }
    return !chunked || raw_try_send(fd, "0\r\n\r\n", 5);
}

typedef struct {
    const char *name;
    bool chunked;
    size_t bytes;
    int status;
} BodyCase;

static const BodyCase body_cases[] = {
    {"2 MiB", false, LIMIT_REQUEST_BODY_BYTES, 200},
    {"2 MiB in chunks", true, LIMIT_REQUEST_BODY_BYTES, 200},
    {"one byte more", false, LIMIT_REQUEST_BODY_BYTES + 1, 413},
    {"one byte more in chunks", true, LIMIT_REQUEST_BODY_BYTES + 1, 413},
    {"3 MiB", false, 3 * 1024 * 1024, 413},
    {"3 MiB in chunks", true, 3 * 1024 * 1024, 413},
    {"100 MiB", false, 100 * 1024 * 1024, 413},
    {"100 MiB in chunks", true, 100 * 1024 * 1024, 413},
};

static void test_body(const void *data)
{
    const BodyCase *c = data;
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    /* A client that writes all before it reads is not reset, unless it writes very much. */
    bool sent = send_body(fd, c->chunked, c->bytes);
    g_assert_true(sent || c->bytes > 4 * LIMIT_REQUEST_BODY_BYTES);
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpint(answer->status, ==, c->status);
    g_autofree char *want = g_strdup_printf("%zu %zu", c->bytes, c->bytes);
    if (c->status == 200)
        g_assert_cmpstr(answer->body, ==, want);
    else {
        g_assert_nonnull(strstr(answer->body, "/problems/too-large"));
        g_assert_true(raw_is_closed(fd));
    }
    close(fd);
    desk_stop(&desk);
}

/* The whole server's memory for bodies, not one request's: a second client is refused while a first
 * one's body waits. */
static void test_body_memory(void)
{
    HttpServerOptions options = small;
    options.body_bytes_max = 100000;
    Desk desk;
    desk_start(&desk, &options);
    int fd = raw_connect(http_server_url(desk.server));
    send_body(fd, false, 100000);
    g_autoptr(RawAnswer) fits = raw_read(fd, false);
    g_assert_cmpint(fits->status, ==, 200);
    send_body(fd, true, 150000);
    g_autoptr(RawAnswer) refused = raw_read(fd, false);
    g_assert_cmpint(refused->status, ==, 503);
    g_assert_true(raw_has_line(refused, "Retry-After: 1"));
    g_assert_true(raw_is_closed(fd));
    close(fd);
    int again = raw_connect(http_server_url(desk.server));
    send_body(again, false, 100000);
    g_autoptr(RawAnswer) given_back = raw_read(again, false);
    g_assert_cmpint(given_back->status, ==, 200);
    close(again);
    desk_stop(&desk);
}

static int status_of(int fd, const char *target)
{
    g_autofree char *request = g_strdup_printf("GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    raw_send(fd, request);
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    return answer->status;
}

/* The only worker is taken, and stays so: who asks whether the server is well has his answer. */
static void test_probes(void)
{
    static const char *const probes[] = {"/nothing", NULL};
    HttpServerOptions options = {.listen = "127.0.0.1:0", .workers = 1, .probes = probes};
    Desk desk;
    desk_start(&desk, &options);
    const char *url = http_server_url(desk.server);
    int waiting = raw_connect(url), fd = raw_connect(url);
    raw_send(waiting, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
    while (!__atomic_load_n(&at_gate, __ATOMIC_SEQ_CST))
        g_usleep(1000);
    g_assert_cmpint(status_of(fd, "/nothing"), ==, 204);
    g_assert_cmpint(status_of(fd, "/nothing?a=1"), ==, 204);
    __atomic_store_n(&gate_open, true, __ATOMIC_SEQ_CST);
    g_autoptr(RawAnswer) answer = raw_read(waiting, false);
    g_assert_cmpint(answer->status, ==, 204);
    close(waiting);
    close(fd);
    desk_stop(&desk);
}

static void test_byte_by_byte(void)
{
    static const char *const requests[] = {
        "POST /size HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
        "POST /size HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    };
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        for (const char *c = requests[i]; *c != '\0'; c++)
            g_assert_true(raw_try_send(fd, c, 1));
        g_autoptr(RawAnswer) answer = raw_read(fd, false);
        g_assert_cmpstr(answer->body, ==, "3 294");
    }
    close(fd);
    desk_stop(&desk);
}

static void test_pipeline(void)
{
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    g_autoptr(GString) all = g_string_new(NULL);
    for (int i = 1; i <= 50; i++)
        g_string_append_printf(all, "POST /size HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n%.*s",
                               i, i, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    raw_send(fd, all->str);
    for (int i = 1; i <= 50; i++) {
        g_autoptr(RawAnswer) answer = raw_read(fd, false);
        g_autofree char *want = g_strdup_printf("%d %d", i, i * 'a');
        g_assert_cmpstr(answer->body, ==, want);
    }
    close(fd);
    desk_stop(&desk);
}

/* A head as large as `bytes`. */
static RawAnswer *send_large_head(Desk *desk, const char *before, int bytes, const char *after)
{
    g_autofree char *filler = g_strnfill((gsize)bytes, 'a');
    g_autofree char *text = g_strconcat(before, filler, after, NULL);
    int fd = raw_connect(http_server_url(desk->server));
    raw_try_send(fd, text, strlen(text));
    RawAnswer *answer = raw_read(fd, false);
    close(fd);
    return answer;
}

static void test_large_head(void)
{
    Desk desk;
    desk_start(&desk, &small);
    const char *target = "GET /peer?q=", *version = " HTTP/1.1\r\n" HOST "\r\n";
    const char *header = "GET /peer HTTP/1.1\r\n" HOST "X: ", *end = "\r\n\r\n";
    g_autoptr(RawAnswer) target_fits = send_large_head(&desk, target, 8000, version);
    g_assert_cmpint(target_fits->status, ==, 200);
    g_autoptr(RawAnswer) header_fits = send_large_head(&desk, header, 8000, end);
    g_assert_cmpint(header_fits->status, ==, 200);
    g_autoptr(RawAnswer) long_target = send_large_head(&desk, target, 100000, version);
    g_assert_cmpint(long_target->status, ==, 414);
    g_autoptr(RawAnswer) long_header = send_large_head(&desk, header, 100000, end);
    g_assert_cmpint(long_header->status, ==, 431);
    desk_stop(&desk);
}

static void test_expect(void)
{
    Desk desk;
    desk_start(&desk, &small);
    int fd = raw_connect(http_server_url(desk.server));
    raw_send(fd,
             "POST /size HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    g_autoptr(RawAnswer) go_on = raw_read(fd, true);
    g_assert_cmpint(go_on->status, ==, 100);
    raw_send(fd, "abc");
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpstr(answer->body, ==, "3 294");
    raw_send(fd, "POST /size HTTP/1.1\r\n" HOST
                 "Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    g_autoptr(RawAnswer) refused = raw_read(fd, false);
    g_assert_cmpint(refused->status, ==, 413);
    close(fd);
    desk_stop(&desk);
}

/* A client that reads its large answer in small pieces does not hold up another. */
static void test_slow_reader(void)
{
    Desk desk;
    desk_start(&desk, &small);
    int slow = raw_connect(http_server_url(desk.server));
    raw_send(slow, "GET /much HTTP/1.1\r\n" HOST "\r\n");
    int quick = raw_connect(http_server_url(desk.server));
    raw_send(quick, "GET /peer HTTP/1.1\r\n" HOST "\r\n");
    g_autoptr(RawAnswer) answer = raw_read(quick, false);
    g_assert_cmpint(answer->status, ==, 200);
    g_autoptr(RawAnswer) much = raw_read(slow, false);
    g_assert_cmpuint(much->bytes, ==, 8 * 1024 * 1024);
    close(slow);
    close(quick);
    desk_stop(&desk);
}

/* A connection that says nothing more is closed. */
static void test_idle(void)
{
    HttpServerOptions options = small;
    options.idle_timeout_s = 1;
    Desk desk;
    desk_start(&desk, &options);
    int fd = raw_connect(http_server_url(desk.server));
    raw_send(fd, "POST /size HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpint(answer->status, ==, 0);
    close(fd);
    desk_stop(&desk);
}

#define PLACES 8

typedef struct {
    const char *name;
    const char *sent; /* by each of those who were there before */
    const char *then; /* what one who was not sent away gets an answer to */
} Crowd;

/* A place is held without a request, or with one that does not become whole. */
static const Crowd crowds[] = {
    {"says nothing", "", "GET /peer HTTP/1.1\r\n" HOST "\r\n"},
    {"half a line", "GET /pe", "er HTTP/1.1\r\n" HOST "\r\n"},
    {"half its headers", "GET /peer HTTP/1.1\r\n" HOST "X-A", ": 1\r\n\r\n"},
    {"half a body", "POST /size HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na", "bc"},
};

/* Three times as many come as there are places, and each newcomer is answered; of those who were
 * there the newest still have theirs. */
static void test_crowd(const void *data)
{
    const Crowd *crowd = data;
    HttpServerOptions options = small;
    options.max_connections = PLACES;
    Desk desk;
    desk_start(&desk, &options);
    const char *url = http_server_url(desk.server);
    int fds[3 * PLACES];
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = raw_connect(url);
        raw_send(fds[i], crowd->sent);
        int newcomer = raw_connect(url);
        raw_send(newcomer, "GET /peer HTTP/1.1\r\n" HOST "\r\n");
        g_autoptr(RawAnswer) answer = raw_read(newcomer, false);
        g_assert_cmpint(answer->status, ==, 200);
        close(newcomer);
    }
    raw_wait_closed(fds[0]);
    raw_send(fds[G_N_ELEMENTS(fds) - 1], crowd->then);
    g_autoptr(RawAnswer) last = raw_read(fds[G_N_ELEMENTS(fds) - 1], false);
    g_assert_cmpint(last->status, ==, 200);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    desk_stop(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/http/server/raw/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], test_raw);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(body_cases); i++) {
        g_autofree char *path = g_strconcat("/http/server/body/", body_cases[i].name, NULL);
        g_test_add_data_func(path, &body_cases[i], test_body);
    }
    g_test_add_func("/http/server/body memory of all", test_body_memory);
    g_test_add_func("/http/server/probes", test_probes);
    g_test_add_func("/http/server/HEAD", test_head);
    g_test_add_func("/http/server/byte by byte", test_byte_by_byte);
    g_test_add_func("/http/server/pipeline", test_pipeline);
    g_test_add_func("/http/server/large head", test_large_head);
    g_test_add_func("/http/server/expect", test_expect);
    g_test_add_func("/http/server/slow reader", test_slow_reader);
    g_test_add_func("/http/server/idle", test_idle);
    for (size_t i = 0; i < G_N_ELEMENTS(crowds); i++) {
        g_autofree char *path = g_strconcat("/http/server/crowd/", crowds[i].name, NULL);
        g_test_add_data_func(path, &crowds[i], test_crowd);
    }
    return g_test_run();
}
