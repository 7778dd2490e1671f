/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says about mail of ours: delivery status notifications (RFC 3464, RFC 6533),
 * bounces in the words of servers that send none of these, complaints (RFC 5965), automatic
 * replies. Pure.
 *
 * A report's content alone says what happened; which mail of ours it is about is for the caller to
 * find out, from the signed envelope address that it came to or from `original_message_id`.
 * Everything in a report may be forged.
 */
#pragma once

#include "mail/inbound.h"

typedef enum {
    REPORT_NONE,       /* no report at all */
    REPORT_DELIVERY,   /* RFC 3464, or a bounce in words: see `recipients` */
    REPORT_COMPLAINT,  /* somebody pressed "spam" (ARF) */
    REPORT_AUTO_REPLY, /* an answer that nobody wrote: changes nothing */
    REPORT_UNCLEAR,    /* looks like a report, and does not say what happened: for a person */
} ReportKind;

typedef enum {
    REPORT_ACTION_UNKNOWN,
    REPORT_ACTION_FAILED,
    REPORT_ACTION_DELAYED,
    REPORT_ACTION_DELIVERED,
    REPORT_ACTION_RELAYED,
    REPORT_ACTION_EXPANDED,
} ReportAction;

typedef struct {
    ReportAction action;
    /* Keys to compare with (address_parse()); NULL where it is not named or is no address. */
    char *final_recipient;
    char *original_recipient;
    char status[16];  /* enhanced status code "5.1.1"; "" unknown */
    int reply_code;   /* of the diagnostic, 550; 0 unknown */
    char *diagnostic; /* the remote server's words, one line, at most 512 bytes; "" unknown */
    char *remote;     /* the server that said so (Remote-MTA); "" unknown */
    bool no_mailbox;  /* with FAILED: there is no such mailbox (verdict.h): suppress at once */
    bool soft; /* with FAILED: full mailbox, 4.x.x, expired: suppress after several in days */
} ReportRecipient;

typedef struct {
    ReportKind kind;
    /* How it was recognised: "rfc3464", "arf", "qmail", "exim", "exchange", "postfix", "sendmail",
     * "gmail", "text", "auto_reply", "subject"; NULL with NONE. A string literal. */
    const char *form;
    GPtrArray *recipients;     /* of ReportRecipient, never NULL; at most REPORT_RECIPIENTS */
    char *original_message_id; /* without <>; NULL where it is not returned */
    char *original_to;         /* key of To in the returned headers, where it is one; NULL */
    char *envelope_id;         /* Original-Envelope-Id; NULL */
    char *feedback_type;       /* with COMPLAINT: "abuse", "not-spam", ...; NULL */
} MailReport;

#define REPORT_RECIPIENTS 200

void mail_report_free(MailReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailReport, mail_report_free)

/* Never NULL: what is no report has kind REPORT_NONE, and so has a mail that merely has an empty
 * return path. A delivery report without any recipient that it says something of is UNCLEAR, and so
 * is a bounce in words that are not known. */
MailReport *report_read(const InboundMail *mail);

/* "failed", "delayed", "delivered", "relayed", "expanded", "unknown"; "none", "delivery",
 * "complaint", "auto_reply", "unclear". */
const char *report_action_name(ReportAction action);
const char *report_kind_name(ReportKind kind);
