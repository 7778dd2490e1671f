/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an SMTP server says, from any bytes. What must hold: how the bytes are cut into pieces
 * changes nothing, and what is kept of a reply is short, printable UTF-8.
 *
 * Input: the first byte is the size of the pieces, the rest is what arrives: replies behind each
 * other.
 */
#include "fuzz.h"

#include "mail/smtp_reply.h"

#include <string.h>

static void check_text(const char *text)
{
    FUZZ_CHECK(strlen(text) <= SMTP_REPLY_SHOWN_BYTES && g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p++)
        FUZZ_CHECK(!g_ascii_iscntrl(*p));
}

static void check_reply(const SmtpReply *reply)
{
    FUZZ_CHECK(reply->code >= 200 && reply->code <= 599);
    FUZZ_CHECK(reply->lines >= 1 && reply->lines <= SMTP_REPLY_LINES);
    FUZZ_CHECK(reply->text->len <= SMTP_REPLY_TOTAL_BYTES + SMTP_REPLY_LINES);
    char enhanced[16];
    smtp_reply_enhanced(reply, enhanced);
    FUZZ_CHECK(enhanced[0] == '\0' || enhanced[0] - '0' == reply->code / 100);
    g_autofree char *shown = smtp_reply_shown(reply);
    check_text(shown);
    g_autofree char *id = smtp_reply_queue_id(reply);
    if (id != NULL) {
        check_text(id);
        FUZZ_CHECK(id[0] != '\0' && strchr(id, ' ') == NULL && reply->code / 100 == 2);
    }
}

/* Reads one reply in pieces; how many bytes it took. */
static size_t read_one(SmtpReply *reply, const char *bytes, size_t n, size_t piece,
                       SmtpReplyStatus *status)
{
    size_t at = 0;
    smtp_reply_reset(reply);
    *status = SMTP_REPLY_MORE;
    while (at < n && *status == SMTP_REPLY_MORE) {
        size_t used;
        *status = smtp_reply_feed(reply, bytes + at, MIN(piece, n - at), &used);
        FUZZ_CHECK(used <= MIN(piece, n - at));
        at += used;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t piece = data[0] > 0 ? data[0] : 1;
    const char *bytes = (const char *)data + 1;
    size_t n = size - 1;
    SmtpReply whole;
    SmtpReply pieces;
    smtp_reply_init(&whole);
    smtp_reply_init(&pieces);
    SmtpReplyStatus status = SMTP_REPLY_DONE;
    for (size_t at = 0; at < n && status == SMTP_REPLY_DONE;) {
        SmtpReplyStatus other;
        size_t used = read_one(&whole, bytes + at, n - at, n, &status);
        size_t other_used = read_one(&pieces, bytes + at, n - at, piece, &other);
        FUZZ_CHECK(status == other && whole.code == pieces.code && whole.lines == pieces.lines);
        FUZZ_CHECK(g_string_equal(whole.text, pieces.text));
        if (status == SMTP_REPLY_DONE) {
            FUZZ_CHECK(used == other_used);
            check_reply(&whole);
        }
        FUZZ_CHECK(status != SMTP_REPLY_GARBAGE || whole.problem == pieces.problem);
        at += used;
    }
    smtp_reply_clear(&whole);
    smtp_reply_clear(&pieces);
    return 0;
}
