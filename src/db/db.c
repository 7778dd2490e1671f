/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of db/: reads a URL, turns variadic arguments into values, and keeps the rules that
 * both engines share, so that a function behaves the same on either:
 *
 *   - After a failed statement the transaction is lost. PostgreSQL insists on this; SQLite would
 *     let a function go on and commit half of its work. So the first error is remembered, every
 *     later statement gets it again, and `fn` cannot succeed any more.
 *   - Text is UTF-8, checked before it is bound: PostgreSQL would refuse it, SQLite would keep it.
 *   - A function inside a transaction may not open another one. On SQLite it would wait for the
 *     thread that runs it, on PostgreSQL it could wait for a connection that its own caller holds.
 */
#include "db/db.h"

#include "base/error.h"
#include "db/db-private.h"

#include <stdarg.h>
#include <string.h>

/* The database in whose transaction this thread runs a function at this moment. */
static _Thread_local const Db *inside;

static bool is_nested(const Db *db, const char *what, GError **error)
{
    if (inside != db)
        return false;
    g_critical("%s was called inside a function that runs in a transaction already", what);
    error_set(error, TD_ERROR_INTERNAL,
              "The program asked for a transaction inside another one; nothing was changed. This "
              "is a fault of the program: please report it");
    return true;
}

Db *db_open(const char *url, const DbOptions *options, GError **error)
{
    bool is_sqlite = g_str_has_prefix(url, "sqlite:");
    Db settings = {.connections = is_sqlite ? DB_DEFAULT_READERS : DB_DEFAULT_CONNECTIONS,
                   .busy_timeout_ms = DB_DEFAULT_BUSY_TIMEOUT_MS};
    if (options != NULL && options->connections > 0)
        settings.connections = MIN(options->connections, DB_MAX_CONNECTIONS);
    if (options != NULL && options->busy_timeout_ms > 0)
        settings.busy_timeout_ms = MIN(options->busy_timeout_ms, INT64_C(3600) * 1000);
    settings.unchecked_references = options != NULL && options->unchecked_references;

    if (is_sqlite)
        return sqlite_db_open(url + strlen("sqlite:"), &settings, error);
    if (g_str_has_prefix(url, "postgresql://") || g_str_has_prefix(url, "postgres://"))
        return postgresql_db_open(url, &settings, error);
    /* Without the URL itself: it may hold a password. */
    error_set_problem(error, TD_ERROR_INVALID, "bad-database-url", NULL,
                      "The database URL must begin with sqlite: or postgresql://");
    return NULL;
}

void db_close(Db *db)
{
    if (db != NULL)
        db->driver->close(db);
}

DbEngine db_engine(const Db *db)
{
    return db->driver->engine;
}

static DbResult result_of(const GError *failure)
{
    switch (error_code(failure)) {
    case TD_ERROR_BUSY:
        return DB_BUSY;
    case TD_ERROR_UNCERTAIN:
        return DB_UNCERTAIN;
    case TD_ERROR_UNAVAILABLE:
    case TD_ERROR_CORRUPT:
    case TD_ERROR_INTERNAL:
        return DB_FAILED;
    default:
        return DB_REFUSED;
    }
}

bool db_write(Db *db, DbFn fn, void *data, GError **error)
{
    if (is_nested(db, "db_write()", error))
        return false;
    int64_t began_us = g_get_monotonic_time();
    g_autoptr(GError) failure = NULL;
    bool ok = db->driver->write(db, fn, data, &failure);
    metric_observe(db->counts.duration, g_get_monotonic_time() - began_us);
    metric_add(db->counts.writes[ok ? DB_WROTE : result_of(failure)], 1);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&failure));
    return ok;
}

void db_status(Db *db, DbStatus *status)
{
    *status = (DbStatus){.connections_max = db->connections, .file_bytes = -1, .wal_bytes = -1};
    db->driver->status(db, status);
}

bool db_read(Db *db, DbFn fn, void *data, GError **error)
{
    return !is_nested(db, "db_read()", error) && db->driver->read(db, 0, fn, data, error);
}

bool db_read_within(Db *db, int64_t timeout_ms, DbFn fn, void *data, GError **error)
{
    return !is_nested(db, "db_read_within()", error) &&
           db->driver->read(db, MAX(timeout_ms, 1), fn, data, error);
}

