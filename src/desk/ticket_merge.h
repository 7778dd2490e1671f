/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket that was opened twice. */
#pragma once

#include "desk/ticket.h"

/* Merges the duplicate `number` into another ticket of the same account, which gets those of its
 * External Recipients who want to hear of it. The duplicate ends as Canceled, unless it is
 * Completed already, and tells nobody; its correspondence is listed with the other's, and mails to
 * it are filed there. Errors: NOT_FOUND (the duplicate), INVALID (the other, problem
 * "unknown-ticket"; "too-many" recipients together; with the field), CONFLICT (problems
 * "merge-into-itself", "merged": one of them was merged before, "other-account"). Gives the
 * duplicate as it is then; caller owns. */
Ticket *ticket_merge(DeskTx *tx, int64_t number, int64_t into, GError **error);
