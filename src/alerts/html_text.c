/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the HTML. Spaces and line breaks are owed, not written: they are paid when the next
 * character comes, so none stands at an end, and blocks inside of blocks give one break. What was
 * sent once is derived again when it is shown, so the result is part of COMPOSER_VERSION.
 */
#include "alerts/html_text.h"

#include "alerts/html_tag.h"

#include <string.h>

#define DEPTH_MAX  64 /* elements that are looked at for their style; deeper ones are plain */
#define BREAKS_MAX 3

typedef struct {
    char name[HTML_TAG_NAME_BYTES];
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

static void read_reference(Reading *reading)
{
    size_t bytes = 1;
    gunichar c = html_reference(reading->at, reading->end, &bytes);
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

static void open_element(Reading *reading, HtmlTag *tag)
{
    static const char *const unseen[] = {"style", "script", "title", "head", "template", NULL};
    const char *name = tag->name;
    const char *style = tag->style != NULL ? tag->style : "";
    if (breaks_of(name) > 0)
        owe_breaks(reading, breaks_of(name));
    if (strcmp(name, "br") == 0 && reading->hidden == 0) {
        reading->space = false;
        reading->breaks = MIN(reading->breaks + 1, BREAKS_MAX);
    } else if (strcmp(name, "hr") == 0) {
        put_words(reading, "----");
        owe_breaks(reading, 1);
    } else if (strcmp(name, "img") == 0 && tag->alt != NULL) {
        put_words(reading, tag->alt);
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
        element->href = g_steal_pointer(&tag->href);
    reading->hidden += element->hidden;
    reading->pre += element->pre;
}

static void read_element(Reading *reading, const char *at, const char *end)
{
    g_auto(HtmlTag) tag;
    html_tag_read(at, end, &tag);
    if (tag.closing)
        close_element(reading, tag.name);
    else
        open_element(reading, &tag);
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
        close = html_tag_end(at, reading->end);
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

char *html_as_text(const char *html)
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
