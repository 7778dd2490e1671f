/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include <string.h>

static void field_clear(void *item)
{
    HttpField *field = item;
    g_free(field->name);
    g_free(field->value);
}

GArray *http_fields_new(void)
{
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(HttpField));
    g_array_set_clear_func(fields, field_clear);
    return fields;
}

void http_fields_take(GArray *fields, char *name, char *value)
{
    HttpField field = {name, value};
    g_array_append_val(fields, field);
}

static HttpField *find_header(const GArray *fields, const char *name)
{
    for (guint i = 0; i < fields->len; i++) {
        HttpField *field = &g_array_index(fields, HttpField, i);
        if (g_ascii_strcasecmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

const char *http_fields_header(const GArray *fields, const char *name)
{
    const HttpField *field = find_header(fields, name);
    return field != NULL ? field->value : NULL;
}

const char *http_fields_exact(const GArray *fields, const char *name)
{
    for (guint i = 0; i < fields->len; i++) {
        const HttpField *field = &g_array_index(fields, HttpField, i);
        if (strcmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

static char *one_line(const char *value)
{
    char *copy = g_strdup(value != NULL ? value : "");
    for (char *c = copy; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            *c = ' ';
    return copy;
}

void http_fields_add_header(GArray *fields, const char *name, const char *value)
{
    http_fields_take(fields, g_strdup(name), one_line(value));
}

void http_fields_set_header(GArray *fields, const char *name, const char *value)
{
    HttpField *field = find_header(fields, name);
    if (field == NULL) {
        http_fields_add_header(fields, name, value);
        return;
    }
    g_free(field->value);
    field->value = one_line(value);
}
