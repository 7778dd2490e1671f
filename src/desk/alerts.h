/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may do with an alert: send again, cancel, release. All run inside desk_write(). */
#pragma once

#include "alerts/alert.h"
#include "desk/desk.h"
#include "outbox/outbox.h"

/* Errors of all: NOT_FOUND, CONFLICT (problem "not-possible-now": the state does not allow it;
 * "no-message": it was suppressed, with the reason). */
bool alert_retry(DeskTx *tx, int64_t alert, GError **error);
bool alert_cancel(DeskTx *tx, int64_t alert, GError **error);
bool alert_release(DeskTx *tx, int64_t alert, GError **error);

/* One of these for all that the filter lets through, in the order in which they were put into the
 * outbox, 500 in a transaction: not to be called inside of one. *changed counts also where it
 * fails, because what was done until then stays done; to call it again goes on. */
bool alerts_act_on_all(Desk *desk, const Actor *actor, OutboxVerb verb, const AlertFilter *filter,
                       int64_t *changed, GError **error);
