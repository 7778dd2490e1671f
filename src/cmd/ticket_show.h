/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets as people read them. */
#pragma once

#include "cmd/job.h"

#define TICKETS "/api/v1/tickets"

bool ticket_list_run(Job *job, GError **error);

/* Says that nobody was told of its closing, where that is so. */
void print_not_told(const json_t *ticket);

bool ticket_show_run(Job *job, GError **error);

/* "#12: Printer on fire". Free with g_free(). */
char *ticket_heading(const json_t *ticket);
