/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/html_tag.h"

#include <string.h>

#define URL_MAX 1024

/* ---- characters ---- */

static gunichar named_character(const char *name, size_t bytes)
{
    static const struct {
        const char *name;
        gunichar c;
    } known[] = {
        {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
        {"apos", '\''},    {"nbsp", 0xa0},    {"copy", 0xa9},    {"reg", 0xae},
        {"middot", 0xb7},  {"laquo", 0xab},   {"raquo", 0xbb},   {"hellip", 0x2026},
        {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
        {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bdquo", 0x201e}, {"bull", 0x2022},
        {"euro", 0x20ac},  {"trade", 0x2122}, {"rarr", 0x2192},  {"auml", 0xe4},
        {"ouml", 0xf6},    {"uuml", 0xfc},    {"Auml", 0xc4},    {"Ouml", 0xd6},
        {"Uuml", 0xdc},    {"szlig", 0xdf},   {"agrave", 0xe0},  {"acirc", 0xe2},
        {"ccedil", 0xe7},  {"egrave", 0xe8},  {"eacute", 0xe9},  {"ecirc", 0xea},
        {"euml", 0xeb},    {"icirc", 0xee},   {"iuml", 0xef},    {"ocirc", 0xf4},
        {"ugrave", 0xf9},  {"ucirc", 0xfb},   {"Agrave", 0xc0},  {"Ccedil", 0xc7},
        {"Egrave", 0xc8},  {"Eacute", 0xc9},  {"aacute", 0xe1},  {"iacute", 0xed},
        {"oacute", 0xf3},  {"uacute", 0xfa},  {"ntilde", 0xf1},  {"Ntilde", 0xd1},
        {"iexcl", 0xa1},   {"iquest", 0xbf},  {"oelig", 0x153},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strlen(known[i].name) == bytes && memcmp(known[i].name, name, bytes) == 0)
            return known[i].c;
    return 0;
}

gunichar html_reference(const char *at, const char *end, size_t *bytes)
{
    size_t most = MIN((size_t)(end - at), 12);
    const char *close = memchr(at, ';', most);
    if (close == NULL || close == at + 1)
        return 0;
    *bytes = (size_t)(close + 1 - at);
    if (at[1] != '#')
        return named_character(at + 1, (size_t)(close - at - 1));
    bool hex = at[2] == 'x' || at[2] == 'X';
    char *after;
    guint64 code = g_ascii_strtoull(at + (hex ? 3 : 2), &after, hex ? 16 : 10);
    bool good = after == close && code >= 0x20 && code != 0x7f && code <= 0x10ffff &&
                g_unichar_validate((gunichar)code);
    return good ? (gunichar)code : 0;
}

/* ---- tags ---- */

const char *html_tag_end(const char *at, const char *end)
{
    char quote = '\0';
    for (; at < end; at++) {
        if (quote != '\0' ? *at == quote : *at == '>') {
            if (quote == '\0')
                return at;
            quote = '\0';
        } else if (quote == '\0' && (*at == '"' || *at == '\'') && at[-1] == '=') {
            quote = *at;
        }
    }
    return NULL;
}

/* The attribute's value without spaces and with its characters decoded; at most URL_MAX bytes. */
static char *decode_value(const char *at, size_t bytes, bool keep_spaces)
{
    GString *value = g_string_new(NULL);
    const char *end = at + bytes;
    while (at < end && value->len < URL_MAX) {
        size_t used = 1;
        gunichar c = *at == '&' ? html_reference(at, end, &used) : 0;
        if (c != 0)
            g_string_append_unichar(value, c);
        else if (keep_spaces || !g_ascii_isspace(*at))
            g_string_append_c(value, g_ascii_isspace(*at) ? ' ' : *at);
        at += c != 0 ? used : 1;
    }
    const char *valid_end;
    if (!g_utf8_validate_len(value->str, value->len, &valid_end))
        g_string_truncate(value, (gsize)(valid_end - value->str));
    return g_string_free(value, FALSE);
}

/* One attribute from `at` on; gives where it ends. */
static const char *read_attribute(const char *at, const char *end, HtmlTag *tag)
{
    static const char *const wanted[] = {"style", "href", "alt"};
    char **const attributes[] = {&tag->style, &tag->href, &tag->alt};
    const char *name = at;
    while (at < end && *at != '=' && !g_ascii_isspace(*at))
        at++;
    size_t name_bytes = (size_t)(at - name);
    while (at < end && g_ascii_isspace(*at))
        at++;
    if (at == end || *at != '=')
        return at;
    do
        at++;
    while (at < end && g_ascii_isspace(*at));
    bool quoted = at < end && (*at == '"' || *at == '\'');
    const char quote = *(quoted ? at++ : "");
    const char *value = at;
    while (at < end && (quote != '\0' ? *at != quote : !g_ascii_isspace(*at)))
        at++;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (*attributes[i] == NULL && strlen(wanted[i]) == name_bytes &&
            g_ascii_strncasecmp(wanted[i], name, name_bytes) == 0)
            *attributes[i] = decode_value(value, (size_t)(at - value), i == 2);
    return at < end && quote != '\0' ? at + 1 : at;
}

void html_tag_read(const char *at, const char *end, HtmlTag *tag)
{
    *tag = (HtmlTag){.closing = *at == '/'};
    at += tag->closing;
    for (size_t n = 0; at < end && (g_ascii_isalnum(*at) || *at == '-' || *at == ':'); at++)
        if (n + 1 < sizeof tag->name)
            tag->name[n++] = g_ascii_tolower(*at);
    while (at < end && !tag->closing) {
        if (g_ascii_isspace(*at) || *at == '/' || *at == '=' || *at == '"' || *at == '\'')
            at++;
        else
            at = read_attribute(at, end, tag);
    }
}

void html_tag_clear(HtmlTag *tag)
{
    g_clear_pointer(&tag->style, g_free);
    g_clear_pointer(&tag->href, g_free);
    g_clear_pointer(&tag->alt, g_free);
}
