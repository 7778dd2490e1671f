/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing text into a 7-bit message: folded header fields (RFC 5322 §2.2.3), encoded words (RFC
 * 2047), quoted-printable and base64 (RFC 2045 §6.7, §6.8). Pure functions that append to a
 * GString; lines end in CRLF.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The line length that folding aims at, without CRLF (RFC 5322 §2.1.1). */
#define ENCODE_LINE_CHARS 78

/* A header field being written. Words go in with encode_word() and are folded between each other.
 */
typedef struct {
    GString *out;
    size_t column; /* characters on the present line */
    bool first;    /* nothing stands behind the colon yet */
} HeaderField;

/* Starts the field "name:". */
void encode_field(HeaderField *field, GString *out, const char *name);

/* Appends a word that must not be broken, behind a space or, where it would not fit, on a new line.
 */
void encode_word(HeaderField *field, const char *word, size_t bytes);

/* Ends the field. */
void encode_field_end(HeaderField *field);

/* A line of free text (a subject): as it is where that is plain ASCII with single spaces, else as
 * encoded words. */
void encode_unstructured(HeaderField *field, const char *text);

/* A display name: atoms, a quoted string, or encoded words. */
void encode_phrase(HeaderField *field, const char *text);

typedef enum { ENCODE_7BIT, ENCODE_QUOTED_PRINTABLE, ENCODE_BASE64 } BodyEncoding;

/* The name for Content-Transfer-Encoding. */
const char *encode_body_name(BodyEncoding encoding);

/* Which encoding suits: 7bit only where `allow_7bit` and the text is short-lined ASCII that no mail
 * program mangles, quoted-printable for mostly ASCII, base64 for the rest. */
BodyEncoding encode_body_choose(const char *text, size_t bytes, bool allow_7bit);

/* Appends the text, whose lines end in LF (CRLF and CR are read as LF), so that it ends in CRLF. */
void encode_body(GString *out, const char *text, size_t bytes, BodyEncoding encoding);
