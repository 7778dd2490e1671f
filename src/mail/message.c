/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function of its parts, and of nothing else: parts in, bytes out.
 *
 * Every part is checked before the first byte is written; what fails is INVALID and names the part.
 * In a message of two parts neither is 7bit: a boundary has "=_" in it, which quoted-printable and
 * base64 cannot contain, so no text can end its part early (RFC 2045 §6.7 makes the same
 * suggestion).
 */
#include "mail/message.h"

#include "base/clock.h"
#include "base/error.h"
#include "mail/address.h"
#include "mail/attachment.h"
#include "mail/encode.h"
#include "mail/hop.h"

#include <string.h>

#define MESSAGE_ID_CHARS 250
#define LANGUAGE_CHARS   35 /* RFC 5646 §4.4.1 */
#define BOUNDARY_DIGITS  32
#define ASCII_BLOCK      32

static bool refuse(GError **error, const char *part, const char *why)
{
    error_set_problem(error, TD_ERROR_INVALID, "bad-message", NULL,
                      "The message was not built: %s %s", part, why);
    return false;
}

static bool check_line(const char *text, const char *part, GError **error)
{
    if (text == NULL)
        return true;
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, part, "is not valid UTF-8");
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return refuse(error, part, "has a line break or another control character in it");
    return true;
}

static bool check_address(const char *text, const char *part, char **address, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    if (text != NULL && address_parse(text, part, address, NULL, &wrong))
        return true;
    return refuse(error, part, wrong != NULL ? wrong->message : "is missing");
}

bool message_id_fits(const char *message_id)
{
    size_t n = strlen(message_id);
    for (const char *p = message_id; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '<' || *p == '>')
            return false;
    return n > 0 && n <= MESSAGE_ID_CHARS;
}

static bool check_id(const char *id, const char *part, GError **error)
{
    return message_id_fits(id) ||
           refuse(error, part,
                  "is empty, longer than 250 characters, or has a character that a Message-ID"
                  " cannot have");
}

static bool check_ids(const MessageParts *parts, GError **error)
{
    if (parts->message_id == NULL)
        return refuse(error, "the Message-ID", "is missing");
    if (!check_id(parts->message_id, "the Message-ID", error))
        return false;
    if (parts->in_reply_to != NULL && !check_id(parts->in_reply_to, "In-Reply-To", error))
        return false;
    for (size_t i = 0; parts->references != NULL && parts->references[i] != NULL; i++)
        if (!check_id(parts->references[i], "References", error))
            return false;
    return true;
}

static bool check_language(const char *language, GError **error)
{
    if (language == NULL)
        return true;
    size_t n = strlen(language);
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isalnum(language[i]) && language[i] != '-')
            return refuse(error, "the language", "is no language tag");
    return n > 0 && n <= LANGUAGE_CHARS ? true
                                        : refuse(error, "the language", "is no language tag");
}

/* How many blocks of ASCII are in front. */
static size_t ascii_bytes(const char *text, size_t bytes)
{
    size_t n = 0;
    for (; n + ASCII_BLOCK <= bytes; n += ASCII_BLOCK) {
        unsigned char any = 0;
        for (size_t i = 0; i < ASCII_BLOCK; i++)
            any |= (unsigned char)text[n + i];
        if (any >= 0x80)
            break;
    }
    return n;
}

/* As g_utf8_validate(), which looks at each byte alone. Bodies are long and nearly all ASCII; a
 * block that is not is looked at up to the end of its line, where no character can be cut. */
static bool is_utf8(const char *text)
{
    const char *end = text + strlen(text);
    for (;;) {
        text += ascii_bytes(text, (size_t)(end - text));
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        const char *stop = line_end != NULL ? line_end + 1 : end;
        if (!g_utf8_validate(text, stop - text, NULL))
            return false;
        if (stop == end)
            return true;
        text = stop;
    }
}

static bool check_text(const char *text, const char *part, GError **error)
{
    if (text != NULL && !is_utf8(text))
        return refuse(error, part, "is not valid UTF-8");
    return true;
}

