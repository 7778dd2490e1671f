/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/situations.h"

/* The doors that there are, each with those who come in by it. */
static const AlertSituation situations[] = {
    {"employee_console", "An employee, in the console", ACTOR_EMPLOYEE, CHANNEL_CONSOLE, true},
    {"employee_cli", "An employee, on the command line", ACTOR_EMPLOYEE, CHANNEL_CLI, true},
    {"employee_email", "An employee, by mail", ACTOR_EMPLOYEE, CHANNEL_EMAIL, true},
    {"api", "Another program, by the API", ACTOR_API, CHANNEL_API, true},
    {"employee_quietly", "An employee or a program that says not to notify", ACTOR_EMPLOYEE,
     CHANNEL_CONSOLE, false},
    {"customer_email", "A customer, by mail", ACTOR_CUSTOMER, CHANNEL_EMAIL, true},
    {"customer_web", "A customer, in the Web Interface", ACTOR_CUSTOMER, CHANNEL_WEB, true},
    {"automated_email", "An automated email", ACTOR_SYSTEM, CHANNEL_AUTOMATED_EMAIL, true},
    {"import", "An import", ACTOR_EMPLOYEE, CHANNEL_IMPORT, true},
};

size_t alert_n_situations(void)
{
    return G_N_ELEMENTS(situations);
}

const AlertSituation *alert_situation(size_t index)
{
    return &situations[index];
}

AlertVerdict alert_situation_decide(const AlertSituation *situation, AlertKind kind,
                                    bool server_active, bool alert_enabled)
{
    const AlertEventFacts event = {.kind = kind,
                                   .actor = situation->actor,
                                   .channel = situation->channel,
                                   .server_active = server_active,
                                   .alert_enabled = alert_enabled,
                                   .notify = situation->notify};
    const AlertRecipientFacts somebody = {0};
    return alert_decide(&event, &somebody);
}
