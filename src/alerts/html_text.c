/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the HTML. Spaces and line breaks are owed, not written: they are paid when the next
 * character comes, so none stands at an end, and blocks inside of blocks give one break. What was
 * sent once is derived again when it is shown, so the result is part of COMPOSER_VERSION.
 */
#include "alerts/html_text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX   64 /* elements that are looked at for their style; deeper ones are plain */
#define ELEMENT_MAX 12
#define URL_MAX     1024
#define BREAKS_MAX  3

typedef struct {
    char name[ELEMENT_MAX];
    bool hidden;
    bool pre; /* keeps its line breaks */
    char *href;
    size_t start; /* of a link's words in the output */
} Element;

typedef struct {
    GString *out;
    const char *at, *end;
    int breaks; /* owed */
    bool space; /* owed */
    Element stack[DEPTH_MAX];
    int depth;
    int hidden, pre;   /* how many of the open elements are */
    bool no_more_tags; /* an unclosed "<" was met: from there on all is text */
} Reading;

/* ---- writing ---- */

static void owe_breaks(Reading *reading, int breaks)
{
    reading->breaks = MAX(reading->breaks, breaks);
    reading->space = false;
}

static void pay(Reading *reading)
{
    GString *out = reading->out;
    if (out->len > 0) {
        for (int i = 0; i < reading->breaks; i++)
            g_string_append_c(out, '\n');
        if (reading->breaks == 0 && reading->space && out->str[out->len - 1] != '\n')
            g_string_append_c(out, ' ');
    }
    reading->breaks = 0;
    reading->space = false;
}

static void put(Reading *reading, const char *text, size_t bytes)
{
    if (reading->hidden > 0 || bytes == 0)
        return;
    pay(reading);
    g_string_append_len(reading->out, text, (gssize)bytes);
}

static void put_words(Reading *reading, const char *text)
{
    put(reading, text, strlen(text));
}

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

/* The character that "&...;" at `at` stands for, and its length; 0 where it is none. */
static gunichar character_reference(const char *at, const char *end, size_t *bytes)
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

static void read_reference(Reading *reading)
{
    size_t bytes = 1;
    gunichar c = character_reference(reading->at, reading->end, &bytes);
    if (c == 0) {
        put(reading, "&", 1);
        reading->at++;
        return;
    }
    char utf8[6];
    put(reading, utf8, (size_t)g_unichar_to_utf8(c == 0xa0 ? ' ' : c, utf8));
    reading->at += bytes;
}

static void read_space(Reading *reading)
{
    if (reading->pre == 0)
        reading->space = true;
    else if (*reading->at == '\n')
        put(reading, "\n", 1);
    else if (*reading->at != '\r')
        put(reading, reading->at, 1);
    reading->at++;
}

static void read_words(Reading *reading)
{
    const char *start = reading->at;
    do
        reading->at++;
    while (reading->at < reading->end && *reading->at != '<' && *reading->at != '&' &&
           !g_ascii_isspace(*reading->at));
    put(reading, start, (size_t)(reading->at - start));
}

/* ---- elements ---- */

static bool is_one_of(const char *name, const char *const *list)
{
    return g_strv_contains(list, name);
}

/* How many line breaks an element has before and behind it. */
static int breaks_of(const char *name)
{
    static const char *const paragraphs[] = {"p",  "h1", "h2",    "h3",         "h4",  "h5", "h6",
                                             "ul", "ol", "table", "blockquote", "pre", NULL};
    static const char *const lines[] = {"div",     "tr",     "li",     "hr",      "dt",
                                        "dd",      "header", "footer", "section", "article",
                                        "address", "center", "body",   NULL};
    return is_one_of(name, paragraphs) ? 2 : is_one_of(name, lines) ? 1 : 0;
}

static bool is_void(const char *name)
{
    static const char *const voids[] = {"br",  "hr",  "img",  "meta",  "link",   "input", "base",
                                        "col", "wbr", "area", "embed", "source", "track", NULL};
    return is_one_of(name, voids);
}

static void element_clear(Reading *reading, Element *element)
{
    reading->hidden -= element->hidden;
    reading->pre -= element->pre;
    g_clear_pointer(&element->href, g_free);
}

/* Where the link leads, unless its words say so already. */
static void close_link(Reading *reading, const Element *element)
{
    const char *href = element->href;
    if (href == NULL || reading->hidden > 0 || element->start > reading->out->len)
        return;
    const char *shown = g_str_has_prefix(href, "mailto:") ? href + strlen("mailto:")
                        : g_str_has_prefix(href, "tel:")  ? href + strlen("tel:")
                                                          : href;
    g_autofree char *words = g_strdup(reading->out->str + element->start);
    g_strstrip(words);
    if (*shown == '#' || *shown == '\0' || strcmp(words, shown) == 0)
        return;
    g_autofree char *behind = g_strdup_printf(*words != '\0' ? " (%s)" : "%s", shown);
    reading->space = false;
    put_words(reading, behind);
}

