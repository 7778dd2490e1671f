/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to its decisions and outbox rows, inside the transaction of the change itself. */
#pragma once

#include "alerts/policy.h"
#include "db/db.h"
#include "records/event.h"
#include "records/recipient.h"
#include "records/settings.h"
#include "records/ticket.h"

/* Decides for every recipient in `recipients` (Recipient *; empty: one decision with an empty
 * address) and puts what is to be sent into the outbox. `by_hand`: the event is "send the latest
 * alert". *queued is true when the outbox has grown. */
bool alerts_decide_all(DbTx *tx, const Ticket *ticket, const Event *event, AlertKind kind,
                       bool by_hand, GPtrArray *recipients, const Settings *settings, bool *queued,
                       GError **error);
