/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a ticket, and who was told of it. */
#include "api/story.h"

#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "privacy/tally.h"

#define EVENTS_CHUNK 200

AlertStory *story_load(DbTx *tx, Alert *alert, GError **error)
{
    g_autoptr(AlertStory) story = g_new0(AlertStory, 1);
    story->alert = alert;
    if (alert->decision == DECISION_SUPPRESS)
        return g_steal_pointer(&story);
    g_autoptr(GError) failure = NULL;
    story->message = outbox_find(tx, OUTBOX_KIND_ALERT, alert->id, &failure);
    if (failure == NULL)
        return g_steal_pointer(&story);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

GPtrArray *story_load_all(DbTx *tx, GPtrArray *alerts, GError **error)
{
    g_autoptr(GPtrArray) stories = g_ptr_array_new_with_free_func((GDestroyNotify)alert_story_free);
    for (guint i = 0; i < alerts->len; i++) {
        AlertStory *story = story_load(tx, g_steal_pointer(&alerts->pdata[i]), error);
        if (story == NULL)
            return NULL;
        g_ptr_array_add(stories, story);
    }
    return g_steal_pointer(&stories);
}

/* Every decision of a ticket that exists, with what became of it: AlertStory *. */
static GPtrArray *load_ticket(DbTx *tx, int64_t number, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_load(tx, number, error);
    if (ticket == NULL)
        return NULL;
    g_autoptr(GPtrArray) alerts = alert_list_of_ticket(tx, number, error);
    return alerts != NULL ? story_load_all(tx, alerts, error) : NULL;
}

static json_t *list_alerts(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *number = data;
    g_autoptr(GPtrArray) stories = load_ticket(tx, *number, error);
    if (stories == NULL)
        return NULL;
    g_autofree char *removed = NULL;
    if (!removed_words(tx, *number, &removed, error))
        return NULL;
    json_t *items = json_array();
    for (guint i = 0; i < stories->len; i++)
        json_array_append_new(
            items, render_alert(stories->pdata[i], composer_desk_id(call->api->composer), false));
    json_t *page = render_page(items, 0);
    json_set_text(page, "removed", removed);
    return page;
}

HttpResponse *tickets_alerts(ApiCall *call, GError **error)
{
    int64_t number;
    return api_param_id(call, "number", "unknown-ticket", &number, error)
               ? api_read(call, list_alerts, &number, error)
               : NULL;
}

/* ---- events ---- */

typedef struct {
    int64_t number;
    ApiPage page;
} Events;

static json_t *list_events(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Events *events = data;
    g_autoptr(Ticket) ticket = ticket_load(tx, events->number, error);
    if (ticket == NULL)
        return NULL;
    int limit = events->page.limit;
    g_autoptr(GPtrArray) list =
        event_list(tx, events->number, events->page.cursor, limit + 1, error);
    if (list == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t next = 0;
    for (guint i = 0; i < list->len && i < (guint)limit; i++) {
        const Event *event = list->pdata[i];
        json_array_append_new(items, render_event(event));
        next = event->version;
    }
    return render_page(items, list->len > (guint)limit ? next : 0);
}

HttpResponse *tickets_events(ApiCall *call, GError **error)
{
    Events events = {0};
    return api_param_id(call, "number", "unknown-ticket", &events.number, error) &&
                   api_page(call, &events.page, error)
               ? api_read(call, list_events, &events, error)
               : NULL;
}

/* ---- in words ---- */

static bool append_text(DbTx *tx, int64_t number, GPtrArray *stories, GString *text, GError **error)
{
    guint got;
    int64_t after = 0;
    do {
        g_autoptr(GPtrArray) events = event_list(tx, number, after, EVENTS_CHUNK, error);
        if (events == NULL)
            return false;
        g_autofree char *words = explain_ticket(events, stories);
        g_string_append(text, words);
        got = events->len;
        if (got > 0)
            after = ((const Event *)events->pdata[got - 1])->version;
    } while (got == EVENTS_CHUNK);
    return true;
}

/* What its story no longer shows. */
static bool append_removed(DbTx *tx, int64_t number, GString *text, GError **error)
{
    g_autofree char *words = NULL;
    if (!removed_words(tx, number, &words, error))
        return false;
    if (words != NULL)
        g_string_append_printf(text, "\n%s\n", words);
    return true;
}

static json_t *explain(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const int64_t *number = data;
    g_autoptr(GPtrArray) stories = load_ticket(tx, *number, error);
    if (stories == NULL || !explain_options(tx, stories, error))
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!append_text(tx, *number, stories, text, error))
        return NULL;
    g_autoptr(Ticket) ticket = ticket_load(tx, *number, error);
    if (ticket == NULL)
        return NULL;
    g_autofree char *not_told = explain_not_told(ticket, stories);
    if (not_told != NULL)
        g_string_append_printf(text, "\n%s", not_told);
    if (!append_removed(tx, *number, text, error))
        return NULL;
    json_t *value = json_object();
    json_set_int(value, "ticket", *number);
    json_set_text(value, "text", text->str);
    return value;
}

HttpResponse *tickets_explain(ApiCall *call, GError **error)
{
    int64_t number;
    return api_param_id(call, "number", "unknown-ticket", &number, error)
               ? api_read(call, explain, &number, error)
               : NULL;
}
