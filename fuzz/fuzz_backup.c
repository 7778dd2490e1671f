/* SPDX-License-Identifier: Apache-2.0 */
/* A backup from any bytes: in bounded memory, without touching what is not there; every row that is
 * handed out is of its table's columns and kinds, and its bytes are the only ones it can have. */
#include "fuzz.h"

#include "keep/reader.h"
#include "keep/row.h"

#include <string.h>

typedef struct {
    const uint8_t *at;
    size_t left;
} Bytes;

static gssize read_bytes(void *source, void *buffer, size_t bytes, GError **error)
{
    Bytes *input = source;
    size_t n = MIN(bytes, input->left);
    memcpy(buffer, input->at, n);
    input->at += n;
    input->left -= n;
    return (gssize)n;
}

static void check_row(const KeepTable *table, const DbCell *cells)
{
    g_autoptr(GError) error = NULL;
    FUZZ_CHECK(keep_table_check(table, cells, &error));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree DbCell *again = g_new0(DbCell, table->n_columns);
    keep_row_put(bytes, cells, table->n_columns);
    const guint8 *at = bytes->data;
    size_t left = bytes->len;
    FUZZ_CHECK(keep_row_take(&at, &left, again, table->n_columns) && left == 0);
}

static void read_table(KeepReader *reader, const KeepTable *table, GError **error)
{
    g_autofree DbCell *cells = g_new0(DbCell, table->n_columns);
    FUZZ_CHECK(table->n_columns > 0 && table->key[0] != NULL);
    while (keep_reader_row(reader, cells, error))
        check_row(table, cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bytes input = {data, size};
    g_autoptr(GError) error = NULL;
    g_autoptr(KeepReader) reader = keep_reader_new(read_bytes, &input, &error);
    FUZZ_CHECK((reader == NULL) == (error != NULL));
    const KeepTable *table = NULL;
    while (error == NULL) {
        bool ok = keep_reader_table(reader, &table, &error);
        FUZZ_CHECK(ok == (error == NULL));
        if (ok && table == NULL) {
            FUZZ_CHECK(input.left == 0 && keep_reader_totals(reader).checksum != NULL);
            return 0;
        }
        if (ok)
            read_table(reader, table, &error);
    }
    return 0;
}
