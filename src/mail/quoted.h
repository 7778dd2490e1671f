/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a mail's text the history begins that the mail program put under the answer. Pure, one
 * pass over the text.
 *
 * Recognised, in English, German, French, Spanish and Japanese: "On ... wrote:" above quoted lines,
 * Outlook's block of From/Sent/To/Subject, "-----Original Message-----", and a block of "> " lines
 * at the end. Answers written between or below quoted lines stay in the new text, and so do the
 * lines that they answer. A signature ("-- ") in front of the history belongs to the new text.
 */
#pragma once

#include <stddef.h>

/* The offset in bytes of the first line of the history; strlen(text) where there is none. Never 0:
 * where nothing stands in front of it, it is a forwarded mail, and that is what is new. `text` is
 * UTF-8 with LF lines. */
size_t quoted_begin(const char *text);

/* Splits there: both without blank lines at their ends, never NULL, free with g_free(). */
void quoted_split(const char *text, char **new_text, char **quoted_text);
