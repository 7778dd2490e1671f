/* SPDX-License-Identifier: Apache-2.0 */
#include "records/identity.h"

#include "base/error.h"

bool identity_create(DbTx *tx, const char *desk_id, int64_t now_us, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "INSERT INTO desk (singleton, desk_id, created_at) VALUES (1, $1, $2)"
                 " ON CONFLICT DO NOTHING",
                 "si", desk_id, now_us))
        return false;
    if (changed == 0) {
        error_set_problem(error, TD_ERROR_CONFLICT, "desk-exists", NULL,
                          "There is a desk in this database already; nothing was changed");
        return false;
    }
    return true;
}

bool identity_load(DbTx *tx, char **desk_id, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT desk_id FROM desk", "");
    if (rows == NULL)
        return false;
    g_autofree char *found = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
    if (!db_rows_end(rows, error))
        return false;
    *desk_id = g_steal_pointer(&found);
    return true;
}
