/* SPDX-License-Identifier: Apache-2.0 */
#include "console/story.h"

#include "base/text.h"
#include "console/lookup.h"
#include "records/status.h"

#include <string.h>

static const struct {
    const char *state; /* NULL: the decision was not to send */
    const char *badge, *tone;
    bool retry, cancel, release, moving;
} states[] = {
    {"held", "Held", "warning", false, true, true, true},
    {"queued", "On its way", "info", false, true, false, true},
    {"sending", "Being sent", "info", false, false, false, true},
    {"deferred", "Tried again soon", "warning", true, true, false, true},
    {"uncertain", "Not certain", "warning", true, true, false, true},
    {"accepted", "Told", "success", false, false, false, false},
    {"rejected", "Refused", "danger", true, false, false, false},
    {"expired", "Given up", "danger", true, false, false, false},
    {"bounced", "Came back", "danger", true, false, false, false},
    {"cancelled", "Cancelled", "secondary", true, false, false, false},
    {NULL, "Not sent", "secondary", false, false, false, false},
};

static size_t find_state(const char *state)
{
    size_t i = 0;
    while (states[i].state != NULL && g_strcmp0(states[i].state, state) != 0)
        i++;
    return i;
}

void story_dress(json_t *alert)
{
    const char *state = json_string_value(json_object_get(alert, "state"));
    size_t i = find_state(state);
    json_set_text(alert, "badge", states[i].badge);
    json_set_text(alert, "tone", states[i].tone);
    json_set_bool(alert, "can_retry", states[i].retry);
    json_set_bool(alert, "can_cancel", states[i].cancel);
    json_set_bool(alert, "can_release", states[i].release);
    json_set_bool(alert, "moving", states[i].moving);
    json_set_bool(alert, "has_mail", strcmp(json_get_text(alert, "decision"), "suppress") != 0);
}

/* ---- who was told ---- */

static json_t *begin_event(Page *page, const json_t *alert)
{
    bool by_hand = strcmp(json_get_text(alert, "reason"), "sent_by_hand") == 0;
    bool closed = strcmp(json_get_text(alert, "kind"), "ticket_closed") == 0;
    json_t *event = json_object();
    json_set_text(event, "title",
                  by_hand ? "Latest alert, sent by hand"
                          : (closed ? "Ticket closed" : "New ticket"));
    json_object_set(event, "at", json_object_get(alert, "decided_at"));
    page_add_time(page, event, "at");
    json_object_set_new(event, "decisions", json_array());
    return event;
}

bool story_add_told(Page *page, int64_t number, GError **error)
{
    json_auto_t *alerts = page_get(page, error, "/tickets/%" G_GINT64_FORMAT "/alerts", number);
    if (alerts == NULL)
        return false;
    json_t *told = json_array();
    json_t *event = NULL;
    int64_t last = 0;
    bool moving = false;
    size_t i;
    json_t *alert;
    json_array_foreach(json_object_get(alerts, "items"), i, alert)
    {
        if (event == NULL || json_get_int(alert, "event") != last) {
            event = begin_event(page, alert);
            json_array_append_new(told, event);
            last = json_get_int(alert, "event");
        }
        story_dress(alert);
        moving = moving || json_get_bool(alert, "moving", false);
        json_array_append(json_object_get(event, "decisions"), alert);
    }
    json_object_set(page->data, "told_removed", json_object_get(alerts, "removed"));
    json_object_set_new(page->data, "told", told);
    json_set_bool(page->data, "told_moving", moving);
    return true;
}

/* ---- what happened ---- */

static const char *event_words(const char *kind)
{
    static const char *const words[][2] = {
        {"opened", "opened the ticket"},
        {"changed", "changed the ticket"},
        {"closed", "closed the ticket"},
        {"reopened", "reopened the ticket"},
        {"recipients_changed", "changed who is told"},
        {"latest_alert_sent", "sent the latest alert by hand"},
        {"merged", "merged this duplicate into another ticket"},
        {"duplicate_merged", "merged a duplicate into this ticket"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i][0], kind) == 0)
            return words[i][1];
    return kind;
}

static const char *channel_words(const char *channel)
{
    static const char *const words[][2] = {
        {"console", "in the console"},   {"api", "by the API"},
        {"cli", "on the command line"},  {"email", "by mail"},
        {"web", "in the web interface"}, {"automated_email", "by an automated mail"},
        {"import", "by an import"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i][0], channel) == 0)
            return words[i][1];
    return channel;
}

