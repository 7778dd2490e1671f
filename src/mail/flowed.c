/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3676 §4: reading flowed text. */
#include "mail/flowed.h"

#include <glib.h>
#include <string.h>

char *flowed_join(const char *text, bool delete_space)
{
    GString *out = g_string_sized_new(strlen(text));
    bool open = false; /* the line before flows on */
    size_t open_depth = 0;
    while (*text != '\0') {
        const char *end = text + strcspn(text, "\n");
        size_t depth = 0;
        while (text + depth < end && text[depth] == '>')
            depth++;
        const char *line = text + depth;
        if (line < end && *line == ' ')
            line++;
        size_t n = (size_t)(end - line);
        bool signature = n == 3 && memcmp(line, "-- ", 3) == 0;
        bool joins = open && depth == open_depth && !signature;
        if (open && !joins)
            g_string_append_c(out, '\n');
        if (!joins && depth > 0) {
            g_string_append_len(out, text, (gssize)depth);
            g_string_append_c(out, ' ');
        }
        open = n > 0 && line[n - 1] == ' ' && !signature;
        open_depth = depth;
        g_string_append_len(out, line, (gssize)(open && delete_space ? n - 1 : n));
        if (!open && *end == '\n')
            g_string_append_c(out, '\n');
        text = *end == '\n' ? end + 1 : end;
    }
    return g_string_free(out, FALSE);
}
