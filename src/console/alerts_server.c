/* SPDX-License-Identifier: Apache-2.0 */
/* The page of the Alerts Server: whether mail is leaving, what waits, what is held, what failed. */
#include "console/alerts_server.h"

#include "base/error.h"
#include "console/pages.h"
#include "console/story.h"

#include <string.h>

#define HELD_SHOWN 10

/* ---- how it is, in words ---- */

static size_t count_relays(const json_t *server, const char *state)
{
    size_t n = 0, i;
    json_t *relay;
    json_array_foreach(json_object_get(server, "relays"), i, relay) n +=
        strcmp(json_get_text(relay, "state"), state) == 0;
    return n;
}

static void say(json_t *server, const char *tone, const char *headline, const char *sentence)
{
    json_set_text(server, "tone", tone);
    json_set_text(server, "headline", headline);
    json_set_text(server, "sentence", sentence);
}

void alerts_server_say(json_t *server)
{
    size_t stopped = count_relays(server, "stopped");
    size_t up = count_relays(server, "up");
    bool running = json_array_size(json_object_get(server, "senders")) > 0;
    json_set_bool(server, "can_resume", stopped > 0);
    if (!json_get_bool(server, "active", false))
        say(server, "warning", "Not activated",
            "Customers are not told when tickets are opened or closed. What was waiting when it was"
            " deactivated is held.");
    else if (!running)
        say(server, "danger", "Not running",
            "It is activated, but no process of this desk sends mail at the moment. What waits is"
            " kept and sent when one is started.");
    else if (up == 0 && stopped > 0)
        say(server, "danger", "Stopped",
            "A relay refused many recipients in a row for the same reason, so nothing more is"
            " handed to it until somebody has looked.");
    else if (up == 0)
        say(server, "danger", "Waiting for a mail server",
            "No mail server takes mail at the moment. What waits is kept, and they are tried again"
            " by themselves.");
    else if (up < json_array_size(json_object_get(server, "relays")))
        say(server, "warning", "Active", "Mail is leaving, but not every mail server can be used.");
    else
        say(server, "success", "Active", "Mail is leaving.");
}

/* ---- the numbers ---- */

static const struct {
    const char *state, *label, *tone;
    bool waits;
} states[] = {
    {"queued", "Ready to leave", "info", true},
    {"sending", "Being sent", "info", true},
    {"deferred", "Tried again soon", "warning", true},
    {"uncertain", "Not certain", "warning", true},
    {"held", "Held", "warning", true},
    {"accepted", "Told", "success", false},
    {"rejected", "Refused", "danger", false},
    {"expired", "Given up", "danger", false},
    {"bounced", "Came back", "danger", false},
    {"cancelled", "Cancelled", "secondary", false},
};

static json_t *count_list(const json_t *server, bool waits)
{
    const json_t *messages = json_object_get(server, "messages");
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (states[i].waits != waits)
            continue;
        int64_t count = json_get_int(messages, states[i].state);
        json_t *one = json_object();
        json_set_text(one, "state", states[i].state);
        json_set_text(one, "label", states[i].label);
        json_set_text(one, "tone", count > 0 ? states[i].tone : "secondary");
        json_set_int(one, "count", count);
        json_array_append_new(list, one);
    }
    return list;
}

static void dress_relays(Page *page, json_t *server)
{
    static const char *const words[][3] = {
        {"up", "takes mail", "success"},
        {"down", "cannot be used", "danger"},
        {"misconfigured", "refuses the sender", "danger"},
        {"stopped", "stopped by the breaker", "danger"},
    };
    size_t i;
    json_t *relay;
    json_array_foreach(json_object_get(server, "relays"), i, relay)
    {
        page_add_time(page, relay, "since");
        page_add_time(page, relay, "retry_at");
        for (size_t k = 0; k < G_N_ELEMENTS(words); k++)
            if (strcmp(json_get_text(relay, "state"), words[k][0]) == 0) {
                json_set_text(relay, "words", words[k][1]);
                json_set_text(relay, "tone", words[k][2]);
            }
    }
}

/* One line: the desk's last mail to itself. */
static void dress_canary(Page *page, json_t *server)
{
    json_t *canary = json_object_get(server, "canary");
    double seconds = json_number_value(json_object_get(canary, "round_trip_seconds"));
    if (!json_get_bool(canary, "enabled", false))
        return;
    page_add_time(page, canary, "last_success");
    bool ok = json_get_bool(canary, "ok", true);
    bool known = json_is_number(json_object_get(canary, "round_trip_seconds"));
    g_autofree char *words =
        !ok     ? g_strdup(json_get_text(canary, "problem"))
        : known ? g_strdup_printf("Canary: the last mail to the desk itself %s after %.1f seconds,"
                                  " %s",
                                  json_get_bool(canary, "came_back", false) ? "was back"
                                                                            : "was accepted",
                                  seconds, json_get_text(canary, "last_success_full"))
                : g_strdup("Canary: the first mail to the desk itself is on its way");
    json_set_text(server, "canary_words", words);
    json_set_bool(server, "canary_ok", ok);
}

