/* SPDX-License-Identifier: Apache-2.0 */
/* Between report.c, report_status.c and report_words.c. */
#pragma once

#include "mail/report.h"

/* A recipient with what the server said, which its verdict follows from; NULL where the report is
 * full. `address` is any spelling (may be NULL), `diagnostic` is free text (may be NULL), `status`
 * is what the report states ("" or NULL: what the diagnostic says). */
ReportRecipient *report_add(MailReport *report, ReportAction action, const char *address,
                            const char *status, const char *diagnostic);

/* message/delivery-status: its groups as recipients. */
void report_read_status(MailReport *report, GBytes *bytes);

/* One line of at most max_bytes of valid UTF-8, single spaces. */
char *report_line(const char *text, size_t max_bytes);

/* The key of the first address in a text, in <>, in parentheses or bare; NULL where there is none.
 */
char *report_find_address(const char *text);

/* Bounces in words: fills form and recipients; false where it is none that is known. */
bool report_read_words(const InboundMail *mail, MailReport *report);

/* Whether a subject is one that bounces have. */
bool report_is_bounce_subject(const char *subject);

/* Message-ID of a mail that was returned within the text; NULL where it is not. */
char *report_returned_id(const char *text);
