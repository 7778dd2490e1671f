/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter to libmicrohttpd: one daemon on one listening socket, and the calls that come in by
 * it. */
#pragma once

#include "http/listen.h"
#include "http/router.h"
#include "http/workers.h"

#include <pthread.h>
#include <stdint.h>

/* What the doors of one server share: how many calls are under way, and whether new ones are taken.
 */
typedef struct {
    const HttpRouter *router;
    HttpWorkers *workers;
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned calls; /* given to the workers and not yet answered to the last byte */
    bool stopping;
} HttpTraffic;

void http_traffic_init(HttpTraffic *traffic, const HttpRouter *router);
void http_traffic_clear(HttpTraffic *traffic);

/* No call is given to the workers any more when this returns. */
void http_traffic_stop(HttpTraffic *traffic);

/* True: no call was under way before the time was over. */
bool http_traffic_wait(HttpTraffic *traffic, int64_t timeout_ms);

typedef struct {
    HttpTraffic *traffic;
    int connections;
    int idle_timeout_s;
} HttpDoorOptions;

typedef struct HttpDoor HttpDoor;

/* Takes the listener, on failure too. Errors: UNAVAILABLE. */
HttpDoor *http_door_open(HttpListener *listener, const HttpDoorOptions *options, GError **error);
const char *http_door_url(const HttpDoor *door);

/* No new connections. NULL is allowed, here and below. */
void http_door_refuse(HttpDoor *door);

/* Closes every connection and joins the thread. No call may be with the workers. */
void http_door_close(HttpDoor *door);

/* The jobs of the workers. */
void http_call_run(void *call);
void http_call_refuse(void *call);
