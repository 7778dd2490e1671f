/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correspondence on a ticket: a message is filed with its event, and copies of it go to whom it is
 * for, all in the caller's transaction. Who that is follows from what it is and who wrote it
 * (answer_audience()); each of them has a row with the reason why they are or are not sent one.
 * Copies leave through the outbox, for one ticket and one recipient in the order of the ticket's
 * events, alerts included. All but answer_audience() run inside desk_write().
 */
#pragma once

#include "desk/desk.h"
#include "records/ticket_message.h"

/* An attachment as it came in. Borrows all. */
typedef struct {
    const char *name;         /* of any kind: it is cleaned */
    const char *content_type; /* NULL: unknown */
    const char *content_id;   /* without angle brackets; NULL: none */
    GBytes *content;
} AttachmentDraft;

/* Borrows all. Texts are checked already (base/text.h). */
typedef struct {
    MessageKind kind; /* MESSAGE_ANSWER or MESSAGE_AUTOMATIC */
    MessageVisibility visibility;
    const char *subject; /* NULL: the ticket's */
    const char *text;
    const char *quoted; /* NULL: none */
    const char *html;   /* NULL: none; not of a mail */
    /* What came by mail: */
    bool incoming;
    const char *from, *from_key; /* NULL: none */
    MessageSender sender;
    const char *message_id;  /* without angle brackets, at most 250 characters; NULL: none */
    const char *in_reply_to; /* the same */
    int hops;
    const AttachmentDraft *attachments; /* may be NULL */
    size_t n_attachments;
} AnswerDraft;

typedef enum {
    AUDIENCE_NOBODY,
    AUDIENCE_EXTERNAL,  /* the External Recipients, one mail each */
    AUDIENCE_EMPLOYEES, /* the Employee Recipients */
} AnswerAudience;

/* A machine's goes to nobody; what is internal, and what a customer wrote, to the Employee
 * Recipients; everything else to the External Recipients. Pure. */
AnswerAudience answer_audience(MessageKind kind, MessageVisibility visibility, ActorKind author);

/* Files a message on a ticket and sends its copies. tx->actor is its author. The author's own
 * address gets none. Works also after ticket_open() or ticket_change() in the same transaction.
 * Errors: NOT_FOUND (the ticket), INVALID (problem "empty": neither text nor attachment;
 * "too-many", "too-long": attachments; "template-html": the HTML cannot go into a mail; with the
 * field). Caller owns. */
TicketMessage *ticket_answer(DeskTx *tx, int64_t ticket, const AnswerDraft *draft, GError **error);

/* The automatic response to a customer whose mail opened the ticket; whether it may go at all
 * (RFC 3834, loops, windows) is the caller's to decide. Borrows all. */
typedef struct {
    const char *to, *to_key;
    const char *to_name;     /* NULL: none */
    const char *in_reply_to; /* the mail that it answers; NULL: it has no Message-ID */
    int hops;                /* of that mail's hop mark; 0: none */
    int64_t template_id;     /* 0: the built-in one */
} AutoResponse;

/* Its author is Tidings. It leaves with an empty envelope sender (RFC 3834 §3.3), ahead of
 * backlogs, and is a row of table message_copy as every other copy. Errors: NOT_FOUND (the ticket,
 * the template). Caller owns. */
TicketMessage *ticket_auto_respond(DeskTx *tx, int64_t ticket, const AutoResponse *response,
                                   GError **error);

/* What a person may do with a copy on its way, as desk/alerts.h says of alerts. Errors: NOT_FOUND,
 * CONFLICT (problems "not-possible-now", "no-message", "address-suppressed"). */
typedef enum { COPY_RETRY, COPY_CANCEL, COPY_RELEASE } CopyVerb;
bool message_copy_act(DeskTx *tx, int64_t ticket, int64_t copy, CopyVerb verb, GError **error);
