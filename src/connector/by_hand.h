/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person does with a mail that waits, was skipped or was stopped: a ticket of it, a message
 * of a ticket, nothing. The person opens the ticket, so it is told of as any other, and no
 * automatic response goes; the words stay the sender's.
 */
#pragma once

#include "connector/read.h"
#include "desk/desk.h"
#include "records/account.h"
#include "records/contact.h"
#include "records/inbox.h"

/* The mail's bytes, read again: outside of any transaction. Errors: NOT_FOUND (problem
 * "unknown-mail"), CONFLICT (problem "mail-unreadable"). */
MailRead *inbox_read_again(Db *db, int64_t mail, GError **error);

/* Whom a ticket is for. */
typedef struct {
    int64_t account;      /* 0: new_account */
    Account *new_account; /* NULL: none; so is the next one */
    Contact *new_contact; /* of that account; its field `account` is of no account */
} InboxOpening;

void inbox_opening_clear(InboxOpening *opening);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InboxOpening, inbox_opening_clear)

/* A ticket of the mail, with the new account and contact that it is for; where these have no email,
 * theirs is the sender's. All run inside desk_write() and give the mail as it is then. Errors:
 * NOT_FOUND, CONFLICT (problems "mail-filed": it is on a ticket already; "no-sender": a new account
 * or contact needs an address), INVALID (unknown account; with the field). */
InboxMail *inbox_open(DeskTx *tx, int64_t mail, const MailRead *read, const InboxOpening *opening,
                      GError **error);

/* A message of this ticket. Errors: also INVALID (problem "unknown-ticket", field "/ticket"). */
InboxMail *inbox_attach(DeskTx *tx, int64_t mail, const MailRead *read, int64_t ticket,
                        GError **error);

/* Kept, and out of the list of those that wait. */
InboxMail *inbox_discard(DeskTx *tx, int64_t mail, GError **error);
