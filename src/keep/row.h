/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a row stands in a backup, on either engine: for each column one letter and its value.
 *
 *   N                    NULL
 *   I  8 bytes           a number, big endian
 *   T  4 bytes, text     its length, then UTF-8 without NUL
 *   B  4 bytes, bytes    the same for any bytes
 *
 * One row has one encoding, so rows are equal where their bytes are. Pure.
 */
#pragma once

#include "db/db.h"

/* Adds a row whose cells have been checked (keep_table_check()). */
void keep_row_put(GByteArray *out, const DbCell *cells, guint n);

/* Reads a row of `n` columns from the `*left` bytes at *at and moves both on; the cells point into
 * them. False where they are no such row, or where a text is not UTF-8 or has a NUL. */
bool keep_row_take(const guint8 **at, size_t *left, DbCell *cells, guint n);
