/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which situations customers are told: who opens or closes a ticket, by which door, and what the
 * policy says of somebody who is simply on the ticket's list. Pure.
 */
#pragma once

#include "alerts/policy.h"

#include <stddef.h>

typedef struct {
    const char *name;  /* for programs: "employee_console" */
    const char *title; /* "An employee, in the console" */
    ActorKind actor;
    Channel channel;
    bool notify; /* false: "do not notify" was said */
} AlertSituation;

size_t alert_n_situations(void);
const AlertSituation *alert_situation(size_t index);

AlertVerdict alert_situation_decide(const AlertSituation *situation, AlertKind kind,
                                    bool server_active, bool alert_enabled);
