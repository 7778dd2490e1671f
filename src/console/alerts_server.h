/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the Alerts Server in words. Pure. */
#pragma once

#include <jansson.h>

/* Adds to what GET /alerts-server answers: "tone", "headline" and "sentence" (how it is), and
 * "can_resume" (the breaker has stopped a relay). */
void alerts_server_say(json_t *server);
