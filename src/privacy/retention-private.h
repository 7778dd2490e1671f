/* SPDX-License-Identifier: Apache-2.0 */
/* What each rule looks at, and how one row of it goes. */
#pragma once

#include "privacy/tally.h"
#include "records/retention.h"

typedef struct {
    DbTx *tx;
    RemovedCounts *counts;
    int64_t now_us;
} Removal;

typedef enum {
    CHANCE_NEVER, /* it is none of the rule's */
    CHANCE_NOW,
    CHANCE_LATER, /* it is too young, on its way, or waits for a person */
} RetentionChance;

typedef struct {
    const char *name;
    Retain retain;
    /* Three columns: id, time, and its chance to go ($2: what is older than this time may). Rows
     * with an id above $1, in their order, at most $3. */
    const char *look;
    /* Of one row. */
    bool (*remove)(Removal *removal, int64_t id, GError **error);
} RetentionRule;

extern const RetentionRule retention_rules[];
extern const size_t retention_n_rules;
