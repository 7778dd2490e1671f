/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as a server does that never settles by itself: what kill -9 leaves behind. */
#pragma once

#include "outbox/claim.h"

/* Takes the lease where it is not in force (for 100 us of the test's clock, or `lease_us`), makes
 * ready what is due, claims. */
GPtrArray *test_claim(DbTx *tx, const OutboxClaim *claim, int64_t lease_us, GError **error);
