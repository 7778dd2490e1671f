/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nothing to a server that is ready for mail: connect, banner, EHLO, STARTTLS, EHLO again,
 * AUTH (smtp_auth.c).
 *
 * Whatever fails here says nothing about any recipient: RELAY_DOWN. One rule is absolute. Where TLS
 * was asked for there is no plain text: a server that does not offer STARTTLS, refuses it, or has
 * sent anything behind its "220 go ahead" (a command injected into the plain part, CVE-2011-0411
 * and its like) is left at once.
 */
#include "mail/smtp-private.h"

#include "base/error.h"

#include <string.h>

bool smtp_down(SmtpSession *session, SmtpStage stage, const GError *error, DeliveryOutcome *outcome)
{
    smtp_outcome_error(session, DELIVERY_RELAY_DOWN, stage, error, outcome);
    return false;
}

bool smtp_down_because(SmtpSession *session, SmtpStage stage, DeliveryOutcome *outcome,
                       const char *words)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, TD_ERROR_UNAVAILABLE, "%s", words);
    transport_say(session->link, smtp_stage_name(stage), NULL, words);
    return smtp_down(session, stage, error, outcome);
}

bool smtp_expect(SmtpSession *session, SmtpStage stage, int code, GCancellable *cancellable,
                 DeliveryOutcome *outcome)
{
    g_autoptr(GError) error = NULL;
    if (!smtp_ask(session, stage, cancellable, &error))
        return smtp_down(session, stage, error, outcome);
    if (session->reply.code == code)
        return true;
    smtp_outcome_reply(session, DELIVERY_RELAY_DOWN, stage, outcome);
    return false;
}

/* Whether `line` begins with this keyword (RFC 5321 §4.1.1.1: letter case does not matter); *rest
 * is what follows. */
static bool is_keyword(const char *line, const char *keyword, const char **rest)
{
    size_t n = strlen(keyword);
    if (g_ascii_strncasecmp(line, keyword, n) != 0)
        return false;
    if (line[n] != '\0' && line[n] != ' ' && line[n] != '=')
        return false;
    *rest = line[n] != '\0' ? line + n + 1 : line + n;
    return true;
}

static void read_auth_offer(SmtpOffer *offer, const char *mechanisms)
{
    g_auto(GStrv) names = g_strsplit(mechanisms, " ", -1);
    for (size_t i = 0; names[i] != NULL; i++) {
        offer->auth_plain |= g_ascii_strcasecmp(names[i], "PLAIN") == 0;
        offer->auth_login |= g_ascii_strcasecmp(names[i], "LOGIN") == 0;
        offer->auth_xoauth2 |= g_ascii_strcasecmp(names[i], "XOAUTH2") == 0;
    }
}

static void read_offer(SmtpOffer *offer, const char *text)
{
    *offer = (SmtpOffer){0};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
        const char *line = lines[i];
        const char *rest;
        offer->pipelining |= is_keyword(line, "PIPELINING", &rest);
        offer->starttls |= is_keyword(line, "STARTTLS", &rest);
        offer->smtputf8 |= is_keyword(line, "SMTPUTF8", &rest);
        offer->eight_bit |= is_keyword(line, "8BITMIME", &rest);
        offer->dsn |= is_keyword(line, "DSN", &rest);
        if (is_keyword(line, "SIZE", &rest)) {
            offer->size = true;
            offer->size_limit = g_ascii_strtoull(rest, NULL, 10);
        }
        if (is_keyword(line, "AUTH", &rest))
            read_auth_offer(offer, rest);
    }
}

static bool is_helo_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f)
            return false;
    return n > 0 && n <= 255;
}

/* RFC 5321 §4.1.4: a name that means something to others, else the address literal. */
static char *helo_name(const SmtpSession *session)
{
    const char *set = session->link->settings.helo_name;
    if (set != NULL && is_helo_name(set))
        return g_strdup(set);
    const char *host = g_get_host_name();
    if (is_helo_name(host) && strchr(host, '.') != NULL)
        return g_strdup(host);
    return channel_local_literal(session->channel);
}

