/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways out: smtp, the sendmail command, a local Maildir, memory (tests). A transport is told
 * where and how; a link is one connection (or its equivalent) that one thread uses. What became of
 * a message is data, not an error.
 */
#pragma once

#include "base/clock.h"
#include "mail/oauth.h"

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    DELIVERY_SENT,      /* accepted: the next server has it now */
    DELIVERY_DEFERRED,  /* 4xx at RCPT, DATA or after the dot, 5xx at MAIL FROM: this mail, later */
    DELIVERY_REJECTED,  /* 5xx at RCPT, DATA or after the dot: this recipient, for good */
    DELIVERY_UNCERTAIN, /* timeout or close after any byte of the final dot was written */
    DELIVERY_RELAY_DOWN, /* 4xx, 5xx, timeout or close at connect, banner, EHLO, STARTTLS, AUTH (and
                            a close or timeout anywhere before the final dot): says nothing about
                            the recipient */
} DeliveryOutcomeKind;

typedef struct {
    DeliveryOutcomeKind kind;
    bool relay_misconfigured; /* with DEFERRED: 5xx at MAIL FROM */
    int reply_code;           /* 250, 451, ...; 0 where no reply was read */
    char enhanced_status[16]; /* "5.1.1" or "" */
    char *reply; /* the remote's last words, UTF-8, one line, at most 512 bytes; or what happened,
                    in words */
    char *remote_queue_id; /* as read from the reply to the dot; NULL where not recognised */
    const char *stage; /* "token", "connect", "banner", "ehlo", "starttls", "auth", "mail", "rcpt",
                          "data", "dot", ... */
} DeliveryOutcome;

void delivery_outcome_clear(DeliveryOutcome *outcome);

typedef enum { SMTP_SECURITY_NONE, SMTP_SECURITY_STARTTLS, SMTP_SECURITY_TLS } SmtpSecurity;

typedef struct {
    char *kind;    /* "smtp", "sendmail", "maildir", "memory" */
    char *host;    /* smtp */
    uint16_t port; /* smtp */
    SmtpSecurity security;
    char *username; /* NULL or "": no AUTH */
    char *password;
    OAuthSource *oauth; /* AUTH XOAUTH2 with its tokens instead of a password; NULL: no. A reference
                           that settings which are cleared give back */
    char *ca_file;      /* PEM of the authorities to trust; NULL: the system's */
    char *helo_name;    /* what to call ourselves in EHLO; NULL: the host's name, or its address
                           literal */
    char *path;        /* maildir: its folder; sendmail: the command, NULL for /usr/sbin/sendmail */
    int timeout_scale; /* percent of the RFC 5321 §4.5.3.2 timeouts; 0 means 100; tests shorten them
                        */
    int timeout_cap_ms; /* no wait is longer than this, whatever the scale says; 0: no cap */
} TransportSettings;

void transport_settings_clear(TransportSettings *settings);
void transport_settings_copy(const TransportSettings *from, TransportSettings *to);

/* One line of a dialogue, for the test page: what step, what we sent, what came back. Secrets are
 * masked. */
typedef void (*TransportTrace)(const char *step, const char *sent, const char *reply, void *data);

typedef struct {
    const char *envelope_from; /* "" is the null sender */
    const char *envelope_to;
    GBytes *message; /* CRLF lines, 7-bit */
    /* Boot time from which on the final dot must not leave (a lease's end less its margin): the
     * connection is dropped instead, RELAY_DOWN at stage "lease". Read (atomically) right before
     * the dot, so that a renewal in another thread counts; NULL: no such time. */
    const int64_t *not_after_us;
} Envelope;

/* Whether the final dot may leave now, as far as not_after_us goes. */
bool envelope_may_leave(const Envelope *envelope, const Clock *clock);

typedef struct TransportLink TransportLink;

/* A link that is not connected yet: the first send connects. `settings` is copied. Errors: INVALID
 * (unknown kind). */
TransportLink *transport_link_new(const TransportSettings *settings, const Clock *clock,
                                  GError **error);

/* Says QUIT where that takes no waiting, and closes. NULL is allowed. */
void transport_link_free(TransportLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TransportLink, transport_link_free)

void transport_link_set_trace(TransportLink *link, TransportTrace trace, void *data);

/* Called, in the sending thread, as soon as the outcome of one message is known for good: before
 * the next one is sent. `outcome` is one of those that transport_send_many() was given. Messages
 * that were not tried are not reported. */
typedef void (*TransportDone)(DeliveryOutcome *outcome, void *data);
void transport_link_set_done(TransportLink *link, TransportDone done, void *data);

/* Connects, greets and signs in, where there is something to connect to, and keeps the connection
 * for the next message. False with *outcome RELAY_DOWN. */
bool transport_link_open(TransportLink *link, GCancellable *cancellable, DeliveryOutcome *outcome);

/* Sends one message to one recipient; connects, or connects again, when it must (a kept connection
 * that the server has closed is noticed and replaced before anything counts against the message).
 * Blocks, up to the timeouts. Always fills *outcome. `cancellable` (may be NULL) ends it early:
 * RELAY_DOWN before the dot, UNCERTAIN after it. */
void transport_send(TransportLink *link, const Envelope *envelope, GCancellable *cancellable,
                    DeliveryOutcome *outcome);

/* As transport_send() for each of n messages, in their order and with an outcome each; by SMTP a
 * body travels in the same write as the next envelope where the server pipelines (RFC 2920), so
 * that a message costs one round trip. Each message has its own transaction: one's failure does not
 * touch another, except that none is tried any more once the relay is down or `cancellable` is
 * cancelled (the rest: RELAY_DOWN). */
void transport_send_many(TransportLink *link, const Envelope *envelopes, size_t n,
                         GCancellable *cancellable, DeliveryOutcome *outcomes);

/* Closes a kept connection that has been idle for idle_ms. */
void transport_link_idle(TransportLink *link, int64_t idle_ms);

/* memory: everything sent since the start, oldest first, by any link of this process. Tests only.
 */
GPtrArray *transport_memory_take(void); /* of MemoryMail *, owned */
typedef struct {
    char *envelope_from;
    char *envelope_to;
    GBytes *message;
} MemoryMail;
