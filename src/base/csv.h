/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads CSV as RFC 4180 has it, and as spreadsheets write it: a byte order mark, lines that end in
 * LF, and semicolons or tabs between fields (what separates the fields of the first line separates
 * them all) are taken, too. The first line names the columns. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int line;     /* where it begins, from 1 */
    char **cells; /* NULL-terminated, one for each column; spaces around them are taken away */
} CsvRow;

typedef struct {
    char **columns; /* NULL-terminated; none is empty or stands there twice */
    guint n_columns;
    GPtrArray *rows; /* CsvRow *; lines without anything are left out */
} CsvTable;

/* `first_line` is where the row below the columns stands, for a table that is a part of a longer
 * one; else 2. Errors: MALFORMED (problem "not-utf8"; "bad-csv": a quote that is not closed or
 * stands in the middle, no columns, a column without a name or twice, another number of fields than
 * columns; with the line), LIMIT (more rows or columns than LIMIT_CSV_ROWS or LIMIT_CSV_COLUMNS).
 */
CsvTable *csv_read(const char *text, size_t bytes, int first_line, GError **error);

void csv_table_free(CsvTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvTable, csv_table_free)

/* How far a text can be cut without cutting a row. */
typedef struct {
    size_t bytes;
    guint rows; /* empty ones included */
    int lines;  /* that these bytes have */
} CsvPart;

/* As many whole rows from the start of `text` as there are, at most `max_rows`. `last`: nothing
 * follows the text, so what stands at its end is whole. Nothing where the first row is not whole.
 */
CsvPart csv_cut(const char *text, size_t bytes, bool last, guint max_rows);

/* Appends one row as csv_read() reads it; `cells` is NULL-terminated. */
void csv_append_row(GString *text, const char *const *cells);
