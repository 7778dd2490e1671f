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
                   "INSERT INTO option_change (section, version, at, actor_kind, actor_id,"
                   " actor_name, channel, before, after)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   "siisnssss", section, version + 1, now_us, actor_kind_name(actor->kind),
                   actor->id, actor->name, channel_name(actor->channel), before_text, after_text);
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

#define CHANGE                                                                                     \
    "SELECT id, section, version, at, actor_kind, actor_id, actor_name, channel, before, after"    \
    " FROM option_change"

static OptionChange *change_from_row(const DbRows *rows)
{
    OptionChange *change = g_new0(OptionChange, 1);
    change->id = db_rows_int(rows, 0);
    change->section = db_rows_dup(rows, 1);
    change->version = db_rows_int(rows, 2);
    change->at = db_rows_int(rows, 3);
    actor_kind_from_name(db_rows_text(rows, 4), &change->actor.kind);
    change->actor.id = db_rows_int(rows, 5);
    change->actor.name = db_rows_dup(rows, 6);
    channel_from_name(db_rows_text(rows, 7), &change->actor.channel);
    change->before = db_rows_dup(rows, 8);
    change->after = db_rows_dup(rows, 9);
    return change;
}

OptionChange *option_change_load(DbTx *tx, const char *section, int64_t version, GError **error)
{
    DbRows *rows =
        db_query(tx, error, CHANGE " WHERE section = $1 AND version = $2", "si", section, version);
    if (rows == NULL)
        return NULL;
    g_autoptr(OptionChange) change = db_rows_next(rows) ? change_from_row(rows) : NULL;
    return db_rows_end(rows, error) ? g_steal_pointer(&change) : NULL;
}

json_t *option_load_then(DbTx *tx, const char *section, int64_t version, GError **error)
{
    if (version == 0)
        return json_object();
    g_autoptr(GError) failure = NULL;
    g_autoptr(OptionChange) change = option_change_load(tx, section, version, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    json_t *value = change != NULL ? json_loads(change->after, 0, NULL) : NULL;
    if (value == NULL)
        error_set(error, TD_ERROR_CORRUPT,
                  "Version %" G_GINT64_FORMAT " of the options \"%s\" cannot be read", version,
                  section);
    return value;
}

bool option_version_at(DbTx *tx, const char *section, int64_t at_us, int64_t *version,
                       GError **error)
{
    bool found;
    int64_t newest = 0;
    if (!db_query_int(tx, &found, &newest, error,
                      "SELECT version FROM option_change WHERE section = $1 AND at <= $2"
                      " ORDER BY version DESC LIMIT 1",
                      "si", section, at_us))
        return false;
    *version = found ? newest : 0;
    return true;
}

/* Takes `rows`, which may be NULL with an error. */
static GPtrArray *take_changes(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)option_change_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, change_from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *option_change_list(DbTx *tx, const char *section, int64_t before, int limit,
                              GError **error)
{
    return take_changes(
        db_query(tx, error,
                 CHANGE " WHERE id < $1 AND ($2 = '' OR section = $2) ORDER BY id DESC LIMIT $3",
                 "isi", before != 0 ? before : INT64_MAX, section != NULL ? section : "",
                 (int64_t)limit),
        error);
}

GPtrArray *option_change_list_until(DbTx *tx, const char *section, int64_t version, int limit,
                                    GError **error)
{
    return take_changes(
        db_query(tx, error,
                 CHANGE " WHERE section = $1 AND version <= $2 ORDER BY version DESC LIMIT $3",
                 "sii", section, version, (int64_t)limit),
        error);
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
