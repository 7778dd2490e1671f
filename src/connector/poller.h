/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads mailboxes: any number of them, each on a thread of its own.
 *
 * Every mail is handed to an InboxFn once and in the order of the UIDs; then it is flagged or
 * moved. A mail that cannot be filed now stays where it is, and those behind it wait. What is new
 * is known by the position in the database (records/mailbox.h), never by flags.
 *
 * A mailbox that is seen for the first time is read from what arrived within the last day; what is
 * older is left alone. With a new UIDVALIDITY it is read again from a day before it was last read,
 * and whoever files knows the mails again by Message-ID.
 */
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "db/db.h"
#include "mail/oauth.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a mail comes from. Borrowed for the call. */
typedef struct {
    const char *mailbox; /* mailbox_name() */
    int64_t uidvalidity;
    int64_t uid;
    int64_t arrived_us;  /* when the server got it; 0: it did not say */
    int64_t bytes;       /* its size, where `headers_only` */
    bool headers_only;   /* larger than LIMIT_INBOUND_MAIL_BYTES: `raw` has its headers alone. Keep
                            them, quarantined */
    const char *refused; /* not NULL: filing it has failed with this error, and will again: keep the
                            bytes, quarantined, and look at nothing in them */
    bool *delete;        /* not NULL: set to true where the mail is to be deleted in the mailbox
                            instead of being flagged or moved */
} InboxOrigin;

/*
 * Files one mail, or keeps it as unmatched or quarantined; blocks. In the transaction that does so
 * it calls
 *
 *   mailbox_position_file(tx, origin->mailbox, origin->uidvalidity, origin->uid, &first, error)
 *
 * first, and writes nothing, with success, where that says that the mail was filed already. True
 * when it is durable. An error with error_try_again() is tried again later, the same mail first;
 * any other means that it can never be filed: then it is handed over once more, with `refused`.
 * Called by several threads at once, each with another mailbox.
 */
typedef bool (*InboxFn)(GBytes *raw, const InboxOrigin *origin, void *data, GError **error);

typedef enum { MAILBOX_FLAG, MAILBOX_MOVE } MailboxAfter;

/* One mailbox as the options have it; texts are never NULL. */
typedef struct {
    char *name; /* mailbox_name() */
    char *host;
    int port;
    char *security; /* "none", "starttls" or "tls" */
    char *username;
    char *password;     /* "" with `oauth`; wiped */
    OAuthSource *oauth; /* NULL: `password`; a reference */
    char *ca_file;
    char *folder;
    MailboxAfter after;
    char *move_to;
    int poll_seconds;
    char *fingerprint; /* of all the options it was made from: another one starts it anew */
} PollerMailbox;

void poller_mailbox_free(PollerMailbox *mailbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PollerMailbox, poller_mailbox_free)

/* The mailboxes to read now (of PollerMailbox *, with its free function); none while the connector
 * is off. Called about once a second: cheap where nothing has changed. */
typedef GPtrArray *(*PollerMailboxes)(void *data, GError **error);

typedef struct {
    Db *db; /* borrowed, as are clock and random */
    const Clock *clock;
    Random *random;
    PollerMailboxes mailboxes;
    void *mailboxes_data;
    InboxFn file;
    void *file_data;
    int timeout_ms; /* of IMAP; 0: IMAP_TIMEOUT_MS */
    int look_ms;    /* how often the options are looked at; 0: 1000 */
} PollerSetup;

typedef struct Poller Poller;

/* Starts its threads. Errors: UNAVAILABLE (no thread). */
Poller *poller_start(const PollerSetup *setup, GError **error);

/* The options may have changed, or a person wants mail fetched now: never blocks. Any thread. */
void poller_wake(Poller *poller);

/* Stops at once what waits for a server; a filing under way is finished. Joins all threads. NULL is
 * allowed. */
void poller_stop(Poller *poller);
