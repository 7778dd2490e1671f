/* SPDX-License-Identifier: Apache-2.0 */
/* The table of situations, with the alerts on and off: what the options page shows. */
#include "alerts/situations.h"

#include <glib.h>
#include <string.h>

static const struct Row {
    const char *situation, *opened, *closed;
} everything_on[] = {
    {"employee_console", "new_ticket", "ticket_closed"},
    {"employee_cli", "new_ticket", "ticket_closed"},
    {"employee_email", "new_ticket", "ticket_closed"},
    {"api", "new_ticket", "ticket_closed"},
    {"employee_quietly", "not_wanted", "not_wanted"},
    {"customer_email", "created_by_customer_email", "ticket_closed"},
    {"customer_web", "created_by_customer_web", "ticket_closed"},
    {"automated_email", "created_by_automated_email", "ticket_closed"},
    {"import", "imported", "imported"},
};

static const char *reason(const AlertSituation *situation, AlertKind kind, bool active, bool on)
{
    return alert_reason_name(alert_situation_decide(situation, kind, active, on).reason);
}

static void test_on(void)
{
    g_assert_cmpuint(alert_n_situations(), ==, G_N_ELEMENTS(everything_on));
    for (size_t i = 0; i < alert_n_situations(); i++) {
        const AlertSituation *situation = alert_situation(i);
        const struct Row *row = &everything_on[i];
        g_assert_cmpstr(situation->name, ==, row->situation);
        g_assert_cmpstr(reason(situation, ALERT_NEW_TICKET, true, true), ==, row->opened);
        g_assert_cmpstr(reason(situation, ALERT_TICKET_CLOSED, true, true), ==, row->closed);
    }
}

static void test_off(void)
{
    for (size_t i = 0; i < alert_n_situations(); i++) {
        const AlertSituation *situation = alert_situation(i);
        bool imported = situation->channel == CHANNEL_IMPORT;
        g_assert_cmpstr(reason(situation, ALERT_NEW_TICKET, true, false), ==,
                        imported ? "imported" : "alert_disabled");
        g_assert_cmpstr(reason(situation, ALERT_TICKET_CLOSED, false, true), ==,
                        imported ? "imported" : "alerts_server_inactive");
    }
}

/* Every door has a row: a new one must not be forgotten here. */
static void test_doors(void)
{
    for (int channel = 0; channel < CHANNEL_N; channel++) {
        bool found = false;
        for (size_t i = 0; i < alert_n_situations(); i++)
            found = found || (int)alert_situation(i)->channel == channel;
        g_assert_true(found);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alerts/situations/on", test_on);
    g_test_add_func("/alerts/situations/off", test_off);
    g_test_add_func("/alerts/situations/doors", test_doors);
    return g_test_run();
}
