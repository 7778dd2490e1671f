/* SPDX-License-Identifier: Apache-2.0 */
/* The brake: whether an event would tell unusually many customers. */
#pragma once

#include "db/db.h"
#include "records/event.h"
#include "records/settings.h"

/* Whether the event has to be held, as a whole. `addresses` is the set (compared forms as keys) of
 * those it is about to tell. It is held when they, together with the distinct addresses that its
 * actor has told in the window before it, are more than the limit; addresses that were all told in
 * the window already are never held. Runs inside the event's transaction, after the event was
 * written and before its alerts are. */
bool brake_holds(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 bool *held, GError **error);
