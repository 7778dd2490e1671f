/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What customers do in the Web Interface, and what they may: every use case asks whether this
 * visitor sees this ticket, in its own transaction; pages ask nothing.
 *
 * A visitor has signed in, by an address that is an active contact's or account's, and sees all
 * tickets of the account or only their own (options/web-interface, Contact.sees). Or they have the
 * link of an alert (alerts/web_link.h): then they see that one ticket, read and comment, as long as
 * the address that it was written to is on the ticket's list.
 *
 * Nobody sees internal notes, employees' addresses, or who else is told. A ticket that is not
 * theirs and one that is not there are the same error.
 */
#pragma once

#include "desk/answer.h"
#include "desk/desk.h"
#include "records/customer.h"
#include "records/ticket.h"

/* What a page knows of who asks. Borrows both. */
typedef struct {
    const char *email_key; /* who has signed in; NULL: nobody */
    const char *link;      /* the letters of a web link; NULL: none. Comes first */
} CustomerCaller;

typedef struct {
    Customer *customer; /* NULL: by a link */
    int64_t ticket;     /* by a link: that ticket; else 0 */
    char *email, *email_key;
    char *name;     /* NULL: none */
    char *language; /* theirs, the account's, the desk's. Never NULL; so is the next one */
    char *time_zone;
    Actor actor; /* a customer, channel web */
} Visitor;

void visitor_free(Visitor *visitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Visitor, visitor_free)

/* Who that is, as the desk stands now. Errors: CONFLICT (problem "web-interface-off"), DENIED
 * ("not-a-customer": they are no more; "link-not-good": of a link that nobody gave out, or whose
 * address is not on the ticket's list any more; "sign-in-needed": links alone open nothing). */
Visitor *visitor_load(DbTx *tx, const Settings *settings, const CustomerCaller *caller,
                      GError **error);

/* ---- reading ---- */

/* Newest first, Ticket *. By a link: that one, whatever the filter says. */
GPtrArray *customer_tickets(DbTx *tx, const Visitor *visitor, const CustomerFilter *filter,
                            GError **error);

typedef struct {
    TicketMessage *message; /* public */
    GPtrArray *attachments; /* of Attachment *, without their contents */
} CustomerMessage;

typedef enum {
    CUSTOMER_NOT_ON_LIST, /* is not told of this ticket */
    CUSTOMER_ON_LIST,
    CUSTOMER_LEFT, /* has left it, and can come back */
} CustomerOnList;

typedef struct {
    Ticket *ticket;
    char *account_name;
    char *manager_name;        /* NULL: none */
    bool first_is_description; /* the first message says what the description does */
    GPtrArray *messages; /* of CustomerMessage *, oldest first, the newest CUSTOMER_MESSAGES */
    int64_t older;       /* 0: that is all; else there are older ones, below this id */
    CustomerOnList on_list;
} CustomerTicket;

#define CUSTOMER_MESSAGES 100

void customer_ticket_free(CustomerTicket *shown);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CustomerTicket, customer_ticket_free)

/* `before`: only messages with an id below it; 0: from the newest. Errors: NOT_FOUND (problem
 * "unknown-ticket"). */
CustomerTicket *customer_ticket(DbTx *tx, const Visitor *visitor, int64_t number, int64_t before,
                                GError **error);

/* With its content. Errors: NOT_FOUND (problem "unknown-attachment", "unknown-ticket"). */
Attachment *customer_attachment(DbTx *tx, const Visitor *visitor, int64_t number, int64_t id,
                                GError **error);

/* ---- mails to them ---- */

typedef enum {
    CUSTOMER_MAIL_NEW_TICKET,
    CUSTOMER_MAIL_TICKET_CLOSED,
    CUSTOMER_MAIL_ANSWER,
    CUSTOMER_MAIL_AUTO_RESPONSE,
} CustomerMailKind;

typedef enum {
    CUSTOMER_MAIL_ON_ITS_WAY,
    CUSTOMER_MAIL_SENT,          /* their mail server has taken it */
    CUSTOMER_MAIL_PERHAPS_SENT,  /* it may have; it is sent again, or a person looks */
    CUSTOMER_MAIL_HELD,          /* waits for a person at the desk */
    CUSTOMER_MAIL_NOT_DELIVERED, /* refused, or came back */
    CUSTOMER_MAIL_CANCELLED,
    CUSTOMER_MAIL_LEFT,       /* not sent: they have left the ticket's list */
    CUSTOMER_MAIL_SUPPRESSED, /* not sent: mail to their address came back before */
    CUSTOMER_MAIL_N_STATES,
} CustomerMailState;

typedef struct {
    int64_t ticket;
    char *title; /* the ticket's */
    CustomerMailKind kind;
    CustomerMailState state;
    char *to;   /* which of their addresses */
    int64_t at; /* accepted, else decided */
} CustomerMail;

void customer_mail_free(CustomerMail *mail);

/* Alerts and copies that were for them, newest ticket first, then newest first: of their newest
 * tickets below `before` (0: from the newest), CUSTOMER_MAIL_TICKETS of them; *next is where the
 * next page begins, 0: there is none. By a link: of that ticket. CustomerMail *. */
#define CUSTOMER_MAIL_TICKETS 50
GPtrArray *customer_mails(DbTx *tx, const Visitor *visitor, int64_t before, int64_t *next,
                          GError **error);

/* The same of one ticket. Errors: NOT_FOUND. */
GPtrArray *customer_mails_of(DbTx *tx, const Visitor *visitor, int64_t number, GError **error);

/* ---- writing: inside desk_write() ---- */

/* Borrows all; texts are checked already. */
typedef struct {
    int64_t account; /* one of the customer's places; 0: the first */
    const char *title;
    const char *text;
    const AttachmentDraft *attachments;
    size_t n_attachments;
} CustomerTicketDraft;

/* A ticket with them on its list, and what they wrote as its first message: employees get copies of
 * it as they do of a mail. Gives its number, 0 with an error: DENIED ("link-only": a link opens no
 * tickets; "unknown-account"), INVALID ("missing-field"; those of ticket_open(),
 * ticket_answer()). */
int64_t customer_open_ticket(DeskTx *tx, const Visitor *visitor, const CustomerTicketDraft *draft,
                             GError **error);

/* A public message, which goes to the Employee Recipients; a closed ticket is reopened where
 * options/tickets, reopen_on_reply, says so. Errors: NOT_FOUND, and those of ticket_answer(). */
bool customer_comment(DeskTx *tx, const Visitor *visitor, int64_t number, const char *text,
                      const AttachmentDraft *attachments, size_t n_attachments, GError **error);

/* Leaves the ticket's list, or comes back. Nothing is different for who is not on it. Errors:
 * NOT_FOUND. */
bool customer_leave(DeskTx *tx, const Visitor *visitor, int64_t number, bool leave, GError **error);

/* The language of their pages and mails, with every contact that has their address; an account's
 * own address has none of its own. Errors: DENIED ("link-only"). */
bool customer_choose_language(DeskTx *tx, const Visitor *visitor, const char *language,
                              GError **error);
