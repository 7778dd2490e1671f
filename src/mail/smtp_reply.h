/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of an SMTP server (RFC 5321 §4.2), read incrementally: bytes may arrive in pieces of any
 * size, and behind one reply the next one may begin (RFC 2920). Pure: no input or output happens
 * here, nothing is trusted.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define SMTP_REPLY_LINE_BYTES  2048 /* RFC 5321 §4.5.3.1.5 asks for 512; some servers say more */
#define SMTP_REPLY_LINES       128
#define SMTP_REPLY_TOTAL_BYTES (64 * 1024)
#define SMTP_REPLY_SHOWN_BYTES 512 /* of a reply that is kept and shown */

typedef enum {
    SMTP_REPLY_MORE, /* not complete yet */
    SMTP_REPLY_DONE,
    SMTP_REPLY_GARBAGE, /* not SMTP, or beyond a limit; `problem` says which. Nothing more can be
                           read. */
} SmtpReplyStatus;

typedef struct {
    int code;       /* 200 to 599 once a line is complete */
    unsigned lines; /* complete ones */
    GString *
        text; /* the lines' texts without code, with an LF between them; may hold any byte but LF */
    const char *problem;
    size_t line_bytes;
    char line[SMTP_REPLY_LINE_BYTES];
} SmtpReply;

void smtp_reply_init(SmtpReply *reply);
void smtp_reply_clear(SmtpReply *reply);

/* Forgets what was read, to read the next reply. */
void smtp_reply_reset(SmtpReply *reply);

/* Reads on. *used is how many bytes were taken: after DONE the rest belongs to the next reply. */
SmtpReplyStatus smtp_reply_feed(SmtpReply *reply, const char *bytes, size_t n, size_t *used);

/* The enhanced status code (RFC 2034, RFC 3463) at the start of the last line that has one and
 * agrees with the code, or
 * "". `out` has room for 16 bytes. */
void smtp_reply_enhanced(const SmtpReply *reply, char out[16]);

/* Code and text as one line of UTF-8 without control characters, at most SMTP_REPLY_SHOWN_BYTES.
 * Enhanced codes that every line repeats are shown once. Free with g_free(). */
char *smtp_reply_shown(const SmtpReply *reply);

/* Any bytes as such a line: what is not UTF-8 or a control character is replaced. */
char *smtp_text_shown(const char *text, size_t bytes);

/* The id under which the next server has queued the mail, from its reply to the final dot: Postfix,
 * Exim, Exchange, sendmail, OpenSMTPD, qmail, Gmail, Amazon SES, Haraka. NULL where none is
 * recognised. Free with g_free(). */
char *smtp_reply_queue_id(const SmtpReply *reply);
