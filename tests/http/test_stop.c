/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once: a full queue, clients that leave or stall, and stopping in the middle of all that.
 */
#include "raw.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST  "Host: desk\r\n"
#define WAIT  "GET /wait HTTP/1.1\r\n" HOST "\r\n"
#define COUNT "GET /count HTTP/1.1\r\n" HOST "\r\n"

/* A handler that waits behind a gate, and one that counts. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int waiting; /* handlers at the gate */
    int run;     /* handlers that have ended */
    HttpRouter *router;
    HttpServer *server;
} Desk;

static HttpResponse *answer_text(const char *text)
{
    return http_response_new(200, "text/plain", g_strdup(text), strlen(text));
}

static HttpResponse *wait_at_gate(const HttpRequest *request, void *data)
{
    Desk *desk = data;
    pthread_mutex_lock(&desk->lock);
    desk->waiting++;
    pthread_cond_broadcast(&desk->changed);
    while (!desk->open)
        pthread_cond_wait(&desk->changed, &desk->lock);
    desk->waiting--;
    desk->run++;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
    return answer_text("waited");
}

static HttpResponse *count(const HttpRequest *request, void *data)
{
    Desk *desk = data;
    pthread_mutex_lock(&desk->lock);
    desk->run++;
    pthread_mutex_unlock(&desk->lock);
    return answer_text("counted");
}

static HttpResponse *tell_much(const HttpRequest *request, void *data)
{
    size_t bytes = 64 * 1024 * 1024;
    char *text = g_malloc(bytes);
    memset(text, 'x', bytes);
    return http_response_new(200, "text/plain", text, bytes);
}

static void desk_open_gate(Desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    desk->open = true;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

static void desk_wait(Desk *desk, const int *counter, int at_least)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += RAW_WAIT_MS / 1000;
    pthread_mutex_lock(&desk->lock);
    while (*counter < at_least)
        g_assert_cmpint(pthread_cond_timedwait(&desk->changed, &desk->lock, &end), ==, 0);
    pthread_mutex_unlock(&desk->lock);
}

static int desk_run(Desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    int run = desk->run;
    pthread_mutex_unlock(&desk->lock);
    return run;
}

static void desk_start(Desk *desk, int workers, int queue)
{
    memset(desk, 0, sizeof *desk);
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->changed, NULL);
    desk->router = http_router_new();
    http_router_add(desk->router, "GET", "/wait", wait_at_gate, desk);
    http_router_add(desk->router, "GET", "/count", count, desk);
    http_router_add(desk->router, "POST", "/count", count, desk);
    http_router_add(desk->router, "GET", "/much", tell_much, desk);
    HttpServerOptions options = {.listen = "127.0.0.1:0", .workers = workers, .queue = queue};
    g_autoptr(GError) error = NULL;
    desk->server = http_server_start(desk->router, &options, &error);
    g_assert_no_error(error);
}

static void desk_end(Desk *desk)
{
    http_router_free(desk->router);
    pthread_cond_destroy(&desk->changed);
    pthread_mutex_destroy(&desk->lock);
}

static int ask(const Desk *desk, const char *request)
{
    int fd = raw_connect(http_server_url(desk->server));
    raw_send(fd, request);
    return fd;
}

static void expect(int fd, int status)
{
    g_autoptr(RawAnswer) answer = raw_read(fd, false);
    g_assert_cmpint(answer->status, ==, status);
    close(fd);
}

/* What was sent before has reached the server when something later, on another connection, is
 * answered without a worker: one thread accepts and reads, in order. */
static void wait_until_read(const Desk *desk)
{
    expect(ask(desk, "GET /x?%zz HTTP/1.1\r\n" HOST "\r\n"), 400);
}

/* Two at work, one waiting: the fourth is told to come back. Nobody who was told 200 is lost. */
static void test_full_queue(void)
{
    Desk desk;
    desk_start(&desk, 2, 1);
    int first = ask(&desk, WAIT);
    int second = ask(&desk, WAIT);
    desk_wait(&desk, &desk.waiting, 2);
    /* Which of the two is refused depends on which was read first. */
    struct pollfd others[2] = {{.fd = ask(&desk, WAIT), .events = POLLIN},
                               {.fd = ask(&desk, WAIT), .events = POLLIN}};
    g_assert_cmpint(poll(others, 2, RAW_WAIT_MS), ==, 1);
    int refused = others[others[0].revents != 0 ? 0 : 1].fd;
    int waiting = others[others[0].revents != 0 ? 1 : 0].fd;
    g_autoptr(RawAnswer) answer = raw_read(refused, false);
    g_assert_cmpint(answer->status, ==, 503);
    g_assert_true(raw_has_line(answer, "Retry-After: 1"));
    g_assert_nonnull(strstr(answer->body, "/problems/busy"));
    desk_open_gate(&desk);
    desk_wait(&desk, &desk.run, 3);
    raw_send(refused, COUNT);
    expect(refused, 200);
    expect(waiting, 200);
    expect(first, 200);
    expect(second, 200);
    http_server_stop(desk.server, 5000);
    g_assert_cmpint(desk.run, ==, 4);
    desk_end(&desk);
}

