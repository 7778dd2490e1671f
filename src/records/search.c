/* SPDX-License-Identifier: Apache-2.0 */
#include "records/search.h"

#include <glib.h>

char *search_pattern_as_typed(const char *typed)
{
    GString *pattern = g_string_new("%");
    for (const char *p = typed != NULL ? typed : ""; *p != '\0'; p++) {
        if (*p == '%' || *p == '_' || *p == '!')
            g_string_append_c(pattern, '!');
        g_string_append_c(pattern, *p);
    }
    if (pattern->len > 1)
        g_string_append_c(pattern, '%');
    return g_string_free(pattern, FALSE);
}

char *search_pattern(const char *typed)
{
    g_autofree char *lower = g_utf8_strdown(typed != NULL ? typed : "", -1);
    return search_pattern_as_typed(lower);
}
