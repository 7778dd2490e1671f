/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/assign.h"

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/print.h"

#include <string.h>

#define MAX_DEPTH 8

/* A text that would be read as something else, or cannot stand on a line, is shown as JSON. */
static char *value_text(const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL)
        return json_text(value);
    json_auto_t *parsed = json_loads(text, JSON_DECODE_ANY, NULL);
    g_autofree char *shown = plain_line(text);
    bool bare = strcmp(shown, text) == 0 && !json_is_string(parsed) && !json_is_null(parsed);
    return bare ? g_strdup(text) : json_text(value);
}

void assign_print(const json_t *object, const char *prefix)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        g_autofree char *key = g_strconcat(prefix, name, NULL);
        if (json_is_object(value) && json_object_size(value) > 0) {
            g_autofree char *inner = g_strconcat(key, ".", NULL);
            assign_print(value, inner);
            continue;
        }
        g_autofree char *text = value_text(value);
        g_autofree char *line = g_strdup_printf("%s=%s", key, text);
        g_autofree char *shown = plain_line(line);
        command_print("%s\n", shown);
    }
}

static json_t *parse_value(const char *text, const json_t *present)
{
    json_t *parsed = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (parsed == NULL)
        return json_string(text);
    if (!json_is_string(present) || json_is_string(parsed) || json_is_null(parsed))
        return parsed;
    json_decref(parsed);
    return json_string(text);
}

/* The object `name` in `object`, made where there is none; NULL where something else stands there.
 */
static json_t *step_into(json_t *object, const char *name)
{
    json_t *inner = json_object_get(object, name);
    if (inner == NULL) {
        inner = json_object();
        json_object_set_new(object, name, inner);
    }
    return json_is_object(inner) ? inner : NULL;
}

bool assign_read(const char *assignment, const json_t *present, json_t *body, GError **error)
{
    const char *equals = strchr(assignment, '=');
    g_autofree char *key =
        equals != NULL ? g_strndup(assignment, (gsize)(equals - assignment)) : g_strdup("");
    g_auto(GStrv) steps = g_strsplit(key, ".", MAX_DEPTH);
    guint n = g_strv_length(steps);
    bool ok = n > 0;
    for (guint i = 0; i < n; i++)
        ok = ok && *steps[i] != '\0';
    for (guint i = 0; ok && i + 1 < n; i++) {
        body = step_into(body, steps[i]);
        present = json_object_get(present, steps[i]);
        ok = body != NULL;
    }
    if (!ok || json_object_get(body, steps[n - 1]) != NULL) {
        command_misused(error, ok ? "\"%s\" was given before" : "\"%s\" is not KEY=VALUE",
                        assignment);
        return false;
    }
    json_object_set_new(body, steps[n - 1],
                        parse_value(equals + 1, json_object_get(present, steps[n - 1])));
    return true;
}
