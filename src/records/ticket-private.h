/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "records/ticket.h"

#define TICKET_COLUMNS                                                                             \
    "number, version, account, contact, title, description, type, priority, status, manager, "     \
    "due_at, resolution, opener_kind, opener_id, opener_name, channel, opened_at, closed_at, "     \
    "updated_at, not_told_at, merged_into, reference"

/* The row that the rows stand at, read with these columns. Caller owns. */
Ticket *ticket_from_row(const DbRows *rows);

/* All rows of such a query as Ticket *. */
GPtrArray *ticket_take_list(DbRows *rows, GError **error);
