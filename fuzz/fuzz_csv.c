/* SPDX-License-Identifier: Apache-2.0 */
/* CSV from any bytes. What must hold: each row has a cell for each column, lines rise, and nothing
 * is longer than what came in. */
#include "fuzz.h"

#include "base/csv.h"

/* What csv_cut() cuts is read as the same rows as the whole. */
static void check_parts(const char *text, size_t size, const CsvTable *whole)
{
    CsvPart head = csv_cut(text, size, true, 1);
    size_t at = head.bytes;
    int line = 1 + head.lines;
    guint n = 0;
    while (at < size) {
        CsvPart part = csv_cut(text + at, size - at, true, 2);
        FUZZ_CHECK(part.bytes > 0 && part.rows > 0 && at + part.bytes <= size);
        g_autoptr(GString) piece = g_string_new_len(text, (gssize)head.bytes);
        g_string_append_len(piece, text + at, (gssize)part.bytes);
        g_autoptr(CsvTable) table = csv_read(piece->str, piece->len, line, NULL);
        FUZZ_CHECK(table != NULL && n + table->rows->len <= whole->rows->len);
        for (guint i = 0; i < table->rows->len; i++) {
            const CsvRow *row = table->rows->pdata[i];
            const CsvRow *same = whole->rows->pdata[n + i];
            FUZZ_CHECK(
                g_strv_equal((const char *const *)row->cells, (const char *const *)same->cells));
        }
        n += table->rows->len;
        at += part.bytes;
        line += part.lines;
    }
    FUZZ_CHECK(n == whole->rows->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvTable) table = csv_read((const char *)data, size, 2, &error);
    FUZZ_CHECK((table == NULL) == (error != NULL));
    if (table == NULL)
        return 0;
    FUZZ_CHECK(g_strv_length(table->columns) == table->n_columns);
    int line = 1;
    for (guint i = 0; i < table->rows->len; i++) {
        const CsvRow *row = table->rows->pdata[i];
        FUZZ_CHECK(row->line > line && (size_t)row->line <= size + 1);
        FUZZ_CHECK(g_strv_length(row->cells) == table->n_columns);
        line = row->line;
    }
    check_parts((const char *)data, size, table);
    return 0;
}
