/* SPDX-License-Identifier: Apache-2.0 */
/* What the page of the Alerts Server is made of. */
#pragma once

#include "console/page.h"

/* Adds "history" with "spans" (how many mails left and how fast), and "failures" by their cause. */
bool alerts_history_add(Page *page, GError **error);
bool alerts_failures_add(Page *page, GError **error);

/* Adds to what GET /alerts-server answers: "tone", "headline" and "sentence" (how it is), and
 * "can_resume" (the breaker has stopped a relay). Pure. */
void alerts_server_say(json_t *server);
