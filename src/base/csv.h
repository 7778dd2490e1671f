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

/* Errors: MALFORMED (problem "not-utf8"; "bad-csv": a quote that is not closed or stands in the
 * middle, no columns, a column without a name or twice, another number of fields than columns; with
 * the line), LIMIT (more rows or columns than LIMIT_CSV_ROWS or LIMIT_CSV_COLUMNS). */
CsvTable *csv_read(const char *text, size_t bytes, GError **error);

void csv_table_free(CsvTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvTable, csv_table_free)