static bool check_attachments(const MessageParts *parts, GError **error)
{
    for (size_t i = 0; i < parts->n_attachments; i++)
        if (!check_line(parts->attachments[i].name, "an attachment's name", error) ||
            !check_line(parts->attachments[i].content_type, "an attachment's type", error))
            return false;
    return true;
}

/* The checked addresses, in the form to send to. */
typedef struct {
    char *from;
    char *to;
    char *reply_to;
} Addresses;

static void addresses_clear(Addresses *addresses)
{
    g_free(addresses->from);
    g_free(addresses->to);
    g_free(addresses->reply_to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Addresses, addresses_clear)

static bool check_parts(const MessageParts *parts, Addresses *addresses, GError **error)
{
    if (parts->text == NULL)
        return refuse(error, "the text", "is missing");
    return check_line(parts->subject, "the subject", error) &&
           check_line(parts->hop, "the hop mark", error) &&
           check_line(parts->from_name, "the sender's name", error) &&
           check_line(parts->to_name, "the recipient's name", error) &&
           check_address(parts->from_address, "the sender's address", &addresses->from, error) &&
           check_address(parts->to_address, "the recipient's address", &addresses->to, error) &&
           (parts->reply_to == NULL ||
            check_address(parts->reply_to, "the reply address", &addresses->reply_to, error)) &&
           check_ids(parts, error) && check_language(parts->language, error) &&
           check_text(parts->text, "the text", error) &&
           check_text(parts->html, "the HTML part", error) && check_attachments(parts, error);
}

static void append_field(GString *out, const char *name, const char *value)
{
    HeaderField field;
    encode_field(&field, out, name);
    encode_word(&field, value, strlen(value));
    encode_field_end(&field);
}

/* RFC 5322 §3.3, always in UTC. */
static bool append_date(GString *out, int64_t date_us, GError **error)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = date_us / US_PER_SECOND - (date_us % US_PER_SECOND < 0);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (date == NULL || g_date_time_get_year(date) < 1900)
        return refuse(error, "the date", "is not between the years 1900 and 9999");
    g_string_append_printf(
        out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n",
        days[g_date_time_get_day_of_week(date) - 1], g_date_time_get_day_of_month(date),
        months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
        g_date_time_get_hour(date), g_date_time_get_minute(date), g_date_time_get_second(date));
    return true;
}

static void append_mailbox(GString *out, const char *name, const char *person, const char *address)
{
    HeaderField field;
    encode_field(&field, out, name);
    bool named = person != NULL && person[0] != '\0';
    if (named)
        encode_phrase(&field, person);
    g_autofree char *spec = g_strconcat(named ? "<" : "", address, named ? ">" : "", NULL);
    encode_word(&field, spec, strlen(spec));
    encode_field_end(&field);
}

static void append_id(HeaderField *field, const char *id)
{
    g_autofree char *bracketed = g_strconcat("<", id, ">", NULL);
    encode_word(field, bracketed, strlen(bracketed));
}

static void append_ids(GString *out, const char *name, const char *const *ids)
{
    if (ids == NULL || ids[0] == NULL)
        return;
    HeaderField field;
    encode_field(&field, out, name);
    for (size_t i = 0; ids[i] != NULL; i++)
        append_id(&field, ids[i]);
    encode_field_end(&field);
}

