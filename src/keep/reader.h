/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a backup, a stranger's bytes included: piece by piece in bounded memory, and strictly. What
 * it hands out has been checked: rows are of their table's columns and kinds, counts and hashes are
 * right so far. That no byte has changed is known only at the end: so nothing is written before a
 * first reading to the end (keep_check()).
 */
#pragma once

#include "keep/block.h"
#include "keep/keep.h"
#include "keep/table.h"

typedef struct KeepReader KeepReader;

/* Reads the header. Errors: those of keep_block_read(). */
KeepReader *keep_reader_new(KeepRead read, void *source, GError **error);
void keep_reader_free(KeepReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeepReader, keep_reader_free)

const KeepHeader *keep_reader_header(const KeepReader *reader);

/* The next table, borrowed until the one after it; NULL in *table at the end, when the checksum was
 * right. Rows that were not asked for are passed over, and checked all the same. */
bool keep_reader_table(KeepReader *reader, const KeepTable **table, GError **error);

/* The next row of the table; false at its end, or with *error. Cells are borrowed until the next
 * row. */
bool keep_reader_row(KeepReader *reader, DbCell *cells, GError **error);

/* The next rows of the table as they stand (keep_row_take()): none left is 0 bytes. */
bool keep_reader_rows(KeepReader *reader, const guint8 **rows, size_t *bytes, GError **error);

/* At the end. */
typedef struct {
    int64_t tables, rows, bytes;
    const char *checksum;
} KeepTotals;
KeepTotals keep_reader_totals(const KeepReader *reader);

/* A table's rows, when its last was read. */
int64_t keep_reader_table_rows(const KeepReader *reader);

/* ---- files ---- */

/* A KeepRead of a file; `source` points to its descriptor. */
gssize keep_read_fd(void *source, void *buffer, size_t bytes, GError **error);

/* What a backup holds. */
typedef struct {
    KeepHeader header;
    int64_t tables, rows, bytes;
    char *checksum;
    json_t *counts; /* {table: rows} */
} KeepContents;

void keep_contents_clear(KeepContents *contents);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeepContents, keep_contents_clear)

/* Reads all of it, and refuses also what this program cannot restore: CONFLICT (problem
 * "schema-newer", "schema-changed"). */
bool keep_check(int fd, KeepTally *tally, KeepContents *contents, GError **error);
