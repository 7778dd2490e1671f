/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML to text: libxml2's events on one side, a writer of lines on the other (html_writer.h).
 *
 * There is no tree. The stack of open elements is ours, as deep as HTML_TO_TEXT_DEPTH allows; what
 * an element needs at its end (where a link's text began, whether the cell had one line) stands in
 * its frame. Parser and writer stop when the text is long enough.
 */
#include "mail/html_to_text.h"

#include "mail/html_simplify.h"
#include "mail/html_writer.h"

#include <glib.h>
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#define HTML_BYTES (4 * 1024 * 1024) /* what is read of it */

typedef enum {
    INLINE,
    BLOCK,     /* on lines of its own */
    PARAGRAPH, /* with blank lines around */
    QUOTE,
    PREFORMATTED,
    LIST,
    NUMBERED,
    ITEM,
    ROW,
    CELL,
    LINK,
    IMAGE,
    BREAK,
    RULE,
    UNSEEN, /* with all that is in it */
} Kind;

static const struct {
    const char *name;
    Kind kind;
} elements[] = {
    {"a", LINK},           {"address", BLOCK}, {"article", BLOCK},  {"aside", BLOCK},
    {"blockquote", QUOTE}, {"br", BREAK},      {"caption", BLOCK},  {"center", BLOCK},
    {"dd", BLOCK},         {"details", BLOCK}, {"dir", LIST},       {"div", BLOCK},
    {"dl", PARAGRAPH},     {"dt", BLOCK},      {"fieldset", BLOCK}, {"figcaption", BLOCK},
    {"figure", BLOCK},     {"footer", BLOCK},  {"form", BLOCK},     {"h1", PARAGRAPH},
    {"h2", PARAGRAPH},     {"h3", PARAGRAPH},  {"h4", PARAGRAPH},   {"h5", PARAGRAPH},
    {"h6", PARAGRAPH},     {"header", BLOCK},  {"hr", RULE},        {"img", IMAGE},
    {"li", ITEM},          {"main", BLOCK},    {"menu", LIST},      {"nav", BLOCK},
    {"object", UNSEEN},    {"ol", NUMBERED},   {"p", PARAGRAPH},    {"pre", PREFORMATTED},
    {"script", UNSEEN},    {"section", BLOCK}, {"select", UNSEEN},  {"style", UNSEEN},
    {"summary", BLOCK},    {"svg", UNSEEN},    {"table", BLOCK},    {"td", CELL},
    {"template", UNSEEN},  {"th", CELL},       {"title", UNSEEN},   {"tr", ROW},
    {"ul", LIST},
};

typedef struct {
    Kind kind;
    bool hidden;
    char *href;       /* a link's, to be shown */
    size_t link_from; /* where its text begins in the output */
    unsigned lines;   /* of a cell: the line that it began on */
    int next_number;  /* of a numbered list; 0 of another */
} Frame;

typedef struct {
    xmlParserCtxtPtr parser;
    HtmlWriter writer;
    GArray *frames;
    int hidden; /* frames that hide what is in them */
    int lists;
    bool stopped;
} Reading;

static void frame_clear(gpointer data)
{
    g_free(((Frame *)data)->href);
}

static Kind kind_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
        if (strcmp(elements[i].name, name) == 0)
            return elements[i].kind;
    return INLINE;
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
    for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
        if (strcmp((const char *)attributes[0], name) == 0)
            return attributes[1] != NULL ? (const char *)attributes[1] : "";
    return NULL;
}

/* display:none in whatever spelling. */
static bool is_hidden(const xmlChar **attributes)
{
    if (attribute(attributes, "hidden") != NULL)
        return true;
    const char *style = attribute(attributes, "style");
    if (style == NULL)
        return false;
    g_autoptr(GString) plain = g_string_new(NULL);
    for (; *style != '\0'; style++)
        if (!g_ascii_isspace(*style))
            g_string_append_c(plain, g_ascii_tolower(*style));
    return strstr(plain->str, "display:none") != NULL;
}

