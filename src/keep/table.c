/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/table.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define NAME_MAX_BYTES 63 /* what PostgreSQL keeps of one */
#define COLUMNS_MAX    256

static const char sqlite_catalogue[] =
    "SELECT m.name, c.name, c.type, c.pk FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
    " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite|_%' ESCAPE '|'"
    " AND m.name <> '" DB_UNFINISHED "' ORDER BY m.name, c.cid";

static const char postgresql_catalogue[] =
    "SELECT t.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod),"
    " COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)"
    " FROM pg_catalog.pg_class t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid"
    " LEFT JOIN pg_catalog.pg_index i ON i.indrelid = t.oid AND i.indisprimary"
    " WHERE t.relkind IN ('r', 'p') AND t.relnamespace = current_schema()::regnamespace"
    " AND a.attnum > 0 AND NOT a.attisdropped AND t.relname <> '" DB_UNFINISHED "'"
    " ORDER BY t.relname COLLATE \"C\", a.attnum";

static const char sqlite_last_ids[] = "SELECT name, seq FROM sqlite_sequence";

static const char postgresql_last_ids[] =
    "SELECT t.relname::text, COALESCE(pg_sequence_last_value("
    "  pg_get_serial_sequence(quote_ident(t.relname), a.attname)::regclass), 0)"
    " FROM pg_catalog.pg_class t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid"
    " WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace"
    " AND a.attidentity <> ''";

static const struct {
    const char *name; /* in a backup */
    DbCellKind kind;
} kinds[] = {{"integer", DB_CELL_INTEGER}, {"text", DB_CELL_TEXT}, {"bytes", DB_CELL_BLOB}};

static const struct {
    const char *type; /* of a column, in either engine's words */
    DbCellKind kind;
} types[] = {{"BIGINT", DB_CELL_INTEGER},
             {"INTEGER", DB_CELL_INTEGER},
             {"TEXT", DB_CELL_TEXT},
             {"BYTEA", DB_CELL_BLOB}};

void keep_table_free(KeepTable *table)
{
    if (table == NULL)
        return;
    g_free(table->name);
    g_strfreev(table->columns);
    g_free(table->kinds);
    g_strfreev(table->key);
    g_free(table);
}

/* A table while its columns come in. */
typedef struct {
    char *name;
    GPtrArray *columns; /* char * */
    GArray *kinds;      /* DbCellKind */
    char *key[COLUMNS_MAX + 1];
    int n_key;
} Draft;

typedef struct {
    GPtrArray *tables;
    Draft draft;
} Reading;

static void draft_begin(Draft *draft, const char *name)
{
    *draft = (Draft){.name = g_strdup(name),
                     .columns = g_ptr_array_new(),
                     .kinds = g_array_new(FALSE, FALSE, sizeof(DbCellKind))};
}

/* Makes the table of it; NULL where nothing was begun. Leaves the draft empty. */
static KeepTable *draft_end(Draft *draft)
{
    if (draft->name == NULL)
        return NULL;
    KeepTable *table = g_new0(KeepTable, 1);
    table->n_columns = draft->columns->len;
    table->name = draft->name;
    g_ptr_array_add(draft->columns, NULL);
    table->columns = (char **)g_ptr_array_free(draft->columns, FALSE);
    table->kinds = (DbCellKind *)(void *)g_array_free(draft->kinds, FALSE);
    table->key = g_new0(char *, draft->n_key + 1);
    for (int i = 0; i < draft->n_key; i++)
        table->key[i] = draft->key[i + 1];
    memset(draft, 0, sizeof *draft);
    return table;
}

static bool kind_of_type(const char *type, DbCellKind *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_ascii_strcasecmp(types[i].type, type) == 0) {
            *kind = types[i].kind;
            return true;
        }
    return false;
}

/* They stand in statements. */
static bool is_name(const char *name)
{
    if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_BYTES || g_ascii_isdigit(*name))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool finish_table(Reading *reading, GError **error)
{
    KeepTable *table = draft_end(&reading->draft);
    if (table == NULL)
        return true;
    g_ptr_array_add(reading->tables, table);
    if (table->key[0] != NULL && g_strv_length(table->key) <= table->n_columns)
        return true;
    error_set(error, TD_ERROR_INTERNAL, "Table %s has no primary key, by which it could be kept",
              table->name);
    return false;
}

