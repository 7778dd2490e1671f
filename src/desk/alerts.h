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
