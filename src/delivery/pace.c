/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/pace.h"

#include "base/clock.h"

#include <glib.h>

#define HORIZON_US       (250 * US_PER_MS)
#define TOGETHER_US      (5 * US_PER_MS)
#define TOGETHER_MAX     8
#define PACE_START       4
#define ROUND            16 /* successes of each connection before one more is tried */
#define NEWEST_OF_EIGHTH 8  /* an eighth of the newest figure, seven of the older */

void pace_init(Pace *pace, int connections)
{
    *pace = (Pace){.connections = connections};
}

void pace_sent(Pace *pace, int n, int64_t took_us, int max)
{
    if (n <= 0)
        return;
    int64_t each_us = MAX(took_us / n, 1);
    pace->message_us = pace->message_us == 0
                           ? each_us
                           : pace->message_us + (each_us - pace->message_us) / NEWEST_OF_EIGHTH;
    pace->connections = MIN(pace->connections + n / (ROUND * pace->connections), (double)max);
}

bool pace_push_back(Pace *pace)
{
    if (pace->connections < 2)
        return false;
    pace->connections = MAX(pace->connections / 2, 1);
    return true;
}

int pace_connections(const Pace *pace, int max)
{
    return CLAMP((int)pace->connections, 1, MAX(max, 1));
}

int pace_window(const Pace *pace, int max)
{
    int64_t each = PACE_START;
    if (pace->message_us > 0)
        each = CLAMP(HORIZON_US / pace->message_us, PACE_MIN, PACE_MAX);
    return pace_connections(pace, max) * (int)each;
}

int pace_share(const Pace *pace, int waiting, int max)
{
    int connections = pace_connections(pace, max);
    int64_t part = (waiting + connections - 1) / connections;
    int64_t least =
        pace->message_us > 0 ? CLAMP(TOGETHER_US / pace->message_us, 1, TOGETHER_MAX) : 1;
    return (int)CLAMP(part, least, PACE_MAX);
}
