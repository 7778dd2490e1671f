/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in fields and bodies: unfolding, words (RFC 2047), parameters, transfer encodings. */
#include "mail/mime.h"

#include "mail/charset.h"

#include <string.h>

#define CUT_AT(n, max) ((n) < (max) ? (n) : (max))

/* What turns the direction of writing, so that a line looks like another one. */
static bool is_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Control characters (C0, DEL, C1 and the line separators) become spaces; spaces at both ends go.
 */
static char *one_line(const char *text, bool *found)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) out = g_string_sized_new(strlen(valid));
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
        if (control && c != '\t')
            *found = true;
        if (control)
            g_string_append_c(out, ' ');
        else if (!is_direction(c))
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
    }
    return g_strdup(g_strstrip(out->str));
}

char *mime_field_value(const MimeField *field, MimeDefects *defects)
{
    const char *p = field->value;
    const char *end = p + CUT_AT(field->value_bytes, MIME_VALUE_BYTES);
    g_autoptr(GString) line = g_string_sized_new((gsize)(end - p));
    for (const char *lf; p < end; p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        lf = lf != NULL ? lf : end;
        const char *stop = lf > p && lf[-1] == '\r' ? lf - 1 : lf;
        g_string_append_len(line, p, stop - p);
    }
    bool bad = memchr(line->str, '\0', line->len) != NULL;
    g_autofree char *text = charset_to_utf8(line->str, line->len, NULL, &bad);
    char *value = one_line(text, &bad);
    if (defects != NULL && bad)
        defects->bad_header = true;
    return value;
}

char *mime_value(const MimePart *part, const char *name)
{
    const MimeField *field = mime_find(part, name);
    return field != NULL ? mime_field_value(field, NULL) : NULL;
}

char *mime_decode_words(const char *value)
{
    g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, value);
    bool found = false;
    return one_line(decoded, &found);
}

char *mime_value_decoded(const MimePart *part, const char *name)
{
    g_autofree char *value = mime_value(part, name);
    return value != NULL ? mime_decode_words(value) : NULL;
}

char *mime_parameter(const MimePart *part, const char *name)
{
    const char *value = g_mime_content_type_get_parameter(part->type, name);
    bool found = false;
    return value != NULL ? one_line(value, &found) : NULL;
}

/* Where the data of a uuencoded body begins: behind its "begin" line. */
static void skip_uu_begin(const char **body, size_t *bytes)
{
    bool first = *bytes >= 6 && memcmp(*body, "begin ", 6) == 0;
    const char *begin = first ? *body : NULL;
    if (begin == NULL) {
        begin = memmem(*body, *bytes, "\nbegin ", 7);
        begin = begin != NULL ? begin + 1 : NULL;
    }
    const char *end = *body + *bytes;
    const char *lf = begin != NULL ? memchr(begin, '\n', (size_t)(end - begin)) : NULL;
    if (lf != NULL) {
        *body = lf + 1;
        *bytes = (size_t)(end - lf - 1);
    }
}

/* The encoding that the part names; DEFAULT for none and for what nobody knows. */
static GMimeContentEncoding part_encoding(const MimePart *part, MimeDefects *defects)
{
    g_autofree char *name = mime_value(part, "Content-Transfer-Encoding");
    if (name == NULL)
        return GMIME_CONTENT_ENCODING_DEFAULT;
    GMimeContentEncoding encoding = g_mime_content_encoding_from_string(name);
    if (encoding == GMIME_CONTENT_ENCODING_DEFAULT && defects != NULL)
        defects->bad_encoding = true;
    return encoding;
}

GBytes *mime_decode(const MimePart *part, size_t max_bytes, MimeDefects *defects, bool *cut)
{
    const char *body = part->body;
    size_t bytes = part->body_bytes;
    GMimeEncoding state;
    GMimeContentEncoding encoding = part_encoding(part, defects);
    bool plain = encoding != GMIME_CONTENT_ENCODING_BASE64 &&
                 encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
                 encoding != GMIME_CONTENT_ENCODING_UUENCODE;
    if (plain) {
        *cut = *cut || bytes > max_bytes;
        return g_bytes_new(body, CUT_AT(bytes, max_bytes));
    }
    g_mime_encoding_init_decode(&state, encoding);
    if (encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
        skip_uu_begin(&body, &bytes);
        state.state |= GMIME_UUDECODE_STATE_BEGIN;
    }
    /* No encoding makes more than one byte of one, and base64 and uuencode three of four; so what
     * is beyond four times the room is not needed. */
    size_t taken = CUT_AT(bytes, max_bytes * 4);
    char *out = g_malloc(g_mime_encoding_outlen(&state, taken) + 1);
    size_t n = g_mime_encoding_flush(&state, body, taken, out);
    *cut = *cut || n > max_bytes || taken < bytes;
    n = CUT_AT(n, max_bytes);
    return g_bytes_new_take(g_realloc(out, n + 1), n);
}
