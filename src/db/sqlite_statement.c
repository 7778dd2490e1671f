/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements on SQLite.
 *
 * Parameters: SQLite numbers $1, $2, ... by first appearance, not by the digits, so each prepared
 * statement keeps which value goes where.
 *
 * Rows: a query is run to its end at once and its rows are kept in one piece of memory. That is
 * what PostgreSQL's library does, too, and it takes away three traps of stepping lazily: rows that
 * change under their reader, a RETURNING whose foreign key fails only after its last row, and a
 * forgotten cursor that keeps an old snapshot open.
 *
 * An answer's memory is used again for the next one, because most are small and there are many.
 *
 * db_insert(): SQLite gives what RETURNING asks for by way of a temporary table, which costs more
 * than inserting the row. So it is prepared without it and the row's id is asked for, which is what
 * an @id@ column is.
 *
 * After every step sqlite3_get_autocommit() is asked whether the transaction is still there: on a
 * full disk or an I/O error SQLite rolls it back by itself, and whatever ran next would be
 * committed alone.
 */
#include "db/sqlite-private.h"

#include "base/error.h"

#include <string.h>

struct SqliteStatement {
    sqlite3_stmt *handle;
    bool inserts; /* was prepared for db_insert() */
    bool counted; /* what it writes are rows, which SQLite counts, and nothing else */
    int n_parameters;
    uint8_t values[DB_MAX_PARAMETERS]; /* SQLite's parameter i + 1 is our value values[i] */
};

typedef struct {
    DbCellKind kind;
    int64_t integer;
    size_t offset; /* in `bytes` */
    size_t length;
} Cell;

typedef struct SqliteRows {
    DbRows base;
    SqliteConnection *connection;
    GArray *cells; /* of Cell, row by row */
    GByteArray *bytes;
} SqliteRows;

/* An answer's memory that is larger is not kept. */
#define SPARE_BYTES 65536

static const char returning[] = " RETURNING ";

sqlite3_stmt *sqlite_statement_handle(const SqliteStatement *statement)
{
    return statement->handle;
}

void sqlite_statement_discard(void *statement, void *owner)
{
    SqliteStatement *self = statement;
    sqlite3_finalize(self->handle);
    g_free(self);
}

/* Reads the numbers behind the dollar signs. They must be 1 to n, all of them. */
static bool number_parameters(SqliteStatement *statement, const char *sql, GError **error)
{
    int n = sqlite3_bind_parameter_count(statement->handle);
    for (int i = 0; i < n; i++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, i + 1);
        int64_t number = name != NULL && name[0] == '$' ? g_ascii_strtoll(name + 1, NULL, 10) : 0;
        if (number < 1 || number > n || n > DB_MAX_PARAMETERS) {
            error_set(error, TD_ERROR_INTERNAL,
                      "The parameters of a statement are not $1 to $%d: %s", n, sql);
            return false;
        }
        statement->values[i] = (uint8_t)(number - 1);
    }
    statement->n_parameters = n;
    return true;
}

