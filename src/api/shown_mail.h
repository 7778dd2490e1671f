/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail, shown as it left.
 *
 * One that was accepted is shown again byte for byte or not at all: it is composed anew from what
 * is stored and its hash is compared with the one recorded at acceptance. Before its first try
 * there are no bytes yet, only what they would be at this moment; that answer says so in a header.
 */
#pragma once

#include "alerts/mail_kind.h"
#include "api/call.h"

/* Borrows all. */
typedef struct {
    const OutboxMessage *message;
    const MailKind *kind;
    const void *source;     /* loaded for this message */
    const char *sender_now; /* shown_mail_sender() */
    int64_t event;          /* that it tells of; 0: none */
} ShownMail;

/* message/rfc822. Errors: CONFLICT (problem "cannot-reproduce"), those of composing. */
HttpResponse *shown_mail(ApiCall *call, const ShownMail *mail, GError **error);

/* The sender identity that a mail would leave with now; the desk's keys are loaded with it, into
 * the composer. In the transaction that loads the mail's source. Free with g_free(). */
char *shown_mail_sender(DbTx *tx, Composer *composer, GError **error);
