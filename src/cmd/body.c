/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/body.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define NONE "none"

void option_value_clear(OptionValue *value)
{
    g_free(value->text);
    g_strfreev(value->list);
}

bool option_value_given(const OptionValue *value)
{
    return value != NULL && (value->given || value->text != NULL || value->list != NULL);
}

static bool is_list(OptionKind kind)
{
    return kind == OPTION_LIST || kind == OPTION_PEOPLE || kind == OPTION_ATTACH;
}

static bool is_switch(OptionKind kind)
{
    return kind == OPTION_SWITCH || kind == OPTION_QUERY_TRUE || kind == OPTION_TRUE ||
           kind == OPTION_FALSE;
}

GOptionEntry *option_entries(const GPtrArray *options, OptionValue *values)
{
    GOptionEntry *entries = g_new0(GOptionEntry, options->len + 1);
    for (guint i = 0; i < options->len; i++) {
        const Option *option = options->pdata[i];
        GOptionEntry *entry = &entries[i];
        entry->long_name = option->name;
        entry->description = option->help;
        entry->arg_description = option->argument;
        if (is_switch(option->kind)) {
            entry->arg = G_OPTION_ARG_NONE;
            entry->arg_data = &values[i].given;
        } else if (is_list(option->kind)) {
            entry->arg = G_OPTION_ARG_STRING_ARRAY;
            entry->arg_data = &values[i].list;
        } else {
            bool file = option->kind == OPTION_FILE;
            entry->arg = file ? G_OPTION_ARG_FILENAME : G_OPTION_ARG_STRING;
            entry->arg_data = &values[i].text;
        }
    }
    return entries;
}

/* ---- values ---- */

static bool read_all(FILE *file, GString *text, GError **error)
{
    char buffer[16384];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        if (text->len + got > LIMIT_REQUEST_BODY_BYTES) {
            error_set(error, TD_ERROR_LIMIT, "The text is larger than %d bytes",
                      LIMIT_REQUEST_BODY_BYTES);
            return false;
        }
        g_string_append_len(text, buffer, (gssize)got);
    }
    if (!ferror(file))
        return true;
    error_set(error, TD_ERROR_NOT_FOUND, "The text cannot be read: %s", g_strerror(errno));
    return false;
}

