/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of all transports: settings, outcomes, and the table of kinds. */
#include "mail/transport.h"

#include "base/error.h"
#include "base/secret.h"
#include "mail/smtp_reply.h"
#include "mail/transport-private.h"

#include <string.h>

static const TransportKind *const kinds[] = {
    &transport_smtp,
    &transport_sendmail,
    &transport_maildir,
    &transport_memory,
};

void delivery_outcome_clear(DeliveryOutcome *outcome)
{
    g_free(outcome->reply);
    g_free(outcome->remote_queue_id);
    *outcome = (DeliveryOutcome){0};
}

void transport_settings_clear(TransportSettings *settings)
{
    g_free(settings->kind);
    g_free(settings->host);
    g_free(settings->username);
    secret_free(settings->password);
    oauth_source_unref(settings->oauth);
    g_free(settings->ca_file);
    g_free(settings->helo_name);
    g_free(settings->path);
    *settings = (TransportSettings){0};
}

void transport_settings_copy(const TransportSettings *from, TransportSettings *to)
{
    *to = *from;
    to->kind = g_strdup(from->kind);
    to->host = g_strdup(from->host);
    to->username = g_strdup(from->username);
    to->password = g_strdup(from->password);
    to->oauth = from->oauth != NULL ? oauth_source_ref(from->oauth) : NULL;
    to->ca_file = g_strdup(from->ca_file);
    to->helo_name = g_strdup(from->helo_name);
    to->path = g_strdup(from->path);
}

TransportLink *transport_link_new(const TransportSettings *settings, const Clock *clock,
                                  GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(settings->kind, kinds[i]->name) != 0)
            continue;
        TransportLink *link = kinds[i]->link_new();
        link->kind = kinds[i];
        link->clock = clock;
        transport_settings_copy(settings, &link->settings);
        return link;
    }
    error_set_problem(error, TD_ERROR_INVALID, NULL, "transport",
                      "There is no transport \"%s\"; use smtp, sendmail or maildir",
                      settings->kind != NULL ? settings->kind : "");
    return NULL;
}

void transport_link_free(TransportLink *link)
{
    if (link == NULL)
        return;
    link->kind->link_close(link);
    transport_settings_clear(&link->settings);
    link->kind->link_free(link);
}

bool transport_link_open(TransportLink *link, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    *outcome = (DeliveryOutcome){0};
    bool well = link->kind->link_open == NULL || link->kind->link_open(link, cancellable, outcome);
    link->last_used_us = clock_boot_us(link->clock);
    return well;
}

void transport_link_set_trace(TransportLink *link, TransportTrace trace, void *data)
{
    link->trace = trace;
    link->trace_data = data;
}

void transport_link_set_done(TransportLink *link, TransportDone done, void *data)
{
    link->done = done;
    link->done_data = data;
}

void transport_done(const TransportLink *link, DeliveryOutcome *outcome)
{
    if (link->done != NULL)
        link->done(outcome, link->done_data);
}

bool envelope_may_leave(const Envelope *envelope, const Clock *clock)
{
    return envelope == NULL || envelope->not_after_us == NULL ||
           clock_boot_us(clock) < __atomic_load_n(envelope->not_after_us, __ATOMIC_ACQUIRE);
}

/* False, with *outcome, for an envelope that no transport may see. */
static bool envelope_check(const Envelope *envelope, DeliveryOutcome *outcome)
{
    if (!envelope_address_is_safe(envelope->envelope_from)) {
        outcome_set(outcome, DELIVERY_DEFERRED, "mail",
                    "Nothing was sent: the sender's address cannot stand in a mail command");
        outcome->relay_misconfigured = true;
        return false;
    }
    if (envelope->envelope_to[0] == '\0' || !envelope_address_is_safe(envelope->envelope_to)) {
        outcome_set(outcome, DELIVERY_REJECTED, "rcpt",
                    "Nothing was sent: the recipient's address cannot stand in a mail command");
        return false;
    }
    return true;
}

/* The messages behind the one that found the relay down were not tried. (Those before it may have
 * been taken by whoever was told that they are done.) */
static void leave_rest(const DeliveryOutcome *why, DeliveryOutcome *outcomes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (outcomes[i].reply == NULL)
            outcome_copy(why, &outcomes[i]);
}

