/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: one row a message on its way. Knows no ticket and no template: what to compose a
 * message from is the business of whoever put it in (`kind` and `ref`).
 *
 * Every move between states is a conditional UPDATE whose row count is checked; the table of moves
 * is outbox/state.c. For one order_key, messages leave in the order of order_seq: one that is not
 * final (held included) blocks the later.
 */
#pragma once

#include "db/db.h"
#include "outbox/state.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* due_at of what waits for a person, and its state_reason where it is uncertain whether it left. */
#define OUTBOX_NEVER INT64_MAX
#define OUTBOX_ASK   "sent_or_not"

/* The state_reason of what a person sends although the address is suppressed. */
#define OUTBOX_FORCED "forced"

typedef struct {
    int64_t id;
    char *kind;      /* "alert", ... */
    int64_t ref;     /* the alert's id, ... */
    char *recipient; /* address */
    int64_t lane;    /* the account: no lane may starve another */
    bool urgent;     /* a person is waiting for it */
    char *order_key; /* "" where order does not matter */
    int64_t order_seq;
    OutboxState state;
    int64_t due_at;
    int64_t attempts;   /* that said something about this message: deferred, rejected, uncertain,
                           accepted */
    char *lease;        /* the token of the server that claimed it last; NULL: never claimed */
    int64_t dated_at;   /* the mail's Date: set once, with the first intent to send; 0: not yet */
    char *sender;       /* JSON: the sender identity that the bytes were made with */
    bool uncertain;     /* was uncertain at some time; kept for ever */
    char *state_reason; /* why it is cancelled, expired, held; OUTBOX_FORCED; NULL: the state says
                           it all */
    char *last_reply;
    char *remote_id;    /* the next server's queue id */
    char *message_hash; /* of the bytes that were accepted */
    int64_t composer;   /* the composer's version that made them */
    int64_t queued_at;
    int64_t accepted_at;
    int64_t updated_at;
} OutboxMessage;

void outbox_message_free(OutboxMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxMessage, outbox_message_free)

/* Puts a new message in, held or queued; sets message->id. */
bool outbox_insert(DbTx *tx, OutboxMessage *message, GError **error);

/* Takes out again what this transaction has put in; 0: nothing. */
bool outbox_withdraw(DbTx *tx, int64_t id, GError **error);

/* Errors: NOT_FOUND. */
OutboxMessage *outbox_load(DbTx *tx, int64_t id, GError **error);

/* NULL without an error where there is none. */
OutboxMessage *outbox_find(DbTx *tx, const char *kind, int64_t ref, GError **error);

/* What one attempt came to, for the record. */
typedef struct {
    int64_t at;
    char *outcome; /* "sent", "deferred", "rejected", "uncertain", "relay_down", "not_composed" */
    char *stage;
    int64_t reply_code;
    char *enhanced_status;
    char *reply;
} OutboxAttempt;

void outbox_attempt_free(OutboxAttempt *attempt);

/* Every attempt that is worth telling, oldest first, at most the last 200. */
GPtrArray *outbox_attempts(DbTx *tx, int64_t id, GError **error);

/* The state_reason of what a person cancelled. */
#define OUTBOX_CANCELLED_BY_HAND "cancelled_by_hand"

/* And of what was cancelled because its recipient was erased. */
#define OUTBOX_CANCELLED_ERASED "erased"

/* Moves by a person, and by the desk when a recipient is removed. Errors: CONFLICT (problem
 * "not-possible-now", saying the present state: a message that is being sent cannot be cancelled).
 */
bool outbox_cancel(DbTx *tx, int64_t id, const char *reason, int64_t now_us, GError **error);
bool outbox_release(DbTx *tx, int64_t id, int64_t now_us, GError **error);
/* Sends at once what waits, and again what is final but not accepted. `reason` (NULL: none) becomes
 * the state_reason, and stays with the message for as long as it waits and is tried. */
bool outbox_retry(DbTx *tx, int64_t id, const char *reason, int64_t now_us, GError **error);

/* Cancels whatever of this order_key has not been sent; what is being sent at this moment goes on.
 */
bool outbox_cancel_waiting(DbTx *tx, const char *order_key, const char *reason, int64_t now_us,
                           GError **error);

/* Holds everything that waits (the Alerts Server was deactivated). At most `limit`; *moved says how
 * many. */
bool outbox_hold_waiting(DbTx *tx, const char *reason, int limit, int64_t now_us, int64_t *moved,
                         GError **error);

/* The states that the index outbox_by_state has, in words that SQLite recognises: a query by state
 * says both `state OUTBOX_LISTED` and which one. Nearly all messages are accepted, and few are
 * being sent. */
#define OUTBOX_LISTED "NOT IN ('sending', 'accepted')"

/* What one process remembers of how many messages there are, so that a million need not be counted
 * at each look: those below an id, counted now and then. Thread-safe. */
typedef struct {
    pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
    int64_t below;        /* ids up to this one were counted; 0: none yet */
    int64_t rows;
    int64_t removed;       /* since when they were counted, see outbox_removed */
    int64_t counted_at_us; /* monotonic */
} OutboxCensus;

/* How many messages there are in each state, those included that were removed since; `census` NULL:
 * all are counted. What is deleted for its age (and, on PostgreSQL, a transaction during which a
 * thousand others began and ended) shows in `accepted` after at most ten minutes. */
bool outbox_count(DbTx *tx, OutboxCensus *census, int64_t counts[OUTBOX_N_STATES], GError **error);

/* How many are held for this reason (NULL: for any), and since when the oldest is; 0: none. */
bool outbox_held(DbTx *tx, const char *reason, int64_t *count, int64_t *since, GError **error);

/* How many are held; counting stops at `most`. */
bool outbox_count_held(DbTx *tx, int64_t most, int64_t *count, GError **error);

/* How many have been held since before `before_us`, counted to `most`, and since when the longest;
 * 0: none. Cheap however many are held. */
bool outbox_held_long(DbTx *tx, int64_t before_us, int64_t most, int64_t *count, int64_t *since,
                      GError **error);

/* Since when the first of each state that waits to leave has been queued; 0: nothing waits. */
bool outbox_oldest_waiting(DbTx *tx, int64_t *since, GError **error);
