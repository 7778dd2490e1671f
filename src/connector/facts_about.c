/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which message of ours a report is about. The signed envelope sender proves it. Where these are
 * switched off, because the relay refuses foreign senders, the Message-ID in what was returned is
 * taken, if the report names the very recipient of that message.
 */
#include "alerts/alert.h"
#include "alerts/mail_kind.h"
#include "base/error.h"
#include "connector/facts-private.h"
#include "mail/address.h"
#include "mail/signed_address.h"

#include <string.h>

/* NULL without an error where the outbox has no such row. */
static bool load_about(Gather *g, int64_t outbox, GError **error)
{
    g_autoptr(GError) failure = NULL;
    OutboxMessage *message = outbox_load(g->tx, outbox, &failure);
    if (message == NULL && !error_is(failure, TD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    outbox_message_free(g->known->about);
    g->known->about = message;
    return true;
}

static bool find_signed(Gather *g, GError **error)
{
    MailFacts *facts = &g->known->facts;
    const InboundMail *mail = g->read->mail;
    GPtrArray *fields[] = {mail->delivered_to, mail->to, mail->cc};
    for (size_t f = 0; f < G_N_ELEMENTS(fields); f++)
        for (guint i = 0; i < fields[f]->len; i++) {
            const InboundAddress *address = fields[f]->pdata[i];
            SignedAddress bounce;
            if (!signed_address_check(g->keys, address->key, &bounce) ||
                bounce.kind != SIGNED_BOUNCE)
                continue;
            facts->to_bounce_address = true;
            if (!load_about(g, bounce.outbox, error))
                return false;
            if (g->known->about != NULL)
                facts->about = ABOUT_SIGNED;
            return true;
        }
    return true;
}

static bool find_by_id(Gather *g, GError **error)
{
    int64_t number;
    const char *kind;
    switch (own_id_read(g->desk_id, g->read->report->original_message_id, &number)) {
    case OWN_ID_ALERT:
        kind = OUTBOX_KIND_ALERT;
        break;
    case OWN_ID_MESSAGE:
        kind = OUTBOX_KIND_MESSAGE;
        break;
    default:
        return true;
    }
    g_autoptr(GError) failure = NULL;
    g->known->about = outbox_find(g->tx, kind, number, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (g->known->about != NULL)
        g->known->facts.about = ABOUT_UNPROVED;
    return true;
}

static bool is_about(const ReportRecipient *recipient, const char *key)
{
    return g_strcmp0(recipient->final_recipient, key) == 0 ||
           g_strcmp0(recipient->original_recipient, key) == 0;
}

/* What the report says of the message's recipient. A server that forwards names another address:
 * where the report is about one recipient alone, it is that one. */
static void read_what_is_said(Gather *g)
{
    MailKnown *known = g->known;
    const GPtrArray *recipients = g->read->report->recipients;
    bool named = false;
    for (guint i = 0; i < recipients->len && !named; i++) {
        named = is_about(recipients->pdata[i], known->about_key);
        if (named)
            known->said = recipients->pdata[i];
    }
    if (!named && recipients->len == 1)
        known->said = recipients->pdata[0];
    if (named && known->facts.about == ABOUT_UNPROVED && !g->settings->alerts_server.signed_bounce)
        known->facts.about = ABOUT_MESSAGE_ID;
}

static void take_what_is_said(MailKnown *known)
{
    if (known->said == NULL)
        return;
    known->facts.action = known->said->action;
    known->facts.no_mailbox = known->said->no_mailbox;
    known->facts.soft = known->said->soft;
}

static bool find_ticket(Gather *g, GError **error)
{
    const OutboxMessage *about = g->known->about;
    bool alert = strcmp(about->kind, OUTBOX_KIND_ALERT) == 0;
    bool found;
    int64_t ticket = 0;
    if (!db_query_int(g->tx, &found, &ticket, error,
                      alert ? "SELECT ticket FROM alert WHERE id = $1"
                            : "SELECT ticket FROM message_copy WHERE id = $1",
                      "i", about->ref))
        return false;
    g->known->facts.about_ticket = found ? ticket : 0;
    return true;
}

bool gather_about(Gather *g, GError **error)
{
    MailKnown *known = g->known;
    known->facts.report = g->read->report->kind;
    if (!find_signed(g, error) || (known->about == NULL && !find_by_id(g, error)))
        return false;
    if (known->about == NULL)
        return true;
    known->facts.outbox = known->about->id;
    address_parse(known->about->recipient, NULL, NULL, &known->about_key, NULL);
    read_what_is_said(g);
    take_what_is_said(known);
    return find_ticket(g, error);
}
