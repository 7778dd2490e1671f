/* SPDX-License-Identifier: Apache-2.0 */
/* Doing what was decided, by the use cases of desk/, inside the transaction that files the mail. */
#pragma once

#include "connector/facts.h"
#include "desk/desk.h"
#include "records/inbox.h"

typedef struct {
    const MailRead *read;
    const MailKnown *known;
    MailOutcome outcome;
    InboxMail *mail; /* the inbox's row, filled in as things are done; inserted afterwards */
} MailCase;

/* Changes tickets and messages on their way; sets state, reason and what the row refers to. */
bool mail_act(DeskTx *tx, MailCase *one, GError **error);

/* What follows from it once the inbox has the row: suppression, automatic response. */
bool mail_follow_up(DeskTx *tx, MailCase *one, GError **error);

/* ---- also for what a person does with a mail by hand ---- */

/* Files the mail as a message of the ticket, by this author; `public_` false: among the desk's
 * people. Sets mail->ticket and mail->message. */
bool mail_file_on(DeskTx *tx, MailCase *one, int64_t ticket, const Actor *author, bool public_,
                  GError **error);

/* Who wrote it, where that is no employee. Clear with actor_clear(). */
void mail_customer_actor(const MailCase *one, Actor *actor);

/* A ticket from the mail for this account, opened by `actor`; gives its number, 0 with an error. */
int64_t mail_open_for(DeskTx *tx, MailCase *one, int64_t account, int64_t contact,
                      const Actor *actor, GError **error);
