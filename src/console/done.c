/* SPDX-License-Identifier: Apache-2.0 */
#include "console/done.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name, *message;
} messages[] = {
    {"opened", "The ticket is open."},
    {"saved", "Saved."},
    {"unchanged", "Nothing was different, so nothing was changed."},
    {"closed", "The ticket is closed."},
    {"reopened", "The ticket is open again."},
    {"bulk", "All of them were changed."},
    {"merged", "The duplicate was merged into this ticket."},
    {"answered", "Your answer is filed and on its way."},
    {"noted", "Your note is filed. Customers do not see it."},
    {"recipient-added",
     "The recipient was added. Mail about what happens from now on goes there too."},
    {"recipient-removed", "The recipient was removed. Mail that had not left was cancelled."},
    {"recipient-saved", "The recipient was changed."},
    {"sent-latest", "The latest alert is on its way to this recipient."},
    {"retried", "It is being sent again."},
    {"cancelled", "It was cancelled and will not be sent."},
    {"released", "It was released and is on its way."},
    {"resumed", "The mail servers that were stopped are used again."},
    {"held-released", "All of it was released and is on its way."},
    {"held-cancelled", "All of it was cancelled and will not be sent."},
    {"retried-all", "They are being sent again."},
    {"retried-none", "Nothing was sent again: their addresses are on the suppression list, or"
                     " they have moved on."},
    {"suppressed", "The address is on the list: it is told nothing from now on."},
    {"unsuppressed", "The address was taken off the list: it is told again from now on."},
    {"template-saved", "Saved as a new version."},
    {"template-made", "The template is there. No alert uses it until Options say so."},
    {"template-restored", "Restored, as a new version."},
    {"template-deleted", "The template is deleted. What was sent with it can still be shown."},
    {"translation-removed", "The translation was removed. Earlier versions keep it."},
    {"password", "Your password was changed, and your other sessions have ended."},
    {"sessions", "All other sessions have ended."},
    {"activated", "The Alerts Server is active."},
    {"deactivated", "The Alerts Server is not active any more: nothing is sent."},
    {"revoked", "The token was revoked and opens nothing any more."},
    {"employee-added", "The employee was added."},
    {"password-reset", "Your new password is set. Sign in with it."},
    {"account-added", "The account is there."},
    {"contact-added", "The contact is there."},
    {"rule-added", "The rule is the last of the list."},
    {"rule-moved", "The order was changed."},
    {"rule-deleted", "The rule was deleted."},
    {"mail-opened", "The mail is a ticket now."},
    {"mail-attached", "The mail is on this ticket now."},
    {"mail-discarded", "The mail was discarded. It is kept among those that were processed."},
    {"signed-out", "You are signed out."},
};

const char *done_message(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
        if (strcmp(messages[i].name, name) == 0)
            return messages[i].message;
    return NULL;
}
