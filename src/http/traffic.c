/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The count that a stop waits for. A connection is suspended under the same lock under which
 * `stopping` is set: the library ends the process when it is stopped with a suspended connection,
 * so there must be a moment after which none is added.
 */
#include "http/traffic.h"

#include <errno.h>
#include <microhttpd.h>

void http_traffic_init(HttpTraffic *traffic, const HttpRouter *router, size_t body_bytes_max)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&traffic->lock, NULL);
    pthread_cond_init(&traffic->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
    traffic->router = router;
    traffic->body_bytes_max = body_bytes_max;
}

void http_traffic_clear(HttpTraffic *traffic)
{
    pthread_cond_destroy(&traffic->quiet);
    pthread_mutex_destroy(&traffic->lock);
}

bool http_traffic_enter(HttpTraffic *traffic, struct MHD_Connection *connection)
{
    pthread_mutex_lock(&traffic->lock);
    bool open = !traffic->stopping;
    if (open) {
        MHD_suspend_connection(connection);
        traffic->calls++;
    }
    pthread_mutex_unlock(&traffic->lock);
    return open;
}

void http_traffic_leave(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    traffic->calls--;
    if (traffic->calls == 0)
        pthread_cond_broadcast(&traffic->quiet);
    pthread_mutex_unlock(&traffic->lock);
}

int64_t http_traffic_calls(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    int64_t calls = traffic->calls;
    pthread_mutex_unlock(&traffic->lock);
    return calls;
}

bool http_traffic_add_body(HttpTraffic *traffic, size_t bytes)
{
    return __atomic_add_fetch(&traffic->body_bytes, bytes, __ATOMIC_RELAXED) <=
           traffic->body_bytes_max;
}

void http_traffic_remove_body(HttpTraffic *traffic, size_t bytes)
{
    __atomic_sub_fetch(&traffic->body_bytes, bytes, __ATOMIC_RELAXED);
}

void http_traffic_stop(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    traffic->stopping = true;
    pthread_mutex_unlock(&traffic->lock);
}

bool http_traffic_is_stopping(HttpTraffic *traffic)
{
    pthread_mutex_lock(&traffic->lock);
    bool stopping = traffic->stopping;
    pthread_mutex_unlock(&traffic->lock);
    return stopping;
}

static struct timespec monotonic_after(int64_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + (timeout_ms % 1000) * 1000000;
    at.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    return at;
}

bool http_traffic_wait(HttpTraffic *traffic, int64_t timeout_ms)
{
    struct timespec deadline = monotonic_after(timeout_ms);
    int rc = 0;
    pthread_mutex_lock(&traffic->lock);
    while (traffic->calls > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&traffic->quiet, &traffic->lock, &deadline);
    bool quiet = traffic->calls == 0;
    pthread_mutex_unlock(&traffic->lock);
    return quiet;
}
