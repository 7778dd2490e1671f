/* SPDX-License-Identifier: Apache-2.0 */
#include "records/search.h"

#include <glib.h>

char *search_pattern(const char *typed)
{
    g_autofree char *lower = g_utf8_strdown(typed != NULL ? typed : "", -1);
    GString *pattern = g_string_new("%");
    for (const char *p = lower; *p != '\0'; p++) {
        if (*p == '%' || *p == '_' || *p == '!')
            g_string_append_c(pattern, '!');
        g_string_append_c(pattern, *p);
    }
    if (pattern->len > 1)
        g_string_append_c(pattern, '%');
    return g_string_free(pattern, FALSE);
}
