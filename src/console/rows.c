/* SPDX-License-Identifier: Apache-2.0 */
#include "console/rows.h"

#include "base/text.h"

#include <string.h>

#define REMOVE "remove-"

static char *prefix_of(const FormRows *rows, size_t i)
{
    return g_strdup_printf("%s.%zu.", rows->name, i);
}

json_t *rows_read(const Page *page, const FormRows *rows)
{
    g_autofree char *count = g_strconcat(rows->name, ".rows", NULL);
    int64_t n;
    json_t *list = json_array();
    if (!text_to_int(page_field(page, count), 0, (int64_t)rows->max, &n))
        n = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        g_autofree char *prefix = prefix_of(rows, i);
        json_t *row = json_object();
        form_read(page, rows->fields, prefix, row);
        json_array_append_new(list, row);
    }
    return list;
}

bool rows_act(const Page *page, const FormRows *rows, json_t *list)
{
    const char *act = page_field(page, "act");
    int64_t i;
    if (strcmp(act, "add") == 0) {
        if (json_array_size(list) < rows->max)
            json_array_append_new(list, json_loads(rows->fresh, 0, NULL));
        return true;
    }
    if (!g_str_has_prefix(act, REMOVE) || !text_to_int(act + strlen(REMOVE), 0, INT64_MAX, &i))
        return false;
    json_array_remove(list, (size_t)i);
    return true;
}

void rows_show(Page *page, const FormRows *rows, const json_t *list)
{
    json_t *shown = json_array();
    size_t i;
    json_t *values;
    json_array_foreach((json_t *)list, i, values)
    {
        g_autofree char *prefix = prefix_of(rows, i);
        json_t *row = json_object();
        json_set_int(row, "index", (int64_t)i);
        g_autofree char *title = g_strdup_printf("%s %zu", rows->title, i + 1);
        json_set_text(row, "title", title);
        json_object_set_new(row, "fields", form_show(page, rows->fields, prefix, values, false));
        json_array_append_new(shown, row);
    }
    g_autofree char *count = g_strdup_printf("%zu", json_array_size(shown));
    json_set_text(page->data, "rows_count", count);
    json_set_text(page->data, "rows_name", rows->name);
    json_set_bool(page->data, "rows_full", json_array_size(shown) >= rows->max);
    json_object_set_new(page->data, "rows", shown);
}
