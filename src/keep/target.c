/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/target.h"

#include "base/error.h"
#include "records/schema.h"

#include <string.h>

static const char create_mark[] = "CREATE TABLE " DB_UNFINISHED " ("
                                  "singleton BIGINT PRIMARY KEY CHECK (singleton = 1), "
                                  "checksum TEXT NOT NULL, state TEXT NOT NULL)";

static const char sqlite_names[] = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                                   " AND name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY name";

static const char postgresql_names[] =
    "SELECT relname::text FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND relnamespace = current_schema()::regnamespace ORDER BY relname";

/* Every table and view but the mark: char *. */
static GPtrArray *list_names(DbTx *tx, GError **error)
{
    bool sqlite = db_tx_engine(tx) == DB_SQLITE;
    g_autoptr(DbRows) rows = db_query(tx, error, sqlite ? sqlite_names : postgresql_names, "");
    if (rows == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    while (db_rows_next(rows))
        if (strcmp(db_rows_text(rows, 0), DB_UNFINISHED) != 0)
            g_ptr_array_add(names, db_rows_dup(rows, 0));
    return names;
}

/* Whether one of the program's own schema steps makes a table of this name. */
static bool is_ours(const char *name)
{
    g_autofree char *words = g_strdup_printf("CREATE TABLE %s (", name);
    for (size_t i = 0; i < schema_n_steps; i++)
        if (strstr(schema_steps[i].sql, words) != NULL)
            return true;
    return strcmp(name, "schema_migration") == 0;
}

static const char *first_foreign(const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        if (!is_ours(names->pdata[i]))
            return names->pdata[i];
    return NULL;
}

static bool check_may_fill(const GPtrArray *names, bool marked, GError **error)
{
    const char *foreign = first_foreign(names);
    if (foreign != NULL) {
        error_set_problem(
            error, TD_ERROR_CONFLICT, "not-empty", NULL,
            "The database is not empty: it has a table %s, which is none of Tidings'. "
            "Nothing was changed. Name an empty database",
            foreign);
        return false;
    }
    if (names->len > 0 && !marked)
        error_set_problem(error, TD_ERROR_CONFLICT, "desk-exists", NULL,
                          "There is a desk in this database already; nothing was changed. Name an "
                          "empty database");
    return names->len == 0 || marked;
}

/* All in one statement on PostgreSQL, because they refer to each other. */
static bool drop_all(DbTx *tx, const GPtrArray *names, GError **error)
{
    g_autoptr(GString) sql = g_string_new("DROP TABLE ");
    bool sqlite = db_tx_engine(tx) == DB_SQLITE;
    for (guint i = 0; i < names->len; i++) {
        g_string_append_printf(sql, "%s\"%s\"", !sqlite && i > 0 ? ", " : "",
                               (const char *)names->pdata[i]);
        if (sqlite) {
            if (!db_exec(tx, NULL, error, sql->str, ""))
                return false;
            g_string_assign(sql, "DROP TABLE ");
        }
    }
    return sqlite || names->len == 0 || db_exec(tx, NULL, error, sql->str, "");
}

static bool begin(DbTx *tx, void *data, GError **error)
{
    bool marked;
    g_autoptr(GPtrArray) names = list_names(tx, error);
    if (names == NULL || !db_has_table(tx, DB_UNFINISHED, &marked, error) ||
        !check_may_fill(names, marked, error) || !drop_all(tx, names, error) ||
        (marked && !db_exec(tx, NULL, error, "DROP TABLE " DB_UNFINISHED, "")))
        return false;
    return db_exec(tx, NULL, error, create_mark, "") &&
           db_exec(tx, NULL, error,
                   "INSERT INTO " DB_UNFINISHED " (singleton, checksum, state)"
                   " VALUES (1, $1, 'filling')",
                   "s", (const char *)data);
}

bool keep_target_begin(Db *db, const char *checksum, GError **error)
{
    return db_write(db, begin, (void *)checksum, error);
}

typedef struct {
    KeepTargetState state;
    char *checksum;
} Mark;

static bool look(DbTx *tx, void *data, GError **error)
{
    Mark *mark = data;
    bool marked;
    g_clear_pointer(&mark->checksum, g_free);
    mark->state = KEEP_TARGET_NONE;
    if (!db_has_table(tx, DB_UNFINISHED, &marked, error))
        return false;
    if (!marked)
        return true;
    g_autoptr(DbRows) rows = db_query(tx, error, "SELECT checksum, state FROM " DB_UNFINISHED, "");
    if (rows == NULL)
        return false;
    mark->state = KEEP_TARGET_FILLING;
    if (!db_rows_next(rows))
        return true;
    mark->checksum = db_rows_dup(rows, 0);
    if (g_strcmp0(db_rows_text(rows, 1), "verified") == 0)
        mark->state = KEEP_TARGET_VERIFIED;
    return true;
}

bool keep_target_state(Db *db, KeepTargetState *state, char **checksum, GError **error)
{
    Mark mark = {0};
    if (!db_read(db, look, &mark, error)) {
        g_free(mark.checksum);
        return false;
    }
    *state = mark.state;
    *checksum = mark.checksum;
    return true;
}

static bool verified(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE " DB_UNFINISHED " SET state = 'verified'", "");
}

bool keep_target_verified(Db *db, GError **error)
{
    return db_write(db, verified, NULL, error);
}

static bool finish(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "DROP TABLE " DB_UNFINISHED, "");
}

bool keep_target_finish(Db *db, GError **error)
{
    return db_write(db, finish, NULL, error);
}

static bool undo(DbTx *tx, void *data, GError **error)
{
    bool marked;
    if (!db_has_table(tx, DB_UNFINISHED, &marked, error))
        return false;
    if (!marked)
        return true;
    g_autoptr(GPtrArray) names = list_names(tx, error);
    return names != NULL && check_may_fill(names, true, error) && drop_all(tx, names, error) &&
           finish(tx, NULL, error);
}

bool keep_target_undo(Db *db, GError **error)
{
    return db_write(db, undo, NULL, error);
}

static bool count(DbTx *tx, void *data, GError **error)
{
    bool marked;
    g_autoptr(GPtrArray) names = list_names(tx, error);
    if (names == NULL || !db_has_table(tx, DB_UNFINISHED, &marked, error))
        return false;
    *(bool *)data = names->len == 0 && !marked;
    return true;
}

bool keep_target_is_empty(Db *db, bool *empty, GError **error)
{
    return db_read(db, count, empty, error);
}
