/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include <string.h>

static void field_clear(void *item)
{
    HttpField *field = item;
    g_free(field->name);
}

GArray *http_fields_new(void)
{
    GArray *fields = g_array_new(FALSE, FALSE, sizeof(HttpField));
    g_array_set_clear_func(fields, field_clear);
    return fields;
}

static HttpField make_field(const char *name, const char *value)
{
    size_t name_bytes = strlen(name) + 1;
    size_t value_bytes = strlen(value) + 1;
    char *block = g_malloc(name_bytes + value_bytes);
    memcpy(block, name, name_bytes);
    memcpy(block + name_bytes, value, value_bytes);
    return (HttpField){block, block + name_bytes};
}

void http_fields_add(GArray *fields, const char *name, const char *value)
{
    HttpField field = make_field(name, value);
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

/* Control characters would end the header, or begin another. */
static HttpField make_header(const char *name, const char *value)
{
    HttpField field = make_field(name, value != NULL ? value : "");
    for (char *c = field.name + strlen(name) + 1; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            *c = ' ';
    return field;
}

void http_fields_add_header(GArray *fields, const char *name, const char *value)
{
    HttpField field = make_header(name, value);
    g_array_append_val(fields, field);
}

void http_fields_set_header(GArray *fields, const char *name, const char *value)
{
    HttpField *field = find_header(fields, name);
    if (field == NULL) {
        http_fields_add_header(fields, name, value);
        return;
    }
    HttpField made = make_header(name, value);
    g_free(field->name);
    *field = made;
}
