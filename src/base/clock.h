/* SPDX-License-Identifier: Apache-2.0 */
/* Time, injected: microseconds since 1970 UTC for what people read, microseconds since boot
 * (suspend included) for intervals and leases. Tests hand in a clock that they move themselves.
 * Thread-safe. */
#pragma once

#include <stdint.h>

#define US_PER_MS     INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR   (60 * US_PER_MINUTE)
#define US_PER_DAY    (24 * US_PER_HOUR)

typedef struct Clock Clock;
struct Clock {
    int64_t (*wall_us)(const Clock *clock);
    int64_t (*boot_us)(const Clock *clock);
};

/* The machine's clock. Never freed. */
const Clock *clock_system(void);

static inline int64_t clock_wall_us(const Clock *clock)
{
    return clock->wall_us(clock);
}

static inline int64_t clock_boot_us(const Clock *clock)
{
    return clock->boot_us(clock);
}

/* A clock that stands still until it is told to move. Its address is a valid Clock. */
typedef struct {
    Clock clock;
    int64_t now_us; /* read and written with __atomic built-ins */
} ManualClock;

void manual_clock_init(ManualClock *clock, int64_t now_us);
void manual_clock_advance(ManualClock *clock, int64_t us);
