/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts what a server sends into responses.
 *
 * A line that ends in {n} goes on behind n bytes that are taken as they are (RFC 3501 §4.3). Only
 * data has literals: the text of a status is for people, and may end in any way.
 */
#include "base/error.h"
#include "base/text.h"
#include "mail/imap_reply.h"

#include <string.h>

#define SHOWN 60 /* of a line that is no IMAP */

struct ImapReader {
    GString *text; /* of the response under way */
    GPtrArray *literals;
    GByteArray *literal; /* the one under way; NULL: none */
    size_t missing;      /* bytes of it that are still to come */
    size_t line_at;      /* where the line under way begins in `text` */
    size_t literal_max;
};

void imap_response_free(ImapResponse *response)
{
    if (response == NULL)
        return;
    g_free(response->tag);
    g_free(response->word);
    g_free(response->code);
    if (response->text != NULL)
        g_string_free(response->text, TRUE);
    g_clear_pointer(&response->literals, g_ptr_array_unref);
    g_free(response);
}

static void begin(ImapReader *reader)
{
    reader->text = g_string_new(NULL);
    reader->literals = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    reader->line_at = 0;
}

ImapReader *imap_reader_new(void)
{
    ImapReader *reader = g_new0(ImapReader, 1);
    reader->literal_max = IMAP_LITERAL_BYTES;
    begin(reader);
    return reader;
}

void imap_reader_free(ImapReader *reader)
{
    if (reader == NULL)
        return;
    g_string_free(reader->text, TRUE);
    g_ptr_array_unref(reader->literals);
    if (reader->literal != NULL)
        g_byte_array_unref(reader->literal);
    g_free(reader);
}

void imap_reader_set_limit(ImapReader *reader, size_t literal_bytes)
{
    reader->literal_max = literal_bytes;
}

/* ---- one response ---- */

static const char *after_word(const char *text, char **word)
{
    size_t n = strcspn(text, " ");
    *word = g_strndup(text, n);
    return text[n] == ' ' ? text + n + 1 : text + n;
}

