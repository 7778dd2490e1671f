/* SPDX-License-Identifier: Apache-2.0 */
/* The tree, as parse.c builds it and render.c walks it; and the reading of one tag, between parse.c
 * and tag.c. */
#pragma once

#include "template/template.h"

#include <stdint.h>

/* A node is a text or a tag that does something. The tree is one array in the order of the text:
 * the children of node i are the nodes i + 1 .. nodes[i].end - 1. Closing tags, comments and
 * delimiters leave no node. */
typedef struct {
    char kind;       /* NODE_TEXT, or as in TemplateVisit */
    bool line_start; /* the first thing of a line that stays: a partial's indentation goes before it
                      */
    bool standalone; /* a partial alone on its line: `text` is the indentation it gives */
    uint16_t n_parts; /* of the dotted name; 0 for "." */
    uint32_t end;
    int line, column;
    const char *text; /* into Template.source */
    size_t bytes;
    const char *name;      /* NULL for a text */
    const char *path;      /* the name's parts one after the other, each with its NUL */
    TemplateEscape escape; /* of its value; NULL: the one that the rendering was given */
} TemplateNode;

#define NODE_TEXT 't'

struct Template {
    char *source;
    size_t source_bytes;
    GStringChunk *names;
    TemplateNode *nodes;
    uint32_t n_nodes;
};

typedef struct {
    const char *at;
    size_t bytes;
} TemplateSlice;

/* One tag as it stands in the text. */
typedef struct {
    char kind;          /* as in TemplateVisit, or '/', '!', '=' */
    const char *start;  /* its first byte */
    const char *after;  /* the first byte behind it */
    TemplateSlice name; /* trimmed; empty for '!' and '=' */
    TemplateSlice open; /* '=': the delimiters from here on */
    TemplateSlice close;
} TemplateTag;

/* Reads the tag that starts at tag->start with the delimiter `open`. NULL, or what is wrong with
 * it: words that make a sentence when the position follows. */
const char *template_tag_read(TemplateTag *tag, TemplateSlice open, TemplateSlice close,
                              const char *end);

/* The first occurrence of `what` in [at, end), or NULL. Linear. */
const char *template_find(const char *at, const char *end, TemplateSlice what);
