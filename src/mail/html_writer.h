/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the words of a page as lines of text: white space collapsed, breaks and markers made when
 * the next word comes. Pure; between html_to_text.c and html_writer.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    GString *out;
    size_t max_bytes;
    bool cut;         /* the text is full: nothing more is written */
    int quotes;       /* open blockquotes */
    int preformatted; /* open <pre> */
    unsigned lines;   /* written so far */
    int breaks;       /* wanted before the next word: 1 a new line, 2 a blank one too */
    int break_quotes; /* the smallest depth of quotes since they were */
    bool space;       /* wanted before the next word on this line */
    bool cell;        /* as is a " | " */
    bool fresh;       /* at the start of a cell or item: no further breaks before its first word */
    char *marker;     /* of a list's item, with its indentation */
} HtmlWriter;

void html_writer_init(HtmlWriter *writer, size_t max_bytes);
char *html_writer_end(HtmlWriter *writer); /* the text, to be freed; the writer is used up */

void html_writer_text(HtmlWriter *writer, const char *text, size_t bytes);
void html_writer_alt(HtmlWriter *writer, const char *alt);
void html_writer_space(HtmlWriter *writer);
void html_writer_break(HtmlWriter *writer, int breaks); /* 1 or 2, not added up */
void html_writer_line(HtmlWriter *writer);              /* <br>: added up, to a blank line */
void html_writer_rule(HtmlWriter *writer);
void html_writer_marker(HtmlWriter *writer, int indent, const char *marker); /* NULL: none */
unsigned html_writer_cell(HtmlWriter *writer); /* the line that it begins on */
void html_writer_end_cell(HtmlWriter *writer, unsigned began_on);
