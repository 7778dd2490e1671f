/* SPDX-License-Identifier: Apache-2.0 */
#include "records/suppression.h"

bool suppression_has(DbTx *tx, const char *email_key, bool *has, GError **error)
{
    int64_t one;
    return db_query_int(tx, has, &one, error, "SELECT 1 FROM suppression WHERE email_key = $1", "s",
                        email_key);
}

bool suppression_add(DbTx *tx, const char *email, const char *email_key, const char *reason,
                     const char *evidence, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO suppression (email, email_key, reason, evidence, since)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email_key) DO UPDATE"
                   " SET reason = excluded.reason, evidence = excluded.evidence,"
                   " since = excluded.since",
                   "ssssi", email, email_key, reason, evidence, now_us);
}