static bool writes_rows(const char *sql)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "WITH"};
    sql += strspn(sql, " \t\r\n");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strncasecmp(sql, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* `bytes` is -1 for all of `sql`. */
static SqliteStatement *statement_prepare(SqliteConnection *connection, const char *sql, int bytes,
                                          GError **error)
{
    SqliteStatement *statement = g_new0(SqliteStatement, 1);
    const char *tail = NULL;
    int code = sqlite3_prepare_v3(connection->handle, sql, bytes, SQLITE_PREPARE_PERSISTENT,
                                  &statement->handle, &tail);
    if (code != SQLITE_OK) {
        sqlite_error_set(error, connection->handle, code);
        sqlite_statement_discard(statement, NULL);
        return NULL;
    }
    bool is_one = statement->handle != NULL &&
                  (bytes >= 0 ? tail == sql + bytes : tail[strspn(tail, "; \t\r\n")] == '\0');
    if (!is_one)
        error_set(error, TD_ERROR_INTERNAL, "This is not one statement: %s", sql);
    if (!is_one || !number_parameters(statement, sql, error)) {
        sqlite_statement_discard(statement, NULL);
        return NULL;
    }
    statement->counted = sqlite3_stmt_readonly(statement->handle) || writes_rows(sql);
    return statement;
}

static SqliteStatement *prepare_insert(SqliteConnection *connection, const char *sql,
                                       GError **error)
{
    const char *end = g_strrstr(sql, returning);
    if (end == NULL) {
        error_set(error, TD_ERROR_INTERNAL, "This INSERT does not end in RETURNING: %s", sql);
        return NULL;
    }
    SqliteStatement *statement = statement_prepare(connection, sql, (int)(end - sql), error);
    if (statement != NULL)
        statement->inserts = true;
    return statement;
}

static SqliteStatement *find(SqliteConnection *connection, const char *sql, bool inserts,
                             GError **error)
{
    SqliteStatement *statement = statement_cache_find(connection->statements, sql);
    if (statement == NULL) {
        statement = inserts ? prepare_insert(connection, sql, error)
                            : statement_prepare(connection, sql, -1, error);
        if (statement != NULL)
            statement_cache_add(connection->statements, sql, statement);
    } else if (statement->inserts != inserts) {
        error_set(error, TD_ERROR_INTERNAL,
                  "One SQL text is used with db_insert() and without it: %s", sql);
        return NULL;
    }
    return statement;
}

SqliteStatement *sqlite_statement_find(SqliteConnection *connection, const char *sql,
                                       GError **error)
{
    return find(connection, sql, false, error);
}

static int bind_value(sqlite3_stmt *handle, int place, const DbValue *value)
{
    if (value->is_null)
        return sqlite3_bind_null(handle, place);
    if (value->type == 'i')
        return sqlite3_bind_int64(handle, place, value->integer);
    /* The caller's memory outlives the statement's run, so nothing is copied. */
    if (value->type == 's')
        return sqlite3_bind_text64(handle, place, value->data, value->bytes, SQLITE_STATIC,
                                   SQLITE_UTF8);
    if (value->bytes == 0)
        return sqlite3_bind_zeroblob(handle, place, 0);
    return sqlite3_bind_blob64(handle, place, value->data, value->bytes, SQLITE_STATIC);
}

static bool statement_bind(SqliteTx *tx, SqliteStatement *statement, const char *sql,
                           const DbValue *values, size_t n_values, GError **error)
{
    if ((size_t)statement->n_parameters != n_values) {
        error_set(error, TD_ERROR_INTERNAL, "A statement has %d parameters and was given %zu: %s",
                  statement->n_parameters, n_values, sql);
        return false;
    }
    for (int i = 0; i < statement->n_parameters; i++) {
        int code = bind_value(statement->handle, i + 1, &values[statement->values[i]]);
        if (code != SQLITE_OK) {
            sqlite_error_set(error, tx->connection->handle, code);
            return false;
        }
    }
    return true;
}

static void append_cell(SqliteRows *rows, sqlite3_stmt *handle, int column)
{
    Cell cell = {.kind = DB_CELL_TEXT, .offset = rows->bytes->len};
    const void *data = NULL;
    switch (sqlite3_column_type(handle, column)) {
    case SQLITE_NULL:
        cell.kind = DB_CELL_NULL;
        break;
    case SQLITE_INTEGER:
        cell.kind = DB_CELL_INTEGER;
        cell.integer = sqlite3_column_int64(handle, column);
        break;
    case SQLITE_BLOB:
        cell.kind = DB_CELL_BLOB;
        data = sqlite3_column_blob(handle, column);
        break;
    default:
        data = sqlite3_column_text(handle, column);
        break;
    }
    if (cell.kind == DB_CELL_TEXT || cell.kind == DB_CELL_BLOB) {
        cell.length = (size_t)sqlite3_column_bytes(handle, column);
        if (cell.length > 0)
            g_byte_array_append(rows->bytes, data, (guint)cell.length);
        g_byte_array_append(rows->bytes, (const guint8 *)"", 1);
    }
    g_array_append_val(rows->cells, cell);
}

/* False when the answer has become too large. */
static bool append_row(SqliteRows *rows, sqlite3_stmt *handle)
{
    for (int i = 0; i < rows->base.n_columns; i++)
        append_cell(rows, handle, i);
    rows->base.n_rows++;
    return rows->bytes->len + rows->cells->len * sizeof(Cell) <= DB_MAX_ROWS_BYTES;
}

/* Steps to the end. `rows` may be NULL: then rows are passed over. */
static bool statement_run(SqliteTx *tx, SqliteStatement *statement, SqliteRows *rows,
                          GError **error)
{
    bool fits = true;
    int64_t before = sqlite3_total_changes64(tx->connection->handle);
    int code = sqlite3_step(statement->handle);
    while (code == SQLITE_ROW && fits) {
        fits = rows == NULL || append_row(rows, statement->handle);
        if (fits)
            code = sqlite3_step(statement->handle);
    }
    if (!fits)
        db_too_large_set(error);
    else if (code != SQLITE_DONE)
        sqlite_error_set(error, tx->connection->handle, code);
    if (!statement->counted || sqlite3_total_changes64(tx->connection->handle) != before ||
        (code != SQLITE_DONE && !sqlite3_stmt_readonly(statement->handle)))
        tx->wrote = true;
    sqlite3_reset(statement->handle);
    if (!sqlite_connection_is_idle(tx->connection))
        return code == SQLITE_DONE;
    tx->lost = true;
    if (code == SQLITE_DONE)
        error_set(error, TD_ERROR_INTERNAL,
                  "A statement ended the transaction that it ran in. This is a fault of the "
                  "program: please report it");
    return false;
}

static SqliteStatement *statement_ready(SqliteTx *tx, const char *sql, bool inserts,
                                        const DbValue *values, size_t n_values, GError **error)
{
    SqliteStatement *statement = find(tx->connection, sql, inserts, error);
    if (statement == NULL || !statement_bind(tx, statement, sql, values, n_values, error))
        return NULL;
    return statement;
}

bool sqlite_tx_exec(DbTx *base, const char *sql, const DbValue *values, size_t n_values,
                    int64_t *changed, GError **error)
{
    SqliteTx *tx = (SqliteTx *)base;
    sqlite3 *handle = tx->connection->handle;
    int64_t before = sqlite3_total_changes64(handle);
    SqliteStatement *statement = statement_ready(tx, sql, false, values, n_values, error);
    if (statement == NULL || !statement_run(tx, statement, NULL, error))
        return false;
    /* A statement that writes no rows at all (CREATE TABLE) leaves the count of the one before. */
    if (changed != NULL)
        *changed = sqlite3_total_changes64(handle) == before ? 0 : sqlite3_changes64(handle);
    return true;
}

bool sqlite_tx_insert(DbTx *base, const char *sql, const DbValue *values, size_t n_values,
                      int64_t *id, GError **error)
{
    SqliteTx *tx = (SqliteTx *)base;
    sqlite3 *handle = tx->connection->handle;
    int64_t before = sqlite3_total_changes64(handle);
    SqliteStatement *statement = statement_ready(tx, sql, true, values, n_values, error);
    if (statement == NULL || !statement_run(tx, statement, NULL, error))
        return false;
    if (sqlite3_total_changes64(handle) != before + 1) {
        db_not_one_row_set(error, sql);
        return false;
    }
    *id = sqlite3_last_insert_rowid(handle);
    return true;
}

/* Takes the connection's spare memory, or makes some. */
static SqliteRows *rows_new(SqliteConnection *connection, int n_columns)
{
    SqliteRows *rows = g_steal_pointer(&connection->spare);
    if (rows == NULL) {
        rows = g_new0(SqliteRows, 1);
        rows->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
        rows->bytes = g_byte_array_new();
    }
    rows->base = (DbRows){.n_columns = n_columns};
    rows->connection = connection;
    return rows;
}

DbRows *sqlite_tx_query(DbTx *base, const char *sql, const DbValue *values, size_t n_values,
                        GError **error)
{
    SqliteTx *tx = (SqliteTx *)base;
    SqliteStatement *statement = statement_ready(tx, sql, false, values, n_values, error);
    if (statement == NULL)
        return NULL;
    SqliteRows *rows = rows_new(tx->connection, sqlite3_column_count(statement->handle));
    if (!statement_run(tx, statement, rows, error)) {
        sqlite_rows_free(&rows->base);
        return NULL;
    }
    return &rows->base;
}

DbCell sqlite_rows_cell(const DbRows *base, int column)
{
    const SqliteRows *rows = (const SqliteRows *)base;
    const Cell *cell =
        &g_array_index(rows->cells, Cell, base->row * (guint)base->n_columns + (guint)column);
    return (DbCell){.kind = cell->kind,
                    .integer = cell->integer,
                    .data = (const char *)rows->bytes->data + cell->offset,
                    .bytes = cell->length};
}

void sqlite_rows_discard(SqliteRows *rows)
{
    if (rows == NULL)
        return;
    g_array_unref(rows->cells);
    g_byte_array_unref(rows->bytes);
    g_free(rows);
}

void sqlite_rows_free(DbRows *base)
{
    SqliteRows *rows = (SqliteRows *)base;
    SqliteConnection *connection = rows->connection;
    bool is_small = rows->bytes->len + rows->cells->len * sizeof(Cell) <= SPARE_BYTES;
    if (connection->spare != NULL || !is_small) {
        sqlite_rows_discard(rows);
        return;
    }
    g_array_set_size(rows->cells, 0);
    g_byte_array_set_size(rows->bytes, 0);
    connection->spare = rows;
}

bool sqlite_tx_script(DbTx *base, const char *sql, GError **error)
{
    SqliteTx *tx = (SqliteTx *)base;
    sqlite3 *handle = tx->connection->handle;
    tx->wrote = true;
    int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        sqlite_error_set(error, handle, code);
    tx->lost = sqlite_connection_is_idle(tx->connection);
    if (tx->lost && code == SQLITE_OK)
        error_set(error, TD_ERROR_INTERNAL, "A script ended the transaction that it ran in");
    return code == SQLITE_OK && !tx->lost;
}
