/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to tree, in one pass from left to right.
 *
 * The invariant of the pass: everything before `at` is in the tree. `line` is where the line of
 * `at` begins; a tag is *standalone* when nothing but blanks stands with it on its line (or lines:
 * a comment may have several), and then the blanks and the line's end go with it. Each byte is
 * looked at a bounded number of times, whatever the text: searches go forwards only, an unclosed
 * tag ends the pass, and line and column are counted along the way.
 *
 * Fails with a position and leaves nothing behind. Sections nest at most LIMIT_TEMPLATE_DEPTH deep,
 * so the open ones fit in an array, and whoever walks the tree may recurse.
 */
#include "template/template-private.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* A place in the text and its number; moves only forwards. */
typedef struct {
    const char *at;
    int line, column;
} Place;

typedef struct {
    Template *tmpl;
    GArray *nodes;
    const char *at, *end;
    const char *line;
    TemplateSlice open, close;
    Place place;                             /* of the tag read last */
    uint32_t sections[LIMIT_TEMPLATE_DEPTH]; /* the open ones */
    size_t n_sections;
} Parser;

static void place_move(Place *place, const char *to)
{
    for (; place->at < to; place->at = g_utf8_next_char(place->at)) {
        place->column++;
        if (*place->at == '\n') {
            place->line++;
            place->column = 1;
        }
    }
}

static TemplateNode *node_at(const Parser *parser, uint32_t index)
{
    return &g_array_index(parser->nodes, TemplateNode, index);
}

static void push_text(Parser *parser, const char *from, const char *to, bool line_start)
{
    TemplateNode node = {.kind = NODE_TEXT,
                         .line_start = line_start,
                         .text = from,
                         .bytes = (size_t)(to - from),
                         .end = parser->nodes->len + 1};
    g_array_append_val(parser->nodes, node);
}

/* The name's parts, each with a NUL behind it. */
static const char *path_of(GStringChunk *names, const char *name, uint16_t *n_parts)
{
    *n_parts = 1;
    if (strcmp(name, ".") == 0)
        *n_parts = 0;
    if (strchr(name, '.') == NULL || *n_parts == 0)
        return name;
    char *path = g_string_chunk_insert(names, name);
    for (char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        *dot = '\0';
        ++*n_parts;
    }
    return path;
}

static void push_tag(Parser *parser, const TemplateTag *tag, bool line_start)
{
    g_autofree char *name = g_strndup(tag->name.at, tag->name.bytes);
    TemplateNode node = {.kind = tag->kind,
                         .line_start = line_start,
                         .line = parser->place.line,
                         .column = parser->place.column,
                         .name = g_string_chunk_insert_const(parser->tmpl->names, name),
                         .end = parser->nodes->len + 1};
    node.path = path_of(parser->tmpl->names, node.name, &node.n_parts);
    g_array_append_val(parser->nodes, node);
}

static bool refuse(const Parser *parser, GError **error, const char *what)
{
    template_error_set(error, "template-syntax", parser->place.line, parser->place.column, "%s",
                       what);
    return false;
}

static bool open_section(Parser *parser, const TemplateTag *tag, bool line_start, GError **error)
{
    if (parser->n_sections == LIMIT_TEMPLATE_DEPTH)
        return refuse(parser, error,
                      "Sections are nested more than " G_STRINGIFY(LIMIT_TEMPLATE_DEPTH) " deep");
    parser->sections[parser->n_sections++] = parser->nodes->len;
    push_tag(parser, tag, line_start);
    return true;
}

static bool close_section(Parser *parser, const TemplateTag *tag, GError **error)
{
    g_autofree char *name = g_strndup(tag->name.at, tag->name.bytes);
    if (parser->n_sections == 0) {
        template_error_set(error, "template-syntax", parser->place.line, parser->place.column,
                           "{{/%s}} closes a section that was never opened", name);
        return false;
    }
    TemplateNode *open = node_at(parser, parser->sections[parser->n_sections - 1]);
    if (strcmp(open->name, name) != 0) {
        template_error_set(error, "template-syntax", parser->place.line, parser->place.column,
                           "{{/%s}} stands where {{/%s}} must close the section of line %d", name,
                           open->name, open->line);
        return false;
    }
    open->end = parser->nodes->len;
    parser->n_sections--;
    return true;
}

/* `line_start`: the tag is the first thing of a line that stays. */
static bool add_tag(Parser *parser, const TemplateTag *tag, bool line_start, GError **error)
{
    bool leaves_node = strchr("!=/", tag->kind) == NULL;
    if (line_start && !leaves_node)
        push_text(parser, tag->start, tag->start, true); /* carries the mark */
    if (tag->kind == '#' || tag->kind == '^')
        return open_section(parser, tag, line_start, error);
    if (tag->kind == '/')
        return close_section(parser, tag, error);
    if (tag->kind == '=') {
        parser->open = tag->open;
        parser->close = tag->close;
    }
    if (leaves_node)
        push_tag(parser, tag, line_start);
    return true;
}

