/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define BOM "\xEF\xBB\xBF"

typedef struct {
    const char *at, *end;
    int line;
    char separator;
    GError *error; /* the first one */
} Reader;

static void row_free(gpointer data)
{
    CsvRow *row = data;
    g_strfreev(row->cells);
    g_free(row);
}

void csv_table_free(CsvTable *table)
{
    if (table == NULL)
        return;
    g_strfreev(table->columns);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

static void fail(Reader *reader, int line, const char *what)
{
    if (reader->error == NULL)
        error_set_problem(&reader->error, TD_ERROR_MALFORMED, "bad-csv", NULL,
                          "Line %d of the CSV cannot be read: %s. Nothing was changed.", line,
                          what);
}

/* What stands most often in the first line, outside of quotes. */
static char find_separator(const char *at, const char *end)
{
    static const char choices[] = {',', ';', '\t'};
    int counts[G_N_ELEMENTS(choices)] = {0};
    bool quoted = false;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        quoted = quoted != (*at == '"');
        for (size_t i = 0; i < G_N_ELEMENTS(choices); i++)
            counts[i] += !quoted && *at == choices[i];
    }
    size_t best = 0;
    for (size_t i = 1; i < G_N_ELEMENTS(choices); i++)
        if (counts[i] > counts[best])
            best = i;
    return choices[best];
}

/* ---- fields ---- */

static bool at_field_end(const Reader *reader)
{
    return reader->at == reader->end || *reader->at == reader->separator || *reader->at == '\n' ||
           *reader->at == '\r';
}

/* Behind the opening quote. */
static void read_quoted(Reader *reader, GString *field)
{
    int begun = reader->line;
    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == '"') {
            if (reader->at + 1 == reader->end || reader->at[1] != '"') {
                reader->at++;
                return;
            }
            reader->at++;
        }
        reader->line += *reader->at == '\n';
        g_string_append_c(field, *reader->at);
    }
    fail(reader, begun, "a quoted field does not end");
}

static char *read_field(Reader *reader)
{
    g_autoptr(GString) field = g_string_new(NULL);
    while (reader->at < reader->end && *reader->at == ' ')
        reader->at++;
    if (reader->at < reader->end && *reader->at == '"') {
        reader->at++;
        read_quoted(reader, field);
        while (reader->at < reader->end && *reader->at == ' ')
            reader->at++;
        if (reader->error == NULL && !at_field_end(reader))
            fail(reader, reader->line, "something follows a quoted field");
    } else {
        const char *start = reader->at;
        while (!at_field_end(reader))
            reader->at++;
        g_string_append_len(field, start, reader->at - start);
        if (strchr(field->str, '"') != NULL)
            fail(reader, reader->line, "a quote stands in a field that is not quoted");
    }
    return g_strdup(g_strstrip(field->str));
}

static void skip_line_end(Reader *reader)
{
    if (reader->at < reader->end && *reader->at == '\r')
        reader->at++;
    if (reader->at < reader->end && *reader->at == '\n')
        reader->at++;
    reader->line++;
}

/* The fields of one line. */
static GPtrArray *read_fields(Reader *reader)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
    for (;;) {
        g_ptr_array_add(fields, read_field(reader));
        if (fields->len > LIMIT_CSV_COLUMNS && reader->error == NULL)
            error_set(&reader->error, TD_ERROR_LIMIT,
                      "Line %d of the CSV has more than %d fields. Nothing was changed.",
                      reader->line, LIMIT_CSV_COLUMNS);
        if (reader->error != NULL || reader->at == reader->end || *reader->at != reader->separator)
            break;
        reader->at++;
    }
    if (reader->error == NULL)
        skip_line_end(reader);
    return fields;
}

static char **take_cells(GPtrArray *fields)
{
    g_ptr_array_add(fields, NULL);
    g_ptr_array_set_free_func(fields, NULL);
    return (char **)g_ptr_array_free(fields, FALSE);
}

/* ---- lines ---- */

