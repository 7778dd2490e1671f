/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands out, replies in.
 *
 * Commands are queued and leave together with the next question, so that pipelining is only a
 * matter of how much is queued before the first smtp_ask(). One buffer serves the whole session.
 * After any failure the session is broken: nobody can know which reply would come next.
 */
#include "mail/smtp-private.h"

#include "base/error.h"

#include <string.h>

#define PIECE_BYTES                                                                                \
    (256 * 1024) /* at most so much in one write, so that the gate is looked at between */

static const struct {
    const char *name;
    int timeout_s; /* RFC 5321 §4.5.3.2 where it has one */
} stages[SMTP_N_STAGES] = {
    [SMTP_TOKEN] = {"token", 30},        [SMTP_CONNECT] = {"connect", 60},
    [SMTP_BANNER] = {"banner", 300},     [SMTP_EHLO] = {"ehlo", 300},
    [SMTP_STARTTLS] = {"starttls", 300}, [SMTP_TLS] = {"tls", 120},
    [SMTP_AUTH] = {"auth", 300},         [SMTP_RSET] = {"rset", 300},
    [SMTP_MAIL] = {"mail", 300},         [SMTP_RCPT] = {"rcpt", 300},
    [SMTP_DATA] = {"data", 120},         [SMTP_BODY] = {"body", 180},
    [SMTP_DOT] = {"dot", 600},
};

const char *smtp_stage_name(SmtpStage stage)
{
    return stages[stage].name;
}

int smtp_stage_timeout_ms(const SmtpSession *session, SmtpStage stage)
{
    const TransportSettings *settings = &session->link->settings;
    int percent = settings->timeout_scale > 0 ? settings->timeout_scale : 100;
    int64_t ms = (int64_t)stages[stage].timeout_s * 10 * percent;
    if (settings->timeout_cap_ms > 0)
        ms = MIN(ms, settings->timeout_cap_ms);
    return (int)CLAMP(ms, 1, G_MAXINT);
}

static int64_t deadline_us(const SmtpSession *session, SmtpStage stage)
{
    return g_get_monotonic_time() + smtp_stage_timeout_ms(session, stage) * US_PER_MS;
}

void smtp_queue(SmtpSession *session, SmtpStage stage, const char *line, const char *shown)
{
    g_string_append(session->out, line);
    g_string_append_len(session->out, "\r\n", 2);
    if (session->link->trace == NULL)
        return;
    g_free(session->said[stage]);
    session->said[stage] = g_strdup(shown != NULL ? shown : line);
}

/* True while the gated part may leave. */
static bool gate_open(const SmtpSession *session, const Envelope *gated, GError **error)
{
    if (envelope_may_leave(gated, session->link->clock))
        return true;
    error_set(
        error, TD_ERROR_CONFLICT,
        "The right to send this mail ended before its last byte was written; it was not sent");
    return false;
}

bool smtp_flush(SmtpSession *session, SmtpStage stage, size_t gate_at, const Envelope *gated,
                size_t *written, GCancellable *cancellable, GError **error)
{
    GString *out = session->out;
    bool well = true;
    size_t done = 0;
    while (well && done < out->len) {
        size_t piece = MIN(out->len - done, (size_t)PIECE_BYTES);
        size_t n = 0;
        well = (done + piece <= gate_at || gate_open(session, gated, error)) &&
               channel_write(session->channel, out->str + done, piece, deadline_us(session, stage),
                             &n, cancellable, error);
        done += n;
    }
    g_string_truncate(out, 0);
    session->broken = session->broken || !well;
    *written = done;
    return well;
}

/* Feeds what is at hand and then what arrives, until a reply is complete. */
static bool read_reply(SmtpSession *session, SmtpStage stage, GCancellable *cancellable,
                       GError **error)
{
    int64_t until_us = deadline_us(session, stage);
    smtp_reply_reset(&session->reply);
    for (;;) {
        size_t used;
        SmtpReplyStatus status = smtp_reply_feed(&session->reply, session->in + session->in_at,
                                                 session->in_end - session->in_at, &used);
        session->in_at += used;
        if (status == SMTP_REPLY_DONE)
            return true;
        if (status == SMTP_REPLY_GARBAGE) {
            error_set(error, TD_ERROR_MALFORMED, "The server's answer is not SMTP (%s)",
                      session->reply.problem);
            return false;
        }
        size_t n;
        if (!channel_read(session->channel, session->in, sizeof session->in, until_us, &n,
                          cancellable, error))
            return false;
        session->in_at = 0;
        session->in_end = n;
    }
}

static void trace(SmtpSession *session, SmtpStage stage, const char *reply)
{
    transport_say(session->link, stages[stage].name, session->said[stage], reply);
    g_clear_pointer(&session->said[stage], g_free);
}

bool smtp_ask(SmtpSession *session, SmtpStage stage, GCancellable *cancellable, GError **error)
{
    size_t written;
    g_autoptr(GError) wrong = NULL;
    bool well = smtp_flush(session, stage, G_MAXSIZE, NULL, &written, cancellable, &wrong) &&
                read_reply(session, stage, cancellable, &wrong);
    session->broken = session->broken || !well || session->reply.code == 421;
    if (session->link->trace != NULL) {
        g_autofree char *shown =
            well ? smtp_reply_shown(&session->reply) : g_strdup(wrong->message);
        trace(session, stage, shown);
    }
    if (!well)
        g_propagate_error(error, g_steal_pointer(&wrong));
    return well;
}

bool smtp_has_surplus(const SmtpSession *session)
{
    return session->in_at < session->in_end;
}

void smtp_outcome_reply(const SmtpSession *session, DeliveryOutcomeKind kind, SmtpStage stage,
                        DeliveryOutcome *outcome)
{
    delivery_outcome_clear(outcome);
    outcome->kind = kind;
    outcome->stage = stages[stage].name;
    outcome->reply_code = session->reply.code;
    smtp_reply_enhanced(&session->reply, outcome->enhanced_status);
    outcome->reply = smtp_reply_shown(&session->reply);
}

void smtp_outcome_error(const SmtpSession *session, DeliveryOutcomeKind kind, SmtpStage stage,
                        const GError *error, DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &session->link->settings;
    g_autofree char *words = g_strdup_printf("%s, port %u, at %s: %s", settings->host,
                                             settings->port, stages[stage].name, error->message);
    outcome_set(outcome, kind, error_is(error, TD_ERROR_CONFLICT) ? "lease" : stages[stage].name,
                words);
}
