/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encodings are ours and not GMime's for one reason: an alert's bytes must be reproducible for
 * years (product.md, promise 6), and how GMime folds and which character set it picks is free to
 * change with the library's next release. They are read back by two other implementations in the
 * tests.
 *
 * Encoded words never split a character (RFC 2047 §5) and are at most 75 characters long. In
 * quoted-printable a "." or "From " at the start of a line is escaped, so that no hop has a reason
 * to touch a body.
 */
#include "mail/encode.h"

#include <string.h>

#define ENCODED_WORD_CHARS 75 /* RFC 2047 §2 */
#define WORD_WRAPPING      12 /* =?UTF-8?Q? and ?= */
#define PLAIN_WORD_CHARS   70 /* a longer run without a space is encoded, which can be folded */
#define BODY_LINE_CHARS    76 /* RFC 2045 §6.7 (5), §6.8 */
#define BASE64_LINE_BYTES  57 /* BODY_LINE_CHARS in base64 */

static const char hex_digits[] = "0123456789ABCDEF";

void encode_field(HeaderField *field, GString *out, const char *name)
{
    g_string_append(out, name);
    g_string_append_c(out, ':');
    *field = (HeaderField){.out = out, .column = strlen(name) + 1, .first = true};
}

void encode_word(HeaderField *field, const char *word, size_t bytes)
{
    if (!field->first && field->column + 1 + bytes > ENCODE_LINE_CHARS) {
        g_string_append_len(field->out, "\r\n", 2);
        field->column = 0;
    }
    g_string_append_c(field->out, ' ');
    g_string_append_len(field->out, word, (gssize)bytes);
    field->column += 1 + bytes;
    field->first = false;
}

void encode_field_end(HeaderField *field)
{
    g_string_append_len(field->out, "\r\n", 2);
}

static bool is_q_safe(unsigned char c)
{
    return g_ascii_isalnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

static size_t q_chars(const char *p, size_t bytes)
{
    size_t chars = 0;
    for (size_t i = 0; i < bytes; i++)
        chars += is_q_safe((unsigned char)p[i]) || p[i] == ' ' ? 1 : 3;
    return chars;
}

static void append_q(GString *out, const char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == ' ') {
            g_string_append_c(out, '_');
        } else if (is_q_safe(c)) {
            g_string_append_c(out, (char)c);
        } else {
            g_string_append_c(out, '=');
            g_string_append_c(out, hex_digits[c >> 4]);
            g_string_append_c(out, hex_digits[c & 15]);
        }
    }
}

static size_t b_chars(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/* How many bytes of `text` go into one encoded word with `room` characters; at least one character.
 * In base64 the last place that needs no padding is taken: GMime, for one, loses all that follows a
 * padded word. */
static size_t word_bytes(const char *text, size_t room, bool use_q)
{
    size_t bytes = 0;
    size_t chars = 0;
    size_t unpadded = 0;
    while (text[bytes] != '\0') {
        size_t step = (size_t)(g_utf8_next_char(text + bytes) - (text + bytes));
        size_t longer = use_q ? chars + q_chars(text + bytes, step) : b_chars(bytes + step);
        if (bytes > 0 && longer > room)
            return unpadded > 0 ? unpadded : bytes;
        chars = longer;
        bytes += step;
        if (use_q || bytes % 3 == 0)
            unpadded = bytes;
    }
    return bytes;
}

static void encode_words(HeaderField *field, const char *text)
{
    size_t left = strlen(text);
    bool use_q = q_chars(text, left) <= b_chars(left);
    g_autoptr(GString) word = g_string_sized_new(ENCODED_WORD_CHARS + 1);
    while (left > 0) {
        size_t line = ENCODE_LINE_CHARS - MIN(field->column + 1, (size_t)ENCODE_LINE_CHARS);
        size_t room = MIN(line, (size_t)ENCODED_WORD_CHARS);
        if (room < ENCODED_WORD_CHARS / 2)
            room = ENCODED_WORD_CHARS;
        size_t bytes = word_bytes(text, room - WORD_WRAPPING, use_q);
        g_string_assign(word, use_q ? "=?UTF-8?Q?" : "=?UTF-8?B?");
        if (use_q) {
            append_q(word, text, bytes);
        } else {
            g_autofree char *base64 = g_base64_encode((const guchar *)text, bytes);
            g_string_append(word, base64);
        }
        g_string_append_len(word, "?=", 2);
        encode_word(field, word->str, word->len);
        text += bytes;
        left -= bytes;
    }
}

/* ASCII that reads back the same after folding at its spaces: single spaces between words that are
 * not too long, and nothing that looks like an encoded word. */
static bool is_foldable_ascii(const char *text)
{
    size_t run = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
            return false;
        if (*p != ' ') {
            if (++run > PLAIN_WORD_CHARS)
                return false;
        } else if (run == 0 || p[1] == '\0') {
            return false;
        } else {
            run = 0;
        }
    }
    return strstr(text, "=?") == NULL;
}

static void encode_plain_words(HeaderField *field, const char *text)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, " ");
        encode_word(field, text, bytes);
        text += bytes;
        if (*text == ' ')
            text++;
    }
}

void encode_unstructured(HeaderField *field, const char *text)
{
    if (is_foldable_ascii(text))
        encode_plain_words(field, text);
    else
        encode_words(field, text);
}

static bool is_atoms(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(" !#$%&'*+-/=?^_`{|}~", *p) == NULL)
            return false;
    return true;
}

