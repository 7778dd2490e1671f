/* SPDX-License-Identifier: Apache-2.0 */
/* The queues between dispatcher, senders and settler. */
#pragma once

#include "base/monitor.h"
#include "delivery/delivery.h"
#include "delivery/line.h"
#include "delivery/settings.h"
#include "delivery/term.h"
#include "mail/transport.h"
#include "outbox/claim.h"

/* One claimed message on its way through the threads. */
typedef struct {
    OutboxMessage *message;
    DeliveryRoute *route;
    Line *line;
    Term *term;
    /* Filled by the sender: */
    bool tried; /* false: given back untouched */
    bool composed;
    bool in_doubt;    /* the breaker doubts what the refusal says of the recipient */
    bool pushed_back; /* the relay wants fewer connections: no fault of its own, nor of the mail */
    char *compose_error;
    char *message_hash;
    int64_t closing; /* the ticket whose closing it tells of; 0: another mail, or not known */
    DeliveryOutcome outcome;
} Job;

void job_free(Job *job);

/* Whether the outcome says that the relay is in trouble. */
bool job_is_relay_trouble(const Job *job);

/* How many senders there may be at most. */
#define DELIVERY_SENDERS_MAX 64

struct Delivery {
    DeliverySetup setup;
    char *maildir;
    TermKeeper keeper;
    int64_t canary_slot; /* the dispatcher's: of the last canary that it has seen to */
    GThread *renewer;
    GThread *dispatcher;
    GThread *settler;
    GPtrArray
        *senders; /* of GThread *; grown by the dispatcher, read by others once it has ended */
    GCancellable *cancel;

    Monitor monitor; /* guards all below; its condition is the dispatcher's and the stopper's */
    pthread_cond_t more_jobs;
    pthread_cond_t more_settled;
    pthread_cond_t renewer_stop;
    GQueue jobs;         /* of Job *: claimed, not yet started */
    GQueue settled;      /* of Job *: from the senders to the settler */
    GPtrArray *lines;    /* of Line *: every relay that was used since the start */
    bool settler_stop;   /* the settler ends when its queue is empty */
    int max_connections; /* as the options say */
    int busy;            /* senders at work */
    bool ask;            /* what is uncertain waits for a person */
    bool woken;
    bool stopping; /* nothing new is started */
};

/* Starts senders until there are `n`. */
bool delivery_add_senders(Delivery *delivery, int n, GError **error);

/* Takes back what senders left behind: what a dead one held, or everything. It is sent again after
 * `delay_us`, unless a person is to be asked. */
bool delivery_take_back(Delivery *delivery, bool everything, int64_t delay_us, GError **error);

/* What is to be done now and then: takes back, gives up, forgets. */
bool delivery_keep_house(Delivery *delivery, GError **error);

/* Thread functions; `data` is the Delivery. */
gpointer delivery_sender_run(gpointer data);
gpointer delivery_settler_run(gpointer data);
gpointer delivery_dispatcher_run(gpointer data);
