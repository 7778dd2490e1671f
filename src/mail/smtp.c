/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in a session that is ready.
 *
 * One transaction a message: MAIL, RCPT, DATA, the body, the dot. Where the server pipelines (RFC
 * 2920) the three commands leave in one write, and those of the next message in the same write as
 * this one's body, so that a message costs one round trip. The last byte before the final dot is
 * the border of the promise: before it a failure means "not sent", from the dot's first byte on it
 * means "nobody knows".
 *
 * A failure before the server has said 354 in a session that has already carried a message is the
 * session's, not the message's (servers close idle or used-up connections whenever they like): it
 * is handed back untouched.
 */
#include "mail/smtp.h"

#include "base/error.h"
#include "base/secret.h"
#include "mail/address.h"
#include "mail/smtp-private.h"

#include <string.h>

/* How an envelope ended, best first. */
typedef enum {
    ENVELOPE_READY,   /* 354: the body may go */
    ENVELOPE_REFUSED, /* the outcome says how; the session goes on */
    ENVELOPE_LOST, /* the session broke (or is out of step) before anything counted; the outcome is
                      RELAY_DOWN */
} EnvelopeEnd;

typedef struct {
    SmtpSession *session;
    GCancellable *cancellable;
    const Envelope *envelope;
    DeliveryOutcome *outcome;
} Transaction;

static bool has_high_bytes(GBytes *message)
{
    gsize bytes;
    const unsigned char *p = g_bytes_get_data(message, &bytes);
    unsigned char any = 0;
    for (gsize i = 0; i < bytes; i++)
        any |= p[i];
    return any >= 0x80;
}

static bool needs_smtputf8(const Envelope *envelope)
{
    return address_needs_smtputf8(envelope->envelope_from) ||
           address_needs_smtputf8(envelope->envelope_to) || has_high_bytes(envelope->message);
}

/* Whether the server can take this message at all, by what it offered. */
static bool is_takeable(const SmtpSession *session, const Envelope *envelope,
                        DeliveryOutcome *outcome)
{
    const SmtpOffer *offer = &session->offer;
    gsize bytes = g_bytes_get_size(envelope->message);
    if (offer->size_limit > 0 && bytes > offer->size_limit) {
        g_autofree char *words = g_strdup_printf("Nothing was sent: the mail has %zu bytes, and "
                                                 "the relay takes at most %" G_GUINT64_FORMAT,
                                                 bytes, offer->size_limit);
        outcome_set(outcome, DELIVERY_REJECTED, "mail", words);
        g_strlcpy(outcome->enhanced_status, "5.3.4", sizeof outcome->enhanced_status);
        return false;
    }
    if (offer->smtputf8 || !needs_smtputf8(envelope))
        return true;
    if (address_needs_smtputf8(envelope->envelope_to)) {
        outcome_set(outcome, DELIVERY_REJECTED, "rcpt",
                    "Nothing was sent: the address has letters beyond ASCII in front of the @, and "
                    "the relay does not offer SMTPUTF8, which such addresses need");
        g_strlcpy(outcome->enhanced_status, "5.6.7", sizeof outcome->enhanced_status);
        return false;
    }
    outcome_set(
        outcome, DELIVERY_DEFERRED, "mail",
        "Nothing was sent: the sender's or reply address has letters beyond ASCII in front of "
        "the @, and the relay does not offer SMTPUTF8, which such addresses need");
    outcome->relay_misconfigured = true;
    return false;
}

static void queue_mail(SmtpSession *session, const Envelope *envelope)
{
    const SmtpOffer *offer = &session->offer;
    char line[1024];
    char size[40] = "";
    if (offer->size)
        g_snprintf(size, sizeof size, " SIZE=%zu", g_bytes_get_size(envelope->message));
    bool utf8 = offer->smtputf8 && needs_smtputf8(envelope);
    g_snprintf(line, sizeof line, "MAIL FROM:<%s>%s%s%s%s", envelope->envelope_from, size,
               utf8 && offer->eight_bit ? " BODY=8BITMIME" : "", utf8 ? " SMTPUTF8" : "",
               offer->dsn ? " RET=HDRS" : "");
    smtp_queue(session, SMTP_MAIL, line, NULL);
}

