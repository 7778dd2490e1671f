/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the tree with the data and appends to one growing text.
 *
 * Nothing in the data is ever read as a template: values go through the escape function into the
 * output and nowhere else. Three bounds hold at every step, so that no template and no data can
 * make a rendering large or long: the output's maximum (looked at before a text is appended and
 * after each piece of a value), the number of steps (TEMPLATE_WORK_STEPS; what prints nothing still
 * counts), and the depth of partials. Within those bounds it recurses: sections at most
 * LIMIT_TEMPLATE_DEPTH a template, times as many partials.
 *
 * The context stack and the indentation of partials are linked lists on the C stack, so walking
 * allocates nothing but the output. On failure the output is dropped and *out untouched.
 */
#include "template/template-private.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* What one piece of a value may be, in bytes: an escape function that makes six of one overshoots
 * by little. */
#define PIECE_BYTES 512
/* What is made room for beyond the template's own length. */
#define ROOM_BYTES 256
/* Long values cost steps, too: an escape function may make little of much. */
#define BYTES_PER_STEP 256

typedef struct Context Context;
struct Context {
    const json_t *value;
    const Context *outer;
};

typedef struct Indent Indent;
struct Indent {
    TemplateSlice blanks;
    const Indent *outer;
};

typedef struct {
    TemplateEscape escape;
    TemplatePartial partial;
    void *partial_data;
    GString *out;
    size_t max_bytes;
    size_t steps;
    int depth; /* of partials */
    GError **error;
} Render;

/* One template (the first one or a partial) being rendered. */
typedef struct {
    const Template *tmpl;
    const Indent *indent; /* goes before each of its lines */
} Unit;

static bool render_nodes(Render *render, const Unit *unit, uint32_t from, uint32_t to,
                         const Context *context);

static bool refuse_length(const Render *render)
{
    error_set_problem(render->error, TD_ERROR_INVALID, "too-long", NULL,
                      "The template's result is longer than the %zu bytes allowed",
                      render->max_bytes);
    return false;
}

static bool take_steps(Render *render, size_t steps)
{
    render->steps += steps;
    if (render->steps <= TEMPLATE_WORK_STEPS)
        return true;
    error_set_problem(render->error, TD_ERROR_INVALID, "template-work", NULL,
                      "The template takes more than %d steps with this data; nest fewer lists",
                      TEMPLATE_WORK_STEPS);
    return false;
}

static bool put(Render *render, const char *text, size_t bytes)
{
    if (bytes > render->max_bytes - render->out->len)
        return refuse_length(render);
    g_string_append_len(render->out, text, (gssize)bytes);
    return true;
}

/* Outermost first. */
static bool put_indent(Render *render, const Indent *indent)
{
    return indent == NULL || (put_indent(render, indent->outer) &&
                              put(render, indent->blanks.at, indent->blanks.bytes));
}

static bool render_text(Render *render, const TemplateNode *node, const Indent *indent)
{
    if (indent == NULL)
        return put(render, node->text, node->bytes);
    const char *end = node->text + node->bytes;
    for (const char *at = node->text; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline != NULL ? newline + 1 : end;
        if (!take_steps(render, 1) || !put(render, at, (size_t)(next - at)))
            return false;
        if (next < end && !put_indent(render, indent))
            return false;
        at = next;
    }
    return true;
}

/* False where the steps ran out. *found stays NULL where there is no such thing. */
static bool look_up(Render *render, const TemplateNode *node, const Context *context,
                    const json_t **found)
{
    if (node->n_parts == 0) {
        *found = context->value;
        return true;
    }
    const char *part = node->path;
    const json_t *value = NULL;
    size_t steps = node->n_parts;
    for (; context != NULL && value == NULL; context = context->outer, steps++)
        value = json_object_get(context->value, part);
    for (uint16_t i = 1; i < node->n_parts && value != NULL; i++) {
        part += strlen(part) + 1;
        value = json_object_get(value, part);
    }
    *found = value;
    return take_steps(render, steps);
}

static bool is_truthy(const json_t *value)
{
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return json_real_value(value) < 0 || json_real_value(value) > 0;
    case JSON_OBJECT:
    case JSON_TRUE:
    default:
        return true;
    }
}

/* At most `bytes` and at most a piece, without cutting a character in two. Text that is not UTF-8
 * is cut anywhere. */
static size_t piece_of(const char *text, size_t bytes)
{
    if (bytes <= PIECE_BYTES)
        return bytes;
    size_t piece = PIECE_BYTES;
    for (int back = 0; back < 3 && (text[piece] & 0xc0) == 0x80; back++)
        piece--;
    return piece;
}

