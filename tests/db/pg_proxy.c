/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread accepts, and one thread a connection passes bytes both ways. A message of libpq's
 * arrives in one piece here (it is small and written at once), so the text is looked for in each
 * piece.
 */
#include "pg_proxy.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define PIECE_BYTES     65536

struct PgProxy {
    char *folder, *path, *server_path;
    int listener;
    GThread *accepting;
    pthread_mutex_t mutex; /* for all that follows */
    bool stopping, refusing, frozen;
    char *text;
    CutMoment moment;
    int times, cuts, n_opened;
    int epoch; /* connections of an earlier one are cut */
    GPtrArray *threads;
};

typedef struct {
    PgProxy *proxy;
    int client, server;
    int epoch;
} Link;

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    g_assert_cmpuint(g_strlcpy(address->sun_path, path, sizeof address->sun_path), <,
                     sizeof address->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static CutMoment moment_for(PgProxy *proxy, const char *bytes, size_t length)
{
    CutMoment moment = CUT_NEVER;
    pthread_mutex_lock(&proxy->mutex);
    if (proxy->times > 0 && memmem(bytes, length, proxy->text, strlen(proxy->text)) != NULL) {
        moment = proxy->moment;
        proxy->times--;
        proxy->cuts++;
    }
    pthread_mutex_unlock(&proxy->mutex);
    return moment;
}

static bool is_over(const Link *link)
{
    pthread_mutex_lock(&link->proxy->mutex);
    bool over = link->proxy->stopping || link->proxy->epoch != link->epoch;
    pthread_mutex_unlock(&link->proxy->mutex);
    return over;
}

static bool is_frozen(const Link *link)
{
    pthread_mutex_lock(&link->proxy->mutex);
    bool frozen = link->proxy->frozen;
    pthread_mutex_unlock(&link->proxy->mutex);
    return frozen;
}

static bool pass_on(int from, int to, char *piece, size_t *length)
{
    ssize_t got = recv(from, piece, PIECE_BYTES, 0);
    if (got <= 0)
        return false;
    *length = (size_t)got;
    return to < 0 || send(to, piece, *length, MSG_NOSIGNAL) == got;
}

/* False when the connection is to end. */
static bool client_spoke(Link *link, char *piece)
{
    size_t length = 0;
    if (!pass_on(link->client, -1, piece, &length))
        return false;
    CutMoment moment = moment_for(link->proxy, piece, length);
    if (moment == CUT_BEFORE || send(link->server, piece, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    if (moment == CUT_AFTER)
        pass_on(link->server, -1, piece, &length);
    return moment == CUT_NEVER;
}

static void *link_main(void *data)
{
    Link *link = data;
    g_autofree char *piece = g_malloc(PIECE_BYTES);
    size_t length = 0;
    bool alive = true;
    while (alive && !is_over(link)) {
        struct pollfd fds[] = {{.fd = link->client, .events = POLLIN},
                               {.fd = link->server, .events = POLLIN}};
        poll(fds, 2, 20);
        /* What comes after the call that cuts or freezes does not pass any more. */
        bool over = is_over(link), frozen = is_frozen(link);
        if (frozen)
            g_usleep(2000);
        if (over || frozen)
            continue;
        if (fds[0].revents != 0)
            alive = client_spoke(link, piece);
        if (alive && fds[1].revents != 0)
            alive = pass_on(link->server, link->client, piece, &length);
    }
    close(link->client);
    close(link->server);
    g_free(link);
    return NULL;
}

static void open_link(PgProxy *proxy, int client)
{
    struct sockaddr_un address;
    int server = unix_socket(proxy->server_path, &address);
    if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(server);
        close(client);
        return;
    }
    Link *link = g_new0(Link, 1);
    *link = (Link){.proxy = proxy, .client = client, .server = server};
    pthread_mutex_lock(&proxy->mutex);
    link->epoch = proxy->epoch;
    proxy->n_opened++;
    g_assert_cmpuint(proxy->threads->len, <, MAX_CONNECTIONS);
    g_ptr_array_add(proxy->threads, g_thread_new("link", link_main, link));
    pthread_mutex_unlock(&proxy->mutex);
}

static void *accept_main(void *data)
{
    PgProxy *proxy = data;
    for (;;) {
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock(&proxy->mutex);
        bool stopping = proxy->stopping, refusing = proxy->refusing;
        pthread_mutex_unlock(&proxy->mutex);
        if (client >= 0 && !stopping && !refusing)
            open_link(proxy, client);
        else if (client >= 0)
            close(client);
        if (stopping)
            return NULL;
    }
}

PgProxy *pg_proxy_start(const char *server_folder)
{
    PgProxy *proxy = g_new0(PgProxy, 1);
    struct sockaddr_un address;
    proxy->folder = g_dir_make_tmp("tidings-proxy-XXXXXX", NULL);
    g_assert_nonnull(proxy->folder);
    proxy->path = g_build_filename(proxy->folder, ".s.PGSQL.5432", NULL);
    proxy->server_path = g_build_filename(server_folder, ".s.PGSQL.5432", NULL);
    proxy->threads = g_ptr_array_new();
    pthread_mutex_init(&proxy->mutex, NULL);
    proxy->listener = unix_socket(proxy->path, &address);
    g_assert_cmpint(bind(proxy->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(proxy->listener, 64), ==, 0);
    proxy->accepting = g_thread_new("accept", accept_main, proxy);
    return proxy;
}

void pg_proxy_stop(PgProxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->stopping = true;
    pthread_mutex_unlock(&proxy->mutex);
    /* Wakes accept(). */
    struct sockaddr_un address;
    int fd = unix_socket(proxy->path, &address);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_thread_join(proxy->accepting);
    close(fd);
    for (guint i = 0; i < proxy->threads->len; i++)
        g_thread_join(g_ptr_array_index(proxy->threads, i));
    close(proxy->listener);
    g_unlink(proxy->path);
    g_rmdir(proxy->folder);
    g_ptr_array_unref(proxy->threads);
    pthread_mutex_destroy(&proxy->mutex);
    g_free(proxy->text);
    g_free(proxy->folder);
    g_free(proxy->path);
    g_free(proxy->server_path);
    g_free(proxy);
}

char *pg_proxy_url(const PgProxy *proxy, const char *database)
{
    return g_strdup_printf("postgresql://postgres:secret@/%s?host=%s", database, proxy->folder);
}

void pg_proxy_cut(PgProxy *proxy, const char *text, CutMoment moment, int times)
{
    pthread_mutex_lock(&proxy->mutex);
    g_free(proxy->text);
    proxy->text = g_strdup(text);
    proxy->moment = moment;
    proxy->times = times;
    proxy->cuts = 0;
    pthread_mutex_unlock(&proxy->mutex);
}

void pg_proxy_cut_all(PgProxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->epoch++;
    pthread_mutex_unlock(&proxy->mutex);
}

void pg_proxy_refuse(PgProxy *proxy, bool refuse)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->refusing = refuse;
    pthread_mutex_unlock(&proxy->mutex);
}

void pg_proxy_freeze(PgProxy *proxy, bool freeze)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->frozen = freeze;
    pthread_mutex_unlock(&proxy->mutex);
}

static int read_count(const PgProxy *proxy, const int *count)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&proxy->mutex;
    pthread_mutex_lock(mutex);
    int value = *count;
    pthread_mutex_unlock(mutex);
    return value;
}

int pg_proxy_cuts(const PgProxy *proxy)
{
    return read_count(proxy, &proxy->cuts);
}

int pg_proxy_connections(const PgProxy *proxy)
{
    return read_count(proxy, &proxy->n_opened);
}
