/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two escape functions that most callers need. Both work byte by byte on UTF-8 (all characters
 * that matter are ASCII, which never stands inside a longer character), so a value may come in
 * pieces.
 */
#include "template/template.h"

void template_escape_none(GString *out, const char *value, size_t bytes)
{
    g_string_append_len(out, value, (gssize)bytes);
}

static const char *html_reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void template_escape_html(GString *out, const char *value, size_t bytes)
{
    size_t copied = 0;
    for (size_t i = 0; i < bytes; i++) {
        const char *reference = html_reference(value[i]);
        if (reference == NULL)
            continue;
        g_string_append_len(out, value + copied, (gssize)(i - copied));
        g_string_append(out, reference);
        copied = i + 1;
    }
    g_string_append_len(out, value + copied, (gssize)(bytes - copied));
}
