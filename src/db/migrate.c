/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a schema up to date, one numbered step at a time.
 *
 * Each step runs in a transaction together with the row that records it, so a step is either there
 * whole or not at all, and what was done before a failing step stays. The checksum is taken of the
 * text as it stands in the program (before @id@ is replaced), so it is the same on both engines.
 *
 * Two processes may come at once: every step takes the lock first (SQLite: the one writer;
 * PostgreSQL: an advisory lock, because CREATE TABLE IF NOT EXISTS does not survive a race there)
 * and then looks again at what is recorded. A schema that is up to date is only read, so a command
 * beside a busy server never waits for the write lock.
 */
#include "db/db.h"

#include "base/error.h"
#include "base/secret.h"
#include "db/db-private.h"

#include <string.h>

typedef struct {
    const DbMigration *steps;
    char **checksums;
    size_t n_steps;
    int64_t now_us;
    bool unfinished; /* the database is being filled, by the caller */
    bool up_to_date; /* result */
} Migration;

static const char create_sql[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
                                 "version BIGINT PRIMARY KEY, name TEXT NOT NULL, "
                                 "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

static bool check_recorded(const Migration *migration, size_t index, const DbRows *row,
                           GError **error)
{
    int64_t version = db_rows_int(row, 0);
    if (version != (int64_t)index + 1) {
        error_set(error, TD_ERROR_CORRUPT,
                  "The database's list of schema steps has a gap before step %" G_GINT64_FORMAT
                  "; nothing was changed. Restore table schema_migration from a backup",
                  version);
        return false;
    }
    if (strcmp(db_rows_text(row, 2), migration->checksums[index]) != 0) {
        error_set_problem(error, TD_ERROR_CONFLICT, "schema-changed", NULL,
                          "Schema step %" G_GINT64_FORMAT
                          " (%s) was made with another text than this program has; nothing was "
                          "changed. Use the program that this database was made with, or a "
                          "release that follows it",
                          version, db_rows_text(row, 1));
        return false;
    }
    return true;
}

/* Compares what is recorded with the program's steps; *n_done is the number of steps done. */
static bool check_schema(DbTx *tx, const Migration *migration, size_t *n_done, GError **error)
{
    bool known, unfinished;
    if (!db_has_table(tx, "schema_migration", &known, error) ||
        !db_has_table(tx, DB_UNFINISHED, &unfinished, error))
        return false;
    if (unfinished && !migration->unfinished) {
        error_set_problem(error, TD_ERROR_CONFLICT, "unfinished-copy", NULL,
                          "This database is being filled by `tidings restore` or `tidings move`, "
                          "which has not finished. Nothing was changed. Wait for it, or run the "
                          "same command again if it was interrupted");
        return false;
    }
    if (!known) {
        *n_done = 0;
        return true;
    }
    int64_t newest = 0;
    if (!db_query_int(tx, NULL, &newest, error, "SELECT max(version) FROM schema_migration", ""))
        return false;
    if (newest > (int64_t)migration->n_steps) {
        error_set_problem(error, TD_ERROR_CONFLICT, "schema-newer", NULL,
                          "The database has schema version %" G_GINT64_FORMAT
                          " and this program knows only %zu: a newer program made it. Nothing was "
                          "changed. Start that newer program instead",
                          newest, migration->n_steps);
        return false;
    }
    g_autoptr(DbRows) rows = db_query(
        tx, error, "SELECT version, name, checksum FROM schema_migration ORDER BY version", "");
    if (rows == NULL)
        return false;
    size_t n = 0;
    for (; db_rows_next(rows); n++) {
        if (!check_recorded(migration, n, rows, error))
            return false;
    }
    *n_done = n;
    return true;
}

static char *text_for_engine(const DbMigration *step, const DbDriver *driver)
{
    GString *sql = g_string_new(step->sql);
    g_string_replace(sql, "@id@", driver->id_column, 0);
    return g_string_free(sql, FALSE);
}

static bool apply_step(DbTx *tx, const Migration *migration, size_t index, GError **error)
{
    const DbMigration *step = &migration->steps[index];
    g_autofree char *sql = text_for_engine(step, tx->db->driver);
    if (!db_script(tx, create_sql, error))
        return false;
    if (!db_script(tx, sql, error)) {
        g_prefix_error(error, "Schema step %d (%s) failed and was rolled back: ", step->version,
                       step->name);
        return false;
    }
    return db_exec(tx, NULL, error,
                   "INSERT INTO schema_migration (version, name, checksum, applied_at) "
                   "VALUES ($1, $2, $3, $4)",
                   "issi", (int64_t)step->version, step->name, migration->checksums[index],
                   migration->now_us);
}

static bool look(DbTx *tx, void *data, GError **error)
{
    Migration *migration = data;
    size_t n_done = 0;
    if (!check_schema(tx, migration, &n_done, error))
        return false;
    migration->up_to_date = n_done == migration->n_steps;
    return true;
}

/* Applies the first missing step. */
static bool advance(DbTx *tx, void *data, GError **error)
{
    Migration *migration = data;
    const char *lock = tx->db->driver->lock_schema;
    size_t n_done = 0;
    if ((lock != NULL && !db_exec(tx, NULL, error, lock, "")) ||
        !check_schema(tx, migration, &n_done, error))
        return false;
    if (n_done < migration->n_steps && !apply_step(tx, migration, n_done++, error))
        return false;
    migration->up_to_date = n_done == migration->n_steps;
    return true;
}

static bool check_steps(const DbMigration *steps, size_t n_steps, GError **error)
{
    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].version == (int)i + 1)
            continue;
        error_set(error, TD_ERROR_INTERNAL,
                  "The program's schema steps are not numbered 1, 2, 3, ...: place %zu has %d",
                  i + 1, steps[i].version);
        return false;
    }
    return true;
}

static bool migrate(Db *db, const DbMigration *steps, size_t n_steps, int64_t now_us,
                    bool unfinished, GError **error)
{
    if (!check_steps(steps, n_steps, error))
        return false;
    g_auto(GStrv) checksums = g_new0(char *, n_steps + 1);
    for (size_t i = 0; i < n_steps; i++)
        checksums[i] = secret_hash(steps[i].sql, strlen(steps[i].sql));
    Migration migration = {.steps = steps,
                           .checksums = checksums,
                           .n_steps = n_steps,
                           .now_us = now_us,
                           .unfinished = unfinished};
    if (!db_read(db, look, &migration, error))
        return false;
    while (!migration.up_to_date) {
        if (!db_write(db, advance, &migration, error))
            return false;
    }
    return true;
}

bool db_migrate(Db *db, const DbMigration *steps, size_t n_steps, int64_t now_us, GError **error)
{
    return migrate(db, steps, n_steps, now_us, false, error);
}

bool db_migrate_unfinished(Db *db, const DbMigration *steps, size_t n_steps, int64_t now_us,
                           GError **error)
{
    return migrate(db, steps, n_steps, now_us, true, error);
}
