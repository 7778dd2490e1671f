/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail that waits for a person is sent on to the desk's internal address
 * (`forward_unmatched_to`), once, through the outbox.
 *
 * It cannot go round: what leaves is marked as automatic, bears the next hop mark and has an empty
 * envelope sender, so that no machine answers it and no bounce of it comes; automatic answers,
 * reports and what comes from that very address are not sent on; and the windows of automatic
 * responses hold for it, too.
 */
#pragma once

#include "alerts/mail_kind.h"
#include "connector/read.h"
#include "desk/desk.h"
#include "records/inbox.h"
#include "records/mail_forward.h"

#define OUTBOX_KIND_FORWARD "forward" /* `ref` is a mail_forward's id */

/* To be registered with the composer (forward_mail.c). */
extern const MailKind mail_kind_forward;

/* Of a mail whose row is in the inbox. Nothing where the option is empty or the mail does not wait;
 * else one row with the decision, one step of the mail (which the caller writes), and a row of the
 * outbox where it goes. */
bool mail_send_on(DeskTx *tx, const MailRead *read, InboxMail *mail, GError **error);

/* What a person may do with it on its way. */
typedef enum { FORWARD_RETRY, FORWARD_CANCEL, FORWARD_RELEASE } ForwardVerb;

/* Inside desk_write(). Errors: NOT_FOUND (problems "unknown-mail", "not-forwarded"), CONFLICT
 * (problems "address-suppressed", "not-possible-now"). */
bool mail_forward_act(DeskTx *tx, int64_t mail, ForwardVerb verb, GError **error);

/* A forward's Message-ID, without angle brackets. Free with g_free(). */
char *mail_forward_message_id(const char *desk_id, int64_t forward);
