/* SPDX-License-Identifier: Apache-2.0 */
/* CSV from any bytes. What must hold: each row has a cell for each column, lines rise, and nothing
 * is longer than what came in. */
#include "fuzz.h"

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvTable) table = csv_read((const char *)data, size, &error);
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
    return 0;
}
