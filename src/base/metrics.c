/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series is never taken away, so who has looked one up may keep it and count without a lock. A
 * histogram is a series for each bin and one for the sum; its bins are counted alone and added up
 * when they are shown, so that an observation is two additions whatever its number of bins.
 */
#include "base/metrics.h"

#include "base/metric_text.h"
#include "base/monitor.h"

struct MetricSeries {
    const MetricFamily *family;
    char *labels;
    int64_t bin;
    int64_t value;  /* atomic */
    int64_t folded; /* between metrics_begin() and metrics_end() */
};

struct MetricHistogram {
    const int64_t *bounds;
    MetricSeries *sum;
    size_t n; /* bounds; there is one bin more */
    MetricSeries **bins;
};

struct Metrics {
    Monitor monitor;       /* guards all below */
    GPtrArray *families;   /* of const MetricFamily * */
    GPtrArray *series;     /* of MetricSeries * */
    GHashTable *by_name;   /* "family{labels}bin" -> MetricSeries * */
    GHashTable *histogram; /* "family{labels}" -> MetricHistogram * */
    bool busy;             /* somebody is between begin and end */
};

static void series_free(void *item)
{
    MetricSeries *series = item;
    g_free(series->labels);
    g_free(series);
}

static void histogram_free(void *item)
{
    MetricHistogram *histogram = item;
    g_free(histogram->bins);
    g_free(histogram);
}

Metrics *metrics_new(void)
{
    Metrics *metrics = g_new0(Metrics, 1);
    monitor_init(&metrics->monitor);
    metrics->families = g_ptr_array_new();
    metrics->series = g_ptr_array_new_with_free_func(series_free);
    metrics->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    metrics->histogram = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, histogram_free);
    return metrics;
}

void metrics_free(Metrics *metrics)
{
    if (metrics == NULL)
        return;
    g_hash_table_unref(metrics->histogram);
    g_hash_table_unref(metrics->by_name);
    g_ptr_array_unref(metrics->series);
    g_ptr_array_unref(metrics->families);
    monitor_clear(&metrics->monitor);
    g_free(metrics);
}

/* The caller holds the monitor, here and below. */
static void declare(Metrics *metrics, const MetricFamily *family)
{
    if (!g_ptr_array_find(metrics->families, family, NULL))
        g_ptr_array_add(metrics->families, (gpointer)family);
}

void metrics_declare(Metrics *metrics, const MetricFamily *family)
{
    if (metrics == NULL)
        return;
    monitor_lock(&metrics->monitor);
    declare(metrics, family);
    monitor_unlock(&metrics->monitor);
}

GPtrArray *metrics_families(Metrics *metrics)
{
    GPtrArray *list = g_ptr_array_new();
    if (metrics == NULL)
        return list;
    monitor_lock(&metrics->monitor);
    for (guint i = 0; i < metrics->families->len; i++)
        g_ptr_array_add(list, metrics->families->pdata[i]);
    monitor_unlock(&metrics->monitor);
    return list;
}

static MetricSeries *find(Metrics *metrics, const MetricFamily *family, const char *labels,
                          int64_t bin)
{
    g_autofree char *name = g_strdup_printf("%s{%s}%" G_GINT64_FORMAT, family->name, labels, bin);
    MetricSeries *series = g_hash_table_lookup(metrics->by_name, name);
    if (series != NULL || metrics->series->len >= METRIC_SERIES_MAX)
        return series;
    series = g_new0(MetricSeries, 1);
    series->family = family;
    series->labels = g_strdup(labels);
    series->bin = bin;
    g_ptr_array_add(metrics->series, series);
    g_hash_table_insert(metrics->by_name, g_steal_pointer(&name), series);
    declare(metrics, family);
    return series;
}