static bool put_value(Render *render, const char *text, size_t bytes, TemplateEscape escape)
{
    if (!take_steps(render, bytes / BYTES_PER_STEP))
        return false;
    while (bytes > 0) {
        size_t piece = piece_of(text, bytes);
        const char *nul = memchr(text, '\0', piece);
        size_t before = nul != NULL ? (size_t)(nul - text) : piece;
        escape(render->out, text, before);
        if (render->out->len > render->max_bytes)
            return refuse_length(render);
        size_t used = nul != NULL ? before + 1 : piece;
        text += used;
        bytes -= used;
    }
    return true;
}

/* The shortest decimal that reads back as the same number; a decimal point in every locale. */
static const char *format_real(double number, char buffer[G_ASCII_DTOSTR_BUF_SIZE])
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, formats[i], number);
        double back = g_ascii_strtod(buffer, NULL);
        if (back >= number && back <= number)
            break;
    }
    return buffer;
}

static bool put_words(Render *render, const char *words, TemplateEscape escape)
{
    return put_value(render, words, strlen(words), escape);
}

static bool render_value(Render *render, const TemplateNode *node, const Context *context)
{
    const json_t *value = NULL;
    if (!look_up(render, node, context, &value))
        return false;
    TemplateEscape escape = node->kind == '&'      ? template_escape_none
                            : node->escape != NULL ? node->escape
                                                   : render->escape;
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        return put_value(render, json_string_value(value), json_string_length(value), escape);
    case JSON_INTEGER:
        g_snprintf(buffer, sizeof buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return put_words(render, buffer, escape);
    case JSON_REAL:
        return put_words(render, format_real(json_real_value(value), buffer), escape);
    case JSON_TRUE:
        return put_words(render, "true", escape);
    case JSON_FALSE:
        return put_words(render, "false", escape);
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
    default:
        return true;
    }
}

static bool render_section(Render *render, const Unit *unit, uint32_t index, const Context *context)
{
    const TemplateNode *node = &unit->tmpl->nodes[index];
    const json_t *value = NULL;
    if (!look_up(render, node, context, &value))
        return false;
    bool truthy = is_truthy(value);
    if (node->kind == '^')
        return truthy || render_nodes(render, unit, index + 1, node->end, context);
    if (!truthy)
        return true;
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < n; i++) {
        Context inner = {json_is_array(value) ? json_array_get(value, i) : value, context};
        if (!take_steps(render, 1) || !render_nodes(render, unit, index + 1, node->end, &inner))
            return false;
    }
    return true;
}

static bool render_partial(Render *render, const Unit *unit, const TemplateNode *node,
                           const Context *context)
{
    const Template *tmpl =
        render->partial != NULL ? render->partial(node->name, render->partial_data) : NULL;
    if (tmpl == NULL)
        return true;
    if (render->depth == LIMIT_TEMPLATE_DEPTH) {
        error_set_problem(render->error, TD_ERROR_INVALID, "template-depth", NULL,
                          "Partials are nested more than %d deep; look whether \"%s\" (line %d, "
                          "column %d) includes itself without end",
                          LIMIT_TEMPLATE_DEPTH, node->name, node->line, node->column);
        return false;
    }
    Indent indent = {{node->text, node->bytes}, unit->indent};
    Unit inner = {tmpl, node->standalone ? &indent : NULL};
    render->depth++;
    bool ok = render_nodes(render, &inner, 0, tmpl->n_nodes, context);
    render->depth--;
    return ok;
}

static bool render_node(Render *render, const Unit *unit, uint32_t index, const Context *context)
{
    const TemplateNode *node = &unit->tmpl->nodes[index];
    switch (node->kind) {
    case NODE_TEXT:
        return render_text(render, node, unit->indent);
    case '#':
    case '^':
        return render_section(render, unit, index, context);
    case '>':
        return render_partial(render, unit, node, context);
    default:
        return render_value(render, node, context);
    }
}

static bool render_nodes(Render *render, const Unit *unit, uint32_t from, uint32_t to,
                         const Context *context)
{
    for (uint32_t i = from; i < to; i = unit->tmpl->nodes[i].end) {
        if (!take_steps(render, 1))
            return false;
        if (unit->tmpl->nodes[i].line_start && !put_indent(render, unit->indent))
            return false;
        if (!render_node(render, unit, i, context))
            return false;
    }
    return true;
}

bool template_render(const Template *tmpl, const json_t *data, TemplateEscape escape,
                     TemplatePartial partial, void *partial_data, size_t max_bytes, char **out,
                     GError **error)
{
    /* What is rendered is a little longer than its template, most of the time. */
    g_autoptr(GString) text = g_string_sized_new(strlen(tmpl->source) + ROOM_BYTES);
    Render render = {.escape = escape,
                     .partial = partial,
                     .partial_data = partial_data,
                     .out = text,
                     .max_bytes = max_bytes,
                     .error = error};
    const Unit unit = {tmpl, NULL};
    const Context context = {data, NULL};
    if (!render_nodes(&render, &unit, 0, tmpl->n_nodes, &context))
        return false;
    *out = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}
