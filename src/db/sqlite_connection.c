/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite connections: opened with the settings that the promises of db.h rest on, and the one place
 * where SQLite's result codes become our errors.
 *
 *   journal_mode=WAL   readers see a snapshot and never wait for the writer
 *   synchronous=FULL   COMMIT returns after the log is on the disk: durable means durable
 *   foreign_keys=ON    as PostgreSQL does by itself
 *   DQS off            "text" in double quotes is a name, as in PostgreSQL
 *   case_sensitive_like, so that LIKE means on both engines the same
 *
 * Reading connections have query_only set: a function that db_read() runs cannot write.
 */
#include "db/sqlite-private.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char settings_sql[] = "PRAGMA synchronous=FULL;"
                                   "PRAGMA foreign_keys=ON;"
                                   "PRAGMA case_sensitive_like=ON;"
                                   "PRAGMA temp_store=MEMORY;"
                                   "PRAGMA cache_size=-8000;"
                                   "PRAGMA wal_autocheckpoint=4000;"
                                   "PRAGMA journal_size_limit=67108864;";

/* There are several readers, and the kernel caches the file for all of them: 2 MB each instead of
 * the writer's 8. */
static const char reader_sql[] = "PRAGMA query_only=ON;"
                                 "PRAGMA cache_size=-2000;";

/* Who fills a whole database checks its references at the end, and makes its indexes then: what is
 * sorted for them has no limit, so it belongs into files. */
static const char filler_sql[] = "PRAGMA foreign_keys=OFF;"
                                 "PRAGMA temp_store=FILE;"
                                 "PRAGMA cache_size=-32000;";

static void set_constraint_error(GError **error, sqlite3 *handle, int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        error_set_problem(error, TD_ERROR_CONFLICT, "unique", NULL,
                          "A record like this is there already, or one that it belongs to is not "
                          "(%s); nothing was changed",
                          sqlite3_errmsg(handle));
        return;
    default:
        error_set(error, TD_ERROR_INTERNAL,
                  "The database refused a record that breaks its rules (%s); nothing was changed",
                  sqlite3_errmsg(handle));
    }
}

/* Not where only our own connection does not write (query_only): that is a mistake of ours. */
static bool is_read_only(sqlite3 *handle, int code)
{
    return (code & 0xff) == SQLITE_READONLY &&
           (code != SQLITE_READONLY || sqlite3_db_readonly(handle, "main") == 1);
}

/* What the system said of an I/O error; 0: nothing, or it was none. */
static int system_reason(sqlite3 *handle, int code)
{
    return (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
}

static bool set_disk_error(GError **error, sqlite3 *handle, int code)
{
    int reason = system_reason(handle, code);
    if (code == SQLITE_FULL || reason == ENOSPC || reason == EDQUOT) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The disk with the database is full; nothing was changed. Make room and try "
                  "again");
        return true;
    }
    if (!is_read_only(handle, code) && reason != EROFS)
        return false;
    error_set(error, TD_ERROR_UNAVAILABLE,
              "The database's file, or the disk that it is on, is read-only; nothing was changed. "
              "Look at the file's permissions and at the system's log: a disk with errors is made "
              "read-only");
    return true;
}

void sqlite_error_set(GError **error, sqlite3 *handle, int code)
{
    if (set_disk_error(error, handle, code))
        return;
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        set_constraint_error(error, handle, code);
        return;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        error_set(error, TD_ERROR_BUSY,
                  "Another process holds the database's write lock; nothing was changed. Try again "
                  "soon; if it lasts, look which other program has the file open");
        return;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_NOLFS:
    case SQLITE_PROTOCOL:
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The database file cannot be read or written (%s, code %d); nothing was changed. "
                  "Look at the disk, at the system's log and at the file's permissions",
                  sqlite3_errstr(code), code);
        return;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        error_set(error, TD_ERROR_CORRUPT,
                  "The file is damaged or is not a database (%s). Keep a copy of it and restore a "
                  "backup",
                  sqlite3_errstr(code));
        return;
    case SQLITE_TOOBIG:
        error_set_problem(error, TD_ERROR_INVALID, "too-long", NULL,
                          "A value is larger than the database can keep; nothing was changed");
        return;
    default:
        error_set(error, TD_ERROR_INTERNAL,
                  "The database refused a statement (%s, code %d); nothing was changed",
                  sqlite3_errmsg(handle), code);
    }
}

/* A new database is for its owner alone; SQLite gives its log the same mode. */
static void create_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    /* When this fails SQLite's own attempt fails too and has the better message. */
}

/* SQLite answers with the mode that it could have, without an error. */
static int note_mode(void *is_wal, int n, char **values, char **names)
{
    *(bool *)is_wal = n == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
    return 0;
}

/* SQLite's own LOWER knows ASCII only; PostgreSQL's knows every letter, and so must a search here.
 */
static void lower_text(sqlite3_context *context, int n, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL)
        sqlite3_result_null(context);
    else
        sqlite3_result_text(context, g_utf8_strdown(text, sqlite3_value_bytes(values[0])), -1,
                            g_free);
}

static bool set_up(SqliteConnection *connection, const Db *db, bool writes, GError **error)
{
    sqlite3 *handle = connection->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, (int)db->busy_timeout_ms);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    bool is_wal = false;
    sqlite3_create_function(handle, "lower", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                            lower_text, NULL, NULL);
    int code = sqlite3_exec(handle, "PRAGMA journal_mode=WAL", note_mode, &is_wal, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(handle, settings_sql, NULL, NULL, NULL);
    if (code == SQLITE_OK && !writes)
        code = sqlite3_exec(handle, reader_sql, NULL, NULL, NULL);
    if (code == SQLITE_OK && db->unchecked_references)
        code = sqlite3_exec(handle, filler_sql, NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        sqlite_error_set(error, handle, code);
        return false;
    }
    if (!is_wal)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The database's file system cannot keep a write-ahead log (a network share, or "
                  "one without shared memory). Move the desk to a local disk, or use PostgreSQL");
    return is_wal;
}

SqliteConnection *sqlite_connection_open(const SqliteDb *db, bool writes, GError **error)
{
    SqliteConnection *connection = g_new0(SqliteConnection, 1);
    connection->statements =
        statement_cache_new(DB_MAX_STATEMENTS, sqlite_statement_discard, connection);
    if (writes)
        create_private(db->path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (writes ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(db->path, &connection->handle, flags, NULL);
    if (code != SQLITE_OK) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The database file %s cannot be opened (%s). Check that its folder is there and "
                  "may be written",
                  db->path, sqlite3_errstr(code));
    }
    if (code != SQLITE_OK || !set_up(connection, &db->base, writes, error)) {
        sqlite_connection_close(connection);
        return NULL;
    }
    return connection;
}

void sqlite_connection_close(SqliteConnection *connection)
{
    if (connection == NULL)
        return;
    statement_cache_free(connection->statements);
    sqlite_rows_discard(connection->spare);
    sqlite3_close(connection->handle);
    g_free(connection);
}

bool sqlite_connection_run(SqliteConnection *connection, const char *sql, GError **error)
{
    SqliteStatement *statement = sqlite_statement_find(connection, sql, error);
    if (statement == NULL)
        return false;
    sqlite3_stmt *handle = sqlite_statement_handle(statement);
    int code = sqlite3_step(handle);
    if (code != SQLITE_DONE)
        sqlite_error_set(error, connection->handle, code);
    sqlite3_reset(handle);
    return code == SQLITE_DONE;
}

bool sqlite_connection_is_idle(const SqliteConnection *connection)
{
    return sqlite3_get_autocommit(connection->handle) != 0;
}
