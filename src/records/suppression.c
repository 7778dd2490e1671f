/* SPDX-License-Identifier: Apache-2.0 */
#include "records/suppression.h"

bool suppression_has(DbTx *tx, const char *email_key, bool *has, GError **error)
{
    int64_t one;
    return db_query_int(tx, has, &one, error, "SELECT 1 FROM suppression WHERE email_key = $1", "s",
                        email_key);
}
