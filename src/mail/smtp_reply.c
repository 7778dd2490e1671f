/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every byte here was chosen by the other side. A line is collected in a fixed buffer, a reply in a
 * text of limited size, and whatever exceeds that or is not a reply ends the reading for good: once
 * the dialogue is out of step, a later "250" could be taken for the answer to something else.
 */
#include "mail/smtp_reply.h"

#include <string.h>

void smtp_reply_init(SmtpReply *reply)
{
    *reply = (SmtpReply){.text = g_string_sized_new(256)};
}

void smtp_reply_clear(SmtpReply *reply)
{
    if (reply->text != NULL)
        g_string_free(reply->text, TRUE);
    reply->text = NULL;
}

void smtp_reply_reset(SmtpReply *reply)
{
    reply->code = 0;
    reply->lines = 0;
    reply->problem = NULL;
    reply->line_bytes = 0;
    g_string_truncate(reply->text, 0);
}

static SmtpReplyStatus garbage(SmtpReply *reply, const char *problem)
{
    reply->problem = problem;
    return SMTP_REPLY_GARBAGE;
}

/* Reads the line in the buffer, without its end: three digits, then nothing, or a space or hyphen
 * and text. */
static SmtpReplyStatus finish_line(SmtpReply *reply)
{
    const char *line = reply->line;
    size_t bytes = reply->line_bytes;
    reply->line_bytes = 0;
    if (bytes < 3 || line[0] < '2' || line[0] > '5' || !g_ascii_isdigit(line[1]) ||
        !g_ascii_isdigit(line[2]) || (bytes > 3 && line[3] != ' ' && line[3] != '-'))
        return garbage(reply, "a line does not begin with a reply code");
    int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (reply->lines > 0 && code != reply->code)
        return garbage(reply, "the lines of one reply have different codes");
    if (reply->lines == SMTP_REPLY_LINES)
        return garbage(reply, "a reply has more than 128 lines");
    if (reply->text->len + bytes > SMTP_REPLY_TOTAL_BYTES)
        return garbage(reply, "a reply is longer than 64 KiB");
    if (reply->lines > 0)
        g_string_append_c(reply->text, '\n');
    if (bytes > 4)
        g_string_append_len(reply->text, line + 4, (gssize)(bytes - 4));
    reply->code = code;
    reply->lines++;
    return bytes > 3 && line[3] == '-' ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

SmtpReplyStatus smtp_reply_feed(SmtpReply *reply, const char *bytes, size_t n, size_t *used)
{
    *used = 0;
    if (reply->problem != NULL)
        return SMTP_REPLY_GARBAGE;
    while (*used < n) {
        const char *from = bytes + *used;
        const char *end = memchr(from, '\n', n - *used);
        size_t piece = end != NULL ? (size_t)(end - from) : n - *used;
        if (reply->line_bytes + piece > SMTP_REPLY_LINE_BYTES)
            return garbage(reply, "a line is longer than 2048 bytes");
        memcpy(reply->line + reply->line_bytes, from, piece);
        reply->line_bytes += piece;
        *used += piece + (end != NULL);
        if (end == NULL)
            return SMTP_REPLY_MORE;
        if (reply->line_bytes > 0 && reply->line[reply->line_bytes - 1] == '\r')
            reply->line_bytes--;
        SmtpReplyStatus status = finish_line(reply);
        if (status != SMTP_REPLY_MORE)
            return status;
    }
    return SMTP_REPLY_MORE;
}

/* The length of "class.subject.detail" at the start of `text`, or 0. */
static size_t enhanced_bytes(const char *text, size_t bytes, int code)
{
    if (bytes < 5 || text[0] != '0' + code / 100 || text[0] == '3' || text[1] != '.')
        return 0;
    size_t at = 2;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        while (at + digits < bytes && digits < 3 && g_ascii_isdigit(text[at + digits]))
            digits++;
        if (digits == 0)
            return 0;
        at += digits;
        if (part == 0 && (at >= bytes || text[at++] != '.'))
            return 0;
    }
    return at == bytes || text[at] == ' ' ? at : 0;
}

/* Steps through the lines of the text: false behind the last. */
static bool next_line(const GString *text, size_t *at, const char **line, size_t *bytes)
{
    if (*at > text->len)
        return false;
    *line = text->str + *at;
    const char *end = memchr(*line, '\n', text->len - *at);
    *bytes = end != NULL ? (size_t)(end - *line) : text->len - *at;
    *at += *bytes + 1;
    return true;
}

