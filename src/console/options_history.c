/* SPDX-License-Identifier: Apache-2.0 */
/* Who changed the options, when, and what was different afterwards. */
#include "console/options.h"

#include <string.h>

#define SHOWN_MAX   15
#define VALUE_CHARS 160
#define MARK        "_changed" /* of a secret: when it was changed, never what it is */

static const struct {
    const char *channel, *words;
} channels[] = {
    {"console", "in the console"}, {"api", "by the API"},           {"cli", "on the command line"},
    {"email", "by mail"},          {"web", "in the Web Interface"},
};

static const char *channel_words(const char *channel)
{
    for (size_t i = 0; i < G_N_ELEMENTS(channels); i++)
        if (strcmp(channels[i].channel, channel) == 0)
            return channels[i].words;
    return channel;
}

/* ---- two objects side by side ---- */

/* Every value with its place: "brake.customers". */
static void flatten(const json_t *value, const char *place, json_t *flat)
{
    const char *key;
    json_t *inner;
    size_t i;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, inner)
        {
            g_autofree char *below =
                *place != '\0' ? g_strconcat(place, ".", key, NULL) : g_strdup(key);
            flatten(inner, below, flat);
        }
    } else if (json_is_array(value) && json_array_size(value) > 0) {
        json_array_foreach(value, i, inner)
        {
            g_autofree char *below = g_strdup_printf("%s.%zu", place, i + 1);
            flatten(inner, below, flat);
        }
    } else if (!json_is_array(value)) {
        json_object_set(flat, place, (json_t *)value);
    }
}

static char *in_words(const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return g_strdup("not set");
    if (json_is_boolean(value))
        return g_strdup(json_is_true(value) ? "on" : "off");
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (*text == '\0')
        return g_strdup("empty");
    g_autofree char *cut = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), VALUE_CHARS));
    return g_strdup_printf("\"%s\"%s", cut, strlen(cut) < strlen(text) ? " ..." : "");
}

static void add_difference(json_t *list, const char *place, const json_t *was, const json_t *is)
{
    if (was != NULL && is != NULL && json_equal(was, is))
        return;
    json_t *difference = json_object();
    if (g_str_has_suffix(place, MARK)) {
        g_autofree char *secret = g_strndup(place, strlen(place) - strlen(MARK));
        json_set_text(difference, "place", secret);
        json_set_bool(difference, "secret", true);
    } else {
        g_autofree char *before = in_words(was);
        g_autofree char *after = in_words(is);
        json_set_text(difference, "place", place);
        json_set_bool(difference, "secret", false);
        json_set_text(difference, "was", before);
        json_set_text(difference, "now", after);
    }
    json_array_append_new(list, difference);
}

static json_t *differences(const json_t *before, const json_t *after)
{
    json_auto_t *was = json_object();
    json_auto_t *is = json_object();
    flatten(before, "", was);
    flatten(after, "", is);
    json_t *list = json_array();
    const char *place;
    json_t *value;
    json_object_foreach(is, place, value)
    {
        add_difference(list, place, json_object_get(was, place), value);
    }
    json_object_foreach(was, place, value)
    {
        if (json_object_get(is, place) == NULL)
            add_difference(list, place, value, NULL);
    }
    return list;
}

/* ---- the list ---- */

bool history_add(Page *page, const char *section, GError **error)
{
    json_auto_t *answer = page_get(page, error, "/options/%s/changes?limit=%d", section, SHOWN_MAX);
    if (answer == NULL)
        return false;
    json_t *list = json_array();
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(answer, "items"), i, change)
    {
        json_t *shown = json_object();
        json_set_text(shown, "at", json_get_text(change, "at"));
        page_add_time(page, shown, "at");
        json_set_text(shown, "who", json_get_text(json_object_get(change, "actor"), "name"));
        json_set_text(shown, "channel", channel_words(json_get_text(change, "channel")));
        json_object_set_new(
            shown, "differences",
            differences(json_object_get(change, "before"), json_object_get(change, "after")));
        json_array_append_new(list, shown);
    }
    json_set_bool(page->data, "no_history", json_array_size(list) == 0);
    json_set_bool(page->data, "more_history",
                  json_is_string(json_object_get(answer, "next_cursor")));
    json_object_set_new(page->data, "history", list);
    return true;
}
