/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/reader.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "keep/row.h"
#include "records/schema.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STEPS_MAX 10000
#define JSON_MAX  (1024 * 1024) /* of what a backup says of itself, or of a table */

struct KeepReader {
    KeepBlockReader *blocks;
    KeepHeader header;
    KeepTable *table; /* NULL before the first and after the last */
    GHashTable *seen; /* names of tables */
    Checksum *hash;
    DbCell *cells;      /* room for a row of the table */
    const guint8 *rows; /* of the present block that were not handed out */
    size_t left;
    bool table_ended;
    int64_t table_rows, tables, all_rows;
};

void keep_reader_free(KeepReader *reader)
{
    if (reader == NULL)
        return;
    keep_block_reader_free(reader->blocks);
    keep_header_clear(&reader->header);
    keep_table_free(reader->table);
    g_clear_pointer(&reader->seen, g_hash_table_unref);
    checksum_free(reader->hash);
    g_free(reader->cells);
    g_free(reader);
}

static json_t *block_json(const KeepBlock *block, GError **error)
{
    json_t *json =
        block->bytes <= JSON_MAX ? json_parse((const char *)block->data, block->bytes, NULL) : NULL;
    if (json == NULL)
        keep_damaged(error, "a piece of it is not what it should be");
    return json;
}

static bool take_text(const json_t *json, const char *name, char **out)
{
    const json_t *value = json_object_get(json, name);
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value))
        return false;
    *out = g_strdup(text);
    return true;
}

static bool take_steps(const json_t *steps, KeepHeader *header)
{
    size_t n = json_array_size(steps);
    if (n == 0 || n > STEPS_MAX)
        return false;
    header->schema = (int64_t)n;
    header->steps = g_new0(char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(steps, i));
        if (text == NULL)
            return false;
        header->steps[i] = g_strdup(text);
    }
    return true;
}

static bool take_header(const json_t *json, KeepHeader *header)
{
    g_autofree char *at = NULL;
    return take_text(json, "desk", &header->desk_id) &&
           take_text(json, "engine", &header->engine) &&
           take_text(json, "program", &header->program) && take_text(json, "conf", &header->conf) &&
           take_text(json, "taken_at", &at) &&
           text_to_time(at, "taken_at", &header->taken_at, NULL) &&
           take_steps(json_object_get(json, "steps"), header);
}

static bool read_header(KeepReader *reader, GError **error)
{
    KeepBlock block;
    if (!keep_block_read(reader->blocks, &block, error))
        return false;
    json_auto_t *json = block.letter == KEEP_BLOCK_HEADER ? block_json(&block, NULL) : NULL;
    if (json != NULL && take_header(json, &reader->header))
        return true;
    keep_damaged(error, "its header is not what it should be");
    return false;
}

KeepReader *keep_reader_new(KeepRead read, void *source, GError **error)
{
    g_autoptr(KeepReader) reader = g_new0(KeepReader, 1);
    reader->blocks = keep_block_reader_new(read, source);
    reader->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    reader->hash = checksum_new();
    return read_header(reader, error) ? g_steal_pointer(&reader) : NULL;
}

const KeepHeader *keep_reader_header(const KeepReader *reader)
{
    return &reader->header;
}

static bool is_row_of(const KeepTable *table, const DbCell *cells)
{
    for (guint i = 0; i < table->n_columns; i++)
        if (cells[i].kind != DB_CELL_NULL && cells[i].kind != table->kinds[i])
            return false;
    return true;
}

/* Takes a block of rows, all of which are checked before one is handed out. */
static bool take_rows(KeepReader *reader, const KeepBlock *block, GError **error)
{
    const guint8 *at = block->data;
    size_t left = block->bytes;
    checksum_add(reader->hash, block->data, block->bytes);
    while (left > 0) {
        if (!keep_row_take(&at, &left, reader->cells, reader->table->n_columns) ||
            !is_row_of(reader->table, reader->cells)) {
            keep_damaged(error, "a record of table %s is not what it should be",
                         reader->table->name);
            return false;
        }
        reader->table_rows++;
    }
    reader->rows = block->data;
    reader->left = block->bytes;
    return true;
}