static void append_headers(GString *out, const MessageParts *parts, const Addresses *addresses)
{
    append_mailbox(out, "From", parts->from_name, addresses->from);
    append_mailbox(out, "To", parts->to_name, addresses->to);
    if (addresses->reply_to != NULL)
        append_mailbox(out, "Reply-To", NULL, addresses->reply_to);
    HeaderField subject;
    encode_field(&subject, out, "Subject");
    encode_unstructured(&subject, parts->subject != NULL ? parts->subject : "");
    encode_field_end(&subject);
    append_ids(out, "Message-ID", (const char *[]){parts->message_id, NULL});
    append_ids(out, "In-Reply-To", (const char *[]){parts->in_reply_to, NULL});
    append_ids(out, "References", parts->references);
    if (parts->automatic != MESSAGE_BY_PERSON) {
        append_field(out, "Auto-Submitted",
                     parts->automatic == MESSAGE_AUTO_REPLIED ? "auto-replied" : "auto-generated");
        append_field(out, "X-Auto-Response-Suppress", "All");
    }
    if (parts->hop != NULL)
        append_field(out, HOP_FIELD, parts->hop);
    if (parts->language != NULL)
        append_field(out, "Content-Language", parts->language);
    append_field(out, "MIME-Version", "1.0");
}

/* One text after the other. */
#define APPEND_ALL(out, ...) append_all(out, (const char *const[]){__VA_ARGS__, NULL})
static void append_all(GString *out, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        g_string_append(out, *texts);
}

static void append_part(GString *out, const char *type, const char *text, bool alone)
{
    size_t bytes = strlen(text);
    BodyEncoding encoding = encode_body_choose(text, bytes, alone);
    APPEND_ALL(out, "Content-Type: ", type,
               "; charset=utf-8\r\nContent-Transfer-Encoding: ", encode_body_name(encoding),
               "\r\n\r\n");
    encode_body(out, text, bytes, encoding);
}

/* `mark` keeps the boundaries of one message apart. Free with g_free(). */
static char *boundary(const MessageParts *parts, const char *mark)
{
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, parts->message_id, -1);
    digest[BOUNDARY_DIGITS] = '\0';
    return g_strconcat("=_", digest, mark, NULL);
}

/* The CRLF in front of a delimiter line belongs to it (RFC 2046 §5.1.1), so each part keeps its own
 * last one. */
static void append_alternative(GString *out, const MessageParts *parts)
{
    g_autofree char *border = boundary(parts, "");
    APPEND_ALL(out, "Content-Type: multipart/alternative;\r\n boundary=\"", border, "\"\r\n\r\n--",
               border, "\r\n");
    append_part(out, "text/plain", parts->text, false);
    APPEND_ALL(out, "\r\n--", border, "\r\n");
    append_part(out, "text/html", parts->html, false);
    APPEND_ALL(out, "\r\n--", border, "--\r\n");
}

static void append_words(GString *out, const MessageParts *parts, bool alone)
{
    if (parts->html != NULL)
        append_alternative(out, parts);
    else
        append_part(out, "text/plain", parts->text, alone);
}

static void append_mixed(GString *out, const MessageParts *parts)
{
    g_autofree char *border = boundary(parts, "m");
    g_string_append_printf(
        out, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", border, border);
    append_words(out, parts, false);
    for (size_t i = 0; i < parts->n_attachments; i++) {
        g_string_append_printf(out, "\r\n--%s\r\n", border);
        attachment_append(out, &parts->attachments[i]);
    }
    g_string_append_printf(out, "\r\n--%s--\r\n", border);
}

/* About as many bytes as come of it, so that a large message is not copied as it grows. */
static size_t estimate(const MessageParts *parts)
{
    size_t words = strlen(parts->text) + (parts->html != NULL ? strlen(parts->html) : 0);
    size_t bytes = 1024 + words + words / 2;
    for (size_t i = 0; i < parts->n_attachments; i++)
        bytes += g_bytes_get_size(parts->attachments[i].content) / 57 * 78 + 4096;
    return bytes;
}

GBytes *message_build(const MessageParts *parts, GError **error)
{
    g_auto(Addresses) addresses = {0};
    if (!check_parts(parts, &addresses, error))
        return NULL;
    g_autoptr(GString) out = g_string_sized_new(estimate(parts));
    if (!append_date(out, parts->date_us, error))
        return NULL;
    append_headers(out, parts, &addresses);
    if (parts->n_attachments > 0)
        append_mixed(out, parts);
    else
        append_words(out, parts, true);
    return g_string_free_to_bytes(g_steal_pointer(&out));
}
