/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/forward.h"

#include "alerts/facts.h"
#include "alerts/own_address.h"
#include "base/error.h"
#include "base/json.h"
#include "connector/respond-private.h"
#include "desk/suppressions.h"
#include "mail/address.h"
#include "mail/hop.h"
#include "outbox/outbox.h"
#include "records/settings.h"
#include "records/signing_key.h"

#include <string.h>

#define TEXT_BYTES (64 * 1024) /* the mail itself goes with it */

/* ---- whether it goes ---- */

/* Nobody has written it to us, and an answer to it would go to a machine. */
static const char *sign_of(const MailRead *read)
{
    if (read->nature.kind == NATURE_AUTO_REPLY || read->nature.kind == NATURE_BOUNCE)
        return read->nature.sign;
    return read->report->kind != REPORT_NONE ? "report" : NULL;
}

static bool count_all(DeskTx *tx, const char *from_key, RespondCounts *counts, GError **error)
{
    return respond_count(tx,
                         RESPOND_SUMS("f.at") " FROM mail_forward f JOIN inbound_mail m ON m.id = "
                                              "f.mail WHERE f.decision = 'send' AND f.at > $6"
                                              " AND m.from_key = $1",
                         from_key, counts->address, error) &&
           respond_count(tx,
                         RESPOND_SUMS("at") " FROM mail_forward WHERE decision = 'send' AND at > $6"
                                            " AND $1 <> '-'",
                         from_key, counts->total, error);
}

/* NULL in *reason: it goes. */
static bool may_send_on(DeskTx *tx, const MailRead *read, const MailForward *forward,
                        const char *from_key, const char **reason, GError **error)
{
    RespondCounts counts = {0};
    bool listed = false;
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL || !suppression_has(tx->db, forward->recipient_key, &listed, error) ||
        !count_all(tx, from_key, &counts, error))
        return false;
    const char *limit = respond_limit(&counts);
    *reason = sign_of(read) != NULL                                   ? sign_of(read)
              : strcmp(from_key, forward->recipient_key) == 0         ? "from_there"
              : own_address_of_mail(settings, forward->recipient_key) ? "own_address"
              : !settings->alerts_server.active                       ? "alerts_server_inactive"
              : listed                                                ? "address_suppressed"
                                                                      : limit;
    return true;
}

/* ---- sending it on ---- */

static bool put_in_outbox(DeskTx *tx, const MailForward *forward, GError **error)
{
    OutboxMessage message = {
        .kind = (char *)OUTBOX_KIND_FORWARD,
        .ref = forward->id,
        .recipient = forward->recipient,
        .order_key = (char *)"",
        .state = OUTBOX_QUEUED,
        .due_at = forward->at,
        .queued_at = forward->at,
    };
    tx->made.queued = true;
    return outbox_insert(tx->db, &message, error);
}

static bool read_hops(DeskTx *tx, const InboundMail *mail, int64_t *hops, GError **error)
{
    g_autoptr(SigningKeys) keys = signing_keys_load(tx->db, error);
    if (keys == NULL)
        return false;
    *hops = hop_read(keys, mail->hop, mail->message_id).count;
    return true;
}

static void tell(InboxMail *mail, const MailForward *forward)
{
    g_autofree char *text = forward->sent
                                ? g_strdup_printf("It is sent on to %s.", forward->recipient)
                                : g_strdup_printf("It is not sent on to %s.", forward->recipient);
    inbox_add_step(mail->steps, "forward", forward->sent ? "yes" : "no", forward->reason, text);
}

/* The step that decided is the last one. */
static char *why_it_waits(const InboxMail *mail)
{
    size_t n = json_array_size(mail->steps);
    return g_strdup(n > 0 ? json_get_text(json_array_get(mail->steps, n - 1), "text")
                          : mail->reason);
}

bool mail_send_on(DeskTx *tx, const MailRead *read, InboxMail *mail, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return false;
    const char *to = settings->email_connector.forward_unmatched_to;
    g_autoptr(MailForward) forward = g_new0(MailForward, 1);
    /* It was checked when it was written. */
    if (mail->state != INBOX_UNMATCHED || read->mail == NULL || *to == '\0' ||
        !address_parse(to, NULL, &forward->recipient, &forward->recipient_key, NULL))
        return true;
    const char *reason = NULL;
    if (!read_hops(tx, read->mail, &forward->hops, error) ||
        !may_send_on(tx, read, forward, mail->from_key, &reason, error))
        return false;
    forward->mail = mail->id;
    forward->sent = reason == NULL;
    forward->reason = g_strdup(reason != NULL ? reason : "sent");
    forward->waits_for = why_it_waits(mail);
    forward->text = facts_text_within(forward->sent ? read->mail->text : "", TEXT_BYTES);
    forward->at = tx->now_us;
    tell(mail, forward);
    return mail_forward_insert(tx->db, forward, error) &&
           (!forward->sent || put_in_outbox(tx, forward, error));
}

/* ---- on its way ---- */

static MailForward *load_sent(DeskTx *tx, int64_t mail, GError **error)
{
    g_autoptr(InboxMail) row = inbox_load(tx->db, mail, error);
    if (row == NULL)
        return NULL;
    GError *failure = NULL;
    g_autoptr(MailForward) forward = mail_forward_find(tx->db, mail, &failure);
    if (forward != NULL && forward->sent)
        return g_steal_pointer(&forward);
    if (failure == NULL)
        error_set_problem(&failure, TD_ERROR_NOT_FOUND, "not-forwarded", NULL,
                          "Mail %" G_GINT64_FORMAT " was not sent on to anybody", mail);
    g_propagate_error(error, failure);
    return NULL;
}

bool mail_forward_act(DeskTx *tx, int64_t mail, ForwardVerb verb, GError **error)
{
    GError *failure = NULL;
    g_autoptr(MailForward) forward = load_sent(tx, mail, error);
    if (forward == NULL)
        return false;
    g_autoptr(OutboxMessage) row = outbox_find(tx->db, OUTBOX_KIND_FORWARD, forward->id, &failure);
    if (row == NULL) {
        if (failure == NULL)
            error_set_problem(&failure, TD_ERROR_NOT_FOUND, "not-forwarded", NULL,
                              "The forward of mail %" G_GINT64_FORMAT " is not in the outbox",
                              mail);
        g_propagate_error(error, failure);
        return false;
    }
    tx->made.queued = true;
    switch (verb) {
    case FORWARD_RETRY:
        return suppression_refuse_listed(tx, forward->recipient, forward->recipient_key, error) &&
               outbox_retry(tx->db, row->id, NULL, tx->now_us, error);
    case FORWARD_CANCEL:
        return outbox_cancel(tx->db, row->id, OUTBOX_CANCELLED_BY_HAND, tx->now_us, error);
    case FORWARD_RELEASE:
        return outbox_release(tx->db, row->id, tx->now_us, error);
    }
    return false;
}
