/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences, word for word: what a customer's boss would read. */
#include "alerts/explain.h"

#include <glib.h>

/* 2026-11-23T18:30:00Z */
#define NOON INT64_C(1795458600000000)

static void test_suppressed(void)
{
    const struct {
        AlertReason reason;
        const char *want;
    } cases[] = {
        {REASON_MUTED, "Not told, because this recipient is muted on this ticket."},
        {REASON_NOT_WANTED,
         "Not told, because whoever made this change chose not to notify anybody."},
        {REASON_NO_RECIPIENTS, "Not told, because the ticket had no external recipients."},
        {REASON_ALERT_DISABLED,
         "Not told, because this alert was switched off in the options at that time."},
        {REASON_CREATED_BY_CUSTOMER_EMAIL,
         "Not told, because the customer opened the ticket by email, where the automatic response"
         " answers."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Alert alert = {.decision = DECISION_SUPPRESS, .reason = cases[i].reason};
        AlertStory story = {.alert = &alert};
        g_autofree char *text = explain_alert(&story);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

/* Every reason not to tell has words of its own. */
static void test_every_reason_has_words(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int reason = 0; reason < REASON_BRAKE; reason++) {
        Alert alert = {.decision = DECISION_SUPPRESS, .reason = (AlertReason)reason};
        AlertStory story = {.alert = &alert};
        char *text = explain_alert(&story);
        g_assert_null(g_strrstr(text, "unknown"));
        g_assert_true(g_hash_table_add(seen, text));
    }
}

/* The same before it is decided. */
static void test_every_reason_has_a_preview(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (int reason = 0; reason < REASON_N; reason++) {
        Alert alert = {.reason = (AlertReason)reason};
        AlertStory story = {.alert = &alert};
        const char *text = explain_preview(&story);
        g_assert_true(g_str_has_suffix(text, "."));
        g_assert_true(g_hash_table_add(seen, (char *)text) ||
                      alert_decision_of(alert.reason) == DECISION_SEND);
    }
}

static void test_states(void)
{
    const struct {
        OutboxMessage message;
        const char *want;
    } cases[] = {
        {{.state = OUTBOX_QUEUED}, "Not yet told: waiting to be sent."},
        {{.state = OUTBOX_QUEUED, .last_reply = (char *)"Connection refused"},
         "Not yet told: waiting to be sent; the last try did not reach the mail server (Connection"
         " refused)."},
        {{.state = OUTBOX_ACCEPTED,
          .accepted_at = NOON,
          .attempts = 1,
          .last_reply = (char *)"250 Ok"},
         "Told: the mail was accepted on 23 November 2026 at 18:30 UTC (250 Ok)."},
        {{.state = OUTBOX_ACCEPTED, .accepted_at = NOON, .attempts = 3, .uncertain = true},
         "Told: the mail was accepted on 23 November 2026 at 18:30 UTC. It took 3 tries. One try "
         "ended"
         " without an answer, so the same message may have arrived twice."},
        {{.state = OUTBOX_DEFERRED, .due_at = NOON, .last_reply = (char *)"450 4.2.0 Greylisted"},
         "Not yet told: the next mail server asked us to try again later (450 4.2.0 Greylisted); "
         "next"
         " try on 23 November 2026 at 18:30 UTC."},
        {{.state = OUTBOX_REJECTED, .last_reply = (char *)"550 5.1.1 No such user"},
         "Not told: the mail was refused for good (550 5.1.1 No such user)."},
        {{.state = OUTBOX_CANCELLED, .state_reason = (char *)"recipient_removed"},
         "Not told: the recipient was removed from the ticket before the mail had left."},
        {{.state = OUTBOX_HELD, .state_reason = (char *)"brake"},
         "Not yet told: held by the brake (unusually many customers at once) until a person "
         "releases or"
         " cancels it."},
        {{.state = OUTBOX_HELD, .state_reason = (char *)"alerts_server_inactive"},
         "Not yet told: held because the Alerts Server was deactivated, until a person releases or"
         " cancels it."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Alert alert = {.decision = DECISION_SEND, .reason = REASON_NEW_TICKET};
        AlertStory story = {.alert = &alert, .message = (OutboxMessage *)&cases[i].message};
        g_autofree char *text = explain_alert(&story);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

static void test_events(void)
{
    Event event = {.ticket = 1042,
                   .kind = EVENT_CLOSED,
                   .actor = {ACTOR_EMPLOYEE, 1, (char *)"Erika Muster", CHANNEL_CLI},
                   .at = NOON};
    g_autofree char *by_employee = explain_event(&event);
    g_assert_cmpstr(
        by_employee, ==,
        "Ticket #1042 was closed by Erika Muster on 23 November 2026 at 18:30 UTC, on the"
        " command line.");
    event.actor = (Actor){ACTOR_API, 1, (char *)"monitoring", CHANNEL_API};
    event.kind = EVENT_OPENED;
    g_autofree char *by_program = explain_event(&event);
    g_assert_cmpstr(
        by_program, ==,
        "Ticket #1042 was opened by a program (token \"monitoring\") on 23 November 2026 at"
        " 18:30 UTC, through the API.");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alerts/explain/suppressed", test_suppressed);
    g_test_add_func("/alerts/explain/reasons", test_every_reason_has_words);
    g_test_add_func("/alerts/explain/preview", test_every_reason_has_a_preview);
    g_test_add_func("/alerts/explain/states", test_states);
    g_test_add_func("/alerts/explain/events", test_events);
    return g_test_run();
}