static MetricHistogram *find_histogram(Metrics *metrics, const MetricFamily *family,
                                       const char *labels)
{
    g_autofree char *name = g_strdup_printf("%s{%s}", family->name, labels);
    MetricHistogram *histogram = g_hash_table_lookup(metrics->histogram, name);
    if (histogram != NULL)
        return histogram;
    histogram = g_new0(MetricHistogram, 1);
    histogram->bounds = family->bounds;
    while (family->bounds[histogram->n] != 0)
        histogram->n++;
    histogram->sum = find(metrics, family, labels, METRIC_BIN_SUM);
    histogram->bins = g_new0(MetricSeries *, histogram->n + 1);
    for (size_t i = 0; i <= histogram->n; i++)
        histogram->bins[i] =
            find(metrics, family, labels, i < histogram->n ? family->bounds[i] : METRIC_BIN_REST);
    g_hash_table_insert(metrics->histogram, g_steal_pointer(&name), histogram);
    return histogram;
}

MetricSeries *metrics_find_counter(Metrics *metrics, const MetricFamily *family,
                                   const char *const *values)
{
    if (metrics == NULL)
        return NULL;
    g_autofree char *labels = metric_labels(family, values);
    monitor_lock(&metrics->monitor);
    MetricSeries *series = find(metrics, family, labels, 0);
    monitor_unlock(&metrics->monitor);
    return series;
}

MetricHistogram *metrics_find_histogram(Metrics *metrics, const MetricFamily *family,
                                        const char *const *values)
{
    if (metrics == NULL)
        return NULL;
    g_autofree char *labels = metric_labels(family, values);
    monitor_lock(&metrics->monitor);
    MetricHistogram *histogram = find_histogram(metrics, family, labels);
    monitor_unlock(&metrics->monitor);
    return histogram;
}

void metric_add(MetricSeries *series, int64_t n)
{
    if (series != NULL)
        __atomic_add_fetch(&series->value, n, __ATOMIC_RELAXED);
}

void metric_observe(MetricHistogram *histogram, int64_t us)
{
    if (histogram == NULL)
        return;
    size_t i = 0;
    while (i < histogram->n && us > histogram->bounds[i])
        i++;
    metric_add(histogram->bins[i], 1);
    metric_add(histogram->sum, MAX(us, 0));
}

GArray *metrics_pending(Metrics *metrics, bool *pressing)
{
    GArray *points = g_array_new(FALSE, TRUE, sizeof(MetricPoint));
    *pressing = false;
    if (metrics == NULL)
        return points;
    monitor_lock(&metrics->monitor);
    for (guint i = 0; i < metrics->series->len; i++) {
        MetricSeries *series = metrics->series->pdata[i];
        MetricPoint point = {series->family, series->labels, series->bin,
                             __atomic_load_n(&series->value, __ATOMIC_RELAXED) - series->folded,
                             series};
        *pressing = *pressing || (point.value != 0 && !series->family->aside);
        g_array_append_val(points, point);
    }
    monitor_unlock(&metrics->monitor);
    return points;
}

void metrics_folded(const GArray *points)
{
    for (guint i = 0; i < points->len; i++) {
        const MetricPoint *point = &g_array_index(points, MetricPoint, i);
        if (point->series != NULL)
            point->series->folded += point->value;
    }
}

bool metrics_begin(Metrics *metrics, int64_t timeout_us)
{
    if (metrics == NULL)
        return true;
    int64_t until = g_get_monotonic_time() + timeout_us;
    monitor_lock(&metrics->monitor);
    while (metrics->busy && monitor_wait_until(&metrics->monitor, until))
        ;
    bool mine = !metrics->busy;
    metrics->busy = true;
    monitor_unlock(&metrics->monitor);
    return mine;
}

void metrics_end(Metrics *metrics)
{
    if (metrics == NULL)
        return;
    monitor_lock(&metrics->monitor);
    metrics->busy = false;
    monitor_broadcast(&metrics->monitor);
    monitor_unlock(&metrics->monitor);
}
