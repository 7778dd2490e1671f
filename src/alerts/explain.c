/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/explain-private.h"

#include "alerts/merge.h"
#include "base/clock.h"
#include "base/json.h"

char *explain_time(int64_t time_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / US_PER_SECOND);
    return time != NULL ? g_date_time_format(time, "%-d %B %Y at %H:%M UTC")
                        : g_strdup("an unknown time");
}

static const char *why_not(AlertReason reason)
{
    switch (reason) {
    case REASON_IMPORTED:
        return "the ticket was imported, and imports tell nobody";
    case REASON_ALERTS_SERVER_INACTIVE:
        return "the Alerts Server was not activated at that time";
    case REASON_ALERT_DISABLED:
        return "this alert was switched off in the options at that time";
    case REASON_CREATED_BY_CUSTOMER_EMAIL:
        return "the customer opened the ticket by email, where the automatic response answers";
    case REASON_CREATED_BY_AUTOMATED_EMAIL:
        return "the ticket came from an automated email";
    case REASON_CREATED_BY_CUSTOMER_WEB:
        return "the customer opened the ticket in the Web Interface and saw it there";
    case REASON_NOT_WANTED:
        return "whoever made this change chose not to notify anybody";
    case REASON_NO_RECIPIENTS:
        return "the ticket had no external recipients";
    case REASON_OWN_ADDRESS:
        return "this is an address of the desk itself";
    case REASON_MUTED:
        return "this recipient is muted on this ticket";
    case REASON_LEFT_TICKET:
        return "this recipient has left the ticket's list";
    case REASON_ADDRESS_SUPPRESSED:
        return "this address was on the suppression list at that time: a mail server had said that "
               "there is no "
               "such mailbox, or a person put it there";
    case REASON_BRAKE:
    case REASON_NEW_TICKET:
    case REASON_TICKET_CLOSED:
    case REASON_SENT_BY_HAND:
    case REASON_N:
        break;
    }
    return "of an unknown reason";
}

void alert_story_free(AlertStory *story)
{
    if (story == NULL)
        return;
    alert_free(story->alert);
    outbox_message_free(story->message);
    g_clear_pointer(&story->attempts, g_ptr_array_unref);
    g_free(story->options_note);
    g_free(story);
}

