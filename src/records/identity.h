/* SPDX-License-Identifier: Apache-2.0 */
/* The desk's own row: its id, from which Message-IDs are made, set once and never changed. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes the row of a new desk. Errors: CONFLICT (there is a desk already). */
bool identity_create(DbTx *tx, const char *desk_id, int64_t now_us, GError **error);

/* NULL in *desk_id where `tidings init` has not been run on this database. Caller frees. */
bool identity_load(DbTx *tx, char **desk_id, GError **error);