static void queue_rcpt(SmtpSession *session, const Envelope *envelope)
{
    const char *notify = "";
    if (session->offer.dsn)
        notify = envelope->envelope_from[0] != '\0' ? " NOTIFY=FAILURE,DELAY" : " NOTIFY=NEVER";
    char line[1024];
    g_snprintf(line, sizeof line, "RCPT TO:<%s>%s", envelope->envelope_to, notify);
    smtp_queue(session, SMTP_RCPT, line, NULL);
}

/* Queues all of an envelope's commands, for a server that pipelines. */
static void queue_envelope(SmtpSession *session, const Envelope *envelope)
{
    if (session->needs_reset)
        smtp_queue(session, SMTP_RSET, "RSET", NULL);
    queue_mail(session, envelope);
    queue_rcpt(session, envelope);
    smtp_queue(session, SMTP_DATA, "DATA", NULL);
}

static EnvelopeEnd lost(Transaction *t, SmtpStage stage, const GError *error)
{
    t->session->broken = true;
    if (t->outcome->reply == NULL) /* else what the server said first stands */
        smtp_outcome_error(t->session, DELIVERY_RELAY_DOWN, stage, error, t->outcome);
    return ENVELOPE_LOST;
}

static EnvelopeEnd out_of_step(Transaction *t, SmtpStage stage)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_MALFORMED, "The server's answer %d does not fit the question",
              t->session->reply.code);
    return lost(t, stage, error);
}

/* Asks (the command is queued or has left already). READY for a reply that lets the transaction go
 * on. */
static EnvelopeEnd step(Transaction *t, SmtpStage stage)
{
    g_autoptr(GError) error = NULL;
    if (!smtp_ask(t->session, stage, t->cancellable, &error))
        return lost(t, stage, error);
    int code = t->session->reply.code;
    if (stage == SMTP_DATA ? code == 354 : code / 100 == 2)
        return ENVELOPE_READY;
    if (code / 100 != 4 && code / 100 != 5)
        return out_of_step(t, stage);
    if (t->outcome->reply != NULL)
        return ENVELOPE_REFUSED; /* the first refusal counts; this is its echo */
    bool for_good = code / 100 == 5 && stage != SMTP_MAIL;
    smtp_outcome_reply(t->session, for_good ? DELIVERY_REJECTED : DELIVERY_DEFERRED, stage,
                       t->outcome);
    t->outcome->relay_misconfigured = code / 100 == 5 && stage == SMTP_MAIL;
    return ENVELOPE_REFUSED;
}

/* 421 closes the connection: on MAIL that is the relay's state and not this mail's. */
static EnvelopeEnd closing(Transaction *t, SmtpStage stage)
{
    if (stage == SMTP_MAIL || t->session->messages > 1) {
        smtp_outcome_reply(t->session, DELIVERY_RELAY_DOWN, stage, t->outcome);
        return ENVELOPE_LOST;
    }
    return ENVELOPE_REFUSED;
}

static EnvelopeEnd reset_if_needed(Transaction *t)
{
    if (!t->session->needs_reset)
        return ENVELOPE_READY;
    if (!t->session->offer.pipelining)
        smtp_queue(t->session, SMTP_RSET, "RSET", NULL);
    t->session->needs_reset = false;
    g_autoptr(GError) error = NULL;
    if (!smtp_ask(t->session, SMTP_RSET, t->cancellable, &error))
        return lost(t, SMTP_RSET, error);
    return t->session->reply.code == 250 ? ENVELOPE_READY : out_of_step(t, SMTP_RSET);
}

/* RFC 2920 §3.1: a server may say 354 though it refused the recipient; then a dot alone ends it. */
static void send_lone_dot(Transaction *t)
{
    smtp_queue(t->session, SMTP_DOT, ".", NULL);
    smtp_ask(t->session, SMTP_DOT, t->cancellable, NULL);
    t->session->needs_reset = false;
}

