/* SPDX-License-Identifier: Apache-2.0 */
/* What the doors of one server share: how much is under way, and whether more is taken. */
#pragma once

#include "http/counts.h"
#include "http/router.h"
#include "http/workers.h"

#include <pthread.h>
#include <stdint.h>

struct MHD_Connection;

typedef struct {
    const HttpRouter *router;
    HttpCounts counts;
    HttpWorkers *workers;
    HttpWorkers *probe_workers; /* NULL without probes */
    const char *const *probes;
    const char *const *large; /* paths with larger bodies; NULL: none */
    size_t large_body_bytes;
    size_t body_bytes_max;
    size_t body_bytes; /* of all requests that are read or run; atomic */
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned calls; /* suspended, or not yet answered to the last byte */
    bool stopping;
} HttpTraffic;

/* `traffic` is zeroed. */
void http_traffic_init(HttpTraffic *traffic, const HttpRouter *router, size_t body_bytes_max);
void http_traffic_clear(HttpTraffic *traffic);

/* Suspends the connection and counts its call; false, and neither, once the traffic was stopped. */
bool http_traffic_enter(HttpTraffic *traffic, struct MHD_Connection *connection);
void http_traffic_leave(HttpTraffic *traffic);

/* How many calls are under way. */
int64_t http_traffic_calls(HttpTraffic *traffic);

/* Adds to the bytes of bodies in memory; false: that is more than the server takes (they are added
 * all the same). */
bool http_traffic_add_body(HttpTraffic *traffic, size_t bytes);
void http_traffic_remove_body(HttpTraffic *traffic, size_t bytes);

/* No connection is suspended any more once this has returned. */
void http_traffic_stop(HttpTraffic *traffic);
bool http_traffic_is_stopping(HttpTraffic *traffic);

/* True: no call was under way before the time was over. */
bool http_traffic_wait(HttpTraffic *traffic, int64_t timeout_ms);