void encode_phrase(HeaderField *field, const char *text)
{
    if (!is_foldable_ascii(text)) {
        encode_words(field, text);
        return;
    }
    if (is_atoms(text)) {
        encode_plain_words(field, text);
        return;
    }
    g_autoptr(GString) quoted = g_string_new("\"");
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *p);
    }
    g_string_append_c(quoted, '"');
    encode_plain_words(field, quoted->str);
}

const char *encode_body_name(BodyEncoding encoding)
{
    static const char *const names[] = {"7bit", "quoted-printable", "base64"};
    return names[encoding];
}

/* Whether every line of this printable ASCII is short, and none is one that hops change. */
static bool is_plain_lines(const char *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', bytes - at);
        size_t n = end != NULL ? (size_t)(end - line) : bytes - at;
        if (n > BODY_LINE_CHARS || (n > 0 && (line[0] == '.' || line[n - 1] == ' ')) ||
            (n >= 5 && memcmp(line, "From ", 5) == 0))
            return false;
        at += n + 1;
    }
    return true;
}

BodyEncoding encode_body_choose(const char *text, size_t bytes, bool allow_7bit)
{
    size_t high = 0;
    size_t controls = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        high += c >= 0x7f;
        controls += c < 0x20 && c != '\n';
    }
    if (allow_7bit && high == 0 && controls == 0 && is_plain_lines(text, bytes))
        return ENCODE_7BIT;
    return high * 6 <= bytes ? ENCODE_QUOTED_PRINTABLE : ENCODE_BASE64;
}

/* The length of the line at `text` without its end; *next is what lies behind that end. */
static size_t line_bytes(const char *text, size_t bytes, size_t *next)
{
    const char *lf = memchr(text, '\n', bytes);
    size_t n = lf != NULL ? (size_t)(lf - text) : bytes;
    const char *cr = memchr(text, '\r', n);
    n = cr != NULL ? (size_t)(cr - text) : n;
    *next = n + (n < bytes);
    if (n + 1 < bytes && text[n] == '\r' && text[n + 1] == '\n')
        *next = n + 2;
    return n;
}

/* Whether a byte inside a line stands for itself; the ends of lines have more rules. */
static bool qp_is_plain(unsigned char c)
{
    return (c >= 0x20 && c <= 0x7e && c != '=') || c == '\t';
}

/* How many of the next `most` bytes do. */
static size_t qp_plain_run(const char *text, size_t most)
{
    size_t n = 0;
    while (n < most && qp_is_plain((unsigned char)text[n]))
        n++;
    return n;
}

/* A space at the end of a line, "." and "From " at its start are what hops and mailbox files
 * change. */
static bool qp_must_escape(const char *line, size_t bytes, size_t i, bool at_start)
{
    unsigned char c = (unsigned char)line[i];
    if (!qp_is_plain(c))
        return true;
    if ((c == ' ' || c == '\t') && i + 1 == bytes)
        return true;
    return at_start &&
           (c == '.' || (c == 'F' && bytes - i >= 5 && memcmp(line + i, "From ", 5) == 0));
}

static void append_qp_line(GString *out, const char *line, size_t bytes)
{
    /* room for the worst case, so that the loop writes without asking: all escaped, 24 codes a line
     */
    size_t before = out->len;
    g_string_set_size(out, before + bytes * 3 + (bytes / 24 + 1) * 3 + 2);
    char *p = out->str + before;
    size_t column = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (column > 0 && column < BODY_LINE_CHARS - 1) {
            size_t run = qp_plain_run(line + i, MIN(bytes - 1 - i, BODY_LINE_CHARS - 1 - column));
            p = mempcpy(p, line + i, run);
            column += run;
            i += run;
        }
        bool escape = qp_must_escape(line, bytes, i, column == 0);
        size_t room = i + 1 == bytes ? BODY_LINE_CHARS : BODY_LINE_CHARS - 1;
        if (column + (escape ? 3 : 1) > room) {
            p = mempcpy(p, "=\r\n", 3);
            column = 0;
            escape = qp_must_escape(line, bytes, i, true);
        }
        if (escape) {
            unsigned char c = (unsigned char)line[i];
            *p++ = '=';
            *p++ = hex_digits[c >> 4];
            *p++ = hex_digits[c & 15];
            column += 3;
        } else {
            *p++ = line[i];
            column++;
        }
    }
    p = mempcpy(p, "\r\n", 2);
    g_string_truncate(out, (size_t)(p - out->str));
}

static void append_base64(GString *out, const guchar *data, size_t bytes)
{
    char line[BODY_LINE_CHARS + 8];
    for (size_t i = 0; i < bytes; i += BASE64_LINE_BYTES) {
        gint state = 0;
        gint save = 0;
        gsize n = g_base64_encode_step(data + i, MIN(bytes - i, (size_t)BASE64_LINE_BYTES), FALSE,
                                       line, &state, &save);
        n += g_base64_encode_close(FALSE, line + n, &state, &save);
        g_string_append_len(out, line, (gssize)n);
        g_string_append_len(out, "\r\n", 2);
    }
}

void encode_body(GString *out, const char *text, size_t bytes, BodyEncoding encoding)
{
    g_autoptr(GString) canonical =
        encoding == ENCODE_BASE64 ? g_string_sized_new(bytes + bytes / 32 + 2) : NULL;
    GString *lines = canonical != NULL ? canonical : out;
    for (size_t at = 0, next; at < bytes; at += next) {
        size_t n = line_bytes(text + at, bytes - at, &next);
        if (encoding == ENCODE_QUOTED_PRINTABLE) {
            append_qp_line(out, text + at, n);
        } else {
            g_string_append_len(lines, text + at, (gssize)n);
            g_string_append_len(lines, "\r\n", 2);
        }
    }
    if (canonical != NULL)
        append_base64(out, (const guchar *)canonical->str, canonical->len);
}
