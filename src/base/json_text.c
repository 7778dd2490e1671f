/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON as Jansson would (JSON_COMPACT), byte for byte, at less than half of the cost: every
 * event and every answer is written, and Jansson hands on each piece by a function and notes each
 * container in a hash table, to find loops. There are none: all JSON here is what was parsed, or
 * built from new values.
 */
#include "base/json.h"

#define START_BYTES 1024

static void put_escaped(GString *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    for (size_t i = 0; i < sizeof from - 1; i++) {
        if (c != from[i])
            continue;
        g_string_append_c(out, '\\');
        g_string_append_c(out, to[i]);
        return;
    }
    g_string_append_printf(out, "\\u%04X", (unsigned)c);
}

static void put_string(GString *out, const char *text, size_t bytes)
{
    size_t written = 0;
    g_string_append_c(out, '"');
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if ((unsigned char)c >= ' ' && c != '"' && c != '\\')
            continue;
        g_string_append_len(out, text + written, (gssize)(i - written));
        put_escaped(out, c);
        written = i + 1;
    }
    g_string_append_len(out, text + written, (gssize)(bytes - written));
    g_string_append_c(out, '"');
}

static void put_number(GString *out, const json_t *value)
{
    char digits[64];
    size_t bytes = json_dumpb(value, digits, sizeof digits, JSON_ENCODE_ANY);
    g_string_append_len(out, digits, (gssize)MIN(bytes, sizeof digits));
}

static void put(GString *out, const json_t *value);

static void put_object(GString *out, const json_t *value)
{
    json_t *object = (json_t *)value; /* Jansson's iterator knows no const */
    char before = '{';
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        g_string_append_c(out, before);
        put_string(out, json_object_iter_key(i), json_object_iter_key_len(i));
        g_string_append_c(out, ':');
        put(out, json_object_iter_value(i));
        before = ',';
    }
    if (before == '{')
        g_string_append_c(out, '{');
    g_string_append_c(out, '}');
}

static void put_array(GString *out, const json_t *value)
{
    g_string_append_c(out, '[');
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        put(out, json_array_get(value, i));
    }
    g_string_append_c(out, ']');
}

/* As deep as the JSON is, which json_parse() limits. */
static void put(GString *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value);
        return;
    case JSON_ARRAY:
        put_array(out, value);
        return;
    case JSON_STRING:
        put_string(out, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
    case JSON_REAL:
        put_number(out, value);
        return;
    case JSON_TRUE:
        g_string_append(out, "true");
        return;
    case JSON_FALSE:
        g_string_append(out, "false");
        return;
    case JSON_NULL:
        g_string_append(out, "null");
        return;
    }
}

char *json_text(const json_t *value)
{
    GString *out = g_string_sized_new(START_BYTES);
    put(out, value);
    return g_string_free(out, FALSE);
}
