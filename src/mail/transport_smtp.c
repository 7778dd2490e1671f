/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link over SMTP: keeps one session, replaces it when it is used up or was closed by the
 * server.
 *
 * A new session is tried once a round; a message counts as tried only in a session that was fresh
 * for it or got past its envelope, see smtp.h.
 */
#include "mail/smtp.h"

typedef struct {
    TransportLink link;
    SmtpSession *session; /* NULL: not connected */
} SmtpLink;

static TransportLink *smtp_new(void)
{
    SmtpLink *smtp = g_new0(SmtpLink, 1);
    return &smtp->link;
}

static void smtp_close(TransportLink *link)
{
    SmtpLink *smtp = (SmtpLink *)link;
    g_clear_pointer(&smtp->session, smtp_session_close);
}

static void smtp_free(TransportLink *link)
{
    g_free(link);
}

static bool session_ready(SmtpLink *smtp, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    if (smtp->session != NULL && smtp_session_is_usable(smtp->session))
        return true;
    smtp_close(&smtp->link);
    smtp->session = smtp_session_open(&smtp->link, cancellable, outcome);
    return smtp->session != NULL;
}

static bool smtp_open(TransportLink *link, GCancellable *cancellable, DeliveryOutcome *outcome)
{
    return session_ready((SmtpLink *)link, cancellable, outcome);
}

static void smtp_send(TransportLink *link, const Envelope *envelopes, size_t n,
                      GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    SmtpLink *smtp = (SmtpLink *)link;
    size_t done = 0;
    while (done < n && session_ready(smtp, cancellable, &outcomes[done])) {
        done += smtp_session_send(smtp->session, envelopes + done, n - done, cancellable,
                                  outcomes + done);
        if (smtp_session_is_broken(smtp->session))
            smtp_close(link);
        if (done > 0 && outcomes[done - 1].kind == DELIVERY_RELAY_DOWN)
            return;
    }
}

const TransportKind transport_smtp = {"smtp",    smtp_new,  smtp_close,
                                      smtp_free, smtp_open, smtp_send};
