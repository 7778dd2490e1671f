/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/retry.h"

#include "base/clock.h"

#include <glib.h>

static const int64_t steps_us[] = {
    US_PER_MINUTE, 5 * US_PER_MINUTE, 15 * US_PER_MINUTE, 30 * US_PER_MINUTE,
    US_PER_HOUR,   2 * US_PER_HOUR,   4 * US_PER_HOUR,
};

int64_t retry_delay_us(int64_t attempts, Random *random)
{
    size_t step = attempts < 1 ? 0 : MIN((size_t)attempts - 1, G_N_ELEMENTS(steps_us) - 1);
    return steps_us[step] + (int64_t)random_below(random, (uint64_t)steps_us[step] / 5);
}

int64_t relay_delay_us(int64_t failures)
{
    int64_t delay = 5 * US_PER_SECOND;
    for (int64_t i = 1; i < failures && delay < 5 * US_PER_MINUTE; i++)
        delay *= 2;
    return MIN(delay, 5 * US_PER_MINUTE);
}