static bool greet(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    g_autofree char *name = helo_name(session);
    g_autofree char *ehlo = g_strconcat("EHLO ", name, NULL);
    g_autoptr(GError) error = NULL;
    smtp_queue(session, SMTP_EHLO, ehlo, NULL);
    if (!smtp_ask(session, SMTP_EHLO, cancellable, &error))
        return smtp_down(session, SMTP_EHLO, error, outcome);
    if (session->reply.code == 250) {
        read_offer(&session->offer, session->reply.text->str);
        return true;
    }
    if (session->reply.code / 100 != 5) {
        smtp_outcome_reply(session, DELIVERY_RELAY_DOWN, SMTP_EHLO, outcome);
        return false;
    }
    /* an old server (RFC 5321 §3.2) */
    g_autofree char *helo = g_strconcat("HELO ", name, NULL);
    session->offer = (SmtpOffer){0};
    smtp_queue(session, SMTP_EHLO, helo, NULL);
    return smtp_expect(session, SMTP_EHLO, 250, cancellable, outcome);
}

static bool secure(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &session->link->settings;
    g_autoptr(GError) error = NULL;
    bool well = channel_start_tls(session->channel, settings->host, settings->ca_file,
                                  smtp_stage_timeout_ms(session, SMTP_TLS), cancellable, &error);
    transport_say(session->link, "tls", "handshake",
                  well ? "the connection is encrypted and the certificate is good"
                       : error->message);
    session->broken = session->broken || !well;
    return well || smtp_down(session, SMTP_TLS, error, outcome);
}

static bool start_tls(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    if (!session->offer.starttls)
        return smtp_down_because(
            session, SMTP_STARTTLS, outcome,
            "the server does not offer STARTTLS, which the options ask for; nothing "
            "was sent in clear");
    smtp_queue(session, SMTP_STARTTLS, "STARTTLS", NULL);
    if (!smtp_expect(session, SMTP_STARTTLS, 220, cancellable, outcome))
        return false;
    if (smtp_has_surplus(session)) {
        session->broken = true;
        return smtp_down_because(
            session, SMTP_STARTTLS, outcome,
            "something was put into the connection before TLS began (an attack?); "
            "it was dropped");
    }
    return secure(session, cancellable, outcome) && greet(session, cancellable, outcome);
}

static bool get_ready(SmtpSession *session, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    SmtpSecurity security = session->link->settings.security;
    if (security == SMTP_SECURITY_TLS && !secure(session, cancellable, outcome))
        return false;
    if (!smtp_expect(session, SMTP_BANNER, 220, cancellable, outcome) ||
        !greet(session, cancellable, outcome))
        return false;
    if (security == SMTP_SECURITY_STARTTLS && !start_tls(session, cancellable, outcome))
        return false;
    return smtp_sign_in(session, cancellable, outcome);
}

SmtpSession *smtp_session_open(const TransportLink *link, GCancellable *cancellable,
                               DeliveryOutcome *outcome)
{
    const TransportSettings *settings = &link->settings;
    g_autoptr(SmtpSession) session = g_new0(SmtpSession, 1);
    session->link = link;
    session->out = g_string_sized_new(4096);
    smtp_reply_init(&session->reply);
    if (!smtp_get_token(session, cancellable, outcome))
        return NULL;

    ChannelTarget target = {
        .host = settings->host != NULL && settings->host[0] != '\0' ? settings->host : "localhost",
        .port = settings->port,
        .timeout_ms = smtp_stage_timeout_ms(session, SMTP_CONNECT),
    };
    g_autofree char *peer = g_strdup_printf("%s, port %u", target.host, target.port);
    g_autoptr(GError) error = NULL;
    session->channel = channel_connect(&target, cancellable, &error);
    transport_say(link, "connect", peer, session->channel != NULL ? "connected" : error->message);
    if (session->channel == NULL) {
        smtp_down(session, SMTP_CONNECT, error, outcome);
        return NULL;
    }
    if (!get_ready(session, cancellable, outcome))
        return NULL;
    return g_steal_pointer(&session);
}
