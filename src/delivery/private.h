/* SPDX-License-Identifier: Apache-2.0 */
/* The queues between dispatcher, senders and settler. */
#pragma once

#include "base/monitor.h"
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
    int64_t closing; /* the ticket whose closing it tells of; 0: another mail, or not known */
    DeliveryOutcome outcome;
} Job;

void job_free(Job *job);

/* How many senders there may be at most. */
#define DELIVERY_SENDERS_MAX 64

struct Delivery {
    DeliverySetup setup;
    char *maildir;
    GThread *dispatcher;
    GThread *settler;
    GPtrArray *senders; /* of GThread * */
    GCancellable *cancel;

    Monitor monitor; /* guards all below; its condition is the dispatcher's and the stopper's */
    pthread_cond_t more_jobs;
    pthread_cond_t more_settled;
    GQueue jobs;       /* of Job *: claimed, not yet started */
    GQueue settled;    /* of Job *: from the senders to the settler */
    bool settler_stop; /* the settler ends when its queue is empty */
    int in_flight;     /* claimed, not yet settled */
    int busy;          /* being sent at this moment */
    bool woken;
    bool stopping;          /* nothing new is started */
    bool relay_blocked;     /* the relay is down: what is queued here goes back untried */
    int64_t relay_failures; /* in a row */
    int64_t relay_retry_at; /* of the last failure that counted; 0: none */
};

/* Takes back what senders left behind: what a dead one held, or everything. */
bool delivery_take_back(Delivery *delivery, bool everything, int64_t due_at, GError **error);

/* Thread functions; `data` is the Delivery. */
gpointer delivery_sender_run(gpointer data);
gpointer delivery_settler_run(gpointer data);
gpointer delivery_dispatcher_run(gpointer data);
