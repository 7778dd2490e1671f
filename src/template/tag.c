/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one tag: from its opening delimiter to its closing one, what it is and what it names.
 *
 * The closing delimiter is searched once, forwards, and a tag without one ends the parsing: a text
 * full of opening delimiters costs one search, not one each. Delimiters are short
 * (TEMPLATE_DELIMITER_BYTES), so a search is linear in the text alone. Knows nothing of lines and
 * nesting: that is parse.c's.
 */
#include "template/template-private.h"

#include <string.h>

const char *template_find(const char *at, const char *end, TemplateSlice what)
{
    while ((size_t)(end - at) >= what.bytes) {
        const char *first = memchr(at, what.at[0], (size_t)(end - at) - what.bytes + 1);
        if (first == NULL)
            return NULL;
        if (memcmp(first, what.at, what.bytes) == 0)
            return first;
        at = first + 1;
    }
    return NULL;
}

/* Takes spaces of every kind (no-break spaces come with text pasted from word processors) off both
 * ends. */
static TemplateSlice trim(const char *at, const char *end)
{
    while (at < end && g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    while (at < end) {
        const char *last = g_utf8_prev_char(end);
        if (!g_unichar_isspace(g_utf8_get_char(last)))
            break;
        end = last;
    }
    return (TemplateSlice){at, (size_t)(end - at)};
}

/* The first space in [at, end), or `end`. */
static const char *find_space(const char *at, const char *end)
{
    while (at < end && !g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

static const char *check_delimiter(TemplateSlice delimiter)
{
    if (delimiter.bytes > TEMPLATE_DELIMITER_BYTES)
        return "A delimiter is longer than the " G_STRINGIFY(
            TEMPLATE_DELIMITER_BYTES) " bytes allowed";
    if (memchr(delimiter.at, '=', delimiter.bytes) != NULL)
        return "A delimiter contains an equals sign, which none may";
    return NULL;
}

/* {{=<% %>=}}: two delimiters with spaces between. */
static const char *read_delimiters(TemplateTag *tag, TemplateSlice body)
{
    const char *end = body.at + body.bytes;
    TemplateSlice open = {body.at, (size_t)(find_space(body.at, end) - body.at)};
    TemplateSlice close = trim(open.at + open.bytes, end);
    if (open.bytes == 0 || close.bytes == 0 || find_space(close.at, end) != end)
        return "A change of delimiters needs two of them with a space between, as in {{=<% %>=}},";
    const char *wrong = check_delimiter(open);
    if (wrong == NULL)
        wrong = check_delimiter(close);
    if (wrong != NULL)
        return wrong;
    tag->open = open;
    tag->close = close;
    return NULL;
}

/* An empty part would name nothing: "a..b", ".a", "a.". The name "." alone is the present element.
 */
static bool has_empty_part(TemplateSlice name)
{
    if (name.bytes == 1)
        return false;
    return name.at[0] == '.' || name.at[name.bytes - 1] == '.' ||
           memmem(name.at, name.bytes, "..", 2) != NULL;
}

static const char *check_name(char kind, TemplateSlice name)
{
    if (name.bytes == 0)
        return "A tag names nothing";
    if (name.bytes > TEMPLATE_NAME_BYTES)
        return "A name is longer than the " G_STRINGIFY(TEMPLATE_NAME_BYTES) " bytes allowed";
    if (strchr("#^/&>=!<$*@", name.at[0]) != NULL)
        return "A name starts with a sign that has no meaning there";
    const char *end = name.at + name.bytes;
    for (const char *p = name.at; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isspace(c))
            return "A name contains a space, or its tag is not closed,";
        if (c == '{' || c == '}')
            return "A name contains a brace, or its tag is not closed,";
        if (g_unichar_iscntrl(c))
            return "A name contains a control character";
    }
    if (kind != '>' && has_empty_part(name))
        return "A name has nothing before, between or behind its dots";
    return NULL;
}

/* What closes a tag of this sigil: "}" or "=" come before the delimiter where the tag began with
 * one. */
static const char *find_close(const char *at, const char *end, char sigil, TemplateSlice close,
                              const char **after)
{
    char mark[TEMPLATE_DELIMITER_BYTES + 1];
    size_t extra = 0;
    if (sigil == '{')
        mark[extra++] = '}';
    else if (sigil == '=')
        mark[extra++] = '=';
    memcpy(mark + extra, close.at, close.bytes);
    TemplateSlice what = {mark, close.bytes + extra};
    const char *found = template_find(at, end, what);
    if (found != NULL)
        *after = found + what.bytes;
    return found;
}

static bool starts_with(const char *at, const char *end, TemplateSlice what)
{
    return (size_t)(end - at) >= what.bytes && memcmp(at, what.at, what.bytes) == 0;
}

static char kind_of(char sigil)
{
    switch (sigil) {
    case '#':
    case '^':
    case '/':
    case '>':
    case '&':
    case '!':
    case '=':
        return sigil;
    case '{':
        return '&';
    default:
        return 'v';
    }
}

const char *template_tag_read(TemplateTag *tag, TemplateSlice open, TemplateSlice close,
                              const char *end)
{
    const char *at = tag->start + open.bytes;
    while (at < end && g_ascii_isspace(*at))
        at++;
    char sigil = *at; /* NUL at the end of the text */
    tag->kind = kind_of(sigil);
    /* A closing delimiter may begin with a sigil: after {{=<< >>=}}, <<>> is an empty tag and no
     * partial. */
    if (tag->kind != 'v' && !starts_with(at, end, close))
        at++;
    else
        tag->kind = sigil = 'v';
    const char *found = find_close(at, end, sigil, close, &tag->after);
    if (found == NULL)
        return "A tag is never closed; it opens";
    tag->name = (TemplateSlice){found, 0};
    if (tag->kind == '!')
        return NULL;
    TemplateSlice body = trim(at, found);
    if (tag->kind == '=')
        return read_delimiters(tag, body);
    tag->name = body;
    return check_name(tag->kind, body);
}
