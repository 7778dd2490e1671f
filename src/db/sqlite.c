/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: one writing connection behind a thread of its own (sqlite_writer.c) and a few
 * reading connections that are opened when they are first needed. Each db_read() is one BEGIN ...
 * COMMIT, and so one snapshot, which the writer never waits for.
 */
#include "db/sqlite-private.h"

#include "base/error.h"

#include <string.h>
#include <sys/stat.h>

static void close_reader(void *item)
{
    sqlite_connection_close(item);
}

static void sqlite_db_close(Db *base)
{
    SqliteDb *db = (SqliteDb *)base;
    pool_free(db->readers, close_reader);
    pool_free(db->askers, close_reader);
    sqlite_writer_stop(db->writer);
    g_free(db->path);
    g_free(db);
}

static bool sqlite_db_write(Db *base, DbFn fn, void *data, GError **error)
{
    return sqlite_writer_run(((SqliteDb *)base)->writer, fn, data, error);
}

static bool run_snapshot(SqliteDb *db, SqliteConnection *connection, DbFn fn, void *data,
                         GError **error)
{
    if (!sqlite_connection_run(connection, "BEGIN", error))
        return false;
    SqliteTx tx = {.base.db = &db->base, .connection = connection};
    bool ok = db_fn_run(&tx.base, fn, data, error);
    g_clear_error(&tx.base.failed);
    /* What was read is valid however the transaction ends. */
    if (!sqlite_connection_is_idle(connection))
        sqlite_connection_run(connection, "ROLLBACK", NULL);
    return ok;
}

static bool sqlite_db_read(Db *base, int64_t timeout_ms, DbFn fn, void *data, GError **error)
{
    SqliteDb *db = (SqliteDb *)base;
    if (timeout_ms > 0 && !sqlite_writer_is_well(db->writer, error))
        return false;
    void *item = NULL;
    Pool *pool = timeout_ms > 0 ? db->askers : db->readers;
    int64_t wait_ms = timeout_ms > 0 ? timeout_ms : base->busy_timeout_ms;
    int64_t deadline_us = g_get_monotonic_time() + wait_ms * 1000;
    if (!pool_take(pool, deadline_us, &item, error))
        return false;
    SqliteConnection *connection = item;
    if (connection == NULL)
        connection = sqlite_connection_open(db, false, error);
    bool ok = connection != NULL && run_snapshot(db, connection, fn, data, error);
    pool_give_back(pool, connection);
    return ok;
}

static int64_t file_bytes(const SqliteDb *db, const char *suffix)
{
    g_autofree char *path = g_strconcat(db->path, suffix, NULL);
    struct stat about;
    return stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
}

static void sqlite_db_status(Db *base, DbStatus *status)
{
    SqliteDb *db = (SqliteDb *)base;
    status->waiting = (int64_t)sqlite_writer_waiting(db->writer);
    status->connections = pool_in_use(db->readers);
    status->file_bytes = file_bytes(db, "");
    status->wal_bytes = file_bytes(db, "-wal");
}

static const DbDriver sqlite_driver = {
    .engine = DB_SQLITE,
    .skip_locked = "",
    .id_column = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .table_known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
    .close = sqlite_db_close,
    .write = sqlite_db_write,
    .read = sqlite_db_read,
    .status = sqlite_db_status,
    .exec = sqlite_tx_exec,
    .query = sqlite_tx_query,
    .insert = sqlite_tx_insert,
    .script = sqlite_tx_script,
    .each = sqlite_tx_each,
    .load = sqlite_tx_load,
    .cell = sqlite_rows_cell,
    .rows_free = sqlite_rows_free,
};

/* Nobody reads SQLite's memory counters, and they cost a lock for each allocation. Without effect
 * where SQLite is in use already. */
static void configure_library(void)
{
    static gsize done;
    if (g_once_init_enter(&done)) {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        sqlite3_initialize();
        g_once_init_leave(&done, 1);
    }
}

Db *sqlite_db_open(const char *path, const Db *settings, GError **error)
{
    if (*path == '\0' || strcmp(path, ":memory:") == 0) {
        error_set_problem(error, TD_ERROR_INVALID, "bad-database-url", NULL,
                          "The database URL must name a file: sqlite:PATH");
        return NULL;
    }
    configure_library();
    SqliteDb *db = g_new0(SqliteDb, 1);
    db->base = *settings;
    db->base.driver = &sqlite_driver;
    db->path = g_strdup(path);
    SqliteConnection *connection = sqlite_connection_open(db, true, error);
    if (connection != NULL)
        db->writer = sqlite_writer_start(&db->base, connection, error);
    if (db->writer == NULL) {
        g_free(db->path);
        g_free(db);
        return NULL;
    }
    db->readers = pool_new(settings->connections);
    db->askers = pool_new(DB_ASKERS);
    return &db->base;
}
