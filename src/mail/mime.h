/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a mail (RFC 2045, RFC 2046), found within limits. Pure; everything is borrowed from
 * the mail's bytes, which must outlive it. See mime.c for why GMime's parser does not do this. */
#pragma once

#include "mail/gmime-extra.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define MIME_VALUE_BYTES (256 * 1024) /* of one field's value: the rest is cut off */

/* What was wrong and could be borne with. */
typedef struct {
    bool bad_header;   /* a line that is no field, raw 8-bit, NUL or control characters */
    bool no_boundary;  /* a multipart whose boundary is missing */
    bool bad_encoding; /* an unknown Content-Transfer-Encoding */
} MimeDefects;

typedef struct {
    const char *name;
    size_t name_bytes;
    const char *value; /* as it stands: folded, any bytes */
    size_t value_bytes;
} MimeField;

typedef struct {
    GArray *fields; /* of MimeField, topmost first */
    GMimeContentType *type;
    char *type_name;    /* "text/plain": lower-case */
    const char *entity; /* the part with its header */
    const char *body;
    size_t entity_bytes;
    size_t body_bytes;
    GPtrArray *parts; /* of MimePart, where it is a multipart; else NULL */
} MimePart;

/* Reads the structure. Errors: INVALID, problem "unreadable-mail": no field at all, or more header,
 * fields, parts or depth than inbound.h allows. *parts counts all parts. */
MimePart *mime_read(const char *mail, size_t bytes, MimeDefects *defects, unsigned *parts,
                    GError **error);
void mime_part_free(MimePart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimePart, mime_part_free)

/* The fields of a header that stands alone (text/rfc822-headers, a returned mail), as a part. Never
 * NULL: without any field there are none. */
MimePart *mime_read_header(const char *header, size_t bytes);

/* One field's value unfolded: one line of valid UTF-8 without control characters or spaces at its
 * ends, raw 8-bit read as charset.h does; RFC 2047 is left as it is. Free with g_free(). */
char *mime_field_value(const MimeField *field, MimeDefects *defects);
bool mime_field_is(const MimeField *field, const char *name);

/* The first field of that name, or NULL. */
const MimeField *mime_find(const MimePart *part, const char *name);
char *mime_value(const MimePart *part, const char *name);
char *mime_value_decoded(const MimePart *part, const char *name); /* RFC 2047 decoded */

/* RFC 2047 decoded, valid UTF-8, one line. `value` as mime_field_value() gives it. */
char *mime_decode_words(const char *value);

/* A parameter of Content-Type (RFC 2231), one line; NULL where there is none. */
char *mime_parameter(const MimePart *part, const char *name);

/* The body with its transfer encoding undone, at most max_bytes; *cut where there was more. */
GBytes *mime_decode(const MimePart *part, size_t max_bytes, MimeDefects *defects, bool *cut);
