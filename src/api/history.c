/* SPDX-License-Identifier: Apache-2.0 */
/* How many messages left, and how fast, over the last hour, day or month. */
#include "api/call.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/error.h"
#include "outbox/tally.h"

#include <string.h>

#define STEPS_MAX 96

typedef struct {
    const char *name;
    int64_t width_us, step_us;
    size_t steps;
} Span;

static const Span spans[] = {
    {"hour", TALLY_MINUTE_US, TALLY_MINUTE_US, 60},
    {"day", TALLY_MINUTE_US, 15 * TALLY_MINUTE_US, STEPS_MAX},
    {"month", TALLY_HOUR_US, US_PER_DAY, 30},
};

static const Span *find_span(const ApiCall *call, GError **error)
{
    const char *name = http_request_query(call->request, "span");
    if (name == NULL)
        return &spans[0];
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++)
        if (strcmp(spans[i].name, name) == 0)
            return &spans[i];
    error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                      "The query parameter \"span\" can only be hour, day or month");
    return NULL;
}

static void set_share(json_t *value, const char *name, const Tally *tally, double share)
{
    json_t *ms = tally_sum(tally) > 0 ? json_integer((json_int_t)(tally_share_ms(tally, share) + 1))
                                      : json_null();
    json_object_set_new(value, name, ms);
}

static json_t *render_step(const Tally *tally, int64_t from_us)
{
    json_t *value = json_object();
    json_set_time(value, "from", from_us);
    json_set_int(value, "accepted", tally_sum(tally));
    set_share(value, "p50_ms", tally, 0.5);
    set_share(value, "p95_ms", tally, 0.95);
    json_set_int(value, "failed", tally->n[TALLY_FAILED]);
    json_set_int(value, "deferred", tally->n[TALLY_DEFERRED]);
    return value;
}

static json_t *read_span(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Span *span = data;
    int64_t now_us = desk_now_us(call->api->desk);
    int64_t from_us = now_us - now_us % span->step_us - (int64_t)(span->steps - 1) * span->step_us;
    g_autofree Tally *tallies = g_new0(Tally, STEPS_MAX);
    if (!tally_load(tx, span->width_us, from_us, span->step_us, span->steps, tallies, error))
        return NULL;
    json_t *items = json_array();
    for (size_t i = 0; i < span->steps; i++)
        json_array_append_new(items,
                              render_step(&tallies[i], from_us + (int64_t)i * span->step_us));
    json_t *value = json_object();
    json_set_text(value, "span", span->name);
    json_set_int(value, "step_seconds", span->step_us / US_PER_SECOND);
    json_object_set_new(value, "items", items);
    return value;
}

HttpResponse *alerts_server_history(ApiCall *call, GError **error)
{
    const Span *span = find_span(call, error);
    return span != NULL ? api_read(call, read_span, (void *)span, error) : NULL;
}