bool db_fn_run(DbTx *tx, DbFn fn, void *data, GError **error)
{
    g_autoptr(GError) local = NULL;
    const Db *outer = inside;
    inside = tx->db;
    bool ok = fn(tx, data, &local);
    inside = outer;
    if (ok && tx->failed == NULL)
        return true;
    if (!ok && local != NULL)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (tx->failed != NULL)
        g_propagate_error(error, g_error_copy(tx->failed));
    else
        error_set(error, TD_ERROR_INTERNAL,
                  "A change was given up without a reason; nothing was changed. This is a fault of "
                  "the program: please report it");
    return false;
}

/* Keeps a failed statement's error for the rest of the transaction and hands it to the caller. */
static void tx_fail(DbTx *tx, GError *made, GError **error)
{
    if (tx->failed == NULL)
        tx->failed = g_error_copy(made);
    g_propagate_error(error, made);
}

static bool tx_is_well(const DbTx *tx, GError **error)
{
    if (tx->failed == NULL)
        return true;
    if (error != NULL)
        g_propagate_error(error, g_error_copy(tx->failed));
    return false;
}

static bool value_set_text(DbValue *value, const char *text, size_t index, GError **error)
{
    value->type = 's';
    value->is_null = text == NULL;
    value->data = text;
    value->bytes = text == NULL ? 0 : strlen(text);
    if (text == NULL || g_utf8_validate_len(text, value->bytes, NULL))
        return true;
    error_set_problem(error, TD_ERROR_INVALID, "not-utf8", NULL,
                      "A text that is not UTF-8 cannot be stored (parameter $%zu); nothing was "
                      "changed",
                      index + 1);
    return false;
}

static bool values_read(DbValue *values, size_t *n_values, const char *types, va_list args,
                        GError **error)
{
    size_t n = strlen(types);
    if (n > DB_MAX_PARAMETERS) {
        error_set(error, TD_ERROR_INTERNAL, "A statement has %zu parameters; %d are possible", n,
                  DB_MAX_PARAMETERS);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        DbValue *value = &values[i];
        *value = (DbValue){.type = types[i]};
        switch (types[i]) {
        case 'n':
            value->type = 'i';
            value->integer = va_arg(args, int64_t);
            value->is_null = value->integer == 0;
            break;
        case 'i':
            value->integer = va_arg(args, int64_t);
            break;
        case 's':
            if (!value_set_text(value, va_arg(args, const char *), i, error))
                return false;
            break;
        case 'b':
            value->data = va_arg(args, const void *);
            value->bytes = va_arg(args, size_t);
            value->is_null = value->data == NULL;
            break;
        default:
            error_set(error, TD_ERROR_INTERNAL, "There is no parameter type '%c'", types[i]);
            return false;
        }
    }
    *n_values = n;
    return true;
}

/* A function that ended its transaction, or opened one inside it, would commit or undo other
 * callers' work with its own. */
static bool is_allowed(const char *sql, GError **error)
{
    static const char *const words[] = {"BEGIN",    "START",     "COMMIT",  "END",
                                        "ROLLBACK", "SAVEPOINT", "RELEASE", "ABORT"};
    sql += strspn(sql, " \t\r\n;");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if ((sql[0] & ~0x20) != words[i][0] ||
            g_ascii_strncasecmp(sql, words[i], strlen(words[i])) != 0)
            continue;
        error_set(error, TD_ERROR_INTERNAL,
                  "A function tried to steer the transaction that it runs in (%s); nothing was "
                  "changed. This is a fault of the program: please report it",
                  words[i]);
        return false;
    }
    return true;
}

/* As values_read() from a list. */
static bool params_read(DbValue *values, const DbParam *params, size_t n, GError **error)
{
    if (n > DB_MAX_PARAMETERS) {
        error_set(error, TD_ERROR_INTERNAL, "A statement has %zu parameters; %d are possible", n,
                  DB_MAX_PARAMETERS);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = (DbValue){.type = params[i].type, .integer = params[i].integer};
        if (params[i].type == 's' && !value_set_text(&values[i], params[i].text, i, error))
            return false;
    }
    return true;
}

/* Where the parameters come from: of `args` with `types`, or of a list. */
typedef struct {
    const char *types; /* NULL: `params` */
    va_list args;
    const DbParam *params;
    size_t n_params;
} Source;

