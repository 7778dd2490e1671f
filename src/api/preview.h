/* SPDX-License-Identifier: Apache-2.0 */
/* What a change decided, as the answer of a preview. */
#pragma once

#include "api/call.h"

/* {"events":[{"kind","decisions":[{"email","name","decision","reason","state","sentence"}]}]} of
 * the ticket's events above this version that decide about alerts. Inside the transaction that made
 * them. New reference. */
json_t *preview_events(DbTx *tx, int64_t ticket, int64_t after, GError **error);
