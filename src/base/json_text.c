/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as text. Jansson's own writer decodes every character of every string and has to run twice
 * to know how much memory it needs; it was a sixth of the work of opening a ticket. What is written
 * here is the same, byte for byte: only '"', '\' and what is below U+0020 is escaped (RFC 8259 §7).
 */
#include "base/json.h"

#include <string.h>

#define FIRST_BYTES 512

/* How much of `text` needs no escape. */
static size_t plain_bytes(const char *text, size_t bytes)
{
    size_t n = 0;
    while (n < bytes && (unsigned char)text[n] >= 0x20 && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

static void append_escape(GString *out, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof named; i += 2) {
        if ((unsigned char)named[i] == c) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, named[i + 1]);
            return;
        }
    }
    g_string_append_printf(out, "\\u%04X", c);
}

static void append_string(GString *out, const char *text, size_t bytes)
{
    g_string_append_c(out, '"');
    while (bytes > 0) {
        size_t plain = plain_bytes(text, bytes);
        g_string_append_len(out, text, (gssize)plain);
        if (plain < bytes)
            append_escape(out, (unsigned char)text[plain++]);
        text += plain;
        bytes -= plain;
    }
    g_string_append_c(out, '"');
}

static void append_integer(GString *out, int64_t value)
{
    char digits[24];
    char *end = digits + sizeof digits;
    char *start = end;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--start = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        *--start = '-';
    g_string_append_len(out, start, end - start);
}

/* Rare: Jansson knows how many digits a number needs to be read back as itself. */
static void append_real(GString *out, const json_t *value)
{
    char text[64];
    size_t bytes = json_dumpb(value, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);
    g_string_append_len(out, text, (gssize)MIN(bytes, sizeof text));
}

static void append_value(GString *out, const json_t *value);

static void append_object(GString *out, json_t *object)
{
    char separator = '{';
    for (void *field = json_object_iter(object); field != NULL;
         field = json_object_iter_next(object, field)) {
        const char *name = json_object_iter_key(field);
        g_string_append_c(out, separator);
        append_string(out, name, strlen(name));
        g_string_append_c(out, ':');
        append_value(out, json_object_iter_value(field));
        separator = ',';
    }
    g_string_append(out, separator == '{' ? "{}" : "}");
}

static void append_array(GString *out, const json_t *array)
{
    char separator = '[';
    for (size_t i = 0; i < json_array_size(array); i++) {
        g_string_append_c(out, separator);
        append_value(out, json_array_get(array, i));
        separator = ',';
    }
    g_string_append(out, separator == '[' ? "[]" : "]");
}

static void append_value(GString *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        append_object(out, (json_t *)value); /* the iterator's type; nothing is changed */
        break;
    case JSON_ARRAY:
        append_array(out, value);
        break;
    case JSON_STRING:
        append_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        append_integer(out, json_integer_value(value));
        break;
    case JSON_REAL:
        append_real(out, value);
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *json_text(const json_t *value)
{
    GString *out = g_string_sized_new(FIRST_BYTES);
    append_value(out, value);
    return g_string_free(out, FALSE);
}