static bool is_blank(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    return from == to;
}

/* Where the next line begins if nothing but blanks stands in front of it; else NULL. */
static const char *rest_is_blank(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == end)
        return at;
    if (*at == '\n')
        return at + 1;
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? at + 2 : NULL;
}

/* Puts the text before the tag and the tag into the tree. `fresh`: that text begins at a line's
 * start; `unshared`: no tag stands before this one on its line. (Blanks alone would tell, too, but
 * then a long row of blanks would be looked at again for every tag behind it.) */
static bool take_tag(Parser *parser, const TemplateTag *tag, bool fresh, bool unshared,
                     GError **error)
{
    const char *next = NULL;
    if (unshared && tag->kind != 'v' && tag->kind != '&' && is_blank(parser->line, tag->start))
        next = rest_is_blank(tag->after, parser->end);
    const char *text_end = next != NULL ? parser->line : tag->start;
    if (text_end > parser->at)
        push_text(parser, parser->at, text_end, fresh);
    if (!add_tag(parser, tag, next == NULL && tag->start == parser->line, error))
        return false;
    if (next == NULL) {
        parser->at = tag->after;
        return true;
    }
    if (tag->kind == '>') {
        TemplateNode *node = node_at(parser, parser->nodes->len - 1);
        node->standalone = true;
        node->text = parser->line;
        node->bytes = (size_t)(tag->start - parser->line);
    }
    parser->at = parser->line = next;
    return true;
}

static bool parse_next(Parser *parser, GError **error)
{
    bool fresh = parser->at == parser->line;
    TemplateTag tag = {.start = template_find(parser->at, parser->end, parser->open)};
    if (tag.start == NULL) {
        push_text(parser, parser->at, parser->end, fresh);
        parser->at = parser->end;
        return true;
    }
    const char *newline = memrchr(parser->at, '\n', (size_t)(tag.start - parser->at));
    if (newline != NULL)
        parser->line = newline + 1;
    place_move(&parser->place, tag.start);
    const char *wrong = template_tag_read(&tag, parser->open, parser->close, parser->end);
    if (wrong != NULL)
        return refuse(parser, error, wrong);
    return take_tag(parser, &tag, fresh, fresh || newline != NULL, error);
}

static bool parse_all(Parser *parser, GError **error)
{
    while (parser->at < parser->end)
        if (!parse_next(parser, error))
            return false;
    if (parser->n_sections == 0)
        return true;
    const TemplateNode *open = node_at(parser, parser->sections[parser->n_sections - 1]);
    template_error_set(error, "template-syntax", open->line, open->column,
                       "The section {{%c%s}} has no closing {{/%s}}; it opens", open->kind,
                       open->name, open->name);
    return false;
}

static bool check_text(const char *text, size_t bytes, GError **error)
{
    if (bytes > LIMIT_TEMPLATE_BYTES) {
        error_set_problem(error, TD_ERROR_INVALID, "too-long", NULL,
                          "The template is %zu bytes long; at most %d are allowed", bytes,
                          LIMIT_TEMPLATE_BYTES);
        return false;
    }
    const char *wrong;
    if (g_utf8_validate_len(text, bytes, &wrong))
        return true;
    Place place = {text, 1, 1};
    place_move(&place, wrong);
    template_error_set(error, "template-syntax", place.line, place.column, "%s",
                       *wrong == '\0' ? "A NUL character, which no text may contain, stands"
                                      : "The template is not valid UTF-8");
    return false;
}

Template *template_parse(const char *text, size_t bytes, GError **error)
{
    if (!check_text(text, bytes, error))
        return NULL;
    g_autoptr(Template) tmpl = g_new0(Template, 1);
    tmpl->source = g_strndup(text, bytes);
    tmpl->source_bytes = bytes;
    tmpl->names = g_string_chunk_new(256);
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(TemplateNode));
    Parser parser = {.tmpl = tmpl,
                     .nodes = nodes,
                     .at = tmpl->source,
                     .end = tmpl->source + bytes,
                     .line = tmpl->source,
                     .open = {"{{", 2},
                     .close = {"}}", 2},
                     .place = {tmpl->source, 1, 1}};
    if (!parse_all(&parser, error))
        return NULL;
    tmpl->n_nodes = nodes->len;
    tmpl->nodes = (TemplateNode *)(void *)g_array_free(g_steal_pointer(&nodes), FALSE);
    return g_steal_pointer(&tmpl);
}

void template_free(Template *tmpl)
{
    if (tmpl == NULL)
        return;
    g_free(tmpl->source);
    g_string_chunk_free(tmpl->names);
    g_free(tmpl->nodes);
    g_free(tmpl);
}

bool template_check(const Template *tmpl, TemplateVisit visit, void *data, GError **error)
{
    for (uint32_t i = 0; i < tmpl->n_nodes; i++) {
        const TemplateNode *node = &tmpl->nodes[i];
        if (node->kind != NODE_TEXT &&
            !visit(node->kind, node->name, node->line, node->column, data, error))
            return false;
    }
    return true;
}