/* What is to be shown of an href: addresses that a reader can follow. NULL for others. */
static char *shown_href(const char *href)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};
    if (href == NULL)
        return NULL;
    while (g_ascii_isspace(*href))
        href++;
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (g_ascii_strncasecmp(href, schemes[i], strlen(schemes[i])) != 0)
            continue;
        const char *from = i >= 2 ? href + strlen(schemes[i]) : href;
        g_autofree char *valid = g_utf8_make_valid(from, -1);
        GString *out = g_string_new(NULL);
        for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
            gunichar c = g_utf8_get_char(p);
            if (g_unichar_isgraph(c) && c != '<' && c != '>')
                g_string_append_unichar(out, c);
        }
        return g_string_free(out, FALSE);
    }
    return NULL;
}

/* Whether a link's text already says where it leads. */
static bool says_href(const char *text, const char *href)
{
    static const char *const fronts[] = {"https://", "http://", "mailto:"};
    for (size_t i = 0; i < G_N_ELEMENTS(fronts); i++) {
        size_t n = strlen(fronts[i]);
        text += g_ascii_strncasecmp(text, fronts[i], n) == 0 ? n : 0;
        href += g_ascii_strncasecmp(href, fronts[i], n) == 0 ? n : 0;
    }
    size_t n = strlen(text);
    size_t m = strlen(href);
    n -= n > 0 && text[n - 1] == '/' ? 1 : 0;
    m -= m > 0 && href[m - 1] == '/' ? 1 : 0;
    return n == m && g_ascii_strncasecmp(text, href, n) == 0;
}

static void end_link(Reading *reading, Frame *frame)
{
    if (frame->href == NULL || *frame->href == '\0')
        return;
    HtmlWriter *writer = &reading->writer;
    if (writer->out->len <= frame->link_from)
        return;
    const char *from = writer->out->str + frame->link_from;
    g_autofree char *text =
        g_strdup(from + strspn(from, " \t\n>|")); /* without what precedes a line */
    g_strchomp(text);
    if (*text == '\0' || says_href(text, frame->href))
        return;
    g_autofree char *shown = g_strdup_printf("<%s>", frame->href);
    html_writer_space(writer);
    html_writer_text(writer, shown, strlen(shown));
}

static void start_item(Reading *reading)
{
    Frame *list = NULL;
    for (guint i = reading->frames->len; i > 0 && list == NULL; i--) {
        Frame *frame = &g_array_index(reading->frames, Frame, i - 1);
        if (frame->kind == LIST || frame->kind == NUMBERED)
            list = frame;
    }
    html_writer_break(&reading->writer, 1);
    g_autofree char *marker = list != NULL && list->kind == NUMBERED
                                  ? g_strdup_printf("%d. ", list->next_number++)
                                  : g_strdup("- ");
    html_writer_marker(&reading->writer, MAX(reading->lists - 1, 0), marker);
}

static void start_list(Reading *reading, Frame *frame, const char *start)
{
    html_writer_break(&reading->writer, reading->lists > 0 ? 1 : 2);
    reading->lists++;
    gint64 number = start != NULL ? g_ascii_strtoll(start, NULL, 10) : 1;
    frame->next_number = number > 0 && number < 1000000 ? (int)number : 1;
}

static void start_seen(Reading *reading, Frame *frame, const xmlChar **attributes)
{
    HtmlWriter *writer = &reading->writer;
    const char *alt = frame->kind == IMAGE ? attribute(attributes, "alt") : NULL;
    if (frame->kind == BLOCK || frame->kind == ROW)
        html_writer_break(writer, 1);
    else if (frame->kind == PARAGRAPH || frame->kind == PREFORMATTED || frame->kind == QUOTE)
        html_writer_break(writer, 2);
    else if (frame->kind == LIST || frame->kind == NUMBERED)
        start_list(reading, frame, attribute(attributes, "start"));
    else if (frame->kind == ITEM)
        start_item(reading);
    else if (frame->kind == BREAK)
        html_writer_line(writer);
    else if (frame->kind == RULE)
        html_writer_rule(writer);
    else if (frame->kind == LINK)
        frame->href = shown_href(attribute(attributes, "href"));
    else if (alt != NULL && alt[strspn(alt, " \t\n\r")] != '\0')
        html_writer_alt(writer, alt);
    if (frame->kind == CELL)
        frame->lines = html_writer_cell(writer);
    writer->quotes += frame->kind == QUOTE ? 1 : 0;
    writer->preformatted += frame->kind == PREFORMATTED ? 1 : 0;
    frame->link_from = writer->out->len;
}