static void close_element(Reading *reading, const char *name)
{
    owe_breaks(reading, breaks_of(name));
    if (breaks_of(name) == 0 && (strcmp(name, "td") == 0 || strcmp(name, "th") == 0))
        reading->space = true;
    int found = reading->depth - 1;
    while (found >= 0 && strcmp(reading->stack[found].name, name) != 0)
        found--;
    if (found < 0)
        return;
    if (strcmp(name, "a") == 0)
        close_link(reading, &reading->stack[found]);
    while (reading->depth > found)
        element_clear(reading, &reading->stack[--reading->depth]);
}

static void open_element(Reading *reading, const char *name, char **attributes)
{
    static const char *const unseen[] = {"style", "script", "title", "head", "template", NULL};
    const char *style = attributes[0] != NULL ? attributes[0] : "";
    if (breaks_of(name) > 0)
        owe_breaks(reading, breaks_of(name));
    if (strcmp(name, "br") == 0 && reading->hidden == 0) {
        reading->space = false;
        reading->breaks = MIN(reading->breaks + 1, BREAKS_MAX);
    } else if (strcmp(name, "hr") == 0) {
        put_words(reading, "----");
        owe_breaks(reading, 1);
    } else if (strcmp(name, "img") == 0 && attributes[2] != NULL) {
        put_words(reading, attributes[2]);
    } else if (strcmp(name, "li") == 0) {
        put_words(reading, "- ");
    }
    if (is_void(name) || reading->depth == DEPTH_MAX)
        return;
    Element *element = &reading->stack[reading->depth++];
    *element =
        (Element){.hidden = is_one_of(name, unseen) || strstr(style, "display:none") != NULL,
                  .pre = strcmp(name, "pre") == 0 || strstr(style, "white-space:pre") != NULL,
                  .start = reading->out->len};
    g_strlcpy(element->name, name, sizeof element->name);
    if (strcmp(name, "a") == 0)
        element->href = g_steal_pointer(&attributes[1]);
    reading->hidden += element->hidden;
    reading->pre += element->pre;
}

/* ---- tags ---- */

/* The attribute's value without spaces and with its characters decoded; at most URL_MAX bytes. */
static char *decode_value(const char *at, size_t bytes, bool keep_spaces)
{
    GString *value = g_string_new(NULL);
    const char *end = at + bytes;
    while (at < end && value->len < URL_MAX) {
        size_t used = 1;
        gunichar c = *at == '&' ? character_reference(at, end, &used) : 0;
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
static const char *read_attribute(const char *at, const char *end, char **attributes)
{
    static const char *const wanted[] = {"style", "href", "alt"};
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
        if (attributes[i] == NULL && strlen(wanted[i]) == name_bytes &&
            g_ascii_strncasecmp(wanted[i], name, name_bytes) == 0)
            attributes[i] = decode_value(value, (size_t)(at - value), i == 2);
    return at < end && quote != '\0' ? at + 1 : at;
}

/* The ">" that ends a tag, past quoted values; NULL where there is none. */
static const char *tag_end(const char *at, const char *end)
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

static void read_element(Reading *reading, const char *at, const char *end)
{
    bool closing = *at == '/';
    at += closing;
    char name[ELEMENT_MAX] = "";
    for (size_t n = 0; at < end && (g_ascii_isalnum(*at) || *at == '-' || *at == ':'); at++)
        if (n + 1 < sizeof name)
            name[n++] = g_ascii_tolower(*at);
    if (closing) {
        close_element(reading, name);
        return;
    }
    char *attributes[3] = {NULL}; /* style, href, alt */
    while (at < end) {
        if (g_ascii_isspace(*at) || *at == '/' || *at == '=' || *at == '"' || *at == '\'')
            at++;
        else
            at = read_attribute(at, end, attributes);
    }
    open_element(reading, name, attributes);
    for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++)
        g_free(attributes[i]);
}

/* At a "<". */
static void read_tag(Reading *reading)
{
    const char *at = reading->at + 1;
    bool comment = g_str_has_prefix(at, "!--");
    bool element = at < reading->end && (g_ascii_isalpha(*at) || *at == '/');
    const char *close = NULL;
    if (comment)
        close = strstr(at, "-->");
    else if (element || *at == '!' || *at == '?')
        close = tag_end(at, reading->end);
    if (close == NULL) {
        reading->no_more_tags = comment || element || *at == '!' || *at == '?';
        put(reading, "<", 1);
        reading->at++;
        return;
    }
    if (element)
        read_element(reading, at, close);
    reading->at = close + (comment ? strlen("-->") : 1);
}

char *html_to_text(const char *html)
{
    Reading reading = {.out = g_string_new(NULL), .at = html, .end = html + strlen(html)};
    while (reading.at < reading.end) {
        if (*reading.at == '<' && !reading.no_more_tags)
            read_tag(&reading);
        else if (*reading.at == '&')
            read_reference(&reading);
        else if (g_ascii_isspace(*reading.at))
            read_space(&reading);
        else
            read_words(&reading);
    }
    while (reading.depth > 0)
        element_clear(&reading, &reading.stack[--reading.depth]);
    while (reading.out->len > 0 && g_ascii_isspace(reading.out->str[reading.out->len - 1]))
        g_string_truncate(reading.out, reading.out->len - 1);
    if (reading.out->len > 0)
        g_string_append_c(reading.out, '\n');
    return g_string_free(reading.out, FALSE);
}
