/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The escape functions. All work byte by byte on UTF-8 (all characters that matter are ASCII, which
 * never stands inside a longer character), so a value may come in pieces.
 */
#include "template/template.h"

#include <string.h>

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

static void append_encoded(GString *out, const char *value, size_t bytes, const char *kept)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c == '&' && strchr(kept, '&') != NULL)
            g_string_append(out, "&amp;");
        else if (g_ascii_isalnum(c) || (c != '\0' && strchr(kept, c) != NULL))
            g_string_append_c(out, (char)c);
        else
            g_string_append_printf(out, "%%%02X", c);
    }
}

static bool has_scheme(const char *value, size_t bytes)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:", "tel:"};
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        size_t length = strlen(schemes[i]);
        if (bytes >= length && g_ascii_strncasecmp(value, schemes[i], length) == 0)
            return true;
    }
    return false;
}

/* Only the first piece of a value finds the attribute's opening quote at the end of `out`: what was
 * escaped never ends in one. */
static bool is_first_piece(const GString *out)
{
    return out->len > 0 && strchr("\"'", out->str[out->len - 1]) != NULL;
}

void template_escape_url(GString *out, const char *value, size_t bytes)
{
    if (is_first_piece(out) && !has_scheme(value, bytes))
        g_string_append_c(out, '#');
    else
        append_encoded(out, value, bytes, "-._~:/?#[]@!$&()*+,;=%");
}

void template_escape_url_part(GString *out, const char *value, size_t bytes)
{
    append_encoded(out, value, bytes, "-._~@");
}
