/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of transport implements. A kind's own link has TransportLink as its first member. */
#pragma once

#include "mail/transport.h"

typedef struct {
    const char *name;
    TransportLink *(*link_new)(void);
    void (*link_close)(TransportLink *link); /* ends what is kept open; may be called again */
    void (*link_free)(
        TransportLink *link); /* frees the kind's own parts and the link; after link_close */
    /* Connects where that is not done yet; false with *outcome. NULL: there is nothing to connect.
     */
    bool (*link_open)(TransportLink *link, GCancellable *cancellable, DeliveryOutcome *outcome);
    /* Sends n messages, n > 0; the addresses are safe, the outcomes empty. Those behind a
     * RELAY_DOWN stay empty. */
    void (*send)(TransportLink *link, const Envelope *envelopes, size_t n,
                 GCancellable *cancellable, DeliveryOutcome *outcomes);
} TransportKind;

struct TransportLink {
    const TransportKind *kind;
    TransportSettings settings;
    const Clock *clock;
    TransportTrace trace;
    void *trace_data;
    TransportDone done;
    void *done_data;
    int64_t last_used_us; /* boot time */
};

/* A kind that sends one at a time: calls `send_one` until the relay is down, the sending is
 * cancelled, or a message's not_after_us has come. */
typedef void (*TransportSendOne)(TransportLink *link, const Envelope *envelope,
                                 GCancellable *cancellable, DeliveryOutcome *outcome);
void transport_one_by_one(TransportLink *link, const Envelope *envelopes, size_t n,
                          GCancellable *cancellable, DeliveryOutcome *outcomes,
                          TransportSendOne send_one);

extern const TransportKind transport_smtp;
extern const TransportKind transport_sendmail;
extern const TransportKind transport_maildir;
extern const TransportKind transport_memory;

/* This message's outcome is final. */
void transport_done(const TransportLink *link, DeliveryOutcome *outcome);

/* For the trace; `sent` and `reply` may be NULL. */
void transport_say(const TransportLink *link, const char *step, const char *sent,
                   const char *reply);

/* Fills *outcome with what happened, in words, where no reply of a server is at hand. */
void outcome_set(DeliveryOutcome *outcome, DeliveryOutcomeKind kind, const char *stage,
                 const char *words);

/* A copy of everything in `from` for another message. */
void outcome_copy(const DeliveryOutcome *from, DeliveryOutcome *to);

/* Whether an address can stand in a command: no control character, space or angle bracket. */
bool envelope_address_is_safe(const char *address);

/* The message with LF for CRLF, for what speaks Unix: behind `lead`, the lines to put on top. */
GString *envelope_unix_text(const Envelope *envelope, const char *lead);
