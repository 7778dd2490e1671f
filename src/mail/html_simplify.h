/* SPDX-License-Identifier: Apache-2.0 */
/* HTML without what nobody needs who only wants its text. Pure. */
#pragma once

#include <stddef.h>

/* The same text with tags that have at most one href, alt, style, hidden and start
 * each, of bounded length; without comments, declarations, scripts, styles and titles. Tags are
 * found as the HTML standard says (§13.2.5). `html` is valid UTF-8 without NUL. One pass. Free with
 * g_free(). */
char *html_simplify(const char *html, size_t bytes);
