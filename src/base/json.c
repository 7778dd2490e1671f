/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* Jansson itself limits depth to JSON_PARSER_MAX_DEPTH (2048); ours is far lower and checked on the
 * text, before anything is allocated. */
static bool too_deep(const char *text, size_t bytes)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

json_t *json_parse(const char *text, size_t bytes, GError **error)
{
    if (!g_utf8_validate_len(text, bytes, NULL)) {
        error_set_problem(error, TD_ERROR_MALFORMED, "not-utf8", NULL,
                          "The request body is not valid UTF-8; nothing was changed");
        return NULL;
    }
    if (too_deep(text, bytes)) {
        error_set_problem(error, TD_ERROR_MALFORMED, "bad-json", NULL,
                          "The JSON is nested more than %d levels deep", LIMIT_JSON_DEPTH);
        return NULL;
    }
    json_error_t failure;
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &failure);
    if (value == NULL)
        error_set_problem(error, TD_ERROR_MALFORMED, "bad-json", NULL,
                          "The request body is not JSON: %s (line %d, column %d)", failure.text,
                          failure.line, failure.column);
    return value;
}

/* Jansson has to write a text to know how long it is; most are so short that once is enough. */
char *json_text(const json_t *value)
{
    char small[4096];
    size_t bytes = json_dumpb(value, small, sizeof small, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text = g_malloc(bytes + 1);
    if (bytes <= sizeof small)
        memcpy(text, small, bytes);
    else
        json_dumpb(value, text, bytes, JSON_COMPACT | JSON_ENCODE_ANY);
    text[bytes] = '\0';
    return text;
}

void json_reader_fail(JsonReader *reader, GError *error)
{
    if (reader->error == NULL)
        reader->error = error;
    else
        g_error_free(error);
}

static void fail(JsonReader *reader, const char *problem, const char *path, const char *why)
{
    if (reader->error == NULL)
        error_set_problem(&reader->error, TD_ERROR_INVALID, problem, path, "%s %s",
                          *path != '\0' ? path : "The request body", why);
}

static void fail_field(JsonReader *reader, const char *problem, const char *name, const char *why)
{
    g_autofree char *path = json_reader_path(reader, name);
    fail(reader, problem, path, why);
}

void json_reader_init(JsonReader *reader, json_t *value, const char *path)
{
    *reader = (JsonReader){.object = value, .path = path};
    if (!json_is_object(value))
        fail(reader, "wrong-type", path, "must be a JSON object");
}

char *json_reader_path(const JsonReader *reader, const char *name)
{
    g_auto(GStrv) tildes = g_strsplit(name, "~", -1);
    g_autofree char *without_tilde = g_strjoinv("~0", tildes);
    g_auto(GStrv) slashes = g_strsplit(without_tilde, "/", -1);
    g_autofree char *escaped = g_strjoinv("~1", slashes);
    return g_strconcat(reader->path, "/", escaped, NULL);
}

char *json_reader_path_at(const JsonReader *reader, const char *name, size_t index)
{
    g_autofree char *path = json_reader_path(reader, name);
    return g_strdup_printf("%s/%zu", path, index);
}

/* The field's value, or NULL when it is absent or the reader has failed already. */
static json_t *take(JsonReader *reader, const char *name)
{
    g_assert(reader->n_asked < LIMIT_JSON_FIELDS);
    reader->asked[reader->n_asked++] = name;
    return reader->error == NULL ? json_object_get(reader->object, name) : NULL;
}

void json_require(JsonReader *reader, const char *name)
{
    if (reader->error == NULL && json_object_get(reader->object, name) == NULL)
        fail_field(reader, "missing-field", name, "is missing");
}

bool json_has(JsonReader *reader, const char *name)
{
    return take(reader, name) != NULL;
}

/* text_one_line() or text_secret() */
typedef bool (*ReadLine)(const char *in, size_t bytes, size_t max_chars, const char *field,
                         char **out, GError **error);

static bool read_line(JsonReader *reader, const char *name, json_t *value, size_t max_chars,
                      ReadLine read, char **out)
{
    if (!json_is_string(value)) {
        fail_field(reader, "wrong-type", name, "must be a text");
        return false;
    }
    g_autofree char *path = json_reader_path(reader, name);
    return read(json_string_value(value), json_string_length(value), max_chars, path, out,
                &reader->error);
}

bool json_read_line(JsonReader *reader, const char *name, size_t max_chars, char **out)
{
    json_t *value = take(reader, name);
    return value != NULL && read_line(reader, name, value, max_chars, text_one_line, out);
}

static bool read_optional(JsonReader *reader, const char *name, size_t max_chars, ReadLine read,
                          char **out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    g_autofree char *text = NULL;
    if (!json_is_null(value) && !read_line(reader, name, value, max_chars, read, &text))
        return false;
    *out = text != NULL && *text != '\0' ? g_steal_pointer(&text) : NULL;
    return true;
}

bool json_read_optional_line(JsonReader *reader, const char *name, size_t max_chars, char **out)
{
    return read_optional(reader, name, max_chars, text_one_line, out);
}

bool json_read_secret(JsonReader *reader, const char *name, size_t max_chars, char **out)
{
    return read_optional(reader, name, max_chars, text_secret, out);
}

bool json_read_block(JsonReader *reader, const char *name, size_t max_bytes, char **out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (json_is_null(value)) {
        *out = g_strdup("");
        return true;
    }
    if (!json_is_string(value)) {
        fail_field(reader, "wrong-type", name, "must be a text");
        return false;
    }
    g_autofree char *path = json_reader_path(reader, name);
    return text_block(json_string_value(value), json_string_length(value), max_bytes, path, out,
                      &reader->error);
}

bool json_read_bool(JsonReader *reader, const char *name, bool *out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (!json_is_boolean(value)) {
        fail_field(reader, "wrong-type", name, "must be true or false");
        return false;
    }
    *out = json_is_true(value);
    return true;
}

static bool read_int(JsonReader *reader, const char *name, json_t *value, int64_t min, int64_t max,
                     int64_t *out)
{
    if (!json_is_integer(value)) {
        fail_field(reader, "wrong-type", name, "must be a whole number");
        return false;
    }
    int64_t number = json_integer_value(value);
    if (number < min || number > max) {
        g_autofree char *why =
            max == INT64_MAX
                ? g_strdup_printf("must be at least %" G_GINT64_FORMAT, min)
                : g_strdup_printf("must be from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min,
                                  max);
        fail_field(reader, "out-of-range", name, why);
        return false;
    }
    *out = number;
    return true;
}

bool json_read_int(JsonReader *reader, const char *name, int64_t min, int64_t max, int64_t *out)
{
    json_t *value = take(reader, name);
    return value != NULL && read_int(reader, name, value, min, max, out);
}

bool json_read_id(JsonReader *reader, const char *name, int64_t *out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (json_is_null(value)) {
        *out = 0;
        return true;
    }
    return read_int(reader, name, value, 1, INT64_MAX, out);
}

bool json_read_time(JsonReader *reader, const char *name, int64_t *out_us)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (json_is_null(value)) {
        *out_us = 0;
        return true;
    }
    if (!json_is_string(value)) {
        fail_field(reader, "wrong-type", name, "must be a time, written as 2026-11-23T18:30:00Z");
        return false;
    }
    g_autofree char *path = json_reader_path(reader, name);
    return text_to_time(json_string_value(value), path, out_us, &reader->error);
}

