/* SPDX-License-Identifier: Apache-2.0 */
#include "console/fields.h"

#include <glib.h>

json_t *fields_lines(const char *text, bool commas)
{
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit_set(text, commas ? "\r\n,; \t" : "\r\n", -1);
    for (char **part = parts; *part != NULL; part++) {
        g_strstrip(*part);
        if (**part != '\0')
            json_array_append_new(list, json_string(*part));
    }
    return list;
}

char *fields_join(const json_t *list)
{
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *line = json_string_value(item);
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", line != NULL ? line : "");
    }
    return g_string_free(text, FALSE);
}

json_t *fields_mark(const char *field, const FieldName *names, size_t n)
{
    json_t *errors = json_object();
    size_t i = 0;
    while (field != NULL && i < n && !g_str_has_prefix(field, names[i].pointer))
        i++;
    if (field != NULL && i < n)
        json_object_set_new(errors, names[i].name, json_true());
    return errors;
}
