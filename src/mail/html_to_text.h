/* SPDX-License-Identifier: Apache-2.0 */
/* HTML of strangers to readable text, by libxml2's HTML parser (no tree, no network, no DTD). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HTML_TO_TEXT_DEPTH 512 /* elements in elements; what is deeper ends the reading */

/* Paragraphs as blank lines, "- " and "1. " before list items, "text <url>" for links whose text is
 * not the url (http, https, mailto and tel alone), "[alt]" for images that have an alt text, table
 * cells beside each other with " | " between them, "> " before lines of a blockquote, <pre> as it
 * stands. Scripts, styles, comments, <title>, and what is hidden (the `hidden` attribute,
 * display:none) are left out. `html` is UTF-8 of `bytes` bytes; what is not valid in it becomes
 * U+FFFD. The result is valid UTF-8 with LF lines, without control characters other than LF and
 * tab, without blank lines at its ends, at most max_bytes (cut between characters, then *cut is
 * true; `cut` may be NULL). Never NULL; free with g_free(). */
char *html_to_text(const char *html, size_t bytes, size_t max_bytes, bool *cut);