/* A blocked handler does not hold up others. */
static void test_blocked_neighbour(void)
{
    Desk desk;
    desk_start(&desk, 2, 0);
    int blocked = ask(&desk, WAIT);
    desk_wait(&desk, &desk.waiting, 1);
    for (int i = 0; i < 50; i++)
        expect(ask(&desk, COUNT), 200);
    desk_open_gate(&desk);
    expect(blocked, 200);
    http_server_stop(desk.server, 5000);
    desk_end(&desk);
}

/* Requests that come together find a thread each, although not each of them wakes one. */
static void test_burst(void)
{
    enum { N = 8 };
    for (int round = 0; round < 50; round++) {
        Desk desk;
        desk_start(&desk, N, 0);
        int fds[N];
        for (int i = 0; i < N; i++)
            fds[i] = raw_connect(http_server_url(desk.server));
        for (int i = 0; i < N; i++)
            raw_send(fds[i], WAIT);
        desk_wait(&desk, &desk.waiting, N);
        desk_open_gate(&desk);
        for (int i = 0; i < N; i++)
            expect(fds[i], 200);
        http_server_stop(desk.server, 5000);
        desk_end(&desk);
    }
}

/* The client leaves while its request is worked on: it is run to the end, and nothing breaks. */
static void test_disconnect(void)
{
    Desk desk;
    desk_start(&desk, 4, 0);
    for (int i = 0; i < 4; i++) {
        int fd = ask(&desk, WAIT);
        desk_wait(&desk, &desk.waiting, i + 1);
        struct linger reset = {.l_onoff = i % 2, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    desk_open_gate(&desk);
    desk_wait(&desk, &desk.run, 4);
    expect(ask(&desk, COUNT), 200);
    http_server_stop(desk.server, 5000);
    desk_end(&desk);
}

typedef struct {
    HttpServer *server;
    int64_t grace_ms;
} Stop;

static void *stop_main(void *data)
{
    Stop *stop = data;
    http_server_stop(stop->server, stop->grace_ms);
    return NULL;
}

static bool is_refusing(void *data)
{
    int fd = raw_try_connect(data);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

/* What is under way is answered; an idle connection is closed; a new request on an open one is 503;
 * a new connection is refused. */
static void test_stop_waits(void)
{
    Desk desk;
    desk_start(&desk, 1, 0);
    g_autofree char *url = g_strdup(http_server_url(desk.server));
    int idle = ask(&desk, COUNT);
    g_autoptr(RawAnswer) answered = raw_read(idle, false);
    int open = ask(&desk, COUNT);
    g_autoptr(RawAnswer) also = raw_read(open, false);
    int under_way = ask(&desk, WAIT);
    desk_wait(&desk, &desk.waiting, 1);
    int queued = ask(&desk, COUNT);
    wait_until_read(&desk);
    Stop stop = {desk.server, RAW_WAIT_MS};
    GThread *thread = g_thread_new("stop", stop_main, &stop);
    raw_wait(is_refusing, url);
    raw_send(open, COUNT);
    g_autoptr(RawAnswer) refused = raw_read(open, false);
    g_assert_cmpint(refused->status, ==, 503);
    g_assert_nonnull(strstr(refused->body, "/problems/stopping"));
    g_assert_true(raw_has_line(refused, "Connection: close"));
    g_assert_true(raw_is_closed(open));
    desk_open_gate(&desk);
    g_autoptr(RawAnswer) waited = raw_read(under_way, false);
    g_assert_cmpint(waited->status, ==, 200);
    g_assert_true(raw_has_line(waited, "Connection: close"));
    g_autoptr(RawAnswer) in_time = raw_read(queued, false);
    g_assert_cmpint(in_time->status, ==, 200);
    g_assert_true(raw_is_closed(idle));
    g_thread_join(thread);
    close(idle);
    close(open);
    close(under_way);
    close(queued);
    desk_end(&desk);
}

static bool is_over(void *data)
{
    return __atomic_load_n((bool *)data, __ATOMIC_ACQUIRE);
}

typedef struct {
    Desk *desk;
    bool over;
} LateStop;

static void *late_stop_main(void *data)
{
    LateStop *stop = data;
    http_server_stop(stop->desk->server, 50);
    __atomic_store_n(&stop->over, true, __ATOMIC_RELEASE);
    return NULL;
}

/* A handler that runs past the grace is waited for, what no worker has begun by then is not run any
 * more. */
static void test_stop_past_grace(void)
{
    Desk desk;
    desk_start(&desk, 1, 0);
    int under_way = ask(&desk, WAIT);
    desk_wait(&desk, &desk.waiting, 1);
    int queued = ask(&desk, WAIT);
    wait_until_read(&desk);
    LateStop stop = {.desk = &desk};
    GThread *thread = g_thread_new("stop", late_stop_main, &stop);
    g_autoptr(RawAnswer) dropped = raw_read(queued, false);
    g_assert_cmpint(dropped->status, ==, 503);
    g_assert_nonnull(strstr(dropped->body, "/problems/stopping"));
    g_assert_false(is_over(&stop.over));
    desk_open_gate(&desk);
    g_autoptr(RawAnswer) waited = raw_read(under_way, false);
    g_assert_cmpint(waited->status, ==, 200);
    raw_wait(is_over, &stop.over);
    g_thread_join(thread);
    g_assert_cmpint(desk.run, ==, 1);
    close(under_way);
    close(queued);
    desk_end(&desk);
}

/* Clients that stall in the middle of a request, or never read their answer, are cut off when the
 * grace is over. */
static void test_stop_stalled(void)
{
    Desk desk;
    desk_start(&desk, 2, 0);
    int half_head = ask(&desk, "GET /count HT");
    int half_body = ask(&desk, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
    int unread = ask(&desk, "GET /much HTTP/1.1\r\n" HOST "\r\n");
    int refused = ask(&desk, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 9999999\r\n\r\nabc");
    expect(ask(&desk, COUNT), 200);
    http_server_stop(desk.server, 100);
    raw_wait_closed(half_head);
    raw_wait_closed(half_body);
    close(unread);
    close(half_head);
    close(half_body);
    close(refused);
    desk_end(&desk);
}

typedef struct {
    const char *url;
    int answered; /* 200 */
    int refused;  /* 503 */
    int broken;   /* sent, and closed without an answer */
} Client;

static void *client_main(void *data)
{
    Client *client = data;
    int fd = -1;
    for (;;) {
        if (fd < 0 && (fd = raw_try_connect(client->url)) < 0)
            return NULL;
        g_autoptr(RawAnswer) answer = NULL;
        if (raw_try_send(fd, COUNT, strlen(COUNT)))
            answer = raw_read(fd, false);
        if (answer != NULL && answer->status == 200)
            client->answered++;
        else if (answer != NULL && answer->status == 503)
            client->refused++;
        else
            client->broken++;
        if (answer == NULL || answer->status != 200) {
            close(fd);
            fd = -1;
        }
    }
}

/* Every request that was run was answered, and the other way round: none is in between when the
 * server is gone. */
static void test_stop_under_load(void)
{
    Desk desk;
    desk_start(&desk, 4, 4);
    g_autofree char *url = g_strdup(http_server_url(desk.server));
    Client clients[16] = {0};
    GThread *threads[G_N_ELEMENTS(clients)];
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
        clients[i].url = url;
        threads[i] = g_thread_new("client", client_main, &clients[i]);
    }
    while (desk_run(&desk) < 1000)
        g_usleep(1000);
    http_server_stop(desk.server, 5000);
    int answered = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
        g_thread_join(threads[i]);
        answered += clients[i].answered;
    }
    g_assert_cmpint(answered, ==, desk.run);
    desk_end(&desk);
}

/* Started and stopped at once, many times, with connections on the way in. */
static void test_stop_at_once(void)
{
    for (int i = 0; i < 30; i++) {
        Desk desk;
        desk_start(&desk, 1 + i % 3, 0);
        int fds[8];
        for (int j = 0; j < i % 8; j++)
            fds[j] = ask(&desk, COUNT);
        http_server_stop(desk.server, i % 2 == 0 ? 0 : 1000);
        for (int j = 0; j < i % 8; j++) {
            g_autoptr(RawAnswer) answer = raw_read(fds[j], false);
            g_assert_true(answer->status == 200 || answer->status == 503 || answer->status == 0);
            close(fds[j]);
        }
        desk_end(&desk);
    }
    http_server_stop(NULL, 1000);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_DFL);
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/http/stop/full queue", test_full_queue);
    g_test_add_func("/http/stop/blocked neighbour", test_blocked_neighbour);
    g_test_add_func("/http/stop/burst", test_burst);
    g_test_add_func("/http/stop/disconnect", test_disconnect);
    g_test_add_func("/http/stop/waits", test_stop_waits);
    g_test_add_func("/http/stop/past grace", test_stop_past_grace);
    g_test_add_func("/http/stop/stalled", test_stop_stalled);
    g_test_add_func("/http/stop/under load", test_stop_under_load);
    g_test_add_func("/http/stop/at once", test_stop_at_once);
    return g_test_run();
}