AlertStory *alert_story_load(DbTx *tx, Alert *alert, GError **error)
{
    g_autoptr(AlertStory) story = g_new0(AlertStory, 1);
    story->alert = alert;
    if (alert->decision == DECISION_SUPPRESS)
        return g_steal_pointer(&story);
    g_autoptr(GError) failure = NULL;
    story->message = outbox_find(tx, OUTBOX_KIND_ALERT, alert->id, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (story->message != NULL) {
        story->attempts = outbox_attempts(tx, story->message->id, error);
        if (story->attempts == NULL)
            return NULL;
    }
    return g_steal_pointer(&story);
}

static char *in_brackets(const char *text)
{
    return text != NULL && *text != '\0' ? g_strdup_printf(" (%s)", text) : g_strdup("");
}

static char *cancelled_sentence(const OutboxMessage *message)
{
    if (g_strcmp0(message->state_reason, ALERT_MERGED) == 0)
        return g_strdup("Not told separately: the ticket was closed before this mail had left, and"
                        " the mail about the closing tells of both.");
    if (g_strcmp0(message->state_reason, "recipient_removed") == 0)
        return g_strdup(
            "Not told: the recipient was removed from the ticket before the mail had left.");
    if (g_strcmp0(message->state_reason, OUTBOX_CANCELLED_ERASED) == 0)
        return g_strdup("Not told: the recipient was erased before the mail had left.");
    return g_strdup("Not told: the mail was cancelled by hand before it had left.");
}

static char *waiting_sentence(const OutboxMessage *message)
{
    g_autofree char *due = explain_time(message->due_at);
    g_autofree char *reply = in_brackets(message->last_reply);
    if (message->state == OUTBOX_DEFERRED)
        return g_strdup_printf(
            "Not yet told: the next mail server asked us to try again later%s; next"
            " try on %s.",
            reply, due);
    if (message->last_reply != NULL)
        return g_strdup_printf(
            "Not yet told: waiting to be sent; the last try did not reach the mail"
            " server%s.",
            reply);
    return g_strdup("Not yet told: waiting to be sent.");
}

static char *uncertain_sentence(const OutboxMessage *message)
{
    g_autofree char *due = explain_time(message->due_at);
    g_autofree char *reply = in_brackets(message->last_reply);
    if (message->due_at == OUTBOX_NEVER)
        return g_strdup_printf("Perhaps told: the connection broke before the mail server had"
                               " answered%s; it waits until a person sends it again or cancels it.",
                               reply);
    return g_strdup_printf("Perhaps told: the connection broke before the mail server had"
                           " answered%s; it is sent again on %s, as the same message.",
                           reply, due);
}

static char *state_sentence(const OutboxMessage *message)
{
    g_autofree char *reply = in_brackets(message->last_reply);
    g_autofree char *accepted = explain_time(message->accepted_at);
    switch (message->state) {
    case OUTBOX_HELD:
        return g_strdup_printf("Not yet told: held%s until a person releases or cancels it.",
                               g_strcmp0(message->state_reason, "brake") == 0
                                   ? " by the brake (unusually many customers at once)"
                               : g_strcmp0(message->state_reason, "alerts_server_inactive") == 0
                                   ? " because the Alerts Server was deactivated,"
                                   : "");
    case OUTBOX_QUEUED:
    case OUTBOX_DEFERRED:
        return waiting_sentence(message);
    case OUTBOX_SENDING:
        return g_strdup("Being told: the mail is on its way to the mail server at this moment.");
    case OUTBOX_UNCERTAIN:
        return uncertain_sentence(message);
    case OUTBOX_ACCEPTED:
        return g_strdup_printf("Told: the mail was accepted on %s%s.", accepted, reply);
    case OUTBOX_REJECTED:
        return g_strdup_printf("Not told: the mail was refused for good%s.", reply);
    case OUTBOX_EXPIRED:
        return g_strdup_printf("Not told: given up after many tries%s.", reply);
    case OUTBOX_BOUNCED:
        return g_strdup_printf("Not told: the mail was accepted at first and came back later%s.",
                               reply);
    case OUTBOX_CANCELLED:
        return cancelled_sentence(message);
    case OUTBOX_N_STATES:
        break;
    }
    return g_strdup("In an unknown state.");
}

/* What the final state does not say by itself: how many tries it took, and that it may have come
 * twice. */
static void add_history(GString *text, const AlertStory *story)
{
    const OutboxMessage *message = story->message;
    if (message->state == OUTBOX_HELD && story->options_note != NULL)
        g_string_append_printf(text, " %s", story->options_note);
    if (message->state == OUTBOX_ACCEPTED && message->attempts > 1)
        g_string_append_printf(text, " It took %" G_GINT64_FORMAT " tries.", message->attempts);
    if (message->uncertain && message->state == OUTBOX_ACCEPTED)
        g_string_append(text,
                        " One try ended without an answer, so the same message may have arrived"
                        " twice.");
}

char *explain_alert(const AlertStory *story)
{
    g_autofree char *note = in_brackets(story->options_note);
    if (story->alert->decision == DECISION_SUPPRESS)
        return g_strdup_printf("Not told, because %s%s.", why_not(story->alert->reason), note);
    if (story->message == NULL)
        return g_strdup("Its mail is not in the outbox any more.");
    g_autofree char *state = state_sentence(story->message);
    GString *text = g_string_new(state);
    add_history(text, story);
    return g_string_free(text, FALSE);
}

static const char *channel_words(Channel channel)
{
    switch (channel) {
    case CHANNEL_CONSOLE:
        return "in the console";
    case CHANNEL_API:
        return "through the API";
    case CHANNEL_CLI:
        return "on the command line";
    case CHANNEL_EMAIL:
        return "by email";
    case CHANNEL_AUTOMATED_EMAIL:
        return "by an automated email";
    case CHANNEL_WEB:
        return "in the Web Interface";
    case CHANNEL_IMPORT:
        return "by an import";
    case CHANNEL_N:
        break;
    }
    return "";
}

static const char *event_words(EventKind kind)
{
    switch (kind) {
    case EVENT_OPENED:
        return "was opened";
    case EVENT_CHANGED:
        return "was changed";
    case EVENT_CLOSED:
        return "was closed";
    case EVENT_REOPENED:
        return "was reopened";
    case EVENT_RECIPIENTS_CHANGED:
        return "got another list of recipients";
    case EVENT_LATEST_ALERT_SENT:
        return "had its latest alert sent again";
    case EVENT_MESSAGE_ADDED:
        return "was written to";
    case EVENT_MERGED:
        return "was merged into another ticket";
    case EVENT_DUPLICATE_MERGED:
        return "took in a duplicate ticket";
    case EVENT_N_KINDS:
        break;
    }
    return "was touched";
}

static char *actor_words(const Actor *actor)
{
    return actor->kind == ACTOR_API ? g_strdup_printf("a program (token \"%s\")", actor->name)
                                    : g_strdup(actor->name);
}

char *explain_event(const Event *event)
{
    g_autofree char *at = explain_time(event->at);
    g_autofree char *who = actor_words(&event->actor);
    return g_strdup_printf("Ticket #%" G_GINT64_FORMAT " %s by %s on %s, %s.", event->ticket,
                           event_words(event->kind), who, at, channel_words(event->actor.channel));
}

/* Whether a retry, or a mail sent by hand, may still reach somebody. */
static bool closing_on_its_way(GPtrArray *stories)
{
    for (guint i = 0; i < stories->len; i++) {
        const AlertStory *story = stories->pdata[i];
        if (story->alert->kind == ALERT_TICKET_CLOSED && story->message != NULL &&
            !outbox_state_is_final(story->message->state))
            return true;
    }
    return false;
}

char *explain_not_told(const Ticket *ticket, GPtrArray *stories)
{
    if (ticket->not_told_at == 0)
        return NULL;
    g_autofree char *since = explain_time(ticket->not_told_at);
    return g_strdup_printf(
        "Nobody was told that this ticket was closed. This is known since %s. %s\n", since,
        closing_on_its_way(stories)
            ? "A mail is on its way now; this stands until one is accepted."
            : "Send the mail again once its address works, or add a recipient and send them the"
              " latest alert.");
}

char *explain_ticket(GPtrArray *events, GPtrArray *stories)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < events->len; i++) {
        const Event *event = events->pdata[i];
        g_autofree char *sentence = explain_event(event);
        g_string_append_printf(text, "%s\n", sentence);
        for (guint j = 0; j < stories->len; j++) {
            const AlertStory *story = stories->pdata[j];
            if (story->alert->event != event->id)
                continue;
            g_autofree char *outcome = explain_alert(story);
            const char *who =
                *story->alert->recipient != '\0' ? story->alert->recipient : "Customers";
            g_string_append_printf(text, "  %s\n    %s\n", who, outcome);
        }
    }
    return g_string_free(text, FALSE);
}
