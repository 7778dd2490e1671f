/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/row.h"

#include <string.h>

static void put_int(GByteArray *out, uint64_t value, int bytes)
{
    guint8 big_endian[8];
    for (int i = 0; i < bytes; i++)
        big_endian[i] = (guint8)(value >> (8 * (bytes - 1 - i)));
    g_byte_array_append(out, big_endian, (guint)bytes);
}

static void put_cell(GByteArray *out, const DbCell *cell)
{
    static const char letters[] = {
        [DB_CELL_NULL] = 'N', [DB_CELL_INTEGER] = 'I', [DB_CELL_TEXT] = 'T', [DB_CELL_BLOB] = 'B'};
    g_return_if_fail(cell->kind != DB_CELL_OTHER);
    g_byte_array_append(out, (const guint8 *)&letters[cell->kind], 1);
    if (cell->kind == DB_CELL_INTEGER) {
        put_int(out, (uint64_t)cell->integer, 8);
    } else if (cell->kind != DB_CELL_NULL) {
        put_int(out, cell->bytes, 4);
        g_byte_array_append(out, (const guint8 *)cell->data, (guint)cell->bytes);
    }
}

void keep_row_put(GByteArray *out, const DbCell *cells, guint n)
{
    for (guint i = 0; i < n; i++)
        put_cell(out, &cells[i]);
}

static bool take_int(const guint8 **at, size_t *left, int bytes, uint64_t *value)
{
    if (*left < (size_t)bytes)
        return false;
    *value = 0;
    for (int i = 0; i < bytes; i++)
        *value = *value << 8 | (*at)[i];
    *at += bytes;
    *left -= (size_t)bytes;
    return true;
}

static bool take_bytes(const guint8 **at, size_t *left, DbCell *cell)
{
    uint64_t bytes;
    if (!take_int(at, left, 4, &bytes) || bytes > *left)
        return false;
    cell->data = (const char *)*at;
    cell->bytes = bytes;
    *at += bytes;
    *left -= bytes;
    return cell->kind != DB_CELL_TEXT || g_utf8_validate_len(cell->data, cell->bytes, NULL);
}

static bool take_cell(const guint8 **at, size_t *left, DbCell *cell)
{
    uint64_t value;
    if (*left == 0)
        return false;
    guint8 letter = *(*at)++;
    --*left;
    *cell = (DbCell){.kind = DB_CELL_NULL};
    switch (letter) {
    case 'N':
        return true;
    case 'I':
        if (!take_int(at, left, 8, &value))
            return false;
        cell->kind = DB_CELL_INTEGER;
        cell->integer = (int64_t)value;
        return true;
    case 'T':
    case 'B':
        cell->kind = letter == 'T' ? DB_CELL_TEXT : DB_CELL_BLOB;
        return take_bytes(at, left, cell);
    default:
        return false;
    }
}

bool keep_row_take(const guint8 **at, size_t *left, DbCell *cells, guint n)
{
    for (guint i = 0; i < n; i++)
        if (!take_cell(at, left, &cells[i]))
            return false;
    return true;
}
