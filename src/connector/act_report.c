/* SPDX-License-Identifier: Apache-2.0 */
/* A report settles the message that it is about, and may put its recipient on the suppression list.
 */
#include "alerts/alert.h"
#include "alerts/closing.h"
#include "connector/act-private.h"
#include "outbox/bounce.h"
#include "records/suppression.h"

#include <string.h>

/* Bounces for other reasons than "no such mailbox" suppress on the third day within two weeks. */
#define SOFT_DAYS    3
#define SOFT_SPAN_US (14 * US_PER_DAY)

/* What a person reads as the last reply: "550 5.1.1 ...". Free with g_free(). */
static char *words_of(const MailCase *one)
{
    const ReportRecipient *said = one->known->said;
    if (said != NULL && *said->diagnostic != '\0')
        return g_strdup(said->diagnostic);
    if (said != NULL && *said->status != '\0')
        return g_strdup(said->status);
    return g_strdup(one->outcome.reason);
}

static bool is_alert(const OutboxMessage *message)
{
    return strcmp(message->kind, OUTBOX_KIND_ALERT) == 0;
}

/* "Customers not told" may have become true, or false. */
static bool review(DeskTx *tx, const MailCase *one, GError **error)
{
    const OutboxMessage *about = one->known->about;
    int64_t ticket = 0;
    if (!is_alert(about))
        return true;
    return closing_of_alert(tx->db, about->ref, &ticket, error) &&
           (ticket == 0 || closing_review(tx->db, ticket, tx->now_us, NULL, error));
}

static void note(const MailCase *one, OutboxReport report)
{
    static const char *const texts[] = {
        [OUTBOX_REPORT_APPLIED] = "The message has the report's outcome.",
        [OUTBOX_REPORT_KEPT] =
            "The message is being sent at this moment; the report is applied after that.",
        [OUTBOX_REPORT_LATE] = "The message is not in a state that the report could change.",
    };
    static const char *const reasons[] = {[OUTBOX_REPORT_APPLIED] = "applied",
                                          [OUTBOX_REPORT_KEPT] = "kept",
                                          [OUTBOX_REPORT_LATE] = "late"};
    inbox_add_step(one->mail->steps, "settle", report == OUTBOX_REPORT_LATE ? "no" : "yes",
                   reasons[report], texts[report]);
}

bool act_on_report(DeskTx *tx, MailCase *one, GError **error)
{
    g_autofree char *words = words_of(one);
    OutboxReport report = OUTBOX_REPORT_LATE;
    one->mail->outbox = one->known->about->id;
    one->mail->ticket = one->known->facts.about_ticket;
    one->mail->about_key = g_strdup(one->known->about_key);
    one->mail->state = INBOX_SETTLED;
    bool ok = true;
    if (one->outcome.action == MAIL_BOUNCED)
        ok = outbox_bounce(tx->db, one->mail->outbox, words, tx->now_us, &report, error);
    else if (one->outcome.action == MAIL_DELIVERED)
        ok = outbox_delivered(tx->db, one->mail->outbox, words, tx->now_us, &report, error);
    if (!ok)
        return false;
    if (one->outcome.action != MAIL_COMPLAINT)
        note(one, report);
    tx->made.queued = true; /* what waited for it may go */
    return report != OUTBOX_REPORT_APPLIED || review(tx, one, error);
}

/* ---- suppression ---- */

static bool put_on_list(DeskTx *tx, const MailCase *one, const char *reason, GError **error)
{
    const OutboxMessage *about = one->known->about;
    g_autofree char *words = words_of(one);
    g_autofree char *evidence =
        suppression_evidence_of_reply(is_alert(about) ? "alert" : "copy", about->ref, words);
    Suppression suppression = {.email = about->recipient,
                               .email_key = one->known->about_key,
                               .reason = (char *)reason,
                               .evidence = evidence,
                               .since = tx->now_us};
    bool added;
    if (!suppression_add(tx->db, &suppression, &added, error))
        return false;
    if (added)
        inbox_add_step(one->mail->steps, "suppress", "yes", reason,
                       "The address is on the suppression list now.");
    return true;
}

bool act_suppress(DeskTx *tx, const MailCase *one, GError **error)
{
    int64_t days;
    if (one->known->about_key == NULL)
        return true;
    if (one->outcome.action == MAIL_COMPLAINT)
        return put_on_list(tx, one, SUPPRESSION_COMPLAINT, error);
    if (one->outcome.action != MAIL_BOUNCED)
        return true;
    if (one->known->facts.no_mailbox)
        return put_on_list(tx, one, SUPPRESSION_NO_MAILBOX, error);
    if (!inbox_report_days(tx->db, one->known->about_key, "soft_bounce", tx->now_us - SOFT_SPAN_US,
                           &days, error))
        return false;
    return !one->known->facts.soft || days < SOFT_DAYS ||
           put_on_list(tx, one, SUPPRESSION_UNREACHED, error);
}
