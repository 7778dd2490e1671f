/* SPDX-License-Identifier: Apache-2.0 */
/* The text part of a mail that was written in HTML alone. */
#pragma once

/* What the HTML says, as text for people: paragraphs and table rows become lines, a list's entries
 * begin with "- ", a link is followed by where it leads, an image is its alternative text; styles
 * and what is not shown are left out. Any input is read; UTF-8 gives UTF-8, hardly longer than
 * the input. Pure and linear. Free with g_free(). */
char *html_as_text(const char *html);