static bool end_table(KeepReader *reader, const KeepBlock *block, GError **error)
{
    json_auto_t *json = block_json(block, error);
    if (json == NULL)
        return false;
    unsigned char sum[CHECKSUM_BYTES];
    checksum_take(reader->hash, sum);
    g_autofree char *hash = text_hex(sum, sizeof sum);
    const json_t *rows = json_object_get(json, "rows");
    if (!json_is_integer(rows) || json_integer_value(rows) != reader->table_rows ||
        g_strcmp0(json_string_value(json_object_get(json, "hash")), hash) != 0) {
        keep_damaged(error, "the records of table %s are not those that it had",
                     reader->table->name);
        return false;
    }
    reader->table_ended = true;
    reader->tables++;
    reader->all_rows += reader->table_rows;
    return true;
}

bool keep_reader_rows(KeepReader *reader, const guint8 **rows, size_t *bytes, GError **error)
{
    while (reader->left == 0 && !reader->table_ended) {
        KeepBlock block;
        if (!keep_block_read(reader->blocks, &block, error))
            return false;
        if (block.letter == KEEP_BLOCK_ROWS && block.bytes > 0) {
            if (!take_rows(reader, &block, error))
                return false;
        } else if (block.letter != KEEP_BLOCK_TABLE_END) {
            keep_damaged(error, "its pieces are not in order");
            return false;
        } else if (!end_table(reader, &block, error)) {
            return false;
        }
    }
    *rows = reader->rows;
    *bytes = reader->left;
    reader->left = 0;
    return true;
}

bool keep_reader_row(KeepReader *reader, DbCell *cells, GError **error)
{
    if (reader->left == 0) {
        const guint8 *rows;
        size_t bytes;
        if (!keep_reader_rows(reader, &rows, &bytes, error))
            return false;
        reader->left = bytes;
    }
    return reader->left > 0 &&
           keep_row_take(&reader->rows, &reader->left, cells, reader->table->n_columns);
}

static bool pass_over(KeepReader *reader, GError **error)
{
    size_t bytes = 1;
    const guint8 *rows;
    while (reader->table != NULL && bytes > 0)
        if (!keep_reader_rows(reader, &rows, &bytes, error))
            return false;
    return true;
}

static bool begin_table(KeepReader *reader, const KeepBlock *block, GError **error)
{
    json_auto_t *json = block_json(block, error);
    if (json == NULL)
        return false;
    reader->table = keep_table_from_json(json);
    if (reader->table == NULL || g_hash_table_size(reader->seen) >= LIMIT_BACKUP_TABLES ||
        !g_hash_table_add(reader->seen, g_strdup(reader->table->name))) {
        keep_damaged(error, "a table in it is not what it should be");
        return false;
    }
    g_free(reader->cells);
    reader->cells = g_new0(DbCell, reader->table->n_columns);
    reader->table_rows = 0;
    reader->table_ended = false;
    return true;
}

static bool end_all(KeepReader *reader, const KeepBlock *block, GError **error)
{
    json_auto_t *json = block_json(block, error);
    if (json == NULL)
        return false;
    if (json_integer_value(json_object_get(json, "tables")) == reader->tables &&
        json_integer_value(json_object_get(json, "rows")) == reader->all_rows)
        return true;
    keep_damaged(error, "its counts are not right");
    return false;
}

