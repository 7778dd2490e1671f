/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/undeliverable.h"

#include "alerts/canary.h"
#include "alerts/mail_kind.h"
#include "mail/address.h"
#include "mail/verdict.h"
#include "records/suppression.h"

static bool put_on_list(DbTx *tx, const Job *job, char *email_key, int64_t now_us, GError **error)
{
    const char *kind = job->message->kind;
    bool alert = g_strcmp0(kind, OUTBOX_KIND_ALERT) == 0;
    bool own = g_strcmp0(kind, OUTBOX_KIND_SIGN_IN) == 0 || g_strcmp0(kind, OUTBOX_KIND_HELD) == 0;
    g_autofree char *evidence =
        suppression_evidence_of_reply(alert ? "alert"
                                      : own ? kind
                                            : "copy",
                                      job->message->ref, job->outcome.reply);
    Suppression suppression = {
        .email = job->message->recipient,
        .email_key = email_key,
        .reason = (char *)SUPPRESSION_NO_MAILBOX,
        .evidence = evidence,
        .since = now_us,
    };
    bool added;
    return suppression_add(tx, &suppression, &added, error);
}

bool undeliverable_note(DbTx *tx, const Job *job, int64_t now_us, GError **error)
{
    bool off = job->outcome.kind == DELIVERY_SENT &&
               g_strcmp0(job->message->state_reason, OUTBOX_FORCED) == 0;
    /* The desk's mail to itself says nothing about whom it may write to. */
    if (g_strcmp0(job->message->kind, OUTBOX_KIND_CANARY) == 0)
        return true;
    if (!job->composed || (!off && (job->in_doubt || !outcome_says_no_mailbox(&job->outcome))))
        return true;
    g_autofree char *key = NULL;
    /* It was an address when it was written; what is none cannot be on the list. */
    if (!address_parse(job->message->recipient, NULL, NULL, &key, NULL))
        return true;
    bool removed;
    return off ? suppression_remove(tx, key, &removed, error)
               : put_on_list(tx, job, key, now_us, error);
}