static void read_columns(Reader *reader, CsvTable *table)
{
    GPtrArray *fields = read_fields(reader);
    table->n_columns = fields->len;
    table->columns = take_cells(fields);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (char **name = table->columns; *name != NULL; name++) {
        if (**name == '\0')
            fail(reader, 1, "a column has no name");
        if (!g_hash_table_add(seen, *name))
            fail(reader, 1, "two columns have the same name");
    }
}

static bool is_empty(const GPtrArray *fields)
{
    return fields->len == 1 && *(const char *)fields->pdata[0] == '\0';
}

static void read_row(Reader *reader, CsvTable *table)
{
    int line = reader->line;
    GPtrArray *fields = read_fields(reader);
    if (reader->error == NULL && !is_empty(fields)) {
        if (fields->len != table->n_columns)
            fail(reader, line, "it has another number of fields than there are columns");
        else if (table->rows->len == LIMIT_CSV_ROWS)
            error_set(&reader->error, TD_ERROR_LIMIT,
                      "The CSV has more than %d rows: give it in parts. Nothing was"
                      " changed.",
                      LIMIT_CSV_ROWS);
    }
    if (reader->error != NULL || is_empty(fields)) {
        g_ptr_array_unref(fields);
        return;
    }
    CsvRow *row = g_new0(CsvRow, 1);
    row->line = line;
    row->cells = take_cells(fields);
    g_ptr_array_add(table->rows, row);
}

CsvTable *csv_read(const char *text, size_t bytes, int first_line, GError **error)
{
    if (bytes >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0) {
        text += strlen(BOM);
        bytes -= strlen(BOM);
    }
    if (!g_utf8_validate_len(text, bytes, NULL)) {
        error_set_problem(error, TD_ERROR_MALFORMED, "not-utf8", NULL,
                          "The CSV is not UTF-8: save it as such. Nothing was changed.");
        return NULL;
    }
    Reader reader = {.at = text,
                     .end = text + bytes,
                     .line = 1,
                     .separator = find_separator(text, text + bytes)};
    g_autoptr(CsvTable) table = g_new0(CsvTable, 1);
    table->rows = g_ptr_array_new_with_free_func(row_free);
    read_columns(&reader, table);
    reader.line += first_line - 2;
    while (reader.error == NULL && reader.at < reader.end)
        read_row(&reader, table);
    if (reader.error == NULL)
        return g_steal_pointer(&table);
    g_propagate_error(error, reader.error);
    return NULL;
}

/* ---- in parts ---- */

/* Quotes are doubled inside of a quoted field: whoever counts them knows whether one is open. */
CsvPart csv_cut(const char *text, size_t bytes, bool last, guint max_rows)
{
    CsvPart part = {0};
    bool quoted = false;
    int lines = 0;
    for (size_t i = 0; i < bytes && part.rows < max_rows; i++) {
        bool carriage = text[i] == '\r' && !quoted;
        if (carriage && i + 1 == bytes && !last)
            break; /* the line feed that belongs to it may follow */
        quoted = quoted != (text[i] == '"');
        bool ends = text[i] == '\n' || (carriage && (i + 1 == bytes || text[i + 1] != '\n'));
        lines += ends;
        if (ends && !quoted)
            part = (CsvPart){.bytes = i + 1, .rows = part.rows + 1, .lines = lines};
    }
    if (last && part.bytes < bytes && part.rows < max_rows)
        part = (CsvPart){.bytes = bytes, .rows = part.rows + 1, .lines = lines + 1};
    return part;
}

void csv_append_row(GString *text, const char *const *cells)
{
    for (size_t i = 0; cells[i] != NULL; i++) {
        g_string_append(text, i > 0 ? ",\"" : "\"");
        for (const char *at = cells[i]; *at != '\0'; at++)
            g_string_append(text, *at == '"' ? "\"\"" : (char[]){*at, '\0'});
        g_string_append_c(text, '"');
    }
    g_string_append_c(text, '\n');
}