bool keep_reader_table(KeepReader *reader, const KeepTable **table, GError **error)
{
    KeepBlock block;
    if (!pass_over(reader, error))
        return false;
    g_clear_pointer(&reader->table, keep_table_free);
    if (!keep_block_read(reader->blocks, &block, error))
        return false;
    bool ok = false;
    if (block.letter == KEEP_BLOCK_TABLE)
        ok = begin_table(reader, &block, error);
    else if (block.letter == KEEP_BLOCK_END)
        ok = end_all(reader, &block, error);
    else
        keep_damaged(error, "its pieces are not in order");
    if (ok)
        *table = reader->table;
    return ok;
}

KeepTotals keep_reader_totals(const KeepReader *reader)
{
    return (KeepTotals){.tables = reader->tables,
                        .rows = reader->all_rows,
                        .bytes = keep_block_reader_bytes(reader->blocks),
                        .checksum = keep_block_reader_checksum(reader->blocks)};
}

int64_t keep_reader_table_rows(const KeepReader *reader)
{
    return reader->table_rows;
}

/* ---- files ---- */

gssize keep_read_fd(void *source, void *buffer, size_t bytes, GError **error)
{
    ssize_t n = read(*(int *)source, buffer, bytes);
    while (n < 0 && errno == EINTR)
        n = read(*(int *)source, buffer, bytes);
    if (n < 0)
        error_set(error, TD_ERROR_UNAVAILABLE, "The backup cannot be read: %s; nothing was changed",
                  g_strerror(errno));
    return n;
}

void keep_contents_clear(KeepContents *contents)
{
    keep_header_clear(&contents->header);
    g_free(contents->checksum);
    json_decref(contents->counts);
    *contents = (KeepContents){0};
}

static bool check_steps(const KeepHeader *header, GError **error)
{
    if (header->schema > (int64_t)schema_n_steps) {
        error_set_problem(error, TD_ERROR_CONFLICT, "schema-newer", NULL,
                          "The backup has schema version %" G_GINT64_FORMAT
                          " and this program knows only %zu: a newer program made it. Nothing was "
                          "changed. Use that program, or a later one",
                          header->schema, schema_n_steps);
        return false;
    }
    for (int64_t i = 0; i < header->schema; i++) {
        const char *sql = schema_steps[i].sql;
        g_autofree char *checksum = secret_hash(sql, strlen(sql));
        if (strcmp(checksum, header->steps[i]) == 0)
            continue;
        error_set_problem(
            error, TD_ERROR_CONFLICT, "schema-changed", NULL,
            "Schema step %d of the backup was made with another text than this program "
            "has; nothing was changed. Use the program that the backup was made with, "
            "or a release that follows it",
            schema_steps[i].version);
        return false;
    }
    return true;
}

static bool count_tables(KeepReader *reader, KeepTally *tally, json_t *counts, GError **error)
{
    const KeepTable *table;
    while (keep_reader_table(reader, &table, error)) {
        if (table == NULL)
            return true;
        g_autofree DbCell *cells = g_new0(DbCell, table->n_columns);
        g_autoptr(GError) failure = NULL;
        while (keep_reader_row(reader, cells, &failure))
            if (!keep_tally_row(tally, error))
                return false;
        if (failure != NULL) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
        json_object_set_new(counts, table->name, json_integer(keep_reader_table_rows(reader)));
    }
    return false;
}

bool keep_check(int fd, KeepTally *tally, KeepContents *contents, GError **error)
{
    keep_tally_begin(tally, "Checking");
    g_autoptr(KeepReader) reader = keep_reader_new(keep_read_fd, &fd, error);
    json_auto_t *counts = json_object();
    if (reader == NULL || !count_tables(reader, tally, counts, error) ||
        !check_steps(&reader->header, error))
        return false;
    KeepTotals totals = keep_reader_totals(reader);
    *contents = (KeepContents){.header = reader->header,
                               .tables = totals.tables,
                               .rows = totals.rows,
                               .bytes = totals.bytes,
                               .checksum = g_strdup(totals.checksum),
                               .counts = json_incref(counts)};
    reader->header = (KeepHeader){0};
    return true;
}
