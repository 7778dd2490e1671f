/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter to libmicrohttpd: one daemon on one listening socket, and the calls that come in by
 * it. */
#pragma once

#include "http/listen.h"
#include "http/traffic.h"

typedef struct {
    HttpTraffic *traffic;
    int connections; /* beyond them nobody is let in */
    int crowd;       /* beyond them those go that have waited the longest (http/guests.h) */
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
