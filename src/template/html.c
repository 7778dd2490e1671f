/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the HTML does a value stand? A small reading of HTML (WHATWG HTML §13.2.5, as far as
 * well-formed mail needs it) runs over the template's own words, and at each tag of ours its state
 * says which escape function is right, or that none is.
 *
 * The invariant: the state at a place does not depend on the data. Values are escaped so that they
 * cannot change it, and a section must leave it as it was found, so a rendering with the section
 * and one without agree. What the reading does not understand it refuses, with the position.
 */
#include "template/html-private.h"
#include "template/template-private.h"

#include <string.h>

typedef struct {
    Template *tmpl;
    GError **error;
} Reading;

/* ---- refusing ---- */

static bool refuse_at(const Reading *reading, int line, int column, const char *why)
{
    template_error_set(reading->error, "template-html", line, column, "%s", why);
    return false;
}

/* `at` is a byte of the template's text, which is counted from the start: this happens once. */
static bool refuse_text(const Reading *reading, const char *at, const char *why)
{
    int line = 1, column = 1;
    for (const char *p = reading->tmpl->source; p < at; p = g_utf8_next_char(p)) {
        column++;
        if (*p == '\n') {
            line++;
            column = 1;
        }
    }
    return refuse_at(reading, line, column, why);
}

/* ---- the template's nodes ---- */

static bool read_text(const Reading *reading, Html *html, const TemplateNode *node)
{
    for (size_t i = 0; i < node->bytes; i++) {
        const char *trouble = html_read(html, node->text[i]);
        if (trouble != NULL)
            return refuse_text(reading, node->text + i, trouble);
    }
    return true;
}

static TemplateEscape escape_of_value(Html *html)
{
    bool link = html->kind == ATTRIBUTE_LINK || html->kind == ATTRIBUTE_SOURCE;
    bool first = html->start[0] == '\0' && !html->has_field;
    html->has_field = true;
    if (!link)
        return template_escape_html;
    return first ? template_escape_url : template_escape_url_part;
}

static bool read_field(const Reading *reading, Html *html, TemplateNode *node)
{
    const char *why = NULL;
    if (node->kind == '&')
        why = "A field without escaping has no place in HTML; write it as {{name}}. It stands";
    else if (node->kind == '>')
        why = "A partial has no place here; it stands";
    else if (html->place == IN_TEXT)
        node->escape = template_escape_html;
    else if (html->place != IN_VALUE)
        why = "A field can stand in the text of an element and inside the quotes of an attribute's "
              "value, and nowhere else; it stands";
    else if (html->kind == ATTRIBUTE_CLOSED)
        why = "A field cannot stand in this attribute; it stands";
    else
        node->escape = escape_of_value(html);
    return why == NULL || refuse_at(reading, node->line, node->column, why);
}

static bool read_nodes(const Reading *reading, Html *html, uint32_t from, uint32_t to);

static bool same_place(const Html *a, const Html *b)
{
    return a->place == b->place && a->in_title == b->in_title &&
           (a->place == IN_TEXT ||
            (a->place == IN_VALUE && a->quote == b->quote && a->kind == b->kind &&
             strcmp(a->element, b->element) == 0 && strcmp(a->attribute, b->attribute) == 0) ||
            (a->place == IN_TAG && strcmp(a->element, b->element) == 0 &&
             a->end_tag == b->end_tag));
}

static bool read_section(const Reading *reading, Html *html, uint32_t index)
{
    const TemplateNode *node = &reading->tmpl->nodes[index];
    bool link =
        html->place == IN_VALUE && (html->kind == ATTRIBUTE_LINK || html->kind == ATTRIBUTE_SOURCE);
    Html before = *html;
    if (link)
        return refuse_at(reading, node->line, node->column,
                         "A section cannot stand inside a link; put it around the whole element. "
                         "It stands");
    if (!read_nodes(reading, html, index + 1, node->end))
        return false;
    if (same_place(&before, html))
        return true;
    return refuse_at(reading, node->line, node->column,
                     "A section must end where it began: in the text of an element, or in the same "
                     "attribute. One that does not stands");
}

static bool read_nodes(const Reading *reading, Html *html, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i = reading->tmpl->nodes[i].end) {
        TemplateNode *node = &reading->tmpl->nodes[i];
        bool ok = node->kind == NODE_TEXT                  ? read_text(reading, html, node)
                  : node->kind == '#' || node->kind == '^' ? read_section(reading, html, i)
                                                           : read_field(reading, html, node);
        if (!ok)
            return false;
    }
    return true;
}

bool template_prepare_html(Template *tmpl, GError **error)
{
    const Reading reading = {tmpl, error};
    Html html = {.place = IN_TEXT};
    if (!read_nodes(&reading, &html, 0, tmpl->n_nodes))
        return false;
    return (html.place == IN_TEXT && !html.in_title) ||
           refuse_text(
               &reading, tmpl->source + strlen(tmpl->source),
               "The HTML ends inside an element's tag, a comment, a style or the title; it ends");
}
