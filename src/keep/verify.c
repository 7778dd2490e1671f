/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides come in the order of the primary key, so one look at each record is enough, and the
 * first that differs is named. */
#include "keep/fill.h"

#include <string.h>

typedef struct {
    KeepReader *reader;
    const KeepTable *table;
    DbCell *want;
    KeepTally *tally;
    bool begun;
} Comparing;

static bool same_cell(const DbCell *a, const DbCell *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == DB_CELL_INTEGER)
        return a->integer == b->integer;
    return a->kind == DB_CELL_NULL ||
           (a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0));
}

static void set_differs(const KeepTable *table, const DbCell *cells, const char *how,
                        GError **error)
{
    g_autofree char *record = keep_table_record(table, cells);
    error_set(error, TD_ERROR_CORRUPT,
              "Table %s, record %s %s. The copy is not used. This is a fault of the disk, of the "
              "database or of the program: please report it",
              table->name, record, how);
}

static bool compare_row(const DbCell *cells, int n, void *data, GError **error)
{
    Comparing *comparing = data;
    g_autoptr(GError) failure = NULL;
    if (!keep_tally_row(comparing->tally, error))
        return false;
    if (!keep_reader_row(comparing->reader, comparing->want, &failure)) {
        if (failure != NULL)
            g_propagate_error(error, g_steal_pointer(&failure));
        else
            set_differs(comparing->table, cells, "is in the database and not in the backup", error);
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!same_cell(&cells[i], &comparing->want[i])) {
            set_differs(comparing->table, comparing->want,
                        "was read back otherwise than it was written", error);
            return false;
        }
    return true;
}

static bool compare_table(DbTx *tx, void *data, GError **error)
{
    Comparing *comparing = data;
    if (comparing->begun) { /* the reader has gone on meanwhile */
        error_set(
            error, TD_ERROR_UNAVAILABLE,
            "The connection to the database was lost in the middle; the copy is not used. Try "
            "again");
        return false;
    }
    comparing->begun = true;
    g_autofree char *sql = keep_table_select(comparing->table, db_tx_engine(tx));
    if (!keep_tables_have_time(tx, error) || !db_each(tx, error, sql, compare_row, comparing))
        return false;
    g_autoptr(GError) failure = NULL;
    if (keep_reader_row(comparing->reader, comparing->want, &failure)) {
        set_differs(comparing->table, comparing->want, "is not in the database", error);
        return false;
    }
    if (failure == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

bool keep_verify(Db *db, int fd, const char *checksum, KeepTally *tally, GError **error)
{
    const KeepTable *table = NULL;
    keep_tally_begin(tally, "Comparing");
    g_autoptr(KeepReader) reader = keep_reader_new(keep_read_fd, &fd, error);
    if (reader == NULL)
        return false;
    do {
        if (!keep_reader_table(reader, &table, error))
            return false;
        if (table == NULL)
            break;
        g_autofree DbCell *want = g_new0(DbCell, table->n_columns);
        Comparing comparing = {.reader = reader, .table = table, .want = want, .tally = tally};
        if (!db_read(db, compare_table, &comparing, error))
            return false;
    } while (table != NULL);
    if (strcmp(keep_reader_totals(reader).checksum, checksum) == 0)
        return true;
    keep_damaged(error, "the file was changed while it was read");
    return false;
}
