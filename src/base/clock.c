/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static int64_t system_wall_us(const Clock *clock)
{
    return read_us(CLOCK_REALTIME);
}

static int64_t system_boot_us(const Clock *clock)
{
    return read_us(CLOCK_BOOTTIME);
}

const Clock *clock_system(void)
{
    static const Clock system = {system_wall_us, system_boot_us};
    return &system;
}

static int64_t manual_us(const Clock *clock)
{
    return __atomic_load_n(&((const ManualClock *)clock)->now_us, __ATOMIC_SEQ_CST);
}

void manual_clock_init(ManualClock *clock, int64_t now_us)
{
    clock->clock = (Clock){manual_us, manual_us};
    clock->now_us = now_us;
}

void manual_clock_advance(ManualClock *clock, int64_t us)
{
    __atomic_add_fetch(&clock->now_us, us, __ATOMIC_SEQ_CST);
}