bool json_read_array(JsonReader *reader, const char *name, size_t max_items, json_t **out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (!json_is_array(value)) {
        fail_field(reader, "wrong-type", name, "must be a list");
        return false;
    }
    if (json_array_size(value) > max_items) {
        g_autofree char *why = g_strdup_printf("has %zu items; at most %zu are allowed",
                                               json_array_size(value), max_items);
        fail_field(reader, "too-many", name, why);
        return false;
    }
    *out = value;
    return true;
}

bool json_read_object(JsonReader *reader, const char *name, json_t **out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    if (!json_is_object(value)) {
        fail_field(reader, "wrong-type", name, "must be a JSON object");
        return false;
    }
    *out = value;
    return true;
}

bool json_read_any(JsonReader *reader, const char *name, json_t **out)
{
    json_t *value = take(reader, name);
    if (value == NULL)
        return false;
    *out = value;
    return true;
}

static bool was_asked(const JsonReader *reader, const char *name)
{
    for (size_t i = 0; i < reader->n_asked; i++)
        if (strcmp(reader->asked[i], name) == 0)
            return true;
    return false;
}

bool json_reader_end(JsonReader *reader, GError **error)
{
    const char *name;
    json_t *value;
    if (reader->error == NULL)
        json_object_foreach(reader->object, name, value) if (!was_asked(reader, name))
        {
            fail_field(reader, "unknown-field", name, "is not a field known here");
            break;
        }
    if (reader->error == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&reader->error));
    return false;
}

void json_set_text(json_t *object, const char *name, const char *value)
{
    json_object_set_new_nocheck(object, name, value ? json_string_nocheck(value) : json_null());
}

void json_set_int(json_t *object, const char *name, int64_t value)
{
    json_object_set_new_nocheck(object, name, json_integer(value));
}

void json_set_id(json_t *object, const char *name, int64_t value)
{
    json_object_set_new_nocheck(object, name, value != 0 ? json_integer(value) : json_null());
}

void json_set_bool(json_t *object, const char *name, bool value)
{
    json_object_set_new_nocheck(object, name, json_boolean(value));
}

void json_set_time(json_t *object, const char *name, int64_t time_us)
{
    g_autofree char *text = time_us != 0 ? text_from_time(time_us) : NULL;
    json_set_text(object, name, text);
}

const char *json_get_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

int64_t json_get_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

bool json_get_bool(const json_t *object, const char *name, bool fallback)
{
    const json_t *value = json_object_get(object, name);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
