/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building an outgoing RFC 5322 message, by our own encoder (encode.h), so that a new release of a
 * MIME library cannot change the bytes; showing one to a person, by GMime (message_read.c).
 *
 * The same parts give the same bytes, always: no clock, no randomness, no host name in it
 * (product.md, promise 6). The MIME boundary comes from the Message-ID. Bodies are 7-bit
 * (quoted-printable or base64), lines end in CRLF, headers are folded at 78 where they can be and
 * encoded by RFC 2047. Nothing that a caller gives can start a new header: a CR, LF or NUL in a
 * one-line part is refused.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Auto-Submitted (RFC 3834 §5), and X-Auto-Response-Suppress: All with it. */
typedef enum {
    MESSAGE_BY_PERSON, /* neither field */
    MESSAGE_AUTO_GENERATED,
    MESSAGE_AUTO_REPLIED,
} MessageAutomatic;

/* A file beside the text, in multipart/mixed. */
typedef struct {
    const char *name;         /* UTF-8, one line; written as RFC 2231 has it where it must be */
    const char *content_type; /* "type/subtype", tokens of RFC 2045 */
    GBytes *content;          /* any bytes; written in base64 */
} MessageAttachment;

typedef struct {
    const char *from_name; /* may be NULL */
    const char *from_address;
    const char *to_name; /* may be NULL */
    const char *to_address;
    const char *reply_to;          /* an address; may be NULL */
    const char *subject;           /* UTF-8, one line */
    int64_t date_us;               /* Date, microseconds UTC; printed as +0000 */
    const char *message_id;        /* without angle brackets */
    const char *in_reply_to;       /* without angle brackets; may be NULL */
    const char *const *references; /* NULL-terminated, without angle brackets; may be NULL */
    const char *language;          /* Content-Language (RFC 3282); may be NULL */
    MessageAutomatic automatic;
    const char *hop;  /* the hop mark (mail/hop.h); may be NULL */
    const char *text; /* text/plain; UTF-8, lines end in LF */
    const char *html; /* text/html beside it in multipart/alternative; may be NULL */
    const MessageAttachment *attachments; /* may be NULL */
    size_t n_attachments;
} MessageParts;

/* The composer's version: changes whenever the same parts would give other bytes. */
#define MESSAGE_COMPOSER_VERSION 1

/* The message's exact bytes. Errors: INVALID (a part that cannot stand in a header, an address that
 * is none). */
GBytes *message_build(const MessageParts *parts, GError **error);

/* Whether it can stand in a Message-ID, In-Reply-To or References field of ours. */
bool message_id_fits(const char *message_id);

/* For tests and for people at a terminal: headers decoded, then the text part. Free with g_free().
 * NULL where the bytes are no message. */
char *message_to_readable(GBytes *message);
