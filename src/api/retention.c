/* SPDX-License-Identifier: Apache-2.0 */
/* What goes in time: how much would go now, and the counts of what went. Its options are a page of
 * options.c. */
#include "privacy/retention.h"

#include "api/resources.h"
#include "desk/options.h"
#include "privacy/tally.h"

/* Takes `rules`, which may be NULL with an error. */
static json_t *render_plan(json_t *rules)
{
    if (rules == NULL)
        return NULL;
    json_t *value = json_object();
    json_object_set_new(value, "items", rules);
    return value;
}

static json_t *plan(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    RetentionSettings settings;
    return retention_settings_load(tx, &settings, error)
               ? render_plan(retention_plan(tx, &settings, desk_now_us(call->api->desk), error))
               : NULL;
}

HttpResponse *retention_show(ApiCall *call, GError **error)
{
    return api_read(call, plan, NULL, error);
}

static json_t *try_plan(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    json_auto_t *section = options_put(tx, OPTIONS_RETENTION, data, error);
    return section != NULL ? plan(call, tx->db, NULL, error) : NULL;
}

HttpResponse *retention_preview(ApiCall *call, GError **error)
{
    json_t *patch = api_body(call, error);
    return patch != NULL ? api_try(call, try_plan, patch, error) : NULL;
}

static json_t *totals(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    return render_plan(decision_totals(tx, error));
}

HttpResponse *retention_decisions(ApiCall *call, GError **error)
{
    return api_read(call, totals, NULL, error);
}
