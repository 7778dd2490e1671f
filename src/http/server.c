/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping. A server is up to two doors (TCP and the Unix socket, each one
 * libmicrohttpd daemon with one epoll thread; http/door.c) in front of one set of workers.
 *
 * Stopping, in this order, because libmicrohttpd ends the process when it is stopped with a
 * suspended connection:
 *   1. `stopping` is set under the lock under which requests are suspended: from then on none is.
 *   2. The listeners refuse; new requests on open connections get 503 and are closed.
 *   3. Requests under way have until the deadline to be answered, their last byte written.
 *   4. What no worker has begun is answered with 503; what runs is waited for. A handler cannot be
 * killed, and cutting it off would leave its caller without the answer to something that was done.
 *   5. Now no connection is suspended: the daemons are stopped and close whatever is still open, so
 * a client that never sends the rest or never reads its answer is cut off here.
 */
#include "http/server.h"

#include "base/error.h"
#include "http/door.h"

#define DEFAULT_WORKERS     32
#define PROBE_WORKERS       2
#define DEFAULT_QUEUE       256
#define DEFAULT_CONNECTIONS 2000
#define DEFAULT_IDLE_S      60
#define DEFAULT_BODY_BYTES  ((size_t)256 * 1024 * 1024)

/* For the answers of handlers that ran past the deadline: enough for any client that reads. */
#define LAST_WRITE_MS 250

struct HttpServer {
    HttpTraffic traffic;
    HttpWorkers *workers;
    HttpWorkers *probe_workers;
    HttpDoor *tcp;
    HttpDoor *local;
};

static int or_default(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

static bool open_doors(HttpServer *server, const HttpServerOptions *options, GError **error)
{
    int connections = or_default(options->max_connections, DEFAULT_CONNECTIONS);
    HttpDoorOptions door = {
        .traffic = &server->traffic,
        .connections = connections,
        .crowd = connections - connections / 4,
        .idle_timeout_s = or_default(options->idle_timeout_s, DEFAULT_IDLE_S),
    };
    if (options->listen != NULL) {
        HttpListener *listener = http_listen_tcp(options->listen, error);
        if (listener == NULL)
            return false;
        server->tcp = http_door_open(listener, &door, error);
        if (server->tcp == NULL)
            return false;
    }
    if (options->socket_path != NULL) {
        HttpListener *listener = http_listen_unix(options->socket_path, error);
        if (listener == NULL)
            return false;
        server->local = http_door_open(listener, &door, error);
        if (server->local == NULL)
            return false;
    }
    return true;
}

static bool start_workers(HttpServer *server, const HttpServerOptions *options, GError **error)
{
    HttpTraffic *traffic = &server->traffic;
    int queue = or_default(options->queue, DEFAULT_QUEUE);
    server->workers = http_workers_start(or_default(options->workers, DEFAULT_WORKERS), queue,
                                         http_call_run, http_call_refuse, error);
    if (server->workers != NULL && options->probes != NULL)
        server->probe_workers =
            http_workers_start(PROBE_WORKERS, queue, http_call_run, http_call_refuse, error);
    http_counts_init(&traffic->counts, options->metrics);
    traffic->workers = server->workers;
    traffic->probe_workers = server->probe_workers;
    traffic->probes = options->probes;
    traffic->large = options->large;
    traffic->large_body_bytes = options->large_body_bytes;
    return traffic->workers != NULL && (traffic->probes == NULL || traffic->probe_workers != NULL);
}

HttpServer *http_server_start(const HttpRouter *router, const HttpServerOptions *options,
                              GError **error)
{
    HttpServer *server = g_new0(HttpServer, 1);
    http_traffic_init(&server->traffic, router,
                      options->body_bytes_max > 0 ? options->body_bytes_max : DEFAULT_BODY_BYTES);
    if (!start_workers(server, options, error) || !open_doors(server, options, error)) {
        http_server_stop(server, 0);
        return NULL;
    }
    return server;
}

void http_server_status(HttpServer *server, HttpServerStatus *status)
{
    status->in_flight = http_traffic_calls(&server->traffic);
    status->waiting = http_workers_waiting(server->workers);
}

const char *http_server_url(const HttpServer *server)
{
    return server->tcp != NULL ? http_door_url(server->tcp) : NULL;
}

void http_server_stop(HttpServer *server, int64_t grace_ms)
{
    if (server == NULL)
        return;
    http_traffic_stop(&server->traffic);
    http_door_refuse(server->tcp);
    http_door_refuse(server->local);
    bool quiet = http_traffic_wait(&server->traffic, grace_ms);
    HttpWorkers *all[] = {server->workers, server->probe_workers};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] != NULL)
            http_workers_drop(all[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        http_workers_free(all[i]);
    if (!quiet)
        http_traffic_wait(&server->traffic, LAST_WRITE_MS);
    http_door_close(server->tcp);
    http_door_close(server->local);
    http_traffic_clear(&server->traffic);
    g_free(server);
}
