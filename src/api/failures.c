/* SPDX-License-Identifier: Apache-2.0 */
/* What did not arrive, by its cause. */
#include "alerts/failure.h"

#include "api/call.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define DAYS     7
#define DAYS_MAX 366

static bool read_days(const ApiCall *call, int64_t *days, GError **error)
{
    const char *text = http_request_query(call->request, "days");
    *days = DAYS;
    if (text == NULL || *text == '\0' || text_to_int(text, 1, DAYS_MAX, days))
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "out-of-range", NULL,
                      "The query parameter \"days\" must be from 1 to %d", DAYS_MAX);
    return false;
}

static json_t *render_failure(const Failure *failure)
{
    json_t *domains = json_array();
    for (guint i = 0; i < failure->domains->len; i++)
        json_array_append_new(domains, json_string(failure->domains->pdata[i]));
    json_t *value = json_object();
    json_set_text(value, "cause", failure->cause);
    json_set_text(value, "state", failure->state);
    json_set_text(value, "words", failure->words);
    json_set_int(value, "count", failure->count);
    json_set_time(value, "latest", failure->latest_at);
    json_set_int(value, "alert", failure->alert);
    json_object_set_new(value, "domains", domains);
    return value;
}

static json_t *read_failures(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *days = data;
    bool all;
    g_autoptr(GPtrArray) list =
        failure_list(tx, desk_now_us(call->api->desk) - *days * US_PER_DAY, &all, error);
    if (list == NULL)
        return NULL;
    json_t *items = json_array();
    for (guint i = 0; i < list->len; i++)
        json_array_append_new(items, render_failure(list->pdata[i]));
    json_t *value = json_object();
    json_set_int(value, "days", *days);
    json_set_bool(value, "all", all);
    json_object_set_new(value, "items", items);
    return value;
}

HttpResponse *alerts_failures(ApiCall *call, GError **error)
{
    int64_t days;
    return read_days(call, &days, error) ? api_read(call, read_failures, &days, error) : NULL;
}
