/* SPDX-License-Identifier: Apache-2.0 */
#include "records/held_notice.h"

#include "base/error.h"

void held_notice_free(HeldNotice *notice)
{
    if (notice == NULL)
        return;
    g_free(notice->email);
    g_free(notice->name);
    g_free(notice->facts);
    g_free(notice);
}

HeldNotice *held_notice_load(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT employee, email, name, facts, at FROM held_notice WHERE id = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(HeldNotice) notice = NULL;
    if (db_rows_next(rows)) {
        notice = g_new0(HeldNotice, 1);
        notice->id = id;
        notice->employee = db_rows_int(rows, 0);
        notice->email = db_rows_dup(rows, 1);
        notice->name = db_rows_dup(rows, 2);
        notice->facts = db_rows_dup(rows, 3);
        notice->at = db_rows_int(rows, 4);
    }
    if (!db_rows_end(rows, error))
        return NULL;
    if (notice == NULL)
        error_set(error, TD_ERROR_NOT_FOUND, "There is no notice %" G_GINT64_FORMAT, id);
    return g_steal_pointer(&notice);
}

GPtrArray *held_notice_list_untold(DbTx *tx, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT id, email, name FROM employee WHERE active = 1 AND"
                            " role = 'admin' AND NOT EXISTS (SELECT 1 FROM held_notice"
                            " WHERE held_notice.employee = employee.id AND ended_at IS NULL)"
                            " ORDER BY id LIMIT $1",
                            "i", (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)held_notice_free);
    while (db_rows_next(rows)) {
        HeldNotice *notice = g_new0(HeldNotice, 1);
        notice->employee = db_rows_int(rows, 0);
        notice->email = db_rows_dup(rows, 1);
        notice->name = db_rows_dup(rows, 2);
        g_ptr_array_add(list, notice);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool held_notice_insert(DbTx *tx, HeldNotice *notice, GError **error)
{
    bool found;
    int64_t id = 0;
    if (!db_query_int(tx, &found, &id, error,
                      "INSERT INTO held_notice (employee, email, name, facts, at)"
                      " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id",
                      "isssi", notice->employee, notice->email, notice->name, notice->facts,
                      notice->at))
        return false;
    notice->id = found ? id : 0;
    return true;
}

bool held_notice_end(DbTx *tx, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE held_notice SET ended_at = $1 WHERE ended_at IS NULL",
                   "i", now_us);
}