static void end_seen(Reading *reading, Frame *frame)
{
    HtmlWriter *writer = &reading->writer;
    if (frame->kind == BLOCK || frame->kind == ROW || frame->kind == ITEM)
        html_writer_break(writer, 1);
    else if (frame->kind == PARAGRAPH || frame->kind == PREFORMATTED || frame->kind == QUOTE)
        html_writer_break(writer, 2);
    else if (frame->kind == LINK)
        end_link(reading, frame);
    else if (frame->kind == CELL)
        html_writer_end_cell(writer, frame->lines);
    if (frame->kind == ITEM)
        html_writer_marker(writer, 0, NULL);
    if (frame->kind == LIST || frame->kind == NUMBERED)
        html_writer_break(writer, --reading->lists > 0 ? 1 : 2);
    writer->quotes -= frame->kind == QUOTE ? 1 : 0;
    writer->preformatted -= frame->kind == PREFORMATTED ? 1 : 0;
}

static void stop(Reading *reading)
{
    reading->writer.cut = true;
    reading->stopped = true;
    xmlStopParser(reading->parser);
}

static void on_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
    Reading *reading = data;
    if (reading->stopped)
        return;
    if (reading->frames->len >= HTML_TO_TEXT_DEPTH || reading->writer.cut) {
        stop(reading);
        return;
    }
    Frame frame = {.kind = kind_of((const char *)name)};
    frame.hidden = frame.kind == UNSEEN || is_hidden(attributes);
    reading->hidden += frame.hidden ? 1 : 0;
    if (reading->hidden > 0)
        frame.kind = INLINE;
    else
        start_seen(reading, &frame, attributes);
    g_array_append_val(reading->frames, frame);
}

static void on_end(void *data, const xmlChar *name)
{
    Reading *reading = data;
    if (reading->stopped || reading->frames->len == 0)
        return;
    Frame *frame = &g_array_index(reading->frames, Frame, reading->frames->len - 1);
    end_seen(reading, frame);
    reading->hidden -= frame->hidden ? 1 : 0;
    g_array_set_size(reading->frames, reading->frames->len - 1);
}

static void on_text(void *data, const xmlChar *text, int bytes)
{
    Reading *reading = data;
    if (!reading->stopped && reading->hidden == 0 && bytes > 0)
        html_writer_text(&reading->writer, (const char *)text, (size_t)bytes);
}

static void ignore_error(void *data, const char *format, ...) {}

static void parse(Reading *reading, const char *html, size_t bytes)
{
    xmlSAXHandler events = {
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .error = ignore_error,
        .warning = ignore_error,
    };
    htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(html, (int)bytes);
    if (parser == NULL)
        return;
    reading->parser = parser;
    htmlCtxtUseOptions(parser, HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_RECOVER);
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    *parser->sax = events;
    parser->userData = reading;
    htmlParseDocument(parser);
    if (parser->myDoc != NULL)
        xmlFreeDoc(parser->myDoc);
    parser->myDoc = NULL;
    htmlFreeParserCtxt(parser);
}

char *html_to_text(const char *html, size_t bytes, size_t max_bytes, bool *cut)
{
    static gsize ready = 0;
    if (g_once_init_enter(&ready)) {
        xmlInitParser();
        g_once_init_leave(&ready, 1);
    }
    Reading reading = {0};
    html_writer_init(&reading.writer, max_bytes);
    reading.writer.cut = bytes > HTML_BYTES;
    bool input_cut = reading.writer.cut;
    reading.writer.cut = false;
    g_autofree char *valid = g_utf8_make_valid(html, (gssize)MIN(bytes, HTML_BYTES));
    g_autofree char *simple = html_simplify(valid, strlen(valid));
    reading.frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_array_set_clear_func(reading.frames, frame_clear);
    if (*simple != '\0')
        parse(&reading, simple, strlen(simple));
    g_array_unref(reading.frames);
    if (cut != NULL)
        *cut = reading.writer.cut || input_cut;
    return html_writer_end(&reading.writer);
}