static bool add_state(Page *page, GError **error)
{
    json_t *server = page_get(page, error, "/alerts-server");
    if (server == NULL)
        return false;
    alerts_server_say(server);
    dress_relays(page, server);
    dress_canary(page, server);
    size_t i;
    json_t *sender;
    json_array_foreach(json_object_get(server, "senders"), i, sender)
    {
        page_add_time(page, sender, "since");
    }
    page_add_time(page, server, "oldest_waiting");
    page_add_time(page, json_object_get(server, "brake"), "since");
    json_object_set_new(server, "waiting", count_list(server, true));
    json_object_set_new(server, "ended", count_list(server, false));
    json_object_set_new(page->data, "server", server);
    return true;
}

/* ---- what is held ---- */

static bool add_held(Page *page, GError **error)
{
    const json_t *server = json_object_get(page->data, "server");
    int64_t held = json_get_int(json_object_get(server, "messages"), "held");
    int64_t braked = json_get_int(json_object_get(server, "brake"), "held");
    if (held == 0)
        return true;
    json_auto_t *list = page_get(page, error, "/alerts?state=held&limit=%d", HELD_SHOWN);
    if (list == NULL)
        return false;
    size_t i;
    json_t *alert;
    json_array_foreach(json_object_get(list, "items"), i, alert)
    {
        story_dress(alert);
        page_add_time(page, alert, "queued_at");
    }
    json_t *value = json_object();
    json_set_int(value, "all", held);
    json_set_int(value, "braked", braked);
    json_set_int(value, "others", held - braked);
    json_object_set(value, "alerts", json_object_get(list, "items"));
    json_set_bool(value, "more", json_is_string(json_object_get(list, "next_cursor")));
    json_object_set_new(page->data, "holding", value);
    return true;
}

HttpResponse *alerts_server_show(Page *page, GError **error)
{
    return add_state(page, error) && add_held(page, error) && alerts_history_add(page, error) &&
                   alerts_failures_add(page, error)
               ? page_view(page, 200, "alerts_server", "Alerts Server", error)
               : NULL;
}

HttpResponse *alerts_server_state(Page *page, GError **error)
{
    return add_state(page, error) ? page_piece(page, "_alerts_server", error) : NULL;
}

/* ---- what can be done ---- */

HttpResponse *alerts_server_resume_post(Page *page, GError **error)
{
    json_auto_t *answer = page_send(page, "POST", NULL, error, "/alerts-server/resume");
    return answer != NULL ? page_redirect(page, "resumed", "/alerts-server") : NULL;
}

HttpResponse *alerts_server_held_post(Page *page, GError **error)
{
    bool cancel = strcmp(page_field(page, "verb"), "cancel") == 0;
    json_t *body = json_object();
    json_set_text(body, "state", "held");
    page_take_text(page, body, "reason");
    json_auto_t *answer =
        page_send(page, "POST", body, error, "/alerts/%s", cancel ? "cancel" : "release");
    return answer != NULL
               ? page_redirect(page, cancel ? "held-cancelled" : "held-released", "/alerts-server")
               : NULL;
}

/* ---- the list ---- */

static void add_filters(Page *page, const char *chosen)
{
    json_t *filters = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(states) + 2; i++) {
        const char *state = i == 0 ? "" : i > G_N_ELEMENTS(states) ? "none" : states[i - 1].state;
        const char *label = i == 0                     ? "All"
                            : i > G_N_ELEMENTS(states) ? "Not sent"
                                                       : states[i - 1].label;
        json_t *filter = json_object();
        json_set_text(filter, "value", state);
        json_set_text(filter, "label", label);
        json_set_bool(filter, "selected", strcmp(state, chosen) == 0);
        json_array_append_new(filters, filter);
    }
    json_object_set_new(page->data, "filters", filters);
}

HttpResponse *alerts_show(Page *page, GError **error)
{
    const char *state = page_query(page, "state");
    g_autofree char *filter = page_escape(state);
    g_autofree char *cursor = page_escape(page_query(page, "cursor"));
    json_auto_t *list =
        page_get(page, error, "/alerts?limit=50&state=%s&cursor=%s", filter, cursor);
    if (list == NULL)
        return NULL;
    size_t i;
    json_t *alert;
    json_array_foreach(json_object_get(list, "items"), i, alert)
    {
        story_dress(alert);
        page_add_time(page, alert, "queued_at");
        json_set_bool(alert, "closed", strcmp(json_get_text(alert, "kind"), "ticket_closed") == 0);
    }
    json_object_set(page->data, "alerts", json_object_get(list, "items"));
    json_object_set(page->data, "next", json_object_get(list, "next_cursor"));
    json_set_bool(page->data, "none", i == 0);
    json_set_text(page->data, "state", state);
    add_filters(page, state);
    return page_view(page, 200, "alerts", "Alerts", error);
}
