/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox/lease.h"

#define LIST_MAX 100

bool lease_take(DbTx *tx, const char *token, const char *name, int64_t now_us, int64_t until_us,
                GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO sender (token, name, started_at, lease_until)"
                   " VALUES ($1, $2, $3, $4)",
                   "ssii", token, name, now_us, until_us);
}

bool lease_renew(DbTx *tx, const char *token, int64_t now_us, int64_t until_us, bool *held,
                 GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "UPDATE sender SET lease_until = $3 WHERE token = $1 AND lease_until >= $2", "sii",
                 token, now_us, until_us))
        return false;
    *held = changed == 1;
    return true;
}

bool lease_end(DbTx *tx, const char *token, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM sender WHERE token = $1", "s", token);
}

void lease_free(Lease *lease)
{
    if (lease == NULL)
        return;
    g_free(lease->name);
    g_free(lease);
}

GPtrArray *lease_list(DbTx *tx, int64_t now_us, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT name, started_at, lease_until FROM sender"
                            " WHERE lease_until >= $1 ORDER BY started_at, name LIMIT $2",
                            "ii", now_us, (int64_t)LIST_MAX);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)lease_free);
    while (db_rows_next(rows)) {
        Lease *lease = g_new0(Lease, 1);
        lease->name = db_rows_dup(rows, 0);
        lease->started_at = db_rows_int(rows, 1);
        lease->lease_until = db_rows_int(rows, 2);
        g_ptr_array_add(list, lease);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
