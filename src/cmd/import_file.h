/* SPDX-License-Identifier: Apache-2.0 */
/* A long CSV file as a series of short ones, each with the columns, and a file for the rows that
 * were refused. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct ImportFile ImportFile;

/* "-" is standard input. Errors: NOT_FOUND. */
ImportFile *import_file_open(const char *path, GError **error);
void import_file_free(ImportFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportFile, import_file_free)

/* The next rows, below the columns, and the line in the file where the first of them stands. NULL
 * at the end, and on error: MALFORMED (not UTF-8), LIMIT (a row that is too long), UNAVAILABLE (it
 * cannot be read on). The first part is never NULL without an error. Free with g_free(). */
char *import_file_next(ImportFile *file, int *line, GError **error);

typedef struct ImportRefused ImportRefused;

/* Makes the file, which must be new. Errors: CONFLICT (there is one), UNAVAILABLE. */
ImportRefused *import_refused_open(const char *path, GError **error);
void import_refused_free(ImportRefused *refused);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportRefused, import_refused_free)

/* Appends those rows of `csv` (a part that begins at `line`) that `items` says were refused, with
 * the reason as one more column. Errors: UNAVAILABLE. */
bool import_refused_add(ImportRefused *refused, const char *csv, int line, const json_t *items,
                        GError **error);