static void queue_step(Transaction *t, SmtpStage stage)
{
    if (stage == SMTP_MAIL)
        queue_mail(t->session, t->envelope);
    else if (stage == SMTP_RCPT)
        queue_rcpt(t->session, t->envelope);
    else
        smtp_queue(t->session, SMTP_DATA, "DATA", NULL);
}

/* Reads the three replies; where the server does not pipeline, each command is sent first and a
 * refusal ends it. */
static EnvelopeEnd run_envelope(Transaction *t)
{
    static const SmtpStage order[] = {SMTP_MAIL, SMTP_RCPT, SMTP_DATA};
    SmtpSession *session = t->session;
    EnvelopeEnd so_far = reset_if_needed(t);
    for (size_t i = 0; i < G_N_ELEMENTS(order) && so_far != ENVELOPE_LOST; i++) {
        if (!session->offer.pipelining) {
            if (so_far == ENVELOPE_REFUSED)
                break;
            queue_step(t, order[i]);
        }
        EnvelopeEnd end = step(t, order[i]);
        if (session->broken && so_far == ENVELOPE_READY)
            return end == ENVELOPE_REFUSED ? closing(t, order[i]) : end;
        if (session->broken)
            break;
        if (order[i] == SMTP_MAIL)
            session->needs_reset = end == ENVELOPE_READY;
        if (order[i] == SMTP_DATA && end == ENVELOPE_READY && so_far == ENVELOPE_REFUSED)
            send_lone_dot(t);
        so_far = MAX(so_far, end);
    }
    if (so_far == ENVELOPE_READY && smtp_has_surplus(session))
        return out_of_step(t, SMTP_DATA);
    return so_far;
}

/* Appends one line with its dot doubled (RFC 5321 §4.5.2). */
static void append_line(GString *out, const char *line, size_t bytes)
{
    if (bytes > 0 && line[0] == '.')
        g_string_append_c(out, '.');
    g_string_append_len(out, line, (gssize)bytes);
    g_string_append_len(out, "\r\n", 2);
}

/* How many of these bytes, at the start of a line, are whole lines that can travel as they are. */
static size_t clean_bytes(const char *text, size_t bytes)
{
    size_t clean = 0;
    const char *lf;
    while (clean < bytes && text[clean] != '.' &&
           (lf = memchr(text + clean, '\n', bytes - clean)) != NULL) {
        const char *line = text + clean;
        if (lf == line || lf[-1] != '\r' || memchr(line, '\r', (size_t)(lf - line) - 1) != NULL)
            break;
        clean = (size_t)(lf - text) + 1;
    }
    return clean;
}

/* Appends the message as it must travel: every line ends in CRLF, no CR or LF stands alone (RFC
 * 5321 §2.3.8). */
static void append_body(GString *out, GBytes *message)
{
    gsize bytes;
    const char *at = g_bytes_get_data(message, &bytes);
    const char *end = at + bytes;
    while (at < end) {
        size_t clean = clean_bytes(at, (size_t)(end - at));
        if (clean > 0) {
            g_string_append_len(out, at, (gssize)clean);
            at += clean;
            continue;
        }
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf != NULL ? lf : end;
        const char *line_end = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
        const char *cr;
        while ((cr = memchr(at, '\r', (size_t)(line_end - at))) != NULL) {
            append_line(out, at, (size_t)(cr - at));
            at = cr + 1;
        }
        append_line(out, at, (size_t)(line_end - at));
        at = lf != NULL ? lf + 1 : end;
    }
}

/* What the reply to the dot means. */
static void settle_dot(Transaction *t)
{
    SmtpSession *session = t->session;
    int class = session->reply.code / 100;
    DeliveryOutcomeKind kind = class == 2   ? DELIVERY_SENT
                               : class == 4 ? DELIVERY_DEFERRED
                               : class == 5 ? DELIVERY_REJECTED
                                            : DELIVERY_UNCERTAIN;
    smtp_outcome_reply(session, kind, SMTP_DOT, t->outcome);
    if (kind == DELIVERY_SENT)
        t->outcome->remote_queue_id = smtp_reply_queue_id(&session->reply);
    session->broken = session->broken || kind == DELIVERY_UNCERTAIN;
}

/* The body did not get out as far as the dot. A server that gave up in the middle may have said
 * why. */
