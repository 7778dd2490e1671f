/* SPDX-License-Identifier: Apache-2.0 */
/* What the settler records in one commit. */
#pragma once

#include "delivery/private.h"

typedef struct {
    Delivery *delivery;
    GPtrArray *jobs; /* of Job * */
    int64_t now_us;
    bool ask;            /* what is uncertain waits for a person */
    GPtrArray *troubles; /* of const Job *: the last of each line that is in trouble */
    GPtrArray *answers;  /* of const Job *: one of each line that answered and is not */
    GPtrArray *stops;    /* of const Job *: the one that made the breaker stop its line */
} Batch;

/* Looks at what the outcomes say of the relays, once, before anything is recorded. */
void relay_watch_look(Batch *batch);

/* Records it. */
bool relay_watch_store(DbTx *tx, const Batch *batch, GError **error);
