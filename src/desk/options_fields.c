/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "base/zone.h"
#include "desk/options-private.h"
#include "mail/address.h"

void option_merge_line(JsonReader *reader, const char *name, size_t max_chars, json_t *stored)
{
    g_autofree char *text = NULL;
    if (json_read_optional_line(reader, name, max_chars, &text))
        json_set_text(stored, name, text != NULL ? text : "");
}

void option_merge_block(JsonReader *reader, const char *name, size_t max_bytes, json_t *stored)
{
    g_autofree char *text = NULL;
    if (json_read_block(reader, name, max_bytes, &text))
        json_set_text(stored, name, text);
}

void option_merge_address(JsonReader *reader, const char *name, json_t *stored)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, name, LIMIT_ADDRESS_BYTES, &text))
        return;
    g_autofree char *address = NULL;
    g_autofree char *path = json_reader_path(reader, name);
    GError *failure = NULL;
    if (text == NULL || address_parse(text, path, &address, NULL, &failure))
        json_set_text(stored, name, address != NULL ? address : "");
    else
        json_reader_fail(reader, failure);
}

void option_merge_choice(JsonReader *reader, const char *name, const char *const *choices,
                         json_t *stored)
{
    g_autofree char *text = NULL;
    if (!json_read_line(reader, name, 32, &text))
        return;
    if (g_strv_contains(choices, text)) {
        json_set_text(stored, name, text);
        return;
    }
    g_autofree char *path = json_reader_path(reader, name);
    g_autofree char *list = g_strjoinv(", ", (char **)choices);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "invalid", path, "%s must be one of: %s", path,
                      list);
    json_reader_fail(reader, failure);
}

void option_merge_int(JsonReader *reader, const char *name, int64_t min, int64_t max,
                      json_t *stored)
{
    int64_t value;
    if (json_read_int(reader, name, min, max, &value))
        json_set_int(stored, name, value);
}

void option_merge_bool(JsonReader *reader, const char *name, json_t *stored)
{
    bool value;
    if (json_read_bool(reader, name, &value))
        json_set_bool(stored, name, value);
}

void option_merge_time_zone(JsonReader *reader, const char *name, json_t *stored)
{
    g_autofree char *text = NULL;
    if (!json_read_line(reader, name, 64, &text))
        return;
    if (zone_find(text) != NULL) {
        json_set_text(stored, name, text);
        return;
    }
    g_autofree char *path = json_reader_path(reader, name);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "invalid", path,
                      "%s: \"%s\" is no time zone known here; write it as Europe/Berlin", path,
                      text);
    json_reader_fail(reader, failure);
}

json_t *option_group(json_t *stored, const char *name)
{
    json_t *value = json_object_get(stored, name);
    if (value == NULL) {
        value = json_object();
        json_object_set_new(stored, name, value);
    }
    return value;
}
