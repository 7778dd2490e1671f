/* SPDX-License-Identifier: Apache-2.0 */
/* The session's inside, shared by smtp_talk.c (commands and replies), smtp_open.c (until the server
 * is ready), smtp_auth.c (signing in) and smtp.c (messages). */
#pragma once

#include "mail/channel.h"
#include "mail/smtp.h"
#include "mail/smtp_reply.h"

typedef enum {
    SMTP_TOKEN,
    SMTP_CONNECT,
    SMTP_BANNER,
    SMTP_EHLO,
    SMTP_STARTTLS,
    SMTP_TLS,
    SMTP_AUTH,
    SMTP_RSET,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_BODY,
    SMTP_DOT,
    SMTP_N_STAGES,
} SmtpStage;

/* What EHLO offered. */
typedef struct {
    bool pipelining;
    bool starttls;
    bool smtputf8;
    bool eight_bit;
    bool dsn;
    bool size;
    bool auth_plain;
    bool auth_login;
    bool auth_xoauth2;
    uint64_t size_limit; /* 0: none said */
} SmtpOffer;

struct SmtpSession {
    const TransportLink *link; /* borrowed */
    Channel *channel;
    SmtpOffer offer;
    GString *out; /* commands and bodies that wait to be written together */
    SmtpReply reply;
    char *token;               /* an access token, from the start of the session to its AUTH */
    char *said[SMTP_N_STAGES]; /* only while somebody traces: what stood in the last command of that
                                  stage */
    unsigned messages;         /* begun in this session */
    bool needs_reset;          /* a transaction stands open that did not end with a dot */
    bool broken;               /* out of step, closed or timed out: not even QUIT makes sense */
    size_t in_at;
    size_t in_end;
    char in[4096];
};

const char *smtp_stage_name(SmtpStage stage);
int smtp_stage_timeout_ms(const SmtpSession *session, SmtpStage stage);

/* Queues one command line (without CRLF); `shown`, if given, is what a trace may see of it. */
void smtp_queue(SmtpSession *session, SmtpStage stage, const char *line, const char *shown);

/* Writes what is queued. `gate_at`: at this offset begins what must not leave unless
 * envelope_may_leave() of `gated`. *written is set in any case. Errors: those of a channel, and
 * CONFLICT where the gate was closed. */
bool smtp_flush(SmtpSession *session, SmtpStage stage, size_t gate_at, const Envelope *gated,
                size_t *written, GCancellable *cancellable, GError **error);

/* Writes what is queued and reads one reply into session->reply. Errors: those of a channel, and
 * MALFORMED for what is no reply; the session is broken then. */
bool smtp_ask(SmtpSession *session, SmtpStage stage, GCancellable *cancellable, GError **error);

/* Whether bytes were read that nobody asked for. */
bool smtp_has_surplus(const SmtpSession *session);

/* Fill *outcome from the reply that was just read, or from an error. */
void smtp_outcome_reply(const SmtpSession *session, DeliveryOutcomeKind kind, SmtpStage stage,
                        DeliveryOutcome *outcome);
void smtp_outcome_error(const SmtpSession *session, DeliveryOutcomeKind kind, SmtpStage stage,
                        const GError *error, DeliveryOutcome *outcome);

/* ---- until the server is ready; each failure is RELAY_DOWN ---- */

/* One step's failure, from the error that explains it. */
bool smtp_down(SmtpSession *session, SmtpStage stage, const GError *error,
               DeliveryOutcome *outcome);

/* One step's failure, in words. */
bool smtp_down_because(SmtpSession *session, SmtpStage stage, DeliveryOutcome *outcome,
                       const char *words);

/* Asks, and expects a reply with this code. */
bool smtp_expect(SmtpSession *session, SmtpStage stage, int code, GCancellable *cancellable,
                 DeliveryOutcome *outcome);

/* Gets the access token that AUTH will need, where the settings ask for one: before there is a
 * connection that would have to wait for it. */
bool smtp_get_token(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome);

/* AUTH, where the settings ask for it. */
bool smtp_sign_in(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome);
