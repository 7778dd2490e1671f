/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets are made here and not by libmicrohttpd, so that port 0 can be read back, the error
 * names the address, and the Unix socket has its mode before anybody can connect: fchmod() on the
 * unbound socket decides the mode of the file that bind() makes (Linux), without touching the umask
 * of the other threads.
 *
 * A socket file is stale when connecting to it is refused: its process is gone. Two servers that
 * start at once would both find it stale, and the second would remove the first one's: the folder
 * is locked (flock) from the look to the listening.
 */
#include "http/listen.h"

#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} TcpAddress;

void http_listener_free(HttpListener *listener)
{
    if (listener == NULL)
        return;
    if (listener->fd >= 0)
        close(listener->fd);
    g_free(listener->url);
    g_free(listener->path);
    g_free(listener);
}

static HttpListener *listener_new(int family)
{
    HttpListener *listener = g_new0(HttpListener, 1);
    listener->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listener;
}

/* ---- TCP ---- */

static bool parse_tcp(const char *text, TcpAddress *address, socklen_t *bytes)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (colon == NULL || !g_ascii_isdigit(colon[1]) || !text_to_int(colon + 1, 0, 65535, &port))
        return false;
    g_autofree char *host = g_strndup(text, (size_t)(colon - text));
    size_t length = strlen(host);
    memset(address, 0, sizeof *address);
    if (host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons((uint16_t)port);
        *bytes = sizeof address->v6;
        return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1;
    }
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons((uint16_t)port);
    *bytes = sizeof address->v4;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, number, &address->v4.sin_addr) == 1;
}

static char *tcp_url(int fd)
{
    TcpAddress address = {0};
    socklen_t bytes = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    if (getsockname(fd, &address.any, &bytes) != 0)
        return NULL;
    if (address.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host);
        return g_strdup_printf("http://[%s]:%u", host, ntohs(address.v6.sin6_port));
    }
    inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host);
    return g_strdup_printf("http://%s:%u", host, ntohs(address.v4.sin_port));
}

static void set_tcp_error(GError **error, const char *text, int code)
{
    const char *advice =
        code == EADDRINUSE ? "Another program uses it: stop that one, or listen on another port."
        : code == EACCES   ? "Ports below 1024 need a permission (CAP_NET_BIND_SERVICE)."
        : code == EADDRNOTAVAIL ? "This machine has no such address."
                                : "Listen on another address.";
    error_set(error, TD_ERROR_UNAVAILABLE, "Cannot listen on %s: %s. %s", text, g_strerror(code),
              advice);
}

HttpListener *http_listen_tcp(const char *text, GError **error)
{
    TcpAddress address;
    socklen_t bytes = 0;
    if (!parse_tcp(text, &address, &bytes)) {
        error_set(error, TD_ERROR_INVALID,
                  "\"%s\" is no address to listen on. Write it like 127.0.0.1:8080 or [::1]:8080.",
                  text);
        return NULL;
    }
    g_autoptr(HttpListener) listener = listener_new(address.any.sa_family);
    int on = 1;
    if (listener->fd < 0 ||
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener->fd, &address.any, bytes) != 0 || listen(listener->fd, BACKLOG) != 0) {
        set_tcp_error(error, text, errno);
        return NULL;
    }
    listener->url = tcp_url(listener->fd);
    return g_steal_pointer(&listener);
}

/* ---- Unix ---- */

typedef enum { PLACE_FREE, PLACE_STALE, PLACE_TAKEN, PLACE_OTHER } Place;

static Place look_at(const char *path, const struct sockaddr_un *address)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return PLACE_FREE;
    if (!S_ISSOCK(info.st_mode))
        return PLACE_OTHER;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return PLACE_TAKEN;
    bool refused = connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
                   errno == ECONNREFUSED;
    close(probe);
    return refused ? PLACE_STALE : PLACE_TAKEN;
}

static bool bind_unix(HttpListener *listener, const struct sockaddr_un *address)
{
    struct stat info;
    if (listener->fd < 0 || fchmod(listener->fd, 0600) != 0 ||
        bind(listener->fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        listen(listener->fd, BACKLOG) != 0 || lstat(address->sun_path, &info) != 0)
        return false;
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    return true;
}

static bool claim_place(HttpListener *listener, const struct sockaddr_un *address, GError **error)
{
    const char *path = address->sun_path;
    Place place = look_at(path, address);
    if (place == PLACE_OTHER) {
        error_set(error, TD_ERROR_INVALID,
                  "%s is not a socket. It was left alone: move it away, and start again.", path);
        return false;
    }
    if (place == PLACE_TAKEN) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "Another server answers on %s. Stop that one first: a desk is served once.",
                  path);
        return false;
    }
    if ((place == PLACE_STALE && unlink(path) != 0) || !bind_unix(listener, address)) {
        error_set(error, TD_ERROR_UNAVAILABLE, "Cannot make the socket %s: %s.", path,
                  g_strerror(errno));
        return false;
    }
    listener->path = g_strdup(path);
    return true;
}

HttpListener *http_listen_unix(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        error_set(error, TD_ERROR_INVALID,
                  "The path of the socket, %s, is longer than the %zu bytes that a socket's path "
                  "may have. Put the desk into a folder with a shorter name.",
                  path, sizeof address.sun_path - 1);
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        error_set(error, TD_ERROR_UNAVAILABLE, "Cannot make a socket in %s: %s.", folder,
                  g_strerror(errno));
        if (lock >= 0)
            close(lock);
        return NULL;
    }
    g_autoptr(HttpListener) listener = listener_new(AF_UNIX);
    bool ok = claim_place(listener, &address, error);
    close(lock);
    return ok ? g_steal_pointer(&listener) : NULL;
}

void http_listener_refuse(HttpListener *listener)
{
    struct stat info;
    if (listener->path != NULL && lstat(listener->path, &info) == 0 &&
        info.st_dev == listener->device && info.st_ino == listener->inode)
        unlink(listener->path);
    shutdown(listener->fd, SHUT_RDWR);
}
