/* SPDX-License-Identifier: Apache-2.0 */
/* The sender's side of the outbox: claim under a lease, settle, take back what a dead sender held.
 */
#pragma once

#include "outbox/lease.h"
#include "outbox/outbox.h"
#include "outbox/ready.h"

typedef struct {
    const char *lease;  /* the server's token; one that has lapsed claims nothing */
    const char *sender; /* JSON: the sender identity for messages that were never uncertain */
    int64_t now_us;
    int limit;
} OutboxClaim;

/* Claims up to `limit` messages that are ready, in their turn: `sending`, dated, under the lease.
 * This commit is also the durable intent to send: whatever is still `sending` when its sender dies
 * may have left. In the order of their going. NULL on error; free the array with
 * g_ptr_array_unref(). */
GPtrArray *outbox_claim(DbTx *tx, const OutboxClaim *claim, GError **error);

/* What became of a claimed message. */
typedef struct {
    int64_t id;
    const char *lease;
    const char *order_key;
    OutboxState state; /* accepted, deferred, rejected, uncertain; queued: the relay is down */
    int64_t due_at;    /* deferred, uncertain, queued: when again */
    bool counts;       /* whether it counts as an attempt */
    const char *state_reason; /* may be NULL: none; what waits again keeps the one it has */
    const char *remote_id;    /* may be NULL */
    const char *message_hash; /* with accepted */
    int64_t composer;
    const OutboxAttempt *attempt; /* recorded; NULL: nothing worth telling */
    int64_t now_us;
} OutboxSettlement;

/* *settled is false when the claim is no longer the caller's. A late "accepted" still wins over a
 * repeat that has not begun (uncertain -> accepted). */
bool outbox_settle(DbTx *tx, const OutboxSettlement *settlement, bool *settled, GError **error);

/* At most so many in one outbox_settle_accepted(). */
#define OUTBOX_SETTLE_MAX 32

/* As outbox_settle() of n acceptances of one lease and one moment, in one statement. Gives the ids
 * that were settled (int64_t); NULL on error. */
GArray *outbox_settle_accepted(DbTx *tx, const OutboxSettlement *settlements, size_t n,
                               GError **error);

/* Takes back what senders left behind: messages whose sender's lease has ended, or all of them
 * (`everything`: a restarted server on SQLite is the only sender). They become uncertain, due at
 * `due_at`. *taken counts them; at most `limit`. Ended leases without messages are forgotten. */
bool outbox_recover(DbTx *tx, bool everything, int64_t now_us, int64_t due_at, int limit,
                    int64_t *taken, GError **error);

/* Gives up on what has waited since before `queued_before_us`; gives what it gave up on. Looks only
 * at the `limit` oldest of each state. NULL on error; free the array with g_ptr_array_unref(). */
GPtrArray *outbox_expire(DbTx *tx, int64_t queued_before_us, const char *reason, int limit,
                         int64_t now_us, GError **error);
