/* SPDX-License-Identifier: Apache-2.0 */
/* What a request of /simulate wants to be different. */
#pragma once

#include "db/db.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct {
    json_t *options;         /* as the request has them; borrowed, NULL: none */
    json_t *server, *alerts; /* what they change, as it would be stored; NULL: nothing */
} SimulatedChanges;

void simulated_changes_clear(SimulatedChanges *changes);

/* A DbFn for a SimulatedChanges: reads `options`, whose place in the request is /options. Errors:
 * those of options_read_simulated(). */
bool simulated_changes_read(DbTx *tx, void *data, GError **error);
