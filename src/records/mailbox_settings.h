/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox of the options page "email-connector" (its list "mailboxes"). */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LIMIT_MAILBOXES 50

/* Its secrets, by the names of their fields. They stand in table `secret`, by host, port and user
 * name: so a list that is read, changed and put back keeps them, and no secret follows a mailbox to
 * another host. */
enum { MAILBOX_PASSWORD, MAILBOX_CLIENT_SECRET, MAILBOX_REFRESH_TOKEN, MAILBOX_N_SECRETS };

extern const struct MailboxSecret {
    const char *field;
    size_t max_chars;
} mailbox_secrets[MAILBOX_N_SECRETS];

typedef struct {
    char *host; /* texts are never NULL */
    int port;
    char *security; /* "tls", "starttls" or "none" */
    char *username;
    char *auth;      /* "password", or "xoauth2", which has the next three */
    char *token_url; /* "": not set */
    char *client_id;
    char *scope;
    char *ca_file; /* "": the system's authorities */
    char *folder;
    bool move;     /* mails that were filed are moved to `move_to`; else they are flagged */
    char *move_to; /* "": not set */
    int poll_seconds;
} MailboxSettings;

void mailbox_settings_free(MailboxSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailboxSettings, mailbox_settings_free)

/* Pure: from the stored object; and as the API shows it. The caller owns what they give. */
MailboxSettings *mailbox_settings_read(const json_t *stored);
json_t *mailbox_settings_json(const MailboxSettings *settings);

/* The secret's name. Free with g_free(). */
char *mailbox_secret_name(const MailboxSettings *settings, size_t secret);
