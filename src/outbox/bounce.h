/* SPDX-License-Identifier: Apache-2.0 */
/* What a report about a message moves: it came back, or it arrived. All functions here run inside
 * the caller's transaction; whether the report is true is the caller's to know. */
#pragma once

#include "outbox/outbox.h"

typedef enum {
    OUTBOX_REPORT_APPLIED, /* the state has changed */
    OUTBOX_REPORT_KEPT,    /* it is being sent at this moment: applied once that is settled */
    OUTBOX_REPORT_LATE,    /* its state has no such move: nothing was changed */
} OutboxReport;

/* accepted or uncertain -> bounced, with the report's words as last_reply. Errors: NOT_FOUND. */
bool outbox_bounce(DbTx *tx, int64_t id, const char *reply, int64_t now_us, OutboxReport *report,
                   GError **error);

/* uncertain -> accepted: what a "delivered" proves. Errors: NOT_FOUND. */
bool outbox_delivered(DbTx *tx, int64_t id, const char *reply, int64_t now_us, OutboxReport *report,
                      GError **error);

/* Applies what was kept for messages that are no longer being sent, at most `limit`. Gives those
 * that bounced by it: OutboxMessage *, as they were before. */
GPtrArray *outbox_apply_early(DbTx *tx, int limit, int64_t now_us, GError **error);