static bool take_column(Reading *reading, const DbRows *row, GError **error)
{
    const char *table = db_rows_text(row, 0);
    Draft *draft = &reading->draft;
    if (!is_name(table) || !is_name(db_rows_text(row, 1))) {
        error_set(error, TD_ERROR_INTERNAL,
                  "Table \"%s\" (column \"%s\") is none of Tidings' own; move it elsewhere", table,
                  db_rows_text(row, 1));
        return false;
    }
    if (draft->columns == NULL || strcmp(draft->name, table) != 0) {
        if (!finish_table(reading, error))
            return false;
        draft_begin(draft, table);
    }
    DbCellKind kind;
    const char *column = db_rows_text(row, 1);
    int64_t place = db_rows_int(row, 3);
    if (!kind_of_type(db_rows_text(row, 2), &kind) || draft->columns->len >= COLUMNS_MAX) {
        error_set(error, TD_ERROR_INTERNAL,
                  "Column %s of table %s is of type %s, which a backup does not know", column,
                  table, db_rows_text(row, 2));
        return false;
    }
    g_ptr_array_add(draft->columns, g_strdup(column));
    g_array_append_val(draft->kinds, kind);
    if (place >= 1 && place <= COLUMNS_MAX && draft->key[place] == NULL) {
        draft->key[place] = g_strdup(column);
        draft->n_key = MAX(draft->n_key, (int)place);
    }
    return true;
}

static bool read_last_ids(DbTx *tx, GPtrArray *tables, GError **error)
{
    bool sqlite = db_tx_engine(tx) == DB_SQLITE;
    bool found = !sqlite;
    if (sqlite && !db_has_table(tx, "sqlite_sequence", &found, error))
        return false;
    if (!found)
        return true;
    g_autoptr(DbRows) rows =
        db_query(tx, error, sqlite ? sqlite_last_ids : postgresql_last_ids, "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        KeepTable *table = (KeepTable *)keep_tables_find(tables, db_rows_text(rows, 0));
        if (table != NULL)
            table->last_id = MAX(db_rows_int(rows, 1), 0);
    }
    return true;
}

GPtrArray *keep_tables_read(DbTx *tx, GError **error)
{
    bool sqlite = db_tx_engine(tx) == DB_SQLITE;
    g_autoptr(DbRows) rows =
        db_query(tx, error, sqlite ? sqlite_catalogue : postgresql_catalogue, "");
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify)keep_table_free);
    Reading reading = {.tables = tables};
    bool ok = true;
    while (ok && db_rows_next(rows))
        ok = take_column(&reading, rows, error);
    if (ok)
        ok = finish_table(&reading, error);
    else
        keep_table_free(draft_end(&reading.draft));
    return ok && read_last_ids(tx, tables, error) ? g_steal_pointer(&tables) : NULL;
}

