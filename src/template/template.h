/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mustache (the specification's core: variables, sections, inverted sections, comments, partials,
 * delimiters).
 *
 * Parsed once to an immutable tree with positions, then rendered any number of times from any
 * thread. Pure: no I/O, no clock. The caller gives the escape function, so one engine serves text,
 * HTML and mail.
 *
 * Where the specification leaves room:
 * - falsy are false, null, "", 0, an empty list and what is missing (the specification's `!!data`);
 * all else is truthy, an empty object included;
 * - true and false print as such; null, a list, an object and what is missing print as nothing;
 * - a name is refused that holds spaces, braces or control characters, has an empty part ("a..b"),
 * starts with a sign that Mustache gives a meaning to elsewhere (lambdas, blocks and parents are
 * not ours), or is too long;
 * - the indentation of a standalone partial goes before every line of the partial, empty ones
 * included.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Stated maxima, beside LIMIT_TEMPLATE_BYTES and LIMIT_TEMPLATE_DEPTH of base/limits.h. */
#define TEMPLATE_NAME_BYTES      255
#define TEMPLATE_DELIMITER_BYTES 32
/* Steps of one rendering: nodes visited, list elements, contexts and name parts looked at. A page
 * of 200 rows with 50 tags each takes about 30,000; all of them take a fraction of a second. */
#define TEMPLATE_WORK_STEPS 2000000

typedef struct Template Template;

/* Parses UTF-8 text of at most LIMIT_TEMPLATE_BYTES, sections nested at most LIMIT_TEMPLATE_DEPTH
 * deep. `text` is copied. Errors: INVALID, problem "template-syntax" (the message ends "at line L,
 * column C", both from 1, the column in characters), with template_error_position() to read them;
 * "too-long". */
Template *template_parse(const char *text, size_t bytes, GError **error);
void template_free(Template *tmpl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/* Reads line and column out of an error of template_parse() or template_check(). False where it has
 * none. */
bool template_error_position(const GError *error, int *line, int *column);

/* Sets an INVALID error whose message ends with the position, for template_parse() and for visitors
 * that refuse a name. `problem` is a string literal. */
void template_error_set(GError **error, const char *problem, int line, int column,
                        const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Appends `value` to `out`, made safe for where the result will stand. A long value comes in
 * pieces, cut between characters, so that the output's maximum holds while it grows; NUL characters
 * in data never reach it. */
typedef void (*TemplateEscape)(GString *out, const char *value, size_t bytes);
void template_escape_none(GString *out, const char *value, size_t bytes);
/* & < > " ' become character references: safe as an element's content and inside quoted attributes.
 */
void template_escape_html(GString *out, const char *value, size_t bytes);
/* For a quoted attribute that holds a link (RFC 3986), from its first character on: what does not
 * begin with http://, https://, mailto: or tel: becomes "#", other characters than a URL may have
 * are percent-encoded. */
void template_escape_url(GString *out, const char *value, size_t bytes);
/* For the rest of such a link, behind words of the template: all but letters, digits and -._~@ are
 * percent-encoded. */
void template_escape_url_part(GString *out, const char *value, size_t bytes);

/* For a template whose result is HTML: finds where each {{x}} stands, and gives its value the
 * escape function for that place, which goes before the one given to template_render(): element
 * content, quoted attribute, or link. Refuses what no escaping makes safe, and what has no business
 * in a mail: a value in the name of an element or attribute, outside of quotes, in a style, a
 * comment or an event handler; {{{x}}}; a section that opens in one place and closes in another;
 * elements and attributes that run, load or send something; links that a mail cannot follow. Once
 * for a template, before it is rendered. Errors: INVALID, problem "template-html", with the
 * position.
 *
 * What is refused here is never sent, and what was sent must be rendered again: it may grow
 * stricter only for templates that are not stored yet. */
bool template_prepare_html(Template *tmpl, GError **error);

/* Finds a partial by its name: NULL where there is none (which renders as nothing). Borrowed until
 * the rendering is over. */
typedef const Template *(*TemplatePartial)(const char *name, void *data);

/* Renders with `data` (an object; anything else can be reached as {{.}}) as the context; numbers
 * print as JSON does, a decimal with the fewest digits (from 15 on) that read back the same. *out
 * is at most max_bytes long, and little more than twice that is ever allocated. `data` is only
 * read: several threads may render from the same. `partial` may be NULL. Errors: INVALID, problem
 * "too-long" (the output), "template-depth" (partials nested more than LIMIT_TEMPLATE_DEPTH deep,
 * or a recursion without end), "template-work" (more than TEMPLATE_WORK_STEPS). */
bool template_render(const Template *tmpl, const json_t *data, TemplateEscape escape,
                     TemplatePartial partial, void *partial_data, size_t max_bytes, char **out,
                     GError **error);

/* Calls `visit` for every tag that names something, in the order of the text; {{.}} comes with the
 * name ".". `kind`:
 * '&' for {{{x}}} and {{&x}}, 'v' for {{x}}, '#', '^', '>' . Stops at the first false and returns
 * false. */
typedef bool (*TemplateVisit)(char kind, const char *name, int line, int column, void *data,
                              GError **error);
bool template_check(const Template *tmpl, TemplateVisit visit, void *data, GError **error);
