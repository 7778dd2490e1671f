/* SPDX-License-Identifier: Apache-2.0 */
/* The queues between dispatcher, senders and settler. */
#pragma once

#include "delivery/delivery.h"
#include "delivery/settings.h"
#include "mail/transport.h"
#include "outbox/claim.h"

/* One claimed message on its way through the threads. */
typedef struct {
    OutboxMessage *message;
    DeliveryRoute *route;
    /* Filled by the sender: */
    bool tried; /* false: given back untouched */
    bool composed;
    char *compose_error;
    char *message_hash;
    DeliveryOutcome outcome;
} Job;

void job_free(Job *job);

struct Delivery {
    DeliverySetup setup;
    char *maildir;
    GThread *dispatcher;
    GThread *settler;
    GPtrArray *senders;   /* of GThread * */
    GAsyncQueue *settled; /* of Job *, from senders to the settler; &stop_mark ends it */
    GCancellable *cancel;

    GMutex lock;
    GCond changed; /* anything below changed */
    GQueue jobs;   /* claimed, not yet started */
    int in_flight; /* claimed, not yet settled */
    int busy;      /* being sent at this moment */
    bool woken;
    bool stopping;          /* nothing new is started */
    bool relay_blocked;     /* the relay is down: what is queued here goes back untried */
    int64_t relay_failures; /* in a row */
};

extern char delivery_stop_mark;

/* Thread functions; `data` is the Delivery. */
gpointer delivery_sender_run(gpointer data);
gpointer delivery_settler_run(gpointer data);
gpointer delivery_dispatcher_run(gpointer data);
