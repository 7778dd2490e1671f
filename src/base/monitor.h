/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock with a condition, timed by the monotonic clock. pthread and not GMutex: GLib's locks are
 * futexes that ThreadSanitizer cannot see into, so each would be reported as a race.
 */
#pragma once

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
} Monitor;

static inline void monitor_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static inline void monitor_init(Monitor *monitor)
{
    pthread_mutex_init(&monitor->mutex, NULL);
    monitor_cond_init(&monitor->cond);
}

static inline void monitor_clear(Monitor *monitor)
{
    pthread_cond_destroy(&monitor->cond);
    pthread_mutex_destroy(&monitor->mutex);
}

static inline void monitor_lock(Monitor *monitor)
{
    pthread_mutex_lock(&monitor->mutex);
}

static inline void monitor_unlock(Monitor *monitor)
{
    pthread_mutex_unlock(&monitor->mutex);
}

static inline void monitor_signal(Monitor *monitor)
{
    pthread_cond_signal(&monitor->cond);
}

static inline void monitor_broadcast(Monitor *monitor)
{
    pthread_cond_broadcast(&monitor->cond);
}

static inline void monitor_wait(Monitor *monitor)
{
    pthread_cond_wait(&monitor->cond, &monitor->mutex);
}

/* Waits on a condition of the caller's own that goes with this lock. False once `deadline_us`
 * (g_get_monotonic_time()) has passed. */
static inline bool monitor_wait_cond_until(Monitor *monitor, pthread_cond_t *cond,
                                           int64_t deadline_us)
{
    struct timespec when = {.tv_sec = (time_t)(deadline_us / G_USEC_PER_SEC),
                            .tv_nsec = (long)(deadline_us % G_USEC_PER_SEC) * 1000};
    return pthread_cond_timedwait(cond, &monitor->mutex, &when) == 0;
}

static inline bool monitor_wait_until(Monitor *monitor, int64_t deadline_us)
{
    return monitor_wait_cond_until(monitor, &monitor->cond, deadline_us);
}
