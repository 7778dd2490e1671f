/* SPDX-License-Identifier: Apache-2.0 */
/* The states of one message on its way, and their only legal moves (product.md, section 3). Pure.
 */
#pragma once

#include <stdbool.h>

typedef enum {
    OUTBOX_HELD, /* waits for a person, or for the brake */
    OUTBOX_QUEUED,
    OUTBOX_SENDING,   /* claimed by a sender, under a lease */
    OUTBOX_DEFERRED,  /* the next server said "later" */
    OUTBOX_UNCERTAIN, /* it may have been accepted; will be sent again with the same Message-ID */
    OUTBOX_ACCEPTED,  /* the next server has it */
    OUTBOX_REJECTED,
    OUTBOX_EXPIRED, /* given up after days of "later" */
    OUTBOX_BOUNCED,
    OUTBOX_CANCELLED,
    OUTBOX_N_STATES,
} OutboxState;

typedef enum {
    OUTBOX_BY_SERVICE,
    OUTBOX_BY_PERSON, /* "retry", "cancel", "release" */
} OutboxMover;

const char *outbox_state_name(OutboxState state);
bool outbox_state_from_name(const char *name, OutboxState *state);

/* Whether this move is in the table. Only a person moves a rejected, expired, bounced or cancelled
 * one again. */
bool outbox_move_allowed(OutboxState from, OutboxState to, OutboxMover mover);

/* A message in a final state no longer blocks the later ones of its ticket and recipient. */
bool outbox_state_is_final(OutboxState state);
