/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a mail from a stranger (RFC 5322, MIME), by GMime. Pure: no database, no network, no
 * clock.
 *
 * Whatever can be read is read: lying charsets, raw 8-bit headers, missing boundaries, bare CR, NUL
 * bytes. What was wrong but bearable is named in `defects`. All texts are valid UTF-8 without NUL;
 * one-line fields have no control characters. Time and memory are bounded for any input, by about
 * three times the mail's size and a small constant.
 */
#pragma once

#include "base/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mail beyond these is not read (quarantine): it is no mail that a person wrote. */
#define INBOUND_HEADER_BYTES (1024 * 1024) /* the mail's own header section */
#define INBOUND_HEADERS      2000          /* fields in it */
#define INBOUND_PARTS        1000
#define INBOUND_DEPTH        30 /* multiparts in multiparts; attached mails are not opened */

/* Beyond these the rest is left out of the fields, with a defect; the raw mail has all of it. */
#define INBOUND_ADDRESSES        500 /* of one header field's name */
#define INBOUND_REFERENCES       200 /* Message-IDs: the first and the newest ones are kept */
#define INBOUND_ATTACHMENTS      100
#define INBOUND_TEXT_BYTES       LIMIT_DESCRIPTION_BYTES
#define INBOUND_SUBJECT_CHARS    2000
#define INBOUND_NAME_CHARS       120 /* of an attachment's name */
#define INBOUND_MESSAGE_ID_BYTES 998
#define INBOUND_REPORT_BYTES     (256 * 1024) /* of each part of a report */

typedef struct {
    char *email; /* the form to send to (address_parse()) */
    char *key;   /* the form to compare with */
    char *name;  /* display name, one line, "" where there is none */
} InboundAddress;

typedef struct {
    char *name; /* cleaned: no path, no control or direction characters, never empty; not unique */
    char *content_type; /* "image/png": lower-case, without parameters */
    char *content_id;   /* without <>; NULL */
    GBytes *bytes;      /* decoded, never unpacked or opened */
    bool is_inline;     /* shown in the text (an image of a signature) rather than attached */
} InboundAttachment;

/* One Authentication-Results header field as it stands, unfolded. */
typedef struct {
    char *value;
    unsigned received_above; /* Received fields above it: two with the same number stand in one
                                block, with no hop between them */
} InboundAuthResult;

typedef struct {
    char *content_hash; /* secret_hash() of the raw bytes */
    size_t bytes;       /* of the raw mail */
    char *message_id;   /* without <>; NULL where there is none */

    /* of InboundAddress, never NULL, in the mail's order. Groups are flattened. An address that
     * address_parse() refuses is left out, with the defect "bad-address". */
    GPtrArray *from; /* of all From fields together: more than one is never somebody (RFC 5322
                        §3.6.2 wants one Sender then) */
    GPtrArray *sender, *reply_to, *to, *cc;
    GPtrArray *delivered_to; /* Delivered-To, X-Original-To, Envelope-To: where it really went */
    char *from_text;         /* From as it can be shown; "" where there is none */

    char *subject;   /* decoded, one line; "" where there is none */
    int64_t date_us; /* the sender's clock; 0 unknown */

    /* Message-IDs without <>, never NULL, in the mail's order */
    char **in_reply_to;
    char **references;

    bool has_return_path;
    char *return_path; /* the address to compare with; "" for <> and for what is no address; NULL
                          where there is no Return-Path */
    bool null_return_path; /* Return-Path: <> */

    /* As they stand, unfolded, NULL where there are none. Of several fields the first. */
    char *auto_submitted;
    char *precedence;
    char *x_auto_response_suppress;
    char *x_loop;
    char *x_autoreply;         /* X-Autoreply, X-Autorespond or X-Autoresponder */
    char *hop;                 /* X-Tidings-Hop */
    char *list_id;             /* List-Id, or any other List-* field where there is no List-Id */
    char *x_failed_recipients; /* Exim's bounces */
    GPtrArray *authentication_results; /* of InboundAuthResult, topmost first; never NULL */
    unsigned received;                 /* Received fields: hops */

    char *text;        /* readable UTF-8, LF lines; never NULL. The text part, or HTML made so */
    bool text_is_html; /* it was HTML */
    char *new_text;    /* what this sender wrote: `text` without the history (quoted.h) */
    char *quoted_text; /* the history; "" where there is none */

    GPtrArray *attachments; /* of InboundAttachment, never NULL */
    unsigned parts;         /* MIME parts in all */

    /* The parts of a multipart/report (RFC 6522) as report.h reads them; NULL where there are none.
     * Decoded, at most INBOUND_REPORT_BYTES each. These are attachments as well. */
    char *content_type;      /* of the whole mail, "multipart/report" */
    char *report_type;       /* the parameter, "delivery-status"; lower-case */
    GBytes *delivery_status; /* message/delivery-status, message/global-delivery-status */
    GBytes *feedback_report; /* message/feedback-report (RFC 5965) */
    GBytes *returned;        /* the returned mail or its headers, in a report or beside a text */

    /* Words, each once: "bad-address", "bad-charset", "bad-encoding", "bad-date", "bare-cr",
     * "nul-byte", "no-from", "many-from", "no-message-id", "no-boundary", "encrypted",
     * "header-defect", "text-cut", "too-many-addresses", "too-many-attachments",
     * "too-many-references". */
    GPtrArray *defects; /* of const char *, never NULL */
} InboundMail;

void inbound_mail_free(InboundMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InboundMail, inbound_mail_free)

/* Reads one mail as it came over the wire (CRLF or LF lines; an mbox "From " line in front is
 * skipped). Errors: LIMIT (problem "mail-too-large": over LIMIT_INBOUND_MAIL_BYTES); INVALID
 * (problem "unreadable-mail": empty, no header field at all, or beyond the limits above; the
 * message says which): keep it and list it for a person. */
InboundMail *inbound_read(GBytes *raw, GError **error);

bool inbound_has_defect(const InboundMail *mail, const char *defect);

/* The only From address, or NULL where there is none or more than one. Borrowed. */
const InboundAddress *inbound_author(const InboundMail *mail);