static bool source_read(Source *source, DbValue *values, size_t *n_values, GError **error)
{
    if (source->types != NULL)
        return values_read(values, n_values, source->types, source->args, error);
    *n_values = source->n_params;
    return params_read(values, source->params, source->n_params, error);
}

static bool exec_source(DbTx *tx, int64_t *changed, GError **error, const char *sql, Source *source)
{
    DbValue values[DB_MAX_PARAMETERS];
    size_t n_values = 0;
    if (!tx_is_well(tx, error))
        return false;
    GError *local = NULL;
    if (is_allowed(sql, &local) && source_read(source, values, &n_values, &local) &&
        tx->db->driver->exec(tx, sql, values, n_values, changed, &local))
        return true;
    tx_fail(tx, local, error);
    return false;
}

static bool insert_va(DbTx *tx, int64_t *id, GError **error, const char *sql, const char *types,
                      va_list args)
{
    DbValue values[DB_MAX_PARAMETERS];
    size_t n_values = 0;
    if (!tx_is_well(tx, error))
        return false;
    GError *local = NULL;
    if (is_allowed(sql, &local) && values_read(values, &n_values, types, args, &local) &&
        tx->db->driver->insert(tx, sql, values, n_values, id, &local))
        return true;
    tx_fail(tx, local, error);
    return false;
}

bool db_insert(DbTx *tx, int64_t *id, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    bool ok = insert_va(tx, id, error, sql, types, args);
    va_end(args);
    return ok;
}

bool db_exec(DbTx *tx, int64_t *changed, GError **error, const char *sql, const char *types, ...)
{
    Source source = {.types = types};
    va_start(source.args, types);
    bool ok = exec_source(tx, changed, error, sql, &source);
    va_end(source.args);
    return ok;
}

bool db_exec_list(DbTx *tx, int64_t *changed, GError **error, const char *sql,
                  const DbParam *params, size_t n)
{
    Source source = {.params = params, .n_params = n};
    return exec_source(tx, changed, error, sql, &source);
}

bool db_script(DbTx *tx, const char *sql, GError **error)
{
    if (!tx_is_well(tx, error))
        return false;
    GError *local = NULL;
    if (tx->db->driver->script(tx, sql, &local))
        return true;
    tx_fail(tx, local, error);
    return false;
}

char *db_quoted_list(const char *const *columns)
{
    GString *list = g_string_new(NULL);
    for (; *columns != NULL; columns++)
        g_string_append_printf(list, "%s\"%s\"", list->len > 0 ? ", " : "", *columns);
    return g_string_free(list, FALSE);
}

void db_strange_cell_set(GError **error, const char *table)
{
    error_set(error, TD_ERROR_INTERNAL, "A value of an unknown kind was to be put into table %s",
              table);
}

bool db_each(DbTx *tx, GError **error, const char *sql, DbRowFn fn, void *data)
{
    if (!tx_is_well(tx, error))
        return false;
    GError *local = NULL;
    if (tx->db->driver->each(tx, sql, fn, data, &local))
        return true;
    tx_fail(tx, local, error);
    return false;
}

bool db_load(DbTx *tx, GError **error, const char *table, const char *const *columns, DbNextFn next,
             void *data)
{
    if (!tx_is_well(tx, error))
        return false;
    GError *local = NULL;
    if (g_strv_length((char **)columns) > DB_MAX_PARAMETERS)
        error_set(&local, TD_ERROR_INTERNAL, "Table %s has too many columns", table);
    else if (tx->db->driver->load(tx, table, columns, next, data, &local))
        return true;
    tx_fail(tx, local, error);
    return false;
}

static DbRows *query_source(DbTx *tx, GError **error, const char *sql, Source *source)
{
    DbValue values[DB_MAX_PARAMETERS];
    size_t n_values = 0;
    if (!tx_is_well(tx, error))
        return NULL;
    GError *local = NULL;
    DbRows *rows = NULL;
    if (is_allowed(sql, &local) && source_read(source, values, &n_values, &local))
        rows = tx->db->driver->query(tx, sql, values, n_values, &local);
    if (rows == NULL) {
        tx_fail(tx, local, error);
        return NULL;
    }
    rows->driver = tx->db->driver;
    rows->row = -1;
    return rows;
}

