/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/aside.h"

static const char sqlite_sql[] = "SELECT 'DROP INDEX \"' || name || '\"', sql FROM sqlite_master"
                                 " WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";

/* In the order of dropping: a foreign key may need an index. */
static const char postgresql_sql[] =
    "SELECT gone, made FROM ("
    " SELECT 1 AS turn, t.relname AS of, c.conname AS name,"
    "  format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname) AS gone,"
    "  format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname,"
    "   pg_get_constraintdef(c.oid)) AS made"
    " FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class t ON t.oid = c.conrelid"
    " WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace"
    " UNION ALL"
    " SELECT 2, t.relname, x.relname, format('DROP INDEX %I', x.relname),"
    "  pg_get_indexdef(x.oid)"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_catalog.pg_class t ON t.oid = i.indrelid"
    " WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r'"
    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c WHERE c.conindid = x.oid)"
    ") AS all_of_them ORDER BY turn, of, name";

struct KeepAside {
    GPtrArray *made; /* char *: how each is made again, in the order of dropping */
};

void keep_aside_free(KeepAside *aside)
{
    if (aside == NULL)
        return;
    g_ptr_array_unref(aside->made);
    g_free(aside);
}

static bool take(DbTx *tx, void *data, GError **error)
{
    KeepAside *aside = data;
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_set_size(aside->made, 0);
    g_autoptr(DbRows) rows =
        db_query(tx, error, db_tx_engine(tx) == DB_SQLITE ? sqlite_sql : postgresql_sql, "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        g_ptr_array_add(gone, db_rows_dup(rows, 0));
        g_ptr_array_add(aside->made, db_rows_dup(rows, 1));
    }
    for (guint i = 0; i < gone->len; i++)
        if (!db_exec(tx, NULL, error, gone->pdata[i], ""))
            return false;
    return true;
}

KeepAside *keep_aside_new(Db *db, GError **error)
{
    g_autoptr(KeepAside) aside = g_new0(KeepAside, 1);
    aside->made = g_ptr_array_new_with_free_func(g_free);
    return db_write(db, take, aside, error) ? g_steal_pointer(&aside) : NULL;
}

static bool make(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, data, "");
}

bool keep_aside_put_back(KeepAside *aside, Db *db, GError **error)
{
    for (guint i = aside->made->len; i > 0; i--)
        if (!db_write(db, make, aside->made->pdata[i - 1], error))
            return false;
    return true;
}