void smtp_reply_enhanced(const SmtpReply *reply, char out[16])
{
    out[0] = '\0';
    const char *line;
    size_t bytes;
    for (size_t at = 0; next_line(reply->text, &at, &line, &bytes);) {
        size_t n = enhanced_bytes(line, bytes, reply->code);
        if (n > 0) {
            memcpy(out, line, n);
            out[n] = '\0';
        }
    }
}

/* Cuts valid UTF-8 between characters. */
static void cut(GString *text, size_t bytes)
{
    if (text->len <= bytes)
        return;
    while (bytes > 0 && ((unsigned char)text->str[bytes] & 0xc0) == 0x80)
        bytes--;
    g_string_truncate(text, bytes);
}

static bool is_printable_ascii(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

char *smtp_text_shown(const char *text, size_t bytes)
{
    bytes = MIN(bytes, (size_t)SMTP_REPLY_SHOWN_BYTES * 2);
    if (bytes <= SMTP_REPLY_SHOWN_BYTES && is_printable_ascii(text, bytes))
        return g_strndup(text, bytes);
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)bytes);
    g_autoptr(GString) shown = g_string_sized_new(bytes);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(shown, g_unichar_isprint(c) ? c : ' ');
    }
    cut(shown, SMTP_REPLY_SHOWN_BYTES);
    return g_strdup(shown->str);
}

char *smtp_reply_shown(const SmtpReply *reply)
{
    char code[4] = {(char)('0' + reply->code / 100), (char)('0' + reply->code / 10 % 10),
                    (char)('0' + reply->code % 10), '\0'};
    g_autoptr(GString) all = g_string_sized_new(reply->text->len + sizeof code);
    g_string_append(all, code);
    const char *line;
    size_t bytes;
    for (size_t at = 0; next_line(reply->text, &at, &line, &bytes);) {
        size_t enhanced = enhanced_bytes(line, bytes, reply->code);
        bool repeated = enhanced > 0 && at > bytes + 1;
        size_t skip = repeated ? MIN(enhanced + 1, bytes) : 0;
        if (bytes == skip)
            continue;
        g_string_append_c(all, ' ');
        g_string_append_len(all, line + skip, (gssize)(bytes - skip));
    }
    return smtp_text_shown(all->str, all->len);
}

static bool is_id_char(char c)
{
    return g_ascii_isalnum(c) || strchr("-_.+=/@", c) != NULL;
}

/* The id at `text`, if it is at least `least` characters long. */
static char *take_id(const char *text, size_t least)
{
    size_t n = 0;
    while (text[n] != '\0' && is_id_char(text[n]))
        n++;
    while (n > 0 && text[n - 1] == '.')
        n--;
    return n >= least && n <= 128 ? g_strndup(text, n) : NULL;
}

/* The word that ends where `end` begins. */
static char *word_before(const char *text, const char *end, size_t least)
{
    const char *start = end;
    while (start > text && is_id_char(start[-1]))
        start--;
    g_autofree char *word = g_strndup(start, (gsize)(end - start));
    return take_id(word, least);
}

char *smtp_reply_queue_id(const SmtpReply *reply)
{
    static const struct {
        const char *mark;
        bool in_front; /* the id stands in front of the mark, not behind it */
    } marks[] = {
        {"queued as ", false},       /* Postfix, and what copies it */
        {" id=", false},             /* Exim */
        {"InternalId=", false},      /* Exchange: <message-id> [InternalId=..., Hostname=...] */
        {" Message accepted", true}, /* sendmail, OpenSMTPD */
        {" - gsmtp", true},          /* Gmail */
        {" qp ", false},             /* qmail: ok <time> qp <pid> */
        {"Message Queued (", false}, /* Haraka */
    };
    if (reply->code / 100 != 2)
        return NULL;
    g_autofree char *shown = smtp_text_shown(reply->text->str, reply->text->len);
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        const char *found = strstr(shown, marks[i].mark);
        if (found == NULL)
            continue;
        char *id = marks[i].in_front ? word_before(shown, found, 4)
                                     : take_id(found + strlen(marks[i].mark), 1);
        if (id != NULL)
            return id;
    }
    /* Amazon SES: "Ok 0100018c...-000000" and nothing more */
    if (g_ascii_strncasecmp(shown, "ok ", 3) == 0 && strchr(shown + 3, ' ') == NULL)
        return take_id(shown + 3, 16);
    return NULL;
}
