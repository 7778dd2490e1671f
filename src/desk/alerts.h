/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may do with an alert: send again, cancel, release. All run inside desk_write(). */
#pragma once

#include "alerts/alert.h"
#include "desk/desk.h"

/* Errors of all: NOT_FOUND, CONFLICT (problem "not-possible-now": the state does not allow it;
 * "no-message": it was suppressed, with the reason). */

/* Errors: also CONFLICT (problem "address-suppressed": the address has been put on the suppression
 * list). With `force` it is sent once all the same, and taken off the list when it is accepted. */
bool alert_retry(DeskTx *tx, int64_t alert, bool force, GError **error);
bool alert_cancel(DeskTx *tx, int64_t alert, GError **error);
bool alert_release(DeskTx *tx, int64_t alert, GError **error);

typedef enum { ALERT_RETRY, ALERT_CANCEL, ALERT_RELEASE } AlertVerb;

/* One of these for all that the filter lets through, in the order in which they were put into the
 * outbox, 500 in a transaction: not to be called inside of one. What is refused by its state, or by
 * the suppression list, is left alone. *changed counts also where it fails, because what was done
 * until then stays done; to call it again goes on. */
bool alerts_act_on_all(Desk *desk, const Actor *actor, AlertVerb verb, const AlertFilter *filter,
                       int64_t *changed, GError **error);

/* How many messages have been held for so long that every page says so, counted to
 * ALERTS_HELD_MOST. */
#define ALERTS_HELD_MOST 1000
bool alerts_held_long(Desk *desk, int64_t *count, GError **error);
