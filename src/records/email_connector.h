/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "email-connector" as the program uses it. As with the others of settings.h, what
 * is stored is valid, so reading cannot fail on content. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_EMAIL_CONNECTOR "email-connector"

#define LIMIT_MAIL_RULES   200
#define LIMIT_RULE_PHRASES 50

/* When a mail that comes from an employee's address is one of theirs. */
typedef enum {
    EMPLOYEE_MAIL_VERIFIED, /* where Authentication-Results prove the sender's domain */
    EMPLOYEE_MAIL_TRUSTED,  /* always: nobody else can write to the mailbox */
    EMPLOYEE_MAIL_OFF,      /* never: employees do not work by mail */
} EmployeeMail;

/* What names the account of an automated email. */
typedef enum {
    RULE_ACCOUNT_SENDER,    /* whoever owns the address it comes from */
    RULE_ACCOUNT_NUMBER,    /* a number in the subject */
    RULE_ACCOUNT_NAME,      /* a name in the subject */
    RULE_ACCOUNT_FIXED,     /* always the same */
    RULE_ACCOUNT_REFERENCE, /* an account's reference in the subject */
} RuleAccount;

/* A piece of the subject, between two texts: behind the first `after` ("": from the start), up to
 * the next `before` ("": to the end). */
typedef struct {
    char *after, *before;
} RulePlace;

typedef struct {
    char *name;
    bool enabled;
    char *from;    /* an address, or "@domain"; "": any */
    char *subject; /* a phrase in the subject; "": any */
    char **skip;   /* phrases in the subject: no ticket */
    RuleAccount account_by;
    RulePlace account_at;  /* of number, name and reference */
    int64_t account;       /* RULE_ACCOUNT_FIXED; else who gets what names no account, 0: nobody */
    char *type, *priority; /* of the ticket; NULL: none, normal */
    int status;            /* 0: New */
    int64_t manager;       /* 0: the account's */
    bool has_key;
    RulePlace key_at; /* what names the incident: a repeat goes to its open ticket */
    char **recovery;  /* phrases in the subject: the incident is over, its ticket is closed */
} MailRule;

typedef struct {
    bool enabled;
    char *address;     /* the support mailbox; "": not set. So is the next one */
    char *authserv_id; /* whose Authentication-Results count (RFC 8601) */
    EmployeeMail employee_mail;
    char *forward_unmatched_to; /* where mails that wait are sent on to; "": nowhere */
    bool respond;               /* automatic response to customers who have opened a ticket */
    int64_t respond_template;   /* 0: the built-in one */
    GPtrArray *rules;           /* of MailRule *, in their order */
    GPtrArray *mailboxes;       /* of MailboxSettings * */
} EmailConnectorSettings;

void email_connector_settings_clear(EmailConnectorSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EmailConnectorSettings, email_connector_settings_clear)

void email_connector_settings_read(const json_t *stored, EmailConnectorSettings *settings);

/* As the API shows it. New reference. */
json_t *email_connector_settings_json(const EmailConnectorSettings *settings);

extern const char *const employee_mail_names[]; /* NULL-terminated; so is the next one */
extern const char *const rule_account_names[];
