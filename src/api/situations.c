/* SPDX-License-Identifier: Apache-2.0 */
/* Which situations customers would be told in, with other options: the policy is asked, nothing is
 * written. */
#include "alerts/situations.h"

#include "alerts/explain.h"
#include "api/call.h"
#include "api/resources.h"
#include "desk/options.h"
#include "records/settings.h"

typedef struct {
    json_t *body; /* borrowed */
} Work;

static json_t *render_verdict(const AlertSituation *situation, AlertKind kind, bool server_active,
                              bool enabled)
{
    AlertVerdict verdict = alert_situation_decide(situation, kind, server_active, enabled);
    json_t *value = json_object();
    json_set_text(value, "decision", alert_decision_name(verdict.decision));
    json_set_text(value, "reason", alert_reason_name(verdict.reason));
    json_set_text(value, "sentence", explain_reason(verdict.reason));
    return value;
}

static json_t *render(const AlertSituation *situation, bool server_active,
                      const AlertsToCustomersSettings *alerts)
{
    json_t *value = json_object();
    json_set_text(value, "situation", situation->name);
    json_set_text(value, "title", situation->title);
    json_set_text(value, "actor", actor_kind_name(situation->actor));
    json_set_text(value, "channel", channel_name(situation->channel));
    json_set_bool(value, "notify", situation->notify);
    json_object_set_new(
        value, "new_ticket",
        render_verdict(situation, ALERT_NEW_TICKET, server_active, alerts->new_ticket.enabled));
    json_object_set_new(value, "ticket_closed",
                        render_verdict(situation, ALERT_TICKET_CLOSED, server_active,
                                       alerts->ticket_closed.enabled));
    return value;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    json_auto_t *options = options_try_alerts_to_customers(tx, work->body, error);
    g_autoptr(Settings) settings = options != NULL ? settings_load(tx, error) : NULL;
    if (settings == NULL)
        return NULL;
    g_auto(AlertsToCustomersSettings) alerts = {0};
    alerts_to_customers_settings_read(options, &alerts);
    json_t *items = json_array();
    for (size_t i = 0; i < alert_n_situations(); i++)
        json_array_append_new(items,
                              render(alert_situation(i), settings->alerts_server.active, &alerts));
    json_t *value = json_object();
    json_object_set_new(value, "items", items);
    json_object_set_new(value, "next_cursor", json_null());
    return value;
}

HttpResponse *options_situations(ApiCall *call, GError **error)
{
    Work work = {.body = api_body(call, error)};
    return work.body != NULL ? api_read(call, list, &work, error) : NULL;
}