static bool is_status(const char *word)
{
    static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool fail(const char *line, GError **error)
{
    g_autofree char *start = g_strndup(line, SHOWN);
    g_autofree char *valid = g_utf8_make_valid(start, -1);
    for (char *at = valid, *next; *at != '\0'; at = next) {
        next = g_utf8_next_char(at);
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            memset(at, ' ', (size_t)(next - at));
    }
    error_set(error, TD_ERROR_MALFORMED, "The server said something that is no IMAP: \"%s\"",
              valid);
    return false;
}

/* Whether the line may have literals: it is data. */
static bool may_have_literals(const GString *text)
{
    if (!g_str_has_prefix(text->str, "* "))
        return false;
    g_autofree char *word = NULL;
    after_word(text->str + 2, &word);
    return !is_status(word);
}

/* The code in brackets. It ends at the first bracket behind it. */
static const char *read_code(const char *rest, char **code)
{
    const char *end = rest[0] == '[' ? strchr(rest, ']') : NULL;
    if (end == NULL)
        return rest;
    *code = g_strndup(rest + 1, (gsize)(end - rest - 1));
    return end[1] == ' ' ? end + 2 : end + 1;
}

static bool read_untagged(ImapResponse *response, const char *line, const char **rest)
{
    g_autofree char *first = NULL;
    *rest = after_word(line + 2, &first);
    int64_t number;
    if (text_to_int(first, 0, UINT32_MAX, &number)) {
        response->number = (uint32_t)number;
        g_free(g_steal_pointer(&first));
        *rest = after_word(*rest, &first);
    }
    response->word = g_ascii_strup(first, -1);
    response->kind = is_status(response->word) ? IMAP_STATUS : IMAP_DATA;
    return response->word[0] != '\0';
}

static bool read_tagged(ImapResponse *response, const char *line, const char **rest)
{
    g_autofree char *word = NULL;
    *rest = after_word(line, &response->tag);
    *rest = after_word(*rest, &word);
    response->word = g_ascii_strup(word, -1);
    response->kind = IMAP_TAGGED;
    return strcmp(response->word, "OK") == 0 || strcmp(response->word, "NO") == 0 ||
           strcmp(response->word, "BAD") == 0;
}

/* Of the whole text; takes the literals. */
static ImapResponse *read_response(ImapReader *reader, GError **error)
{
    g_autoptr(ImapResponse) response = g_new0(ImapResponse, 1);
    const char *line = reader->text->str;
    const char *rest = line + 1;
    bool well = true;
    if (line[0] == '+') {
        response->kind = IMAP_GO_ON;
        response->word = g_strdup("+");
        rest += rest[0] == ' ';
    } else {
        well = g_str_has_prefix(line, "* ") ? read_untagged(response, line, &rest)
                                            : read_tagged(response, line, &rest);
    }
    if (!well) {
        fail(line, error);
        return NULL;
    }
    if (response->kind == IMAP_TAGGED || response->kind == IMAP_STATUS)
        rest = read_code(rest, &response->code);
    gsize at = (gsize)(rest - line);
    response->text = g_string_new_len(rest, (gssize)(reader->text->len - at));
    response->literals = g_steal_pointer(&reader->literals);
    g_string_free(reader->text, TRUE);
    begin(reader);
    return g_steal_pointer(&response);
}

/* ---- the stream ---- */

/* The size of the literal that the line under way announces at its end; -1: none. */
static int64_t announced(const ImapReader *reader)
{
    const GString *text = reader->text;
    if (text->len <= reader->line_at || text->str[text->len - 1] != '}' || !may_have_literals(text))
        return -1;
    const char *brace = strrchr(text->str + reader->line_at, '{');
    if (brace == NULL)
        return -1;
    g_autofree char *digits = g_strndup(brace + 1, text->len - 1 - (gsize)(brace + 1 - text->str));
    int64_t bytes;
    return g_ascii_isdigit(digits[0]) && text_to_int(digits, 0, INT64_MAX, &bytes) ? bytes : -1;
}

static bool begin_literal(ImapReader *reader, int64_t bytes, GError **error)
{
    if (reader->literals->len >= IMAP_LITERALS_MAX) {
        error_set(error, TD_ERROR_LIMIT, "The server sent more than %d literals at once",
                  IMAP_LITERALS_MAX);
        return false;
    }
    if ((uint64_t)bytes > reader->literal_max) {
        error_set(error, TD_ERROR_LIMIT,
                  "The server would send %" G_GINT64_FORMAT " bytes where at most %" G_GSIZE_FORMAT
                  " are read",
                  bytes, reader->literal_max);
        return false;
    }
    const char *brace = strrchr(reader->text->str + reader->line_at, '{');
    g_string_truncate(reader->text, (gsize)(brace - reader->text->str));
    g_string_append_c(reader->text, '\0');
    reader->line_at = reader->text->len;
    reader->literal = g_byte_array_new();
    reader->missing = (size_t)bytes;
    return true;
}

static size_t feed_literal(ImapReader *reader, const char *data, size_t bytes)
{
    size_t n = MIN(bytes, reader->missing);
    g_byte_array_append(reader->literal, (const guint8 *)data, (guint)n);
    reader->missing -= n;
    if (reader->missing == 0)
        g_ptr_array_add(reader->literals,
                        g_byte_array_free_to_bytes(g_steal_pointer(&reader->literal)));
    return n;
}

/* A part of a line, without its line end. */
static bool feed_text(ImapReader *reader, const char *data, size_t bytes, GError **error)
{
    if (bytes > IMAP_TEXT_BYTES_MAX - reader->text->len) {
        error_set(error, TD_ERROR_LIMIT, "The server sent a line of more than %d MiB",
                  IMAP_TEXT_BYTES_MAX / (1024 * 1024));
        return false;
    }
    if (memchr(data, '\0', bytes) != NULL) {
        error_set(error, TD_ERROR_MALFORMED,
                  "The server said something that is no IMAP: a NUL in a line");
        return false;
    }
    g_string_append_len(reader->text, data, (gssize)bytes);
    return true;
}

static bool end_line(ImapReader *reader, ImapResponse **response, GError **error)
{
    GString *text = reader->text;
    if (text->len > reader->line_at && text->str[text->len - 1] == '\r')
        g_string_truncate(text, text->len - 1);
    int64_t bytes = announced(reader);
    if (bytes >= 0) {
        if (!begin_literal(reader, bytes, error))
            return false;
        feed_literal(reader, "", 0); /* one of no bytes is whole already */
        return true;
    }
    *response = read_response(reader, error);
    return *response != NULL;
}

bool imap_reader_feed(ImapReader *reader, const char *data, size_t bytes, size_t *used,
                      ImapResponse **response, GError **error)
{
    size_t at = 0;
    *response = NULL;
    while (at < bytes && *response == NULL) {
        if (reader->literal != NULL) {
            at += feed_literal(reader, data + at, bytes - at);
            continue;
        }
        const char *end = memchr(data + at, '\n', bytes - at);
        size_t n = end != NULL ? (size_t)(end - data) - at : bytes - at;
        if (!feed_text(reader, data + at, n, error))
            return false;
        at += n;
        if (end == NULL)
            break;
        at++;
        if (!end_line(reader, response, error))
            return false;
    }
    *used = at;
    return true;
}
