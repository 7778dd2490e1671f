/* SPDX-License-Identifier: Apache-2.0 */
/* See html_writer.h. */
#include "mail/html_writer.h"

#include <string.h>

#define SHOWN_QUOTES 20
#define SHOWN_INDENT 10

void html_writer_init(HtmlWriter *writer, size_t max_bytes)
{
    *writer = (HtmlWriter){.out = g_string_new(NULL), .max_bytes = max_bytes};
}

char *html_writer_end(HtmlWriter *writer)
{
    g_clear_pointer(&writer->marker, g_free);
    GString *out = writer->out;
    while (out->len > 0 && strchr(" \t\n", out->str[out->len - 1]) != NULL)
        g_string_truncate(out, out->len - 1);
    return g_string_free(g_steal_pointer(&writer->out), FALSE);
}

static void put(HtmlWriter *writer, const char *text, size_t bytes)
{
    if (writer->cut || writer->out->len + bytes > writer->max_bytes)
        writer->cut = true;
    else
        g_string_append_len(writer->out, text, (gssize)bytes);
}

static void put_quotes(HtmlWriter *writer, int quotes, bool line_follows)
{
    for (int i = 0; i < MIN(quotes, SHOWN_QUOTES); i++)
        put(writer, "> ", line_follows || i + 1 < MIN(quotes, SHOWN_QUOTES) ? 2 : 1);
}

static void put_new_line(HtmlWriter *writer)
{
    put(writer, "\n", 1);
    writer->lines++;
}

/* All that was put off until there is a word. */
static void before_word(HtmlWriter *writer)
{
    bool first = writer->out->len == 0;
    bool new_line = first || writer->breaks > 0;
    if (writer->breaks > 0 && !first) {
        put_new_line(writer);
        if (writer->breaks > 1) {
            put_quotes(writer, MIN(writer->break_quotes, writer->quotes), false);
            put_new_line(writer);
        }
    }
    if (new_line) {
        put_quotes(writer, writer->quotes, true);
        if (writer->marker != NULL)
            put(writer, writer->marker, strlen(writer->marker));
        g_clear_pointer(&writer->marker, g_free);
    } else if (writer->cell) {
        put(writer, " | ", 3);
    } else if (writer->space) {
        put(writer, " ", 1);
    }
    writer->breaks = 0;
    writer->space = false;
    writer->cell = false;
    writer->fresh = false;
}

static bool is_unseen(gunichar c)
{
    return c == 0x200b || c == 0xfeff || c == 0xad || c == 0x34f || c < 0x20 ||
           (c >= 0x7f && c < 0xa0);
}

static void put_preformatted(HtmlWriter *writer, gunichar c, const char *p, size_t bytes)
{
    if (c == '\n') {
        html_writer_line(writer);
        return;
    }
    if (is_unseen(c) && c != '\t')
        return;
    before_word(writer);
    put(writer, p, bytes);
}

void html_writer_text(HtmlWriter *writer, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    for (const char *p = text; p < end && !writer->cut;) {
        gunichar c = g_utf8_get_char_validated(p, end - p);
        size_t n = c > 0x10ffff ? 1 : (size_t)(g_utf8_next_char(p) - p);
        bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0xa0;
        if (c > 0x10ffff) {
            p++;
            continue;
        }
        if (writer->preformatted > 0) {
            put_preformatted(writer, c, p, n);
        } else if (space) {
            writer->space = true;
        } else if (!is_unseen(c)) {
            before_word(writer);
            if (c == 0x2028 || c == 0x2029)
                put(writer, " ", 1);
            else
                put(writer, p, n);
        }
        p += n;
    }
}

void html_writer_alt(HtmlWriter *writer, const char *alt)
{
    int preformatted = writer->preformatted;
    writer->preformatted = 0;
    html_writer_text(writer, "[", 1);
    writer->space = false;
    html_writer_text(writer, alt, strlen(alt));
    writer->space = false;
    html_writer_text(writer, "]", 1);
    writer->preformatted = preformatted;
}

void html_writer_space(HtmlWriter *writer)
{
    writer->space = true;
}

void html_writer_break(HtmlWriter *writer, int breaks)
{
    if (writer->fresh)
        return;
    if (writer->breaks == 0)
        writer->break_quotes = writer->quotes;
    writer->break_quotes = MIN(writer->break_quotes, writer->quotes);
    writer->breaks = MAX(writer->breaks, breaks);
}

void html_writer_line(HtmlWriter *writer)
{
    html_writer_break(writer, MIN(writer->breaks + 1, 2));
}

void html_writer_rule(HtmlWriter *writer)
{
    html_writer_break(writer, 1);
    before_word(writer);
    put(writer, "---", 3);
    html_writer_break(writer, 1);
}

void html_writer_marker(HtmlWriter *writer, int indent, const char *marker)
{
    g_clear_pointer(&writer->marker, g_free);
    writer->fresh = marker != NULL;
    if (marker != NULL)
        writer->marker = g_strdup_printf("%*s%s", 2 * MIN(indent, SHOWN_INDENT), "", marker);
}

unsigned html_writer_cell(HtmlWriter *writer)
{
    bool begun = writer->out->len > 0;
    writer->cell = writer->breaks == 0 && begun;
    writer->fresh = true;
    return writer->lines + (begun ? (unsigned)writer->breaks : 0);
}

/* A cell of one line, whatever paragraphs its line is in, has its neighbour beside it. */
void html_writer_end_cell(HtmlWriter *writer, unsigned began_on)
{
    if (!writer->fresh && writer->lines == began_on)
        writer->breaks = 0;
    writer->fresh = false;
}
