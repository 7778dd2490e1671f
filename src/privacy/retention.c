/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule goes through its table once an hour (a sweep), a piece at a time. Where a sweep begins is
 * remembered: behind everything that can never go any more, before the first row that may go later.
 * So a rule costs what it removes, and what is still too young or waits, and not the whole table.
 */
#include "privacy/retention.h"

#include "base/clock.h"
#include "base/json.h"
#include "privacy/retention-private.h"

#define SWEEP_US (60 * US_PER_MINUTE)

typedef struct {
    int64_t begin;      /* where sweeps begin: ids above it */
    int64_t cursor;     /* how far this one has come */
    int64_t next_begin; /* where the next one will begin; 0: behind all that was seen */
    int64_t next_at;
} Progress;

/* The first statement: it is the lock. */
static bool lock(DbTx *tx, const RetentionRule *rule, Progress *progress, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "INSERT INTO retention_rule (name, begin_id, cursor, next_begin,"
                            " next_at, removed) VALUES ($1, 0, 0, 0, 0, 0)"
                            " ON CONFLICT (name) DO UPDATE SET removed = retention_rule.removed"
                            " RETURNING begin_id, cursor, next_begin, next_at",
                            "s", rule->name);
    if (rows == NULL)
        return false;
    db_rows_next(rows);
    *progress = (Progress){db_rows_int(rows, 0), db_rows_int(rows, 1), db_rows_int(rows, 2),
                           db_rows_int(rows, 3)};
    return db_rows_end(rows, error);
}

static bool store(DbTx *tx, const RetentionRule *rule, const Progress *progress, int64_t removed,
                  int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE retention_rule SET begin_id = $2, cursor = $3, next_begin = $4,"
                   " next_at = $5, removed = removed + $6,"
                   " removed_at = CASE WHEN $6 > 0 THEN $7 ELSE removed_at END WHERE name = $1",
                   "siiiiii", rule->name, progress->begin, progress->cursor, progress->next_begin,
                   progress->next_at, removed, now_us);
}

typedef struct {
    GArray *ids;         /* of int64_t: that may go */
    int64_t last;        /* the last id that was looked at; 0: there are none */
    int64_t first_later; /* the first that may go later; 0: none of these */
    int rows;
    bool old; /* some of them are older than the rule's time */
} Looked;

static bool look(DbTx *tx, const RetentionRule *rule, int64_t after, int64_t before_us,
                 Looked *looked, GError **error)
{
    DbRows *rows =
        db_query(tx, error, rule->look, "iii", after, before_us, (int64_t)RETENTION_CHUNK);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        int64_t at = db_rows_int(rows, 1);
        looked->rows++;
        looked->last = id;
        looked->old = looked->old || at < before_us;
        int64_t chance = db_rows_int(rows, 2);
        if (chance == CHANCE_NOW)
            g_array_append_val(looked->ids, id);
        else if (chance == CHANCE_LATER && looked->first_later == 0)
            looked->first_later = id;
    }
    return db_rows_end(rows, error);
}

static bool remove_all(DbTx *tx, const RetentionRule *rule, const GArray *ids, int64_t days,
                       int64_t now_us, GError **error)
{
    g_autoptr(RemovedCounts) counts = removed_counts_new();
    Removal removal = {.tx = tx, .counts = counts, .now_us = now_us};
    for (guint i = 0; i < ids->len; i++)
        if (!rule->remove(&removal, g_array_index(ids, int64_t, i), error))
            return false;
    return removed_counts_store(tx, counts, now_us, days, error);
}

/* Ends the sweep where nothing behind can be old enough. */
static void go_on(Progress *progress, const Looked *looked, int64_t now_us)
{
    if (looked->first_later != 0 && progress->next_begin == 0)
        progress->next_begin = looked->first_later;
    if (looked->rows == RETENTION_CHUNK && looked->old) {
        progress->cursor = looked->last;
        return;
    }
    int64_t seen = MAX(looked->last, progress->cursor);
    progress->begin = progress->next_begin != 0 ? progress->next_begin - 1 : seen;
    progress->cursor = progress->begin;
    progress->next_begin = 0;
    progress->next_at = now_us + SWEEP_US;
}

