/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/save.h"

#include "base/json.h"
#include "base/text.h"
#include "keep/block.h"
#include "keep/row.h"
#include "keep/table.h"
#include "records/identity.h"
#include "records/schema.h"

#include <string.h>

void keep_saved_clear(KeepSaved *saved)
{
    g_clear_pointer(&saved->checksum, g_free);
}

void keep_header_clear(KeepHeader *header)
{
    g_strfreev(header->steps);
    g_free(header->desk_id);
    g_free(header->engine);
    g_free(header->program);
    g_free(header->conf);
    *header = (KeepHeader){0};
}

void keep_tally_begin(KeepTally *tally, const char *phase)
{
    __atomic_store_n(&tally->rows, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&tally->phase, phase, __ATOMIC_RELAXED);
}

bool keep_tally_row(KeepTally *tally, GError **error)
{
    __atomic_fetch_add(&tally->rows, 1, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED))
        return true;
    error_set(error, TD_ERROR_UNAVAILABLE, "Stopped by a signal; what was begun is taken away");
    return false;
}

typedef struct {
    const KeepPlan *plan;
    KeepBlockWriter *writer;
    const KeepTable *table; /* that is being written */
    GByteArray *rows;       /* not yet written */
    Checksum *hash;         /* of the table's rows */
    int64_t table_rows, tables, all_rows;
    bool begun;
} Saving;

static bool put_json(Saving *saving, char letter, json_t *json, GError **error)
{
    g_autofree char *text = json_text(json);
    json_decref(json);
    return keep_block_write(saving->writer, letter, text, strlen(text), error);
}

static bool load_steps(DbTx *tx, json_t *steps, GError **error)
{
    g_autoptr(DbRows) rows =
        db_query(tx, error, "SELECT checksum FROM schema_migration ORDER BY version", "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows))
        json_array_append_new(steps, json_string(db_rows_text(rows, 0)));
    if (json_array_size(steps) <= schema_n_steps)
        return true;
    error_set_problem(
        error, TD_ERROR_CONFLICT, "schema-newer", NULL,
        "The database has schema version %zu and this program knows only %zu: a newer "
        "program made it. Make the backup with that program",
        json_array_size(steps), schema_n_steps);
    return false;
}

static bool check_is_desk(DbTx *tx, char **desk_id, GError **error)
{
    bool found = false, unfinished = false;
    g_autofree char *id = NULL;
    if (!db_has_table(tx, DB_UNFINISHED, &unfinished, error) ||
        !db_has_table(tx, "desk", &found, error) ||
        (found && !unfinished && !identity_load(tx, &id, error)))
        return false;
    if (unfinished)
        error_set_problem(error, TD_ERROR_CONFLICT, "unfinished-copy", NULL,
                          "The database is being filled by `tidings restore` or `tidings move`, "
                          "which has not finished: there is nothing to back up yet");
    else if (id == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-desk", NULL,
                          "The database has no desk in it");
    *desk_id = g_steal_pointer(&id);
    return *desk_id != NULL;
}

static bool put_header(Saving *saving, DbTx *tx, GError **error)
{
    g_autofree char *desk_id = NULL;
    json_auto_t *steps = json_array();
    if (!check_is_desk(tx, &desk_id, error) || !load_steps(tx, steps, error))
        return false;
    g_autofree char *at = text_from_time(saving->plan->now_us);
    const char *engine = db_tx_engine(tx) == DB_SQLITE ? "sqlite" : "postgresql";
    json_t *header =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "desk", desk_id, "taken_at", at, "engine",
                  engine, "program", TIDINGS_VERSION, "conf", saving->plan->conf, "steps", steps);
    if (header == NULL) {
        error_set(error, TD_ERROR_INVALID, "tidings.conf is not UTF-8; correct it first");
        return false;
    }
    return put_json(saving, KEEP_BLOCK_HEADER, header, error);
}

static bool flush_rows(Saving *saving, GError **error)
{
    GByteArray *rows = saving->rows;
    if (rows->len == 0)
        return true;
    checksum_add(saving->hash, rows->data, rows->len);
    if (!keep_block_write(saving->writer, KEEP_BLOCK_ROWS, rows->data, rows->len, error))
        return false;
    g_byte_array_set_size(rows, 0);
    return true;
}

static bool put_row(const DbCell *cells, int n, void *data, GError **error)
{
    Saving *saving = data;
    if (!keep_table_check(saving->table, cells, error) ||
        !keep_tally_row(saving->plan->tally, error))
        return false;
    keep_row_put(saving->rows, cells, (guint)n);
    saving->table_rows++;
    return saving->rows->len < KEEP_BLOCK_BYTES || flush_rows(saving, error);
}

static bool put_table(Saving *saving, DbTx *tx, const KeepTable *table, GError **error)
{
    g_autofree char *sql = keep_table_select(table, db_tx_engine(tx));
    saving->table = table;
    saving->table_rows = 0;
    if (!put_json(saving, KEEP_BLOCK_TABLE, keep_table_json(table), error) ||
        !db_each(tx, error, sql, put_row, saving) || !flush_rows(saving, error))
        return false;
    unsigned char sum[CHECKSUM_BYTES];
    checksum_take(saving->hash, sum);
    g_autofree char *hash = text_hex(sum, sizeof sum);
    saving->tables++;
    saving->all_rows += saving->table_rows;
    return put_json(saving, KEEP_BLOCK_TABLE_END,
                    json_pack("{s:I, s:s}", "rows", (json_int_t)saving->table_rows, "hash", hash),
                    error);
}

static bool save(DbTx *tx, void *data, GError **error)
{
    Saving *saving = data;
    if (saving->begun) { /* what was written cannot be taken back */
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The connection to the database was lost in the middle; there is no backup. Try "
                  "again");
        return false;
    }
    saving->begun = true;
    keep_tally_begin(saving->plan->tally, "Reading");
    if (!keep_tables_have_time(tx, error) || !put_header(saving, tx, error))
        return false;
    g_autoptr(GPtrArray) tables = keep_tables_read(tx, error);
    if (tables == NULL)
        return false;
    for (guint i = 0; i < tables->len; i++)
        if (!put_table(saving, tx, tables->pdata[i], error))
            return false;
    return put_json(saving, KEEP_BLOCK_END,
                    json_pack("{s:I, s:I}", "tables", (json_int_t)saving->tables, "rows",
                              (json_int_t)saving->all_rows),
                    error);
}

bool keep_save(Db *db, const KeepPlan *plan, KeepSaved *saved, GError **error)
{
    g_autoptr(KeepBlockWriter) writer = keep_block_writer_new(plan->fd, plan->name);
    g_autoptr(GByteArray) rows = g_byte_array_new();
    g_autoptr(Checksum) hash = checksum_new();
    Saving saving = {.plan = plan, .writer = writer, .rows = rows, .hash = hash};
    if (!db_read(db, save, &saving, error))
        return false;
    char *checksum = keep_block_writer_end(writer, error);
    if (checksum == NULL)
        return false;
    *saved = (KeepSaved){.tables = saving.tables,
                         .rows = saving.all_rows,
                         .bytes = keep_block_writer_bytes(writer),
                         .checksum = checksum};
    return true;
}

char *keep_conf_without_database(const char *text)
{
    GString *kept = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *key = g_strdup(*line);
        g_strstrip(key);
        /* A comment may hold a former one, with its password. */
        const char *word = key + strspn(key, "# \t");
        if (!g_str_has_prefix(word, "database") && **line != '\0')
            g_string_append_printf(kept, "%s\n", *line);
    }
    return g_string_free(kept, FALSE);
}