char *text_read_file(const char *path, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    g_autoptr(GString) text = g_string_new(NULL);
    FILE *file = standard ? stdin : fopen(path, "re");
    if (file == NULL) {
        error_set(error, TD_ERROR_NOT_FOUND, "The file %s cannot be read: %s", path,
                  g_strerror(errno));
        return NULL;
    }
    bool ok = read_all(file, text, error);
    if (!standard)
        fclose(file);
    if (!ok)
        return NULL;
    if (!g_utf8_validate(text->str, (gssize)text->len, NULL)) {
        error_set_problem(error, TD_ERROR_MALFORMED, "not-utf8", NULL,
                          "%s is not text in UTF-8; nothing was changed",
                          standard ? "Standard input" : path);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static json_t *read_file(const char *path, GError **error)
{
    g_autofree char *text = text_read_file(path, error);
    return text != NULL ? json_string(text) : NULL;
}

static json_t *read_id(const char *name, const char *text, GError **error)
{
    int64_t id;
    if (strcmp(text, NONE) == 0)
        return json_null();
    if (text_to_int(text, 1, INT64_MAX, &id))
        return json_integer(id);
    command_misused(error, "--%s must be a number or \"" NONE "\", not \"%s\"", name, text);
    return NULL;
}

/* "2026-11-30 17:00", as a clock on the terminal's wall shows it. */
static bool read_local_time(const char *text, int64_t *time_us)
{
    bool shaped = strlen(text) == 16 && text[4] == '-' && text[7] == '-' &&
                  (text[10] == ' ' || text[10] == 'T') && text[13] == ':';
    if (!shaped)
        return false;
    g_autofree char *whole = g_strdup_printf("%.10sT%s:00", text, text + 11);
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, zone);
    if (time != NULL)
        *time_us = g_date_time_to_unix(time) * US_PER_SECOND;
    return time != NULL;
}

static json_t *read_time(const char *name, const char *text, GError **error)
{
    int64_t time_us;
    if (strcmp(text, NONE) == 0)
        return json_null();
    if (!read_local_time(text, &time_us) && !text_to_time(text, NULL, &time_us, NULL)) {
        command_misused(error,
                        "--%s must be a time such as \"2026-11-30 17:00\" or 2026-11-30T16:00:00Z,"
                        " or \"" NONE "\", not \"%s\"",
                        name, text);
        return NULL;
    }
    g_autofree char *utc = text_from_time(time_us);
    return json_string(utc);
}

static json_t *read_list(char **texts)
{
    json_t *list = json_array();
    if (g_strv_length(texts) == 1 && strcmp(texts[0], NONE) == 0)
        return list;
    for (char **text = texts; *text != NULL; text++)
        json_array_append_new(list, json_string(*text));
    return list;
}

json_t *body_person(const char *text)
{
    json_t *person = json_object();
    g_autofree char *copy = g_strdup(text);
    g_strstrip(copy);
    char *open = strrchr(copy, '<');
    size_t length = strlen(copy);
    if (open != NULL && copy[length - 1] == '>') {
        copy[length - 1] = '\0';
        *open = '\0';
        json_set_text(person, "email", open + 1);
        g_strstrip(copy);
        if (*copy != '\0')
            json_set_text(person, "name", copy);
    } else {
        json_set_text(person, "email", copy);
    }
    return person;
}

static json_t *read_people(char **texts)
{
    json_t *list = json_array();
    for (char **text = texts; *text != NULL; text++)
        json_array_append_new(list, body_person(*text));
    return list;
}

/* At most LIMIT_REQUEST_BODY_BYTES, as the whole request. */
static json_t *read_attachment(const char *path, GError **error)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        error_set(error, TD_ERROR_NOT_FOUND, "The file %s cannot be read: %s", path,
                  g_strerror(errno));
        return NULL;
    }
    bool ok = read_all(file, bytes, error);
    fclose(file);
    if (!ok)
        return NULL;
    g_autofree char *content = g_base64_encode((const guchar *)bytes->str, bytes->len);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_utf8_make_valid(base, -1);
    g_autofree char *type = g_content_type_guess(path, NULL, 0, NULL);
    g_autofree char *mime = g_content_type_get_mime_type(type);
    json_t *attachment = json_object();
    json_set_text(attachment, "name", name);
    json_set_text(attachment, "content_type", mime);
    json_set_text(attachment, "content", content);
    return attachment;
}

static json_t *read_attachments(char **paths, GError **error)
{
    json_auto_t *list = json_array();
    for (char **path = paths; *path != NULL; path++) {
        json_t *attachment = read_attachment(*path, error);
        if (attachment == NULL)
            return NULL;
        json_array_append_new(list, attachment);
    }
    return json_incref(list);
}

/* ---- the body ---- */

static json_t *read_value(const Option *option, const OptionValue *value, GError **error)
{
    switch (option->kind) {
    case OPTION_TEXT:
        return json_string(value->text);
    case OPTION_FILE:
        return read_file(value->text, error);
    case OPTION_ID:
        return read_id(option->name, value->text, error);
    case OPTION_TIME:
        return read_time(option->name, value->text, error);
    case OPTION_TRUE:
        return json_true();
    case OPTION_FALSE:
        return json_false();
    case OPTION_LIST:
        return read_list(value->list);
    case OPTION_PEOPLE:
        return read_people(value->list);
    case OPTION_ATTACH:
        return read_attachments(value->list, error);
    case OPTION_PLAIN:
    case OPTION_SWITCH:
    case OPTION_QUERY:
    case OPTION_QUERY_TRUE:
        break;
    }
    return NULL;
}

json_t *body_from_options(const GPtrArray *options, const OptionValue *values, GError **error)
{
    json_auto_t *body = json_object();
    for (guint i = 0; i < options->len; i++) {
        const Option *option = options->pdata[i];
        if (!option_value_given(&values[i]) || option->kind == OPTION_PLAIN ||
            option->kind == OPTION_SWITCH || option->kind == OPTION_QUERY ||
            option->kind == OPTION_QUERY_TRUE)
            continue;
        const char *field = option->field != NULL ? option->field : option->name;
        if (json_object_get(body, field) != NULL) {
            command_misused(error, "--%s does not go together with another option that was given",
                            option->name);
            return NULL;
        }
        json_t *value = read_value(option, &values[i], error);
        if (value == NULL)
            return NULL;
        json_object_set_new(body, field, value);
    }
    return json_incref(body);
}
