/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth table: every combination of event, actor, channel, server, alert, "do not notify" and
 * recipient, against the decision table of product.md written down a second time, row by row as
 * data. 2 x 28 x 2 x 2 x 2 x 9 = 4,032 cases.
 */
#include "alerts/policy.h"

#include <glib.h>

typedef enum {
    R_NONE,
    R_PLAIN,
    R_OWN,
    R_MUTED,
    R_LEFT,
    R_LEFT_CONTACT,
    R_SUPPRESSED,
    R_BRAKE,
    R_ALL,
    R_N
} RecipientState;

static const char *const recipient_names[R_N] = {
    "none", "plain", "own", "muted", "left", "left contact", "suppressed", "brake", "all at once"};

static const AlertRecipientFacts recipients[R_N] = {
    [R_OWN] = {.own_address = true},
    [R_MUTED] = {.muted = true},
    [R_LEFT] = {.left_ticket = true},
    [R_LEFT_CONTACT] = {.left_ticket = true, .ticket_contact = true},
    [R_SUPPRESSED] = {.suppressed = true},
    [R_BRAKE] = {.brake = true},
    [R_ALL] = {.own_address = true,
               .muted = true,
               .left_ticket = true,
               .suppressed = true,
               .brake = true},
};

/* A row of the table: -1 stands for "any". The first row that fits wins. */
typedef struct {
    int kind, actor, channel, active, enabled, notify, recipient;
    const char *decision, *reason;
} Row;

static const Row table[] = {
    {-1, -1, CHANNEL_IMPORT, -1, -1, -1, -1, "suppress", "imported"},
    {-1, -1, -1, 0, -1, -1, -1, "suppress", "alerts_server_inactive"},
    {-1, -1, -1, -1, 0, -1, -1, "suppress", "alert_disabled"},
    {ALERT_NEW_TICKET, ACTOR_CUSTOMER, CHANNEL_EMAIL, -1, -1, -1, -1, "suppress",
     "created_by_customer_email"},
    {ALERT_NEW_TICKET, -1, CHANNEL_AUTOMATED_EMAIL, -1, -1, -1, -1, "suppress",
     "created_by_automated_email"},
    {ALERT_NEW_TICKET, ACTOR_CUSTOMER, CHANNEL_WEB, -1, -1, -1, -1, "suppress",
     "created_by_customer_web"},
    {-1, -1, -1, -1, -1, 0, -1, "suppress", "not_wanted"},
    {-1, -1, -1, -1, -1, -1, R_NONE, "suppress", "no_recipients"},
    {-1, -1, -1, -1, -1, -1, R_OWN, "suppress", "own_address"},
    {-1, -1, -1, -1, -1, -1, R_ALL, "suppress", "own_address"},
    {-1, -1, -1, -1, -1, -1, R_MUTED, "suppress", "muted"},
    {-1, -1, -1, -1, -1, -1, R_LEFT, "suppress", "left_ticket"},
    {ALERT_NEW_TICKET, -1, -1, -1, -1, -1, R_LEFT_CONTACT, "suppress", "left_ticket"},
    {-1, -1, -1, -1, -1, -1, R_SUPPRESSED, "suppress", "address_suppressed"},
    {-1, -1, -1, -1, -1, -1, R_BRAKE, "hold", "brake"},
    {ALERT_NEW_TICKET, -1, -1, -1, -1, -1, -1, "send", "new_ticket"},
    {ALERT_TICKET_CLOSED, -1, -1, -1, -1, -1, -1, "send", "ticket_closed"},
};

static bool fits(int wanted, int value)
{
    return wanted == -1 || wanted == value;
}

static const Row *find_row(const AlertEventFacts *event, RecipientState recipient)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        const Row *row = &table[i];
        if (fits(row->kind, event->kind) && fits(row->actor, event->actor) &&
            fits(row->channel, event->channel) && fits(row->active, event->server_active) &&
            fits(row->enabled, event->alert_enabled) && fits(row->notify, event->notify) &&
            fits(row->recipient, recipient))
            return row;
    }
    g_assert_not_reached();
}

static int check_recipients(const AlertEventFacts *event)
{
    for (int r = 0; r < R_N; r++) {
        const Row *row = find_row(event, (RecipientState)r);
        AlertVerdict verdict = alert_decide(event, r == R_NONE ? NULL : &recipients[r]);
        if (g_strcmp0(alert_decision_name(verdict.decision), row->decision) != 0 ||
            g_strcmp0(alert_reason_name(verdict.reason), row->reason) != 0)
            g_error("%s, %s by %s, server %d, alert %d, notify %d, recipient %s: %s %s, not %s %s",
                    alert_kind_name(event->kind), channel_name(event->channel),
                    actor_kind_name(event->actor), event->server_active, event->alert_enabled,
                    event->notify, recipient_names[r], alert_decision_name(verdict.decision),
                    alert_reason_name(verdict.reason), row->decision, row->reason);
    }
    return R_N;
}

static void test_truth_table(void)
{
    int cases = 0;
    for (int kind = 0; kind < ALERT_N_KINDS; kind++)
        for (int actor = 0; actor < ACTOR_N_KINDS; actor++)
            for (int channel = 0; channel < CHANNEL_N; channel++)
                for (int flags = 0; flags < 8; flags++) {
                    AlertEventFacts event = {
                        .kind = (AlertKind)kind,
                        .actor = (ActorKind)actor,
                        .channel = (Channel)channel,
                        .server_active = (flags & 1) != 0,
                        .alert_enabled = (flags & 2) != 0,
                        .notify = (flags & 4) != 0,
                    };
                    cases += check_recipients(&event);
                }
    g_assert_cmpint(cases, ==, 4032);
}

static void test_by_hand(void)
{
    AlertEventFacts event = {.kind = ALERT_TICKET_CLOSED,
                             .by_hand = true,
                             .actor = ACTOR_EMPLOYEE,
                             .channel = CHANNEL_CONSOLE,
                             .server_active = true,
                             .alert_enabled = true,
                             .notify = true};
    AlertVerdict verdict = alert_decide(&event, &recipients[R_PLAIN]);
    g_assert_cmpint(verdict.decision, ==, DECISION_SEND);
    g_assert_cmpint(verdict.reason, ==, REASON_SENT_BY_HAND);
    verdict = alert_decide(&event, &recipients[R_MUTED]);
    g_assert_cmpint(verdict.reason, ==, REASON_MUTED);
}

static void test_names_go_both_ways(void)
{
    for (int i = 0; i < REASON_N; i++) {
        AlertReason reason;
        g_assert_true(alert_reason_from_name(alert_reason_name((AlertReason)i), &reason));
        /* "new_ticket" and "ticket_closed" are their own reasons: each name stands once. */
        g_assert_cmpint(reason, ==, i);
    }
    AlertReason reason;
    g_assert_false(alert_reason_from_name("because", &reason));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alerts/policy/truth-table", test_truth_table);
    g_test_add_func("/alerts/policy/by-hand", test_by_hand);
    g_test_add_func("/alerts/policy/names", test_names_go_both_ways);
    return g_test_run();
}