/* Sends a run of sound envelopes. False: the relay is down. */
static bool send_run(TransportLink *link, const Envelope *envelopes, size_t n,
                     GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    if (g_cancellable_is_cancelled(cancellable)) {
        outcome_set(&outcomes[0], DELIVERY_RELAY_DOWN, "connect",
                    "Nothing was sent: the sending was stopped on this side");
        return false;
    }
    link->kind->send(link, envelopes, n, cancellable, outcomes);
    link->last_used_us = clock_boot_us(link->clock);
    for (size_t i = 0; i < n; i++)
        if (outcomes[i].kind == DELIVERY_RELAY_DOWN)
            return false;
    return true;
}

void transport_send_many(TransportLink *link, const Envelope *envelopes, size_t n,
                         GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    memset(outcomes, 0, n * sizeof *outcomes);
    for (size_t i = 0; i < n; i++)
        envelope_check(&envelopes[i], &outcomes[i]);
    for (size_t i = 0, run; i < n; i += MAX(run, 1)) {
        for (run = 0; i + run < n && outcomes[i + run].reply == NULL; run++)
            ;
        if (run == 0 || send_run(link, envelopes + i, run, cancellable, outcomes + i))
            continue;
        size_t down = i;
        while (outcomes[down].kind != DELIVERY_RELAY_DOWN)
            down++;
        leave_rest(&outcomes[down], outcomes + down + 1, n - down - 1);
        return;
    }
}

void transport_send(TransportLink *link, const Envelope *envelope, GCancellable *cancellable,
                    DeliveryOutcome *outcome)
{
    transport_send_many(link, envelope, 1, cancellable, outcome);
}

/* Whether a message must not be begun any more; *outcome says why. */
static bool is_stopped(const TransportLink *link, const Envelope *envelope,
                       GCancellable *cancellable, DeliveryOutcome *outcome)
{
    if (g_cancellable_is_cancelled(cancellable)) {
        outcome_set(outcome, DELIVERY_RELAY_DOWN, "connect",
                    "Nothing was sent: the sending was stopped on this side");
        return true;
    }
    if (!envelope_may_leave(envelope, link->clock)) {
        outcome_set(outcome, DELIVERY_RELAY_DOWN, "lease",
                    "The right to send this mail ended before it was handed over; it was not sent");
        return true;
    }
    return false;
}

void transport_one_by_one(TransportLink *link, const Envelope *envelopes, size_t n,
                          GCancellable *cancellable, DeliveryOutcome *outcomes,
                          TransportSendOne send_one)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_stopped(link, &envelopes[i], cancellable, &outcomes[i]))
            send_one(link, &envelopes[i], cancellable, &outcomes[i]);
        if (outcomes[i].kind == DELIVERY_RELAY_DOWN)
            return;
        transport_done(link, &outcomes[i]);
    }
}

void transport_link_idle(TransportLink *link, int64_t idle_ms)
{
    if (clock_boot_us(link->clock) - link->last_used_us >= idle_ms * US_PER_MS)
        link->kind->link_close(link);
}

void transport_say(const TransportLink *link, const char *step, const char *sent, const char *reply)
{
    if (link->trace != NULL)
        link->trace(step, sent != NULL ? sent : "", reply != NULL ? reply : "", link->trace_data);
}

void outcome_set(DeliveryOutcome *outcome, DeliveryOutcomeKind kind, const char *stage,
                 const char *words)
{
    delivery_outcome_clear(outcome);
    outcome->kind = kind;
    outcome->stage = stage;
    outcome->reply = smtp_text_shown(words, strlen(words));
}

void outcome_copy(const DeliveryOutcome *from, DeliveryOutcome *to)
{
    *to = *from;
    to->reply = g_strdup(from->reply);
    to->remote_queue_id = g_strdup(from->remote_queue_id);
}

bool envelope_address_is_safe(const char *address)
{
    for (const char *p = address; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '<' || *p == '>')
            return false;
    return strlen(address) <= 512 && g_utf8_validate(address, -1, NULL);
}

GString *envelope_unix_text(const Envelope *envelope, const char *lead)
{
    gsize bytes;
    const char *message = g_bytes_get_data(envelope->message, &bytes);
    GString *text = g_string_sized_new(strlen(lead) + bytes + 1);
    g_string_append(text, lead);
    while (bytes > 0) {
        const char *end = memchr(message, '\n', bytes);
        size_t line = end != NULL ? (size_t)(end - message) + 1 : bytes;
        bool crlf = end != NULL && line >= 2 && end[-1] == '\r';
        g_string_append_len(text, message, (gssize)(crlf ? line - 2 : line));
        if (crlf || end == NULL)
            g_string_append_c(text, '\n');
        message += line;
        bytes -= line;
    }
    return text;
}
