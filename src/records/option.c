/* SPDX-License-Identifier: Apache-2.0 */
#include "records/option.h"

#include "base/error.h"
#include "base/json.h"

json_t *option_load(DbTx *tx, const char *section, int64_t *version, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT value, version FROM option_section WHERE section = $1", "s", section);
    if (rows == NULL)
        return NULL;
    bool found = db_rows_next(rows);
    g_autofree char *text = found ? db_rows_dup(rows, 0) : NULL;
    int64_t stored = found ? db_rows_int(rows, 1) : 0;
    if (!db_rows_end(rows, error))
        return NULL;
    json_t *value = found ? json_loads(text, 0, NULL) : json_object();
    if (value == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The stored options \"%s\" are not readable", section);
        return NULL;
    }
    *version = stored;
    return value;
}

static bool write_section(DbTx *tx, const char *section, int64_t version, const char *value,
                          GError **error)
{
    int64_t changed = 0;
    bool ok =
        version == 0
            ? db_exec(tx, &changed, error,
                      "INSERT INTO option_section (section, value, version) VALUES ($1, $2, 1)"
                      " ON CONFLICT DO NOTHING",
                      "ss", section, value)
            : db_exec(tx, &changed, error,
                      "UPDATE option_section SET value = $2, version = version + 1"
                      " WHERE section = $1 AND version = $3",
                      "ssi", section, value, version);
    if (ok && changed != 1) {
        error_set(
            error, TD_ERROR_CONFLICT,
            "Somebody else changed these options at the same moment; look at them and try again");
        return false;
    }
    return ok;
}

bool option_store(DbTx *tx, const char *section, int64_t version, const json_t *before,
                  const json_t *after, const Actor *actor, int64_t now_us, GError **error)
{
    g_autofree char *before_text = json_text(before);
    g_autofree char *after_text = json_text(after);
    return write_section(tx, section, version, after_text, error) &&
           db_exec(tx, NULL, error,
                   "INSERT INTO option_change (section, at, actor_kind, actor_id, actor_name,"
                   " channel, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                   "sisnssss", section, now_us, actor_kind_name(actor->kind), actor->id,
                   actor->name, channel_name(actor->channel), before_text, after_text);
}

void option_change_free(OptionChange *change)
{
    if (change == NULL)
        return;
    g_free(change->section);
    actor_clear(&change->actor);
    g_free(change->before);
    g_free(change->after);
    g_free(change);
}

GPtrArray *option_change_list(DbTx *tx, const char *section, int64_t before, int limit,
                              GError **error)
{
    DbRows *rows = db_query(
        tx, error,
        "SELECT id, section, at, actor_kind, actor_id, actor_name, channel,"
        " before, after FROM option_change"
        " WHERE id < $1 AND ($2 = '' OR section = $2) ORDER BY id DESC LIMIT $3",
        "isi", before != 0 ? before : INT64_MAX, section != NULL ? section : "", (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)option_change_free);
    while (db_rows_next(rows)) {
        OptionChange *change = g_new0(OptionChange, 1);
        change->id = db_rows_int(rows, 0);
        change->section = db_rows_dup(rows, 1);
        change->at = db_rows_int(rows, 2);
        actor_kind_from_name(db_rows_text(rows, 3), &change->actor.kind);
        change->actor.id = db_rows_int(rows, 4);
        change->actor.name = db_rows_dup(rows, 5);
        channel_from_name(db_rows_text(rows, 6), &change->actor.channel);
        change->before = db_rows_dup(rows, 7);
        change->after = db_rows_dup(rows, 8);
        g_ptr_array_add(list, change);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool secret_load(DbTx *tx, const char *name, char **value, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT value FROM secret WHERE name = $1", "s", name);
    if (rows == NULL)
        return false;
    g_autofree char *found = db_rows_next(rows) ? db_rows_dup(rows, 0) : NULL;
    if (!db_rows_end(rows, error))
        return false;
    *value = g_steal_pointer(&found);
    return true;
}

bool secret_store(DbTx *tx, const char *name, const char *value, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO secret (name, value) VALUES ($1, $2)"
                   " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                   "ss", name, value);
}

bool secret_delete(DbTx *tx, const char *name, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM secret WHERE name = $1", "s", name);
}

bool secret_replace(DbTx *tx, const char *names, const char *former, const char *value,
                    GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE secret SET value = $3 WHERE value = $2 AND name LIKE $1", "sss", names,
                   former, value);
}
