/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that the desk signs addresses and hop marks with. A key is retired, never deleted: what
 * it has signed is out there, and must be shown again byte for byte. All functions here run inside
 * the caller's transaction. */
#pragma once

#include "base/random.h"
#include "base/signing.h"
#include "db/db.h"

/* All keys, retired ones included. Errors: CORRUPT, and those of db_query(). Free with
 * signing_keys_unref(). */
SigningKeys *signing_keys_load(DbTx *tx, GError **error);

/* The id of the newest key that is not retired; 0 where there is none. */
bool signing_key_current(DbTx *tx, int64_t *id, GError **error);

/* Makes the first key where there is none that signs. */
bool signing_key_ensure(DbTx *tx, Random *random, int64_t now_us, GError **error);