static bool run_rule(DbTx *tx, const RetentionRule *rule, int64_t days, int64_t now_us,
                     int64_t *removed, bool *more, GError **error)
{
    Progress progress;
    if (!lock(tx, rule, &progress, error))
        return false;
    *removed = 0;
    *more = false;
    if (progress.next_at > now_us && progress.next_at <= now_us + SWEEP_US)
        return true;
    int64_t before_us = now_us - days * US_PER_DAY;
    Looked looked = {.ids = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    g_autoptr(GArray) ids = looked.ids;
    if (!look(tx, rule, progress.cursor, before_us, &looked, error) ||
        !remove_all(tx, rule, ids, days, now_us, error))
        return false;
    go_on(&progress, &looked, now_us);
    if (!store(tx, rule, &progress, ids->len, now_us, error))
        return false;
    *removed = ids->len;
    *more = progress.next_at <= now_us;
    return true;
}

/* When each is to be looked at next: one small read where there is nothing to do. */
static GHashTable *load_due(DbTx *tx, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT name, next_at FROM retention_rule", "");
    if (rows == NULL)
        return NULL;
    g_autoptr(GHashTable) due = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    while (db_rows_next(rows)) {
        int64_t at = db_rows_int(rows, 1);
        g_hash_table_insert(due, db_rows_dup(rows, 0), g_memdup2(&at, sizeof at));
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&due) : NULL;
}

/* A clock that was far ahead once leaves times that would never come. */
static bool is_due(GHashTable *due, const char *name, int64_t now_us)
{
    const int64_t *at = g_hash_table_lookup(due, name);
    return at == NULL || *at <= now_us || *at > now_us + SWEEP_US;
}

bool retention_step(DbTx *tx, int64_t now_us, int64_t *removed, bool *more, GError **error)
{
    *removed = 0;
    *more = false;
    RetentionSettings settings;
    g_autoptr(GHashTable) due = load_due(tx, error);
    if (due == NULL || !retention_settings_load(tx, &settings, error))
        return false;
    for (size_t i = 0; i < retention_n_rules; i++) {
        const RetentionRule *rule = &retention_rules[i];
        int64_t days = settings.days[rule->retain];
        if (days == 0 || !is_due(due, rule->name, now_us))
            continue;
        if (!run_rule(tx, rule, days, now_us, removed, more, error))
            return false;
        *more = true; /* of this rule or of the next one */
        return true;
    }
    return true;
}

/* ---- what would go ---- */

static bool add_progress(DbTx *tx, const RetentionRule *rule, json_t *one, int64_t *begin,
                         GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT removed, removed_at, begin_id FROM retention_rule"
                            " WHERE name = $1",
                            "s", rule->name);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    json_set_int(one, "removed", found ? db_rows_int(rows, 0) : 0);
    json_set_time(one, "removed_at", found ? db_rows_int(rows, 1) : 0);
    *begin = found ? db_rows_int(rows, 2) : 0;
    return db_rows_end(rows, error);
}

static bool add_count(DbTx *tx, const RetentionRule *rule, int64_t begin, int64_t before_us,
                      json_t *one, GError **error)
{
    int64_t after = begin;
    int64_t count = 0, oldest = 0, looked_at = 0;
    int got;
    bool old;
    do {
        DbRows *rows =
            db_query(tx, error, rule->look, "iii", after, before_us, (int64_t)RETENTION_CHUNK);
        if (rows == NULL)
            return false;
        got = 0;
        old = false;
        while (db_rows_next(rows)) {
            int64_t at = db_rows_int(rows, 1);
            after = db_rows_int(rows, 0);
            got++;
            old = old || at < before_us;
            if (db_rows_int(rows, 2) != CHANCE_NOW)
                continue;
            count++;
            oldest = oldest == 0 ? at : MIN(oldest, at);
        }
        if (!db_rows_end(rows, error))
            return false;
        looked_at += got;
    } while (got == RETENTION_CHUNK && old && looked_at < RETENTION_LOOK);
    json_set_int(one, "would_go", count);
    json_set_bool(one, "looked_at_all", got < RETENTION_CHUNK || !old);
    json_set_time(one, "oldest", oldest);
    return true;
}

static bool add_rule(DbTx *tx, const RetentionRule *rule, int64_t days, int64_t now_us,
                     json_t *list, GError **error)
{
    json_t *one = json_object();
    json_array_append_new(list, one);
    json_set_text(one, "rule", rule->name);
    json_set_int(one, "days", days);
    int64_t begin;
    if (!add_progress(tx, rule, one, &begin, error))
        return false;
    if (days != 0)
        return add_count(tx, rule, begin, now_us - days * US_PER_DAY, one, error);
    json_set_int(one, "would_go", 0);
    json_set_bool(one, "looked_at_all", true);
    json_set_time(one, "oldest", 0);
    return true;
}

json_t *retention_plan(DbTx *tx, const RetentionSettings *settings, int64_t now_us, GError **error)
{
    json_auto_t *list = json_array();
    for (size_t i = 0; i < retention_n_rules; i++) {
        const RetentionRule *rule = &retention_rules[i];
        if (!add_rule(tx, rule, settings->days[rule->retain], now_us, list, error))
            return NULL;
    }
    return json_incref(list);
}
