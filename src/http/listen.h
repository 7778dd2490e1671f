/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets. Both are close-on-exec and non-blocking. */
#pragma once

#include <glib.h>
#include <sys/stat.h>

typedef struct {
    int fd;
    char *url;    /* TCP: "http://127.0.0.1:8080" */
    char *path;   /* Unix socket */
    dev_t device; /* of the socket file that we made, to remove no other */
    ino_t inode;
} HttpListener;

/* `text` is "127.0.0.1:8080", "[::1]:0" or "localhost:8080". Errors: INVALID, UNAVAILABLE. */
HttpListener *http_listen_tcp(const char *text, GError **error);

/* Makes the socket with mode 0600. A file that nobody answers at is replaced. Errors: INVALID
 * (longer than a socket's path can be, or something else stands there), UNAVAILABLE (another server
 * answers there; folder not writable). */
HttpListener *http_listen_unix(const char *path, GError **error);

/* Removes the socket file, while we still answer on it: nobody takes it for stale in between. Then
 * refuses new connections; the descriptor stays open. */
void http_listener_refuse(HttpListener *listener);

/* Closes. NULL is allowed. */
void http_listener_free(HttpListener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpListener, http_listener_free)
