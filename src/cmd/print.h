/* SPDX-License-Identifier: Apache-2.0 */
/* What people read: records of the API as tables and pages. Nothing that comes from data can move
 * the terminal's cursor, forge a line or turn the direction of writing. */
#pragma once

#include <jansson.h>

/* One line: what controls the terminal becomes U+FFFD, tabs and line breaks become spaces. NULL
 * gives "". Free with g_free(). */
char *plain_line(const char *text);

/* Several lines: line feeds and tabs stay. */
char *plain_block(const char *text);

/* How many columns of a terminal the text takes. */
int display_width(const char *text);

typedef enum {
    SHOWN_VALUE, /* a text or number as it is, yes or no, lists with commas */
    SHOWN_TIME,  /* in the terminal's time zone */
} ShownKind;

/* A column of a table, or a line of a page. */
typedef struct {
    const char *label;
    const char *field; /* of the API's object; NULL ends the list */
    ShownKind kind;
} Shown;

/* The field for people; "" for null. Free with g_free(). */
char *shown_field(const json_t *object, const Shown *shown);

/* A row for each object of `items`; on a terminal wide columns are cut so that a row fits. */
void print_table(const json_t *items, const Shown *columns);

/* A line for each field that is not null or empty. */
void print_fields(const json_t *object, const Shown *fields);

/* A heading and a text of several lines below it; nothing where the text is empty. */
void print_block(const char *heading, const char *text);
