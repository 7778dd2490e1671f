/* SPDX-License-Identifier: Apache-2.0 */
#include "records/metric.h"

#include "base/error.h"
#include "base/metric_text.h"

#define TURN_US  (10 * G_TIME_SPAN_SECOND)
#define ROWS_MAX 50000
#define LOOK_MS  500

static bool take_turn(Metrics *metrics, int64_t timeout_us, GError **error)
{
    if (metrics_begin(metrics, timeout_us))
        return true;
    error_set(error, TD_ERROR_BUSY, "What was counted is being written, and that takes long");
    return false;
}

static const char add_one[] =
    "INSERT INTO metric (family, labels, bin, value) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (family, labels, bin) DO UPDATE SET value = metric.value + excluded.value";

static bool add_points(DbTx *tx, void *data, GError **error)
{
    const GArray *points = data;
    for (guint i = 0; i < points->len; i++) {
        const MetricPoint *point = &g_array_index(points, MetricPoint, i);
        if (point->value != 0 && !db_exec(tx, NULL, error, add_one, "ssii", point->family->name,
                                          point->labels, point->bin, point->value))
            return false;
    }
    return true;
}

static bool look(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, NULL, error, "SELECT 1", "");
}

/* A process that ends must not wait ten seconds for a database that is away, only to count. */
static bool fold(Metrics *metrics, Db *db, GError **error)
{
    bool pressing;
    g_autoptr(GArray) points = metrics_pending(metrics, &pressing);
    if (!pressing)
        return true;
    if (!db_read_within(db, LOOK_MS, look, NULL, error))
        return false;
    metric_points_sort(points);
    if (!db_write(db, add_points, points, error))
        return false;
    metrics_folded(points);
    return true;
}

bool metric_fold(Metrics *metrics, Db *db, GError **error)
{
    if (!take_turn(metrics, TURN_US, error))
        return false;
    bool ok = fold(metrics, db, error);
    metrics_end(metrics);
    return ok;
}

typedef struct {
    GHashTable *families; /* name -> const MetricFamily * */
    GStringChunk *texts;
    GArray *points;
} Loading;

static bool load(DbTx *tx, void *data, GError **error)
{
    Loading *loading = data;
    g_array_set_size(loading->points, 0);
    DbRows *rows = db_query(tx, error,
                            "SELECT family, labels, bin, value FROM metric"
                            " ORDER BY family, labels, bin LIMIT $1",
                            "i", (int64_t)ROWS_MAX);
    if (rows == NULL)
        return false;
    while (db_rows_next(rows)) {
        const MetricFamily *family = g_hash_table_lookup(loading->families, db_rows_text(rows, 0));
        if (family == NULL)
            continue;
        MetricPoint point = {family,
                             g_string_chunk_insert_const(loading->texts, db_rows_text(rows, 1)),
                             db_rows_int(rows, 2), db_rows_int(rows, 3), NULL};
        g_array_append_val(loading->points, point);
    }
    return db_rows_end(rows, error);
}

static GHashTable *families_by_name(Metrics *metrics)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) families = metrics_families(metrics);
    for (guint i = 0; i < families->len; i++) {
        const MetricFamily *family = families->pdata[i];
        g_hash_table_insert(table, (gpointer)family->name, (gpointer)family);
    }
    return table;
}

GArray *metric_load_all(Metrics *metrics, Db *db, int64_t timeout_ms, GStringChunk *texts,
                        GError **error)
{
    if (!take_turn(metrics, timeout_ms * G_TIME_SPAN_MILLISECOND, error))
        return NULL;
    bool pressing;
    g_autoptr(GHashTable) families = families_by_name(metrics);
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(MetricPoint));
    Loading loading = {families, texts, points};
    bool ok = db_read_within(db, timeout_ms, load, &loading, error);
    g_autoptr(GArray) pending = metrics_pending(metrics, &pressing);
    metrics_end(metrics);
    if (!ok)
        return NULL;
    g_array_append_vals(points, pending->data, pending->len);
    metric_points_sort(points);
    return g_steal_pointer(&points);
}
