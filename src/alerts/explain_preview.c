/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody reads before they save. */
#include "alerts/explain.h"
#include "alerts/merge.h"

static const char *const sentences[REASON_N] = {
    [REASON_IMPORTED] = "Will not be told: imports tell nobody.",
    [REASON_ALERTS_SERVER_INACTIVE] = "Will not be told: the Alerts Server is not activated.",
    [REASON_ALERT_DISABLED] = "Will not be told: this alert is switched off in the options.",
    [REASON_CREATED_BY_CUSTOMER_EMAIL] =
        ("Will not be told: the customer opens the ticket by email, where the automatic response"
         " answers."),
    [REASON_CREATED_BY_AUTOMATED_EMAIL] =
        "Will not be told: the ticket comes from an automated email.",
    [REASON_CREATED_BY_CUSTOMER_WEB] =
        "Will not be told: the customer opens the ticket in the Web Interface and sees it there.",
    [REASON_NOT_WANTED] = "Will not be told: you chose not to notify anybody of this change.",
    [REASON_NO_RECIPIENTS] = "Nobody will be told: the ticket has no external recipients.",
    [REASON_OWN_ADDRESS] = "Will not be told: this is an address of the desk itself.",
    [REASON_MUTED] = "Will not be told: this recipient is muted on this ticket.",
    [REASON_LEFT_TICKET] = "Will not be told: this recipient has left the ticket's list.",
    [REASON_ADDRESS_SUPPRESSED] = ("Will not be told: this address is on the suppression list, "
                                   "because a mail server said that"
                                   " there is no such mailbox, or a person put it there."),
    [REASON_BRAKE] = ("Will be held by the brake (unusually many customers at once) until a person"
                      " releases or cancels it."),
    [REASON_NEW_TICKET] = "Will be told that the ticket was opened.",
    [REASON_TICKET_CLOSED] = "Will be told that the ticket is closed.",
    [REASON_SENT_BY_HAND] = "Will be sent the latest alert.",
};

const char *explain_reason(AlertReason reason)
{
    return sentences[reason];
}

const char *explain_preview(const AlertStory *story)
{
    const OutboxMessage *message = story->message;
    if (message != NULL && g_strcmp0(message->state_reason, ALERT_MERGED) == 0)
        return "Will not be told separately: the mail about the closing tells of both.";
    return explain_reason(story->alert->reason);
}
