/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "outbox/outbox.h"

/* Cancels a message that nobody can have got yet: it is queued, and no try of it has ever come to
 * anything. One that is being sent, was deferred or uncertain, or that a person forces is left
 * alone: *cancelled says which. The check and the move are one, also beside a sender that claims at
 * this moment. */
bool outbox_cancel_untouched(DbTx *tx, int64_t id, const char *reason, int64_t now_us,
                             bool *cancelled, GError **error);
