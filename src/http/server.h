/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: one thread for each door (TCP, Unix socket) only reads and writes; a complete request
 * waits in a bounded queue for one of the workers, and its answer goes out by the thread that read
 * it. A handler may therefore block.
 */
#pragma once

#include "base/metrics.h"
#include "http/router.h"

#include <stdint.h>

typedef struct HttpServer HttpServer;

typedef struct {
    const char *
        listen; /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:80"; port 0 picks a free one; NULL: none */
    const char *socket_path; /* Unix socket, made with mode 0600, replaced if stale; NULL: none */
    int workers;             /* 0: 32 */
    int queue;               /* requests that may wait for a worker; 0: 256 */
    /* For each door; 0: 2000. Beyond three quarters of them those go that have waited the longest
     * for their client, so that newcomers are let in. */
    int max_connections;
    int idle_timeout_s;    /* 0: 60 */
    size_t body_bytes_max; /* of the bodies of all requests together; beyond it 503; 0: 256 MiB */
    /* Paths that are asked whether the server is well (NULL-terminated, borrowed; NULL: none): they
     * have two workers to themselves, and are answered while all others are at work. */
    const char *const *probes;
    /* Paths whose requests may have a body of up to large_body_bytes (NULL-terminated, borrowed;
     * NULL: none). */
    const char *const *large;
    size_t large_body_bytes;
    Metrics *metrics; /* where requests are counted; borrowed; NULL: nowhere */
} HttpServerOptions;

/* Starts serving. `router` is borrowed and must outlive the server. A body over
 * LIMIT_REQUEST_BODY_BYTES (`large` paths: large_body_bytes) is answered with 413 at once and its
 * connection closed; a full queue is 503 with Retry-After. Headers and target together may have
 * some 30 KiB; what libmicrohttpd cannot read at all it answers itself (400, 414, 431, 505) with a
 * short HTML page. Errors: INVALID (listen text, socket path), UNAVAILABLE (the address is taken:
 * says which and what to do). */
HttpServer *http_server_start(const HttpRouter *router, const HttpServerOptions *options,
                              GError **error);

/* The URL it listens on, with the real port: "http://127.0.0.1:8080"; NULL without TCP. Borrowed.
 */
/* How busy it is at this moment. Any thread. */
typedef struct {
    int64_t in_flight; /* requests that are read whole and not yet answered to the last byte */
    int64_t waiting;   /* of those, without a worker so far */
} HttpServerStatus;
void http_server_status(HttpServer *server, HttpServerStatus *status);

const char *http_server_url(const HttpServer *server);

/* Stops accepting, removes the socket file, waits at most grace_ms for requests under way to be
 * answered (a client that stalls cannot make it longer), answers what has not been begun by then
 * with 503, waits for the handlers that still run, however long they take, and joins all threads.
 * NULL is allowed. */
void http_server_stop(HttpServer *server, int64_t grace_ms);