const KeepTable *keep_tables_find(const GPtrArray *tables, const char *name)
{
    for (guint i = 0; i < tables->len; i++) {
        const KeepTable *table = tables->pdata[i];
        if (strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

/* ---- as JSON ---- */

static const char *kind_name(DbCellKind kind)
{
    size_t i = 0;
    while (kinds[i].kind != kind)
        i++;
    return kinds[i].name;
}

json_t *keep_table_json(const KeepTable *table)
{
    json_t *columns = json_array(), *key = json_array();
    for (guint i = 0; i < table->n_columns; i++)
        json_array_append_new(columns,
                              json_pack("[s, s]", table->columns[i], kind_name(table->kinds[i])));
    for (char **name = table->key; *name != NULL; name++)
        json_array_append_new(key, json_string(*name));
    return json_pack("{s:s, s:o, s:o, s:I}", "name", table->name, "columns", columns, "key", key,
                     "last", (json_int_t)table->last_id);
}

static bool column_index(const KeepTable *table, const char *name, guint *index)
{
    for (guint i = 0; i < table->n_columns; i++)
        if (g_strcmp0(table->columns[i], name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

static bool read_column(KeepTable *table, const json_t *pair)
{
    const char *name = json_string_value(json_array_get(pair, 0));
    const char *kind = json_string_value(json_array_get(pair, 1));
    guint other;
    if (json_array_size(pair) != 2 || !is_name(name) || column_index(table, name, &other))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kinds[i].name, kind) == 0) {
            table->kinds[table->n_columns] = kinds[i].kind;
            table->columns[table->n_columns++] = g_strdup(name);
            return true;
        }
    return false;
}

KeepTable *keep_table_from_json(const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *columns = json_object_get(json, "columns");
    const json_t *key = json_object_get(json, "key");
    size_t n = json_array_size(columns), n_key = json_array_size(key);
    const json_t *last = json_object_get(json, "last");
    if (!is_name(name) || json_object_size(json) != 4 || json_integer_value(last) < 0 ||
        !json_is_integer(last) || n == 0 || n > COLUMNS_MAX || n_key == 0 || n_key > n)
        return NULL;
    g_autoptr(KeepTable) table = g_new0(KeepTable, 1);
    table->name = g_strdup(name);
    table->last_id = json_integer_value(last);
    table->columns = g_new0(char *, n + 1);
    table->kinds = g_new0(DbCellKind, n);
    table->key = g_new0(char *, n_key + 1);
    for (size_t i = 0; i < n; i++)
        if (!read_column(table, json_array_get(columns, i)))
            return NULL;
    for (size_t i = 0; i < n_key; i++) {
        const char *column = json_string_value(json_array_get(key, i));
        guint index;
        if (!column_index(table, column, &index) ||
            g_strv_contains((const char *const *)table->key, column))
            return NULL;
        table->key[i] = g_strdup(column);
    }
    return g_steal_pointer(&table);
}

/* ---- rows ---- */

static bool is_text(const KeepTable *table, const char *column)
{
    guint index;
    return column_index(table, column, &index) && table->kinds[index] == DB_CELL_TEXT;
}

char *keep_table_select(const KeepTable *table, DbEngine engine)
{
    GString *sql = g_string_new("SELECT ");
    for (guint i = 0; i < table->n_columns; i++)
        g_string_append_printf(sql, "%s\"%s\"", i > 0 ? ", " : "", table->columns[i]);
    g_string_append_printf(sql, " FROM \"%s\" ORDER BY ", table->name);
    for (char **column = table->key; *column != NULL; column++)
        /* By bytes, as SQLite compares, and not by the letters of some language. */
        g_string_append_printf(sql, "%s\"%s\"%s", column != table->key ? ", " : "", *column,
                               engine == DB_POSTGRESQL && is_text(table, *column) ? " COLLATE \"C\""
                                                                                  : "");
    return g_string_free(sql, FALSE);
}

char *keep_table_record(const KeepTable *table, const DbCell *cells)
{
    GString *words = g_string_new(NULL);
    for (char **column = table->key; *column != NULL; column++) {
        guint i;
        if (!column_index(table, *column, &i))
            continue;
        g_string_append_printf(words, "%s%s ", words->len > 0 ? ", " : "", *column);
        if (cells[i].kind == DB_CELL_INTEGER) {
            g_string_append_printf(words, "%" G_GINT64_FORMAT, cells[i].integer);
        } else if (cells[i].kind == DB_CELL_TEXT) {
            g_autofree char *text =
                g_utf8_make_valid(cells[i].data, (gssize)MIN(cells[i].bytes, 64));
            g_string_append(words, text);
        } else {
            g_string_append_c(words, '?');
        }
    }
    return g_string_free(words, FALSE);
}

static const char *fault_of(DbCellKind kind, const DbCell *cell)
{
    if (cell->kind == DB_CELL_NULL)
        return NULL;
    if (cell->kind != kind)
        return "holds a value of another type than the column's";
    if (kind == DB_CELL_TEXT && !g_utf8_validate_len(cell->data, cell->bytes, NULL))
        return "holds a text that is not UTF-8, or has a NUL in it";
    return NULL;
}

bool keep_table_check(const KeepTable *table, const DbCell *cells, GError **error)
{
    size_t bytes = 0;
    for (guint i = 0; i < table->n_columns; i++) {
        const char *fault = fault_of(table->kinds[i], &cells[i]);
        bytes += cells[i].bytes + 16;
        if (fault == NULL && bytes <= LIMIT_BACKUP_ROW_BYTES)
            continue;
        g_autofree char *record = keep_table_record(table, cells);
        error_set(
            error, TD_ERROR_CORRUPT,
            "Table %s, record %s: column %s %s. Something else than Tidings wrote it; nothing "
            "was changed. Correct it in the database first",
            table->name, record, table->columns[i],
            fault != NULL ? fault : "makes the record larger than a backup can keep");
        return false;
    }
    return true;
}

bool keep_tables_have_time(DbTx *tx, GError **error)
{
    return db_tx_engine(tx) == DB_SQLITE ||
           db_exec(tx, NULL, error, "SET LOCAL idle_in_transaction_session_timeout = '30min'", "");
}
