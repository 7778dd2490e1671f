/* SPDX-License-Identifier: Apache-2.0 */
/* One change of many tickets. Both are not to be called inside of a transaction. */
#pragma once

#include "desk/ticket.h"

/* What the whole would mean, known before anything is changed. */
typedef struct {
    int64_t told; /* distinct addresses that it would tell if there were no brake */
    bool held;    /* they are so many that the brake holds all of it */
} BulkSize;

/* Tickets that are not there, or closed already, count for nothing. */
bool tickets_bulk_size(Desk *desk, const Actor *actor, const GArray *numbers,
                       const TicketChange *change, BulkSize *size, GError **error);

typedef struct {
    int64_t number;
    GError *problem; /* why it was not changed; NULL: it was, or is so already */
} BulkResult;

void bulk_result_free(BulkResult *result);

/* Changes each of `numbers` (int64_t), some in one transaction; one that is refused leaves the
 * others alone. Where *size says so, everybody who would be told is held. Adds to `results` a
 * BulkResult * for each ticket in their order; also where it fails underway, because what was done
 * until then stays done. */
bool tickets_bulk_change(Desk *desk, const Actor *actor, const GArray *numbers,
                         const TicketChange *change, const BulkSize *size, GPtrArray *results,
                         GError **error);
