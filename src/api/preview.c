/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who would be told. The change is made for real, in a transaction that is undone: so the answer
 * comes from the use case, the policy and the brake themselves and cannot differ from what they do
 * a moment later.
 */
#include "api/preview.h"

#include "api/story.h"

#define EVENTS_MAX 2 /* of one change: opened, closed */

static json_t *render_decision(const AlertStory *story)
{
    const Alert *alert = story->alert;
    const OutboxMessage *message = story->message;
    json_t *value = json_object();
    json_set_text(value, "email", *alert->recipient != '\0' ? alert->recipient : NULL);
    json_set_text(value, "name", alert->recipient_name);
    json_set_text(value, "decision", alert_decision_name(alert->decision));
    json_set_text(value, "reason", alert_reason_name(alert->reason));
    json_set_text(value, "state", message != NULL ? outbox_state_name(message->state) : NULL);
    json_set_text(value, "sentence", explain_preview(story));
    return value;
}

static json_t *render_event(AlertKind kind, GPtrArray *stories)
{
    json_t *decisions = json_array();
    for (guint i = 0; i < stories->len; i++)
        json_array_append_new(decisions, render_decision(stories->pdata[i]));
    json_t *value = json_object();
    json_set_text(value, "kind", alert_kind_name(kind));
    json_object_set_new(value, "decisions", decisions);
    return value;
}

/* Appends the event where it decides about alerts. */
static bool append_event(DbTx *tx, const Event *event, json_t *events, GError **error)
{
    g_autoptr(GPtrArray) alerts = alert_list_of_event(tx, event->id, error);
    if (alerts == NULL)
        return false;
    if (alerts->len == 0)
        return true;
    AlertKind kind = ((const Alert *)alerts->pdata[0])->kind;
    g_autoptr(GPtrArray) stories = story_load_all(tx, alerts, error);
    if (stories == NULL)
        return false;
    json_array_append_new(events, render_event(kind, stories));
    return true;
}

json_t *preview_events(DbTx *tx, int64_t ticket, int64_t after, GError **error)
{
    g_autoptr(GPtrArray) list = event_list(tx, ticket, after, EVENTS_MAX, error);
    if (list == NULL)
        return NULL;
    json_auto_t *events = json_array();
    for (guint i = 0; i < list->len; i++)
        if (!append_event(tx, list->pdata[i], events, error))
            return NULL;
    return json_pack("{s:O}", "events", events);
}
