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
    void (*send)(TransportLink *link, const Envelope *envelope, GCancellable *cancellable,
                 DeliveryOutcome *outcome);
} TransportKind;

struct TransportLink {
    const TransportKind *kind;
    TransportSettings settings;
    const Clock *clock;
    TransportTrace trace;
    void *trace_data;
    int64_t last_used_us; /* boot time */
};

extern const TransportKind transport_smtp;
extern const TransportKind transport_sendmail;
extern const TransportKind transport_maildir;
extern const TransportKind transport_memory;

/* For the trace; `sent` and `reply` may be NULL. */
void transport_say(const TransportLink *link, const char *step, const char *sent,
                   const char *reply);

/* Fills *outcome with what happened, in words, where no reply of a server is at hand. */
void outcome_set(DeliveryOutcome *outcome, DeliveryOutcomeKind kind, const char *stage,
                 const char *words);

/* Whether an address can stand in a command: no control character, space or angle bracket. */
bool envelope_address_is_safe(const char *address);

/* The message with LF for CRLF, for what speaks Unix: behind `lead`, the lines to put on top. */
GString *envelope_unix_text(const Envelope *envelope, const char *lead);
