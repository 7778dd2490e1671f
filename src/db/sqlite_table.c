/* SPDX-License-Identifier: Apache-2.0 */
/* Whole tables on SQLite: stepping through a query, and one INSERT for each row. */
#include "db/sqlite-private.h"

#include "base/error.h"

static DbCell cell_of(sqlite3_stmt *handle, int column)
{
    DbCell cell = {.kind = DB_CELL_OTHER};
    switch (sqlite3_column_type(handle, column)) {
    case SQLITE_NULL:
        cell.kind = DB_CELL_NULL;
        return cell;
    case SQLITE_INTEGER:
        cell.kind = DB_CELL_INTEGER;
        cell.integer = sqlite3_column_int64(handle, column);
        return cell;
    case SQLITE_TEXT:
        cell.kind = DB_CELL_TEXT;
        cell.data = (const char *)sqlite3_column_text(handle, column);
        break;
    case SQLITE_BLOB:
        cell.kind = DB_CELL_BLOB;
        cell.data = sqlite3_column_blob(handle, column);
        break;
    default: /* a number with a fraction */
        return cell;
    }
    cell.bytes = (size_t)sqlite3_column_bytes(handle, column);
    if (cell.data == NULL)
        cell.data = "";
    return cell;
}

static bool step_all(SqliteTx *tx, sqlite3_stmt *handle, DbRowFn fn, void *data, GError **error)
{
    int n = sqlite3_column_count(handle);
    g_autofree DbCell *cells = g_new0(DbCell, n + 1);
    int code = sqlite3_step(handle);
    while (code == SQLITE_ROW) {
        for (int i = 0; i < n; i++)
            cells[i] = cell_of(handle, i);
        if (!fn(cells, n, data, error))
            return false;
        code = sqlite3_step(handle);
    }
    if (code != SQLITE_DONE)
        sqlite_error_set(error, tx->connection->handle, code);
    return code == SQLITE_DONE;
}

bool sqlite_tx_each(DbTx *base, const char *sql, DbRowFn fn, void *data, GError **error)
{
    SqliteTx *tx = (SqliteTx *)base;
    sqlite3_stmt *handle = NULL;
    int code = sqlite3_prepare_v2(tx->connection->handle, sql, -1, &handle, NULL);
    if (code != SQLITE_OK) {
        sqlite_error_set(error, tx->connection->handle, code);
        return false;
    }
    bool ok = step_all(tx, handle, fn, data, error);
    sqlite3_finalize(handle);
    return ok;
}

static char *insert_sql(const char *table, const char *const *columns)
{
    g_autofree char *list = db_quoted_list(columns);
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "INSERT INTO \"%s\" (%s) VALUES (", table, list);
    for (int i = 0; columns[i] != NULL; i++)
        g_string_append_printf(sql, "%s$%d", i > 0 ? ", " : "", i + 1);
    g_string_append_c(sql, ')');
    return g_string_free(sql, FALSE);
}

static bool value_of(const DbCell *cell, DbValue *value)
{
    *value = (DbValue){.type = 'i',
                       .is_null = cell->kind == DB_CELL_NULL,
                       .integer = cell->integer,
                       .data = cell->data,
                       .bytes = cell->bytes};
    if (cell->kind == DB_CELL_TEXT)
        value->type = 's';
    else if (cell->kind == DB_CELL_BLOB)
        value->type = 'b';
    return cell->kind != DB_CELL_OTHER;
}

bool sqlite_tx_load(DbTx *tx, const char *table, const char *const *columns, DbNextFn next,
                    void *data, GError **error)
{
    g_autofree char *sql = insert_sql(table, columns);
    size_t n = g_strv_length((char **)columns);
    DbCell cells[DB_MAX_PARAMETERS];
    DbValue values[DB_MAX_PARAMETERS];
    g_autoptr(GError) failure = NULL;
    while (next(cells, data, &failure)) {
        for (size_t i = 0; i < n; i++)
            if (!value_of(&cells[i], &values[i])) {
                db_strange_cell_set(error, table);
                return false;
            }
        if (!sqlite_tx_exec(tx, sql, values, n, NULL, error))
            return false;
    }
    if (failure == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}
