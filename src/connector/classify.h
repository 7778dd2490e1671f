/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a mail: facts in, an outcome and its steps out. Pure. The first of these that
 * matches decides:
 *
 *   loop       our own mail coming back, or a chain of machines: stop
 *   report     a bounce or delivery report: settle the message that it is about
 *   rule       an automated email: skip, open, add to or close a ticket
 *   speaker    from an employee's address, without proof: it waits for a person
 *   reply      it belongs to a ticket: file it there
 *   sender     a known customer or an employee: open a ticket
 *   unmatched  it waits for a person
 *
 * From: is a claim. It is enough for a customer, whose mail is marked as not verified where a check
 * failed; an employee needs proof (`employee_mail`), or else the mail waits.
 */
#pragma once

#include "connector/rules.h"
#include "mail/auth_results.h"
#include "mail/report.h"
#include "records/email_connector.h"

#include <jansson.h>

/* Whose address From is. */
typedef enum {
    SENDER_NONE,      /* there is none that can be read, or several */
    SENDER_UNKNOWN,   /* nobody's */
    SENDER_CUSTOMER,  /* one account's */
    SENDER_AMBIGUOUS, /* several accounts' */
    SENDER_EMPLOYEE,
} SenderKind;

/* How it is known which message of ours a report is about. */
typedef enum {
    ABOUT_NOTHING,    /* it names none of ours */
    ABOUT_SIGNED,     /* it came to the signed envelope sender */
    ABOUT_MESSAGE_ID, /* its Message-ID and recipient, where envelope senders are not signed */
    ABOUT_UNPROVED,   /* it names one, and anybody could have written that */
} AboutProof;

/* A ticket that the mail names. */
typedef struct {
    int64_t ticket; /* 0: it names none, or none that there is */
    bool belongs;   /* the sender is one of the ticket's people */
} TicketClaim;

typedef struct {
    /* loop */
    bool own_mail;    /* this desk has made it */
    bool own_address; /* it says that it is from an address of the desk */
    int hops;         /* mail/hop.h */
    /* what made it */
    bool machine; /* nothing that follows from it may send or change anything */
    bool auto_reply;
    const char *sign; /* of mail/automatic.h; NULL: a person wrote it */
    /* report */
    ReportKind report;
    ReportAction action; /* what it says of the message's recipient */
    bool no_mailbox, soft;
    AboutProof about;
    int64_t outbox;       /* the message that it is about; 0: none */
    int64_t about_ticket; /* whose ticket that is; 0: none */
    bool to_bounce_address;
    /* rule */
    const RuleVerdict *rule;
    const char *rule_name; /* NULL: none fires */
    int64_t rule_account;  /* 0: it names none */
    bool rule_ambiguous;   /* the sender is of several accounts */
    int64_t rule_ticket;   /* the open ticket of this incident; 0: none */
    /* reply */
    TicketClaim signed_reply, referenced, subject;
    /* sender */
    SenderKind sender;
    int64_t account, contact; /* of SENDER_CUSTOMER; contact 0: none */
    bool account_active;
    int64_t employee;
    bool employee_active;
    bool own_signed_address; /* it came to the reply address that the sender was given */
    AuthResults auth;
    EmployeeMail employee_mail;
    int to_accounts;    /* how many accounts own addresses in To and Cc */
    int64_t to_account; /* the one */
    bool desk_in_to;    /* To has an address of the desk; else it was copied */
} MailFacts;

typedef enum {
    MAIL_STOP,
    MAIL_BOUNCED,   /* the message that it is about did not arrive */
    MAIL_DELIVERED, /* it arrived */
    MAIL_COMPLAINT, /* its recipient calls it spam */
    MAIL_NOTE,
    MAIL_SKIP,
    MAIL_OPEN_BY_RULE,
    MAIL_ADD_BY_RULE,
    MAIL_CLOSE_BY_RULE,
    MAIL_REPLY,
    MAIL_OPEN_CUSTOMER,
    MAIL_OPEN_EMPLOYEE,
    MAIL_WAIT, /* for a person */
    MAIL_N_ACTIONS,
} MailAction;

typedef struct {
    MailAction action;
    const char *reason; /* a word; a literal */
    int64_t ticket;     /* to add to, to close; 0: none */
    int64_t account;    /* to open for */
    bool by_employee;   /* an employee speaks, and has proved it */
    bool internal;      /* an employee's, among the desk's people */
    bool machine;       /* filed, and nothing else */
    const char *rule;   /* the name of the rule that fired; NULL: none */
} MailOutcome;

/* Appends to `steps` (an array, see inbox_add_step()) what was asked and answered on the way. */
MailOutcome mail_classify(const MailFacts *facts, json_t *steps);

/* "stop", "open_by_rule", ... */
const char *mail_action_name(MailAction action);
