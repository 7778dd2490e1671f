/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Alerts Server: takes what is due from the outbox, composes it, hands it to the relay and
 * records what became of it.
 *
 * The guarantee, and its crash window
 * -----------------------------------
 * A message is `sending` from the commit of its claim, which is also the durable intent to send,
 * until the commit of its settlement. A message outside that window is never sent twice and never
 * lost: it stands in the outbox. A message inside it when the process, the link or the database
 * dies becomes `uncertain`, keeps that mark, and is sent again with the same Message-ID and the
 * same bytes. At most PACE_MAX (pace.h) x concurrency messages are in the window at once.
 *
 * Threads: one dispatcher claims (and keeps house), `concurrency` senders compose and send, one
 * settler records outcomes, as many as wait in one commit, one renews the lease.
 */
#pragma once

#include "alerts/compose.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "db/db.h"

#include <jansson.h>

/* The access tokens that all who send share (tokens.c). */
typedef struct DeliveryTokens DeliveryTokens;

DeliveryTokens *delivery_tokens_new(void);
/* When nobody sends any more, and before the database is closed. NULL is allowed. */
void delivery_tokens_free(DeliveryTokens *tokens);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeliveryTokens, delivery_tokens_free)

typedef struct {
    Db *db; /* borrowed, as are clock, random and composer */
    const Clock *clock;
    Random *random;
    Composer *composer;
    const char *maildir; /* where the transport "maildir" delivers */
    const char *memory;  /* non-NULL: use the transport "memory" whatever the options say (tests) */
    int64_t lease_us;    /* how long a claim lives without its server; 0: the default, 60 s */
    int timeout_scale;   /* percent of the SMTP timeouts; 0 means 100 */
    Metrics *metrics;    /* where what is sent is counted; borrowed; NULL: nowhere */
    int64_t within_ms;   /* delivery_status(): be over by then (db_read_within()); 0: no limit */
    DeliveryTokens *tokens; /* borrowed; NULL: each connection gets access tokens of its own */
} DeliverySetup;

typedef struct Delivery Delivery;

/* Takes back what a former process left behind, then starts. Errors: those of the database. */
Delivery *delivery_start(const DeliverySetup *setup, GError **error);

/* There may be something to do: never blocks. Any thread. */
void delivery_wake(Delivery *delivery);

/* Stops claiming, gives back what has not been started, waits at most grace_ms for what is being
 * sent, then breaks its connections, records every outcome and joins all threads. NULL is allowed.
 */
void delivery_stop(Delivery *delivery, int64_t grace_ms);

/* Sends one test mail with the settings in force, whether or not the server is active, outside the
 * outbox, by one relay (1: the first one). Gives {"ok":bool,"steps":[{"step","sent","reply"}]}.
 * Blocks until the last reply. Errors: INVALID (no sender set; no such relay). */
json_t *delivery_test_send(const DeliverySetup *setup, const char *to, int relay, GError **error);

/* The same with a mail that is composed from `source` (compose_source_new()), by the first relay.
 * Errors: also those of compose_message(). */
json_t *delivery_test_template(const DeliverySetup *setup, const ComposeSource *source,
                               const char *to, GError **error);

/* A person's "go on": every relay that the breaker stopped may be used again. *resumed counts them.
 */
bool delivery_resume(const DeliverySetup *setup, int64_t *resumed, GError **error);

/* Whether mail is leaving, and why not: {"active","transport","relays":[{"name","state","reason",
 * "since","retry_at"}],"relay": the first of them,"senders":[{"name","since","lease_until"}]} with
 * the settings in force, as any process of the desk has recorded it. */
json_t *delivery_status(const DeliverySetup *setup, GError **error);
