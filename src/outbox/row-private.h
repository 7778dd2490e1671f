/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "outbox/outbox.h"

#define OUTBOX_COLUMNS                                                                             \
    "id, kind, ref, recipient, lane, urgent, order_key, order_seq, state, due_at, attempts, "      \
    "lease, dated_at, sender, uncertain, state_reason, last_reply, remote_id, "                    \
    "message_hash, composer, queued_at, accepted_at, updated_at"

OutboxMessage *outbox_from_row(const DbRows *rows);