static void append_value(Page *page, GString *text, const char *field, const json_t *value)
{
    if (json_is_string(value)) {
        g_string_append(text, json_string_value(value));
    } else if (strcmp(field, "status") == 0 && json_is_integer(value)) {
        const Settings *settings = page_settings(page, NULL);
        const char *label = status_label((int)json_integer_value(value),
                                         settings != NULL ? settings->tickets.status_labels : NULL);
        g_string_append(text, label != NULL ? label : "?");
    } else if (strcmp(field, "manager") == 0 && json_is_integer(value)) {
        g_autofree char *name = lookup_employee_name(page, json_integer_value(value));
        g_string_append(text, name);
    } else if (json_is_integer(value)) {
        g_string_append_printf(text, "#%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else {
        g_string_append(text, "nothing");
    }
}

/* "status: New → Completed", "added: a@b.example, c@d.example" */
static char *change_words(Page *page, const char *field, const json_t *change)
{
    GString *text = g_string_new(field);
    g_strdelimit(text->str, "_", ' ');
    const json_t *before = json_object_get(change, "before");
    const json_t *after = json_object_get(change, "after");
    if (before != NULL && after != NULL && !(json_is_null(before) && json_is_null(after))) {
        g_string_append(text, ": ");
        append_value(page, text, field, before);
        g_string_append(text, " → ");
        append_value(page, text, field, after);
    } else if (json_is_array(change)) {
        size_t i;
        json_t *item;
        json_array_foreach(change, i, item)
        {
            g_string_append(text, i == 0 ? ": " : ", ");
            append_value(page, text, field, item);
        }
    } else if (json_is_string(change) || json_is_integer(change)) {
        g_string_append(text, ": ");
        append_value(page, text, field, change);
    }
    return g_string_free(text, FALSE);
}

static void add_changes(Page *page, json_t *shown, json_t *changes)
{
    json_t *list = json_array();
    const char *field;
    json_t *change;
    json_object_foreach(changes, field, change)
    {
        g_autofree char *words = change_words(page, field, change);
        json_array_append_new(list, json_string(words));
    }
    json_set_bool(shown, "has_changes", json_array_size(list) > 0);
    json_object_set_new(shown, "changes", list);
}

static json_t *show_event(Page *page, const json_t *event)
{
    json_t *shown = json_object();
    const char *kind = json_get_text(event, "kind");
    json_set_bool(shown, "is_event", true);
    json_set_text(shown, "who", json_get_text(json_object_get(event, "actor"), "name"));
    json_set_text(shown, "words", event_words(kind));
    json_set_text(shown, "channel", channel_words(json_get_text(event, "channel")));
    json_object_set(shown, "at", json_object_get(event, "at"));
    page_add_time(page, shown, "at");
    json_set_bool(shown, "silent", !json_get_bool(event, "notify", true));
    add_changes(page, shown,
                strcmp(kind, "opened") != 0 ? json_object_get(event, "changes") : NULL);
    return shown;
}

static json_t *show_message(Page *page, json_t *message)
{
    json_t *shown = json_copy(message);
    size_t i;
    json_t *copy;
    json_set_bool(shown, "is_message", true);
    json_set_bool(shown, "internal", strcmp(json_get_text(message, "visibility"), "internal") == 0);
    const char *from = json_string_value(json_object_get(message, "from"));
    json_set_text(shown, "who",
                  from != NULL ? from : json_get_text(json_object_get(message, "author"), "name"));
    json_set_text(shown, "channel", channel_words(json_get_text(message, "channel")));
    const char *sender = json_get_text(message, "sender");
    json_set_bool(shown, "unverified", strcmp(sender, "not_verified") == 0);
    page_add_time(page, shown, "at");
    json_array_foreach(json_object_get(shown, "copies"), i, copy)
    {
        story_dress(copy);
        if (json_get_bool(copy, "moving", false))
            json_set_bool(page->data, "told_moving", true);
    }
    json_set_bool(shown, "has_copies", i > 0);
    json_set_bool(shown, "has_files", json_array_size(json_object_get(shown, "attachments")) > 0);
    return shown;
}

/* Every item of a collection that comes in pages; new reference. */
static json_t *get_all(Page *page, int64_t number, const char *what, GError **error)
{
    json_t *all = json_array();
    g_autofree char *cursor = g_strdup("");
    do {
        json_auto_t *list =
            page_get(page, error, "/tickets/%" G_GINT64_FORMAT "/%s?limit=200&cursor=%s", number,
                     what, cursor);
        if (list == NULL) {
            json_decref(all);
            return NULL;
        }
        json_array_extend(all, json_object_get(list, "items"));
        g_free(cursor);
        cursor = g_strdup(json_get_text(list, "next_cursor"));
    } while (*cursor != '\0');
    return all;
}

/* By time: messages of a duplicate that was merged into this ticket have their events there. */
static int compare_items(const void *a, const void *b)
{
    const json_t *one = *(json_t *const *)a;
    const json_t *other = *(json_t *const *)b;
    int64_t first, second;
    if (!text_to_time(json_get_text(one, "at"), NULL, &first, NULL) ||
        !text_to_time(json_get_text(other, "at"), NULL, &second, NULL) || first == second)
        return (int)(json_get_int(one, "place") - json_get_int(other, "place"));
    return first < second ? -1 : 1;
}

static void add_item(GPtrArray *items, json_t *item)
{
    json_set_int(item, "place", (int64_t)items->len);
    g_ptr_array_add(items, item);
}

bool story_add_timeline(Page *page, int64_t number, GError **error)
{
    json_auto_t *events = get_all(page, number, "events", error);
    json_auto_t *messages = events != NULL ? get_all(page, number, "messages", error) : NULL;
    if (messages == NULL)
        return false;
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    size_t i;
    json_t *item;
    json_array_foreach(events, i, item)
    {
        if (strcmp(json_get_text(item, "kind"), "message_added") != 0)
            add_item(items, show_event(page, item));
    }
    json_array_foreach(messages, i, item)
    {
        add_item(items, show_message(page, item));
    }
    g_ptr_array_sort(items, compare_items);
    json_t *timeline = json_array();
    for (guint j = 0; j < items->len; j++)
        json_array_append_new(timeline, items->pdata[j]);
    json_object_set_new(page->data, "timeline", timeline);
    return true;
}
