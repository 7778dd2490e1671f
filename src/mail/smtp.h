/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SMTP client session (RFC 5321): one connection, its dialogue, and what it means for each
 * message. Blocking; one thread at a time. The link that opens a session outlives it.
 */
#pragma once

#include "mail/transport-private.h"

/* A session carries at most this many messages (RFC 5321 sets no limit; relays do). */
#define SMTP_MESSAGES_PER_SESSION 100

typedef struct SmtpSession SmtpSession;

/* Connects, greets, starts TLS and signs in, as the link's settings say. NULL when that fails, with
 * *outcome RELAY_DOWN. */
SmtpSession *smtp_session_open(const TransportLink *link, GCancellable *cancellable,
                               DeliveryOutcome *outcome);

/* Closes, with a QUIT where the dialogue is in order. NULL is allowed. */
void smtp_session_close(SmtpSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmtpSession, smtp_session_close)

/* Whether another message may be sent in it: it is in order, not used up, and the server did not
 * close it meanwhile. */
bool smtp_session_is_usable(SmtpSession *session);

/* Whether it is out of step or closed, and only good to be closed here too. */
bool smtp_session_is_broken(const SmtpSession *session);

/* Sends messages one after the other, with a body and the next envelope in one write where the
 * server pipelines. Returns for how many of them *outcome is filled. Fewer than n: the session was
 * used up or broke between messages and the next one was not touched: go on with a new session. At
 * least 1 in a session that has sent nothing yet. */
size_t smtp_session_send(SmtpSession *session, const Envelope *envelopes, size_t n,
                         GCancellable *cancellable, DeliveryOutcome *outcomes);