void db_not_one_row_set(GError **error, const char *sql)
{
    error_set(error, TD_ERROR_INTERNAL, "A statement was to insert one row, and did not: %s", sql);
}

void db_too_large_set(GError **error)
{
    error_set(error, TD_ERROR_LIMIT,
              "A query's answer is larger than %zu MiB; nothing was changed. Ask for less at once",
              DB_MAX_ROWS_BYTES / 1024 / 1024);
}

DbRows *db_query(DbTx *tx, GError **error, const char *sql, const char *types, ...)
{
    Source source = {.types = types};
    va_start(source.args, types);
    DbRows *rows = query_source(tx, error, sql, &source);
    va_end(source.args);
    return rows;
}

DbRows *db_query_list(DbTx *tx, GError **error, const char *sql, const DbParam *params, size_t n)
{
    Source source = {.params = params, .n_params = n};
    return query_source(tx, error, sql, &source);
}

bool db_query_int(DbTx *tx, bool *found, int64_t *value, GError **error, const char *sql,
                  const char *types, ...)
{
    Source source = {.types = types};
    va_start(source.args, types);
    g_autoptr(DbRows) rows = query_source(tx, error, sql, &source);
    va_end(source.args);
    if (rows == NULL)
        return false;
    bool is_row = db_rows_next(rows);
    if (is_row && value != NULL)
        *value = db_rows_int(rows, 0);
    if (found != NULL)
        *found = is_row;
    return true;
}

bool db_has_table(DbTx *tx, const char *table, bool *found, GError **error)
{
    int64_t known = 0;
    if (!db_query_int(tx, NULL, &known, error, tx->db->driver->table_known, "s", table))
        return false;
    *found = known > 0;
    return true;
}

bool db_rows_next(DbRows *rows)
{
    if (rows->scratch != NULL)
        g_ptr_array_set_size(rows->scratch, 0);
    if (rows->row < rows->n_rows)
        rows->row++;
    return rows->row < rows->n_rows;
}

static DbCell cell_at(const DbRows *rows, int column)
{
    const DbCell none = {.kind = DB_CELL_NULL};
    g_return_val_if_fail(rows->row >= 0 && rows->row < rows->n_rows, none);
    g_return_val_if_fail(column >= 0 && column < rows->n_columns, none);
    return rows->driver->cell(rows, column);
}

int64_t db_rows_int(const DbRows *rows, int column)
{
    DbCell cell = cell_at(rows, column);
    if (cell.kind == DB_CELL_INTEGER)
        return cell.integer;
    return cell.kind == DB_CELL_TEXT ? g_ascii_strtoll(cell.data, NULL, 10) : 0;
}

char *db_rows_keep(DbRows *rows, char *made)
{
    if (rows->scratch == NULL)
        rows->scratch = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(rows->scratch, made);
    return made;
}

const char *db_rows_text(const DbRows *rows, int column)
{
    DbCell cell = cell_at(rows, column);
    if (cell.kind == DB_CELL_NULL)
        return NULL;
    if (cell.kind != DB_CELL_INTEGER)
        return cell.data;
    /* What is made for a reader is no part of the rows. */
    return db_rows_keep((DbRows *)rows, g_strdup_printf("%" G_GINT64_FORMAT, cell.integer));
}

char *db_rows_dup(const DbRows *rows, int column)
{
    return g_strdup(db_rows_text(rows, column));
}

const void *db_rows_blob(const DbRows *rows, int column, size_t *bytes)
{
    DbCell cell = cell_at(rows, column);
    if (cell.kind != DB_CELL_TEXT && cell.kind != DB_CELL_BLOB) {
        *bytes = 0;
        return NULL;
    }
    *bytes = cell.bytes;
    return cell.data;
}

bool db_rows_is_null(const DbRows *rows, int column)
{
    return cell_at(rows, column).kind == DB_CELL_NULL;
}

bool db_rows_end(DbRows *rows, GError **error)
{
    /* Both drivers have read everything before the first row is shown, so that a row never changes
     * under its reader and reading cannot fail any more. */
    db_rows_free(rows);
    return true;
}

void db_rows_free(DbRows *rows)
{
    if (rows == NULL)
        return;
    g_clear_pointer(&rows->scratch, g_ptr_array_unref);
    rows->driver->rows_free(rows);
}

DbEngine db_tx_engine(const DbTx *tx)
{
    return tx->db->driver->engine;
}
