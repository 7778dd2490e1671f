/* SPDX-License-Identifier: Apache-2.0 */
/* One mailbox of a poller: its thread (poller_box.c) and one round of reading (poller_round.c). */
#pragma once

#include "base/monitor.h"
#include "connector/poller.h"
#include "mail/imap.h"
#include "records/mailbox.h"

typedef struct {
    const PollerSetup *setup; /* the poller's; so is the next one */
    const char *holder;
    PollerMailbox *options;
    GThread *thread;
    GCancellable *cancel;
    Monitor monitor; /* guards the next two */
    bool woken;
    bool stopping;
    /* the thread's */
    ImapSession *session; /* kept from round to round; NULL: none */
    int failures;         /* rounds in a row that have ended badly */
    char *last_reason;    /* why the last round did; NULL: it did not */
    uint32_t stubborn;    /* the mail that the server did not give out, and how often */
    int refusals;
} Box;

/* What a round has found. */
typedef struct {
    int64_t waiting; /* mails that are still there to be filed */
    bool more;       /* go on at once */
    char *note;      /* what did not work, though mails are filed; NULL: all did */
} Round;

/* A thread function; `data` is the Box. */
gpointer box_run(gpointer data);

/* Looks at the mailbox once and files what it finds, at most POLLER_BATCH mails. */
bool box_round(Box *box, Round *round, GError **error);

#define POLLER_BATCH 100
