/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mustache (the specification's core: variables, sections, inverted sections, comments, partials, delimiters).
 *
 * Parsed once to an immutable tree with positions, then rendered any number of times from any thread. Pure: no I/O, no
 * clock. The caller gives the escape function, so one engine serves text, HTML and mail.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Template Template;

/* Parses UTF-8 text of at most LIMIT_TEMPLATE_BYTES, sections nested at most LIMIT_TEMPLATE_DEPTH deep.
 * Errors: INVALID, problem "template-syntax" (the message ends "at line L, column C", both from 1, the column in
 * characters), with template_error_position() to read them; "too-long". */
Template *template_parse(const char *text, size_t bytes, GError **error);
void template_free(Template *tmpl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/* Reads line and column out of an error of template_parse() or template_check(). False where it has none. */
bool template_error_position(const GError *error, int *line, int *column);

/* Appends `value` to `out`, made safe for where the result will stand. */
typedef void (*TemplateEscape)(GString *out, const char *value, size_t bytes);
void template_escape_none(GString *out, const char *value, size_t bytes);
void template_escape_html(GString *out, const char *value, size_t bytes);

/* Finds a partial by its name: NULL where there is none (which renders as nothing). Borrowed. */
typedef const Template *(*TemplatePartial)(const char *name, void *data);

/* Renders with `data` (an object) as the context; numbers print as JSON does. *out is at most max_bytes long.
 * `partial` may be NULL. Errors: INVALID, problem "too-long" (the output), "template-depth" (partials nested more than
 * LIMIT_TEMPLATE_DEPTH deep, or a recursion without end). */
bool template_render(const Template *tmpl, const json_t *data, TemplateEscape escape,
                     TemplatePartial partial, void *partial_data, size_t max_bytes, char **out,
                     GError **error);

/* Calls `visit` for every tag that names something, in the order of the text. `kind`: '&' for {{{x}}} and {{&x}}, 'v'
 * for {{x}}, '#', '^', '>' . Stops at the first false and returns false. */
typedef bool (*TemplateVisit)(char kind, const char *name, int line, int column, void *data,
                              GError **error);
bool template_check(const Template *tmpl, TemplateVisit visit, void *data, GError **error);
