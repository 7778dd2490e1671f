/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/line.h"

#include "delivery/retry.h"

#include <string.h>

Line *line_new(const char *fingerprint, int connections)
{
    Line *line = g_new0(Line, 1);
    line->fingerprint = g_strdup(fingerprint);
    pace_init(&line->pace, connections);
    breaker_init(&line->breaker);
    return line;
}

void line_free(Line *line)
{
    breaker_clear(&line->breaker);
    g_free(line->fingerprint);
    g_free(line);
}

LineState line_look(Line *line, const RelayState *stored, int max_connections, int64_t now_us,
                    int *room)
{
    if (line->in_flight == 0)
        line->blocked = false;
    if (line->stopped_at != 0 && strcmp(stored->state, RELAY_STOPPED) != 0 &&
        stored->since > line->stopped_at && line->in_flight == 0) {
        breaker_reset(&line->breaker);
        line->stopped_at = 0;
    }
    if (line->stopped_at != 0 || strcmp(stored->state, RELAY_STOPPED) == 0)
        return LINE_CLOSED;
    if (strcmp(stored->state, "up") != 0) {
        if (now_us < stored->retry_at || line->in_flight > 0)
            return LINE_CLOSED;
        return LINE_PROBE;
    }
    if (line->blocked)
        return LINE_CLOSED;
    *room = MAX(0, pace_window(&line->pace, max_connections) - line->in_flight);
    return LINE_OPEN;
}

void line_failed(Line *line, int64_t now_us)
{
    if (now_us < line->retry_at)
        return;
    line->failures++;
    line->retry_at = now_us + relay_delay_us(line->failures);
}

void line_answered(Line *line)
{
    line->failures = 0;
    line->retry_at = 0;
}
