/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each piece of rows that comes from the file is one transaction: it is in memory, so that the
 * function which writes it may run again.
 */
#include "keep/fill.h"

#include "keep/aside.h"
#include "keep/row.h"
#include "keep/target.h"
#include "records/schema.h"

#include <string.h>
#include <unistd.h>

/* The backup of a program that forgot one of its tables, or of one that is not ours. */
static bool check_same_tables(const KeepContents *contents, const GPtrArray *tables, GError **error)
{
    for (guint i = 0; i < tables->len; i++) {
        const KeepTable *table = tables->pdata[i];
        if (json_object_get(contents->counts, table->name) != NULL)
            continue;
        keep_damaged(error, "table %s is missing in it", table->name);
        return false;
    }
    if (json_object_size(contents->counts) == tables->len)
        return true;
    keep_damaged(error, "it has a table that schema version %" G_GINT64_FORMAT " does not have",
                 contents->header.schema);
    return false;
}

static bool check_same_columns(const KeepTable *have, const KeepTable *want, GError **error)
{
    json_auto_t *a = keep_table_json(have), *b = keep_table_json(want);
    json_object_del(a, "last");
    json_object_del(b, "last");
    if (json_equal(a, b))
        return true;
    keep_damaged(error, "table %s has other columns than its schema version", want->name);
    return false;
}

static bool read_tables(DbTx *tx, void *data, GError **error)
{
    GPtrArray **tables = data;
    g_clear_pointer(tables, g_ptr_array_unref);
    *tables = keep_tables_read(tx, error);
    return *tables != NULL;
}

/* ---- one table ---- */

typedef struct {
    const KeepTable *table;
    const guint8 *rows; /* all of the piece */
    size_t bytes;
    const guint8 *at; /* how far it is */
    size_t left;
    KeepTally *tally;
} Piece;

static bool next_row(DbCell *cells, void *data, GError **error)
{
    Piece *piece = data;
    return piece->left > 0 && keep_tally_row(piece->tally, error) &&
           keep_row_take(&piece->at, &piece->left, cells, piece->table->n_columns);
}

static bool load_piece(DbTx *tx, void *data, GError **error)
{
    Piece *piece = data;
    piece->at = piece->rows;
    piece->left = piece->bytes;
    return db_load(tx, error, piece->table->name, (const char *const *)piece->table->columns,
                   next_row, piece);
}

static bool empty_steps(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM schema_migration", "");
}

static bool set_last_id(DbTx *tx, void *data, GError **error)
{
    const KeepTable *table = data;
    int64_t changed = 0;
    if (db_tx_engine(tx) == DB_POSTGRESQL)
        return db_query_int(tx, NULL, NULL, error,
                            "SELECT setval(pg_get_serial_sequence($1, (SELECT a.attname::text"
                            " FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass($1)"
                            " AND a.attidentity <> '')), $2)",
                            "si", table->name, table->last_id);
    return db_exec(tx, &changed, error, "UPDATE sqlite_sequence SET seq = $2 WHERE name = $1", "si",
                   table->name, table->last_id) &&
           (changed > 0 ||
            db_exec(tx, NULL, error, "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)",
                    "si", table->name, table->last_id));
}

static bool load_table(Db *db, KeepReader *reader, const KeepTable *table, KeepTally *tally,
                       GError **error)
{
    Piece piece = {.table = table, .tally = tally};
    /* The steps that made the tables have noted themselves. */
    if (strcmp(table->name, "schema_migration") == 0 && !db_write(db, empty_steps, NULL, error))
        return false;
    do {
        if (!keep_reader_rows(reader, &piece.rows, &piece.bytes, error) ||
            (piece.bytes > 0 && !db_write(db, load_piece, &piece, error)))
            return false;
    } while (piece.bytes > 0);
    return table->last_id == 0 || db_write(db, set_last_id, (void *)table, error);
}

static bool load_all(Db *db, int fd, const GPtrArray *tables, KeepTally *tally, GError **error)
{
    const KeepTable *table;
    keep_tally_begin(tally, "Writing");
    g_autoptr(KeepReader) reader = keep_reader_new(keep_read_fd, &fd, error);
    if (reader == NULL)
        return false;
    while (keep_reader_table(reader, &table, error)) {
        if (table == NULL)
            return true;
        const KeepTable *have = keep_tables_find(tables, table->name);
        if (have == NULL || !check_same_columns(have, table, error) ||
            !load_table(db, reader, table, tally, error))
            return false;
    }
    return false;
}

/* PostgreSQL has looked when the foreign keys were made again. */
static bool check_references(DbTx *tx, void *data, GError **error)
{
    if (db_tx_engine(tx) == DB_POSTGRESQL)
        return true;
    g_autoptr(DbRows) rows = db_query(
        tx, error, "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1", "");
    if (rows == NULL)
        return false;
    if (!db_rows_next(rows))
        return true;
    error_set(
        error, TD_ERROR_CORRUPT,
        "Table %s, record %s refers to a record of table %s that is not in the backup; nothing "
        "is left of what was begun",
        db_rows_text(rows, 0), db_rows_text(rows, 1), db_rows_text(rows, 2));
    return false;
}

static bool rewind_file(int fd, GError **error)
{
    if (lseek(fd, 0, SEEK_SET) == 0)
        return true;
    error_set(error, TD_ERROR_INVALID,
              "The backup must be a file, because it is read several times; nothing was changed");
    return false;
}

bool keep_fill(Db *db, int fd, const KeepContents *contents, int64_t now_us, KeepTally *tally,
               GError **error)
{
    g_autoptr(GPtrArray) tables = NULL;
    if (!rewind_file(fd, error) || !keep_target_begin(db, contents->checksum, error) ||
        !db_migrate_unfinished(db, schema_steps, (size_t)contents->header.schema, now_us, error) ||
        !db_read(db, read_tables, &tables, error) || !check_same_tables(contents, tables, error))
        return false;
    g_autoptr(KeepAside) aside = keep_aside_new(db, error);
    if (aside == NULL || !load_all(db, fd, tables, tally, error))
        return false;
    keep_tally_begin(tally, "Making indexes");
    return keep_aside_put_back(aside, db, error) && db_read(db, check_references, NULL, error) &&
           rewind_file(fd, error) && keep_verify(db, fd, contents->checksum, tally, error) &&
           db_migrate_unfinished(db, schema_steps, schema_n_steps, now_us, error);
}
