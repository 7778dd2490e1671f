/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/print.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/command.h"

#include <string.h>

#define REPLACEMENT 0xfffd

/* Embeddings, overrides and isolates would let a text rearrange what stands beside it. */
static bool turns_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static char *plain(const char *text, bool one_line)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    g_autoptr(GString) out = g_string_sized_new(strlen(valid));
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool space = c == '\n' || c == '\t';
        if (space || c == 0x2028 || c == 0x2029)
            c = space && !one_line ? c : ' ';
        else if (g_unichar_iscntrl(c) || turns_direction(c))
            c = REPLACEMENT;
        g_string_append_unichar(out, c);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *plain_line(const char *text)
{
    return plain(text, true);
}

char *plain_block(const char *text)
{
    return plain(text, false);
}

int display_width(const char *text)
{
    int width = 0;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

static char *shown_time(const char *text)
{
    int64_t time_us;
    if (!text_to_time(text, NULL, &time_us, NULL))
        return plain_line(text);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_us / US_PER_SECOND);
    return g_date_time_format(time, "%Y-%m-%d %H:%M");
}

static char *shown_list(const json_t *list)
{
    g_autoptr(GString) all = g_string_new(NULL);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *text = json_string_value(value);
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", text != NULL ? text : "?");
    }
    return plain_line(all->str);
}

char *shown_field(const json_t *object, const Shown *shown)
{
    const json_t *value = json_object_get(object, shown->field);
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return shown->kind == SHOWN_TIME ? shown_time(json_string_value(value))
                                         : plain_line(json_string_value(value));
    case JSON_INTEGER:
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_TRUE:
        return g_strdup("yes");
    case JSON_FALSE:
        return g_strdup("no");
    case JSON_ARRAY:
        return shown_list(value);
    case JSON_OBJECT:
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return g_strdup("");
}

void print_fields(const json_t *object, const Shown *fields)
{
    int width = 0;
    for (const Shown *field = fields; field->field != NULL; field++)
        width = MAX(width, display_width(field->label));
    for (const Shown *field = fields; field->field != NULL; field++) {
        g_autofree char *value = shown_field(object, field);
        if (*value != '\0')
            command_print("  %-*s  %s\n", width, field->label, value);
    }
}

void print_block(const char *heading, const char *text)
{
    g_autofree char *plain_text = plain_block(text);
    g_strchomp(plain_text);
    if (*plain_text == '\0')
        return;
    command_print("\n%s\n", heading);
    g_auto(GStrv) lines = g_strsplit(plain_text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        command_print("%s%s\n", **line != '\0' ? "  " : "", *line);
}