static void settle_unsent(Transaction *t, const GError *error)
{
    SmtpSession *session = t->session;
    bool cut = error_is(error, TD_ERROR_CONFLICT) || g_cancellable_is_cancelled(t->cancellable);
    bool told = !cut && smtp_ask(session, SMTP_BODY, t->cancellable, NULL);
    int class = told ? session->reply.code / 100 : 0;
    if (class == 5 || (class == 4 && session->reply.code != 421))
        smtp_outcome_reply(session, class == 5 ? DELIVERY_REJECTED : DELIVERY_DEFERRED, SMTP_DATA,
                           t->outcome);
    else
        smtp_outcome_error(session, DELIVERY_RELAY_DOWN, SMTP_BODY, error, t->outcome);
    session->broken = true;
}

/* The body, the dot, and in the same write the next envelope. True where that next one has left. */
static bool run_body(Transaction *t, const Envelope *next)
{
    SmtpSession *session = t->session;
    append_body(session->out, t->envelope->message);
    size_t dot_at = session->out->len;
    smtp_queue(session, SMTP_DOT, ".", "the message and the final dot");
    session->needs_reset = false;
    if (next != NULL)
        queue_envelope(session, next);

    size_t written;
    g_autoptr(GError) error = NULL;
    bool flushed =
        smtp_flush(session, SMTP_BODY, dot_at, t->envelope, &written, t->cancellable, &error);
    if (!flushed && written <= dot_at) {
        settle_unsent(t, error);
        return false;
    }
    g_clear_error(&error);
    if (smtp_ask(session, SMTP_DOT, t->cancellable, &error))
        settle_dot(t);
    else
        smtp_outcome_error(session, DELIVERY_UNCERTAIN, SMTP_DOT, error, t->outcome);
    return next != NULL && !session->broken;
}

size_t smtp_session_send(SmtpSession *session, const Envelope *envelopes, size_t n,
                         GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    bool under_way = false; /* this envelope's commands have left with the body before it */
    size_t i = 0;
    while (i < n && !session->broken && session->messages < SMTP_MESSAGES_PER_SESSION) {
        Transaction t = {session, cancellable, &envelopes[i], &outcomes[i]};
        if (!under_way && !is_takeable(session, t.envelope, t.outcome)) {
            transport_done(session->link, t.outcome);
            i++;
            continue;
        }
        session->messages++;
        if (!under_way && session->offer.pipelining)
            queue_envelope(session, t.envelope);
        under_way = false;
        EnvelopeEnd end = run_envelope(&t);
        if (end == ENVELOPE_LOST && session->messages > 1 &&
            !g_cancellable_is_cancelled(cancellable)) {
            delivery_outcome_clear(t.outcome);
            return i;
        }
        if (end == ENVELOPE_READY) {
            DeliveryOutcome unused = {0};
            bool follow = session->offer.pipelining && i + 1 < n &&
                          session->messages < SMTP_MESSAGES_PER_SESSION &&
                          is_takeable(session, &envelopes[i + 1], &unused);
            delivery_outcome_clear(&unused);
            under_way = run_body(&t, follow ? &envelopes[i + 1] : NULL);
        }
        if (t.outcome->kind != DELIVERY_RELAY_DOWN)
            transport_done(session->link, t.outcome);
        i++;
    }
    return i;
}

bool smtp_session_is_usable(SmtpSession *session)
{
    return !session->broken && session->messages < SMTP_MESSAGES_PER_SESSION &&
           !smtp_has_surplus(session) && channel_is_quiet(session->channel);
}

bool smtp_session_is_broken(const SmtpSession *session)
{
    return session->broken;
}

void smtp_session_close(SmtpSession *session)
{
    if (session == NULL)
        return;
    static const char quit[] = "QUIT\r\n";
    if (session->channel != NULL && !session->broken)
        channel_write_last(session->channel, quit, strlen(quit));
    channel_free(session->channel);
    for (size_t i = 0; i < SMTP_N_STAGES; i++)
        g_free(session->said[i]);
    smtp_reply_clear(&session->reply);
    secret_free(session->token);
    g_string_free(session->out, TRUE);
    g_free(session);
}
