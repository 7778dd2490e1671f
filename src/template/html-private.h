/* SPDX-License-Identifier: Apache-2.0 */
/* Reading HTML character by character, between html.c and html_read.c. */
#pragma once

#include <stdbool.h>

#define HTML_NAME_BYTES  24 /* longer names are cut: none that matters is */
#define HTML_START_BYTES 16 /* of an attribute's value: enough for a scheme */

typedef enum {
    IN_TEXT,
    IN_TAG_OPEN, /* behind "<" */
    IN_TAG_NAME,
    IN_TAG, /* between attributes */
    IN_ATTRIBUTE_NAME,
    AFTER_ATTRIBUTE_NAME,
    BEFORE_VALUE, /* behind "=" */
    IN_VALUE,     /* in quotes */
    IN_BARE_VALUE,
    IN_COMMENT,
    IN_DECLARATION, /* <!DOCTYPE html> */
    IN_STYLE,       /* what stands inside of <style> */
} HtmlPlace;

typedef enum {
    ATTRIBUTE_PLAIN,
    ATTRIBUTE_LINK,   /* leads somewhere: href */
    ATTRIBUTE_SOURCE, /* is loaded: src */
    ATTRIBUTE_CLOSED, /* nothing of a ticket may stand in it */
} AttributeKind;

typedef struct {
    HtmlPlace place;
    bool end_tag;
    bool in_title; /* where a browser knows no element but the title's end */
    char quote;
    char element[HTML_NAME_BYTES];
    char attribute[HTML_NAME_BYTES];
    AttributeKind kind;
    char start[HTML_START_BYTES]; /* of the value */
    bool has_field;               /* a value of ours stands in the attribute */
    char recent[8];               /* the last characters, for what ends a comment or a style */
} Html;

/* Takes the next character. NULL, or what is wrong: words that make a sentence when the position
 * follows. */
const char *html_read(Html *html, char c);
