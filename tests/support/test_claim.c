/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test_claim.h"

GPtrArray *test_claim(DbTx *tx, const OutboxClaim *claim, int64_t lease_us, GError **error)
{
    bool held;
    bool more;
    int64_t until_us = claim->now_us + lease_us;
    if (!lease_renew(tx, claim->lease, claim->now_us, until_us, &held, error) ||
        (!held && !lease_take(tx, claim->lease, "a server", claim->now_us, until_us, error)) ||
        !outbox_admit(tx, claim->now_us, 100, &more, error))
        return NULL;
    return outbox_claim(tx, claim, error);
}
