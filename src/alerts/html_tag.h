/* SPDX-License-Identifier: Apache-2.0 */
/* One tag, and one character reference, of HTML that is read for its words. Pure; any input is
 * read. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define HTML_TAG_NAME_BYTES 12 /* longer names are cut: none that matters is */

typedef struct {
    char name[HTML_TAG_NAME_BYTES]; /* in lower case */
    bool closing;                   /* has no attributes */
    char *style, *href, *alt;       /* NULL: it has none; style and href without spaces */
} HtmlTag;

void html_tag_clear(HtmlTag *tag);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HtmlTag, html_tag_clear)

/* Reads what stands between "<" and the ">" at `end`. Values are cut after 1 KiB. */
void html_tag_read(const char *at, const char *end, HtmlTag *tag);

/* The ">" that ends a tag, past quoted values; NULL where there is none. `at` is behind the "<". */
const char *html_tag_end(const char *at, const char *end);

/* The character that "&...;" at `at` stands for, and its length; 0 where it is none. */
gunichar html_reference(const char *at, const char *end, size_t *bytes);
