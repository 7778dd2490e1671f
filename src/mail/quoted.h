/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a mail's text the history begins that the mail program put under the answer. Pure, one
 * pass over the text.
 *
 * Recognised, in English, German, French, Spanish and Japanese: "On ... wrote:" above quoted lines,
 * Outlook's block of From/Sent/To/Subject, "-----Original Message-----", and a block of "> " lines
 * at the end. Answers written between quoted lines stay whole: what the sender wrote is never in
 * the history. A signature ("-- ") in front of the history belongs to the new text, one behind it
 * too.
 */
#pragma once

#include <stddef.h>

/* The offset in bytes of the first line of the history; strlen(text) where there is none. Never 0
 * unless the text has nothing new: then a forwarded mail is all that there is, and it is new (the
 * result is strlen(text)). `text` is UTF-8 with LF lines. */
size_t quoted_begin(const char *text);

/* Splits there: both without blank lines at their ends, never NULL, free with g_free(). */
void quoted_split(const char *text, char **new_text, char **quoted_text);
