/* SPDX-License-Identifier: Apache-2.0 */
/* Counting, and what it looks like as text. */
#include "base/metric_text.h"

#include <string.h>

static const int64_t bounds[] = {100000, 1000000, 60000000, 0};

static const MetricFamily doors = {
    .name = "x_doors", .type = METRIC_COUNTER, .help = "Doors.", .labels = {"door", "way"}};
static const MetricFamily aside = {
    .name = "x_aside", .type = METRIC_COUNTER, .help = "Aside.", .aside = true};
static const MetricFamily waits = {.name = "x_wait_seconds",
                                   .type = METRIC_HISTOGRAM,
                                   .unit = "seconds",
                                   .help = "Waits.",
                                   .labels = {"at"},
                                   .bounds = bounds};
static const MetricFamily size = {.name = "x_size", .type = METRIC_GAUGE, .help = "Size."};
static const MetricFamily program = {
    .name = "x_program", .type = METRIC_INFO, .help = "Program.", .labels = {"version"}};

static char *show(Metrics *metrics, bool open)
{
    bool pressing;
    size_t bytes;
    g_autoptr(MetricText) text = metric_text_new(open);
    g_autoptr(GPtrArray) families = metrics_families(metrics);
    g_autoptr(GArray) points = metrics_pending(metrics, &pressing);
    metric_points_sort(points);
    for (guint i = 0; i < families->len; i++)
        metric_text_counts(text, families->pdata[i], points);
    char *shown = metric_text_end(text, &bytes);
    g_assert_cmpint(bytes, ==, strlen(shown));
    return shown;
}

static void test_counters(void)
{
    g_autoptr(Metrics) metrics = metrics_new();
    MetricSeries *front = metrics_counter(metrics, &doors, "front", "in", NULL);
    metrics_counter(metrics, &doors, "a\"b\\c\nd", "out", NULL);
    metric_add(front, 2);
    metric_add(metrics_counter(metrics, &doors, "front", "in", NULL), 1);
    g_assert_true(metrics_counter(metrics, &doors, "front", "in", NULL) == front);
    g_autofree char *open = show(metrics, true);
    g_assert_cmpstr(open, ==,
                    "# HELP x_doors Doors.\n# TYPE x_doors counter\n"
                    "x_doors_total{door=\"a\\\"b\\\\c\\nd\",way=\"out\"} 0\n"
                    "x_doors_total{door=\"front\",way=\"in\"} 3\n# EOF\n");
    g_autofree char *older = show(metrics, false);
    g_assert_true(g_str_has_prefix(older, "# HELP x_doors_total Doors.\n"
                                          "# TYPE x_doors_total counter\n"));
    g_assert_null(strstr(older, "EOF"));
}

static void test_histogram(void)
{
    static const int64_t times[] = {-5, 100000, 100001, 59999999, 60000001, INT64_C(7200000000)};
    g_autoptr(Metrics) metrics = metrics_new();
    MetricHistogram *histogram = metrics_histogram(metrics, &waits, "home", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        metric_observe(histogram, times[i]);
    g_autofree char *text = show(metrics, true);
    g_assert_cmpstr(text, ==,
                    "# HELP x_wait_seconds Waits.\n# TYPE x_wait_seconds histogram\n"
                    "# UNIT x_wait_seconds seconds\n"
                    "x_wait_seconds_bucket{at=\"home\",le=\"0.1\"} 2\n"
                    "x_wait_seconds_bucket{at=\"home\",le=\"1.0\"} 3\n"
                    "x_wait_seconds_bucket{at=\"home\",le=\"60.0\"} 4\n"
                    "x_wait_seconds_bucket{at=\"home\",le=\"+Inf\"} 6\n"
                    "x_wait_seconds_count{at=\"home\"} 6\n"
                    "x_wait_seconds_sum{at=\"home\"} 7320.200001\n# EOF\n");
}

static void test_gauges(void)
{
    static const char *const version[] = {"1.0"};
    size_t bytes;
    g_autofree char *labels = metric_labels(&program, version);
    g_autoptr(MetricText) open = metric_text_new(true);
    g_autoptr(MetricText) older = metric_text_new(false);
    metric_text_begin(open, &program);
    metric_text_sample(open, labels, 1);
    metric_text_one(open, &size, -3);
    metric_text_begin(older, &program);
    metric_text_sample(older, labels, 1);
    g_autofree char *text = metric_text_end(open, &bytes);
    g_autofree char *old = metric_text_end(older, &bytes);
    g_assert_cmpstr(text, ==,
                    "# HELP x_program Program.\n# TYPE x_program info\n"
                    "x_program_info{version=\"1.0\"} 1\n"
                    "# HELP x_size Size.\n# TYPE x_size gauge\nx_size -3\n# EOF\n");
    g_assert_cmpstr(old, ==,
                    "# HELP x_program_info Program.\n# TYPE x_program_info gauge\n"
                    "x_program_info{version=\"1.0\"} 1\n");
}

static void test_folding(void)
{
    g_autoptr(Metrics) metrics = metrics_new();
    bool pressing;
    MetricSeries *quiet = metrics_counter(metrics, &aside, NULL);
    MetricSeries *front = metrics_counter(metrics, &doors, "front", "in", NULL);
    metric_add(quiet, 7);
    g_autoptr(GArray) none = metrics_pending(metrics, &pressing);
    g_assert_false(pressing);
    metric_add(front, 1);
    g_autoptr(GArray) some = metrics_pending(metrics, &pressing);
    g_assert_true(pressing);
    metric_add(front, 4); /* while the others are written */
    metrics_folded(some);
    g_autoptr(GArray) rest = metrics_pending(metrics, &pressing);
    g_assert_cmpint(g_array_index(rest, MetricPoint, 0).value, ==, 0);
    g_assert_cmpint(g_array_index(rest, MetricPoint, 1).value, ==, 4);
    g_assert_true(metrics_begin(metrics, 0));
    g_assert_false(metrics_begin(metrics, 1000));
    metrics_end(metrics);
    g_assert_true(metrics_begin(metrics, 0));
}

static void test_no_registry(void)
{
    metric_add(metrics_counter(NULL, &doors, "front", "in", NULL), 1);
    metric_observe(metrics_histogram(NULL, &waits, "home", NULL), 1);
    bool pressing = true;
    g_autoptr(GArray) points = metrics_pending(NULL, &pressing);
    g_assert_cmpint(points->len, ==, 0);
    g_assert_false(pressing);
}

static void test_limit(void)
{
    g_autoptr(Metrics) metrics = metrics_new();
    for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
        g_autofree char *value = g_strdup_printf("%d", i);
        metric_add(metrics_counter(metrics, &doors, value, "in", NULL), 1);
    }
    bool pressing;
    g_autoptr(GArray) points = metrics_pending(metrics, &pressing);
    g_assert_cmpint(points->len, ==, METRIC_SERIES_MAX);
    metric_observe(metrics_histogram(metrics, &waits, "home", NULL), 1); /* counts nothing */
}

#define THREADS 4
#define ROUNDS  20000

static gpointer count(gpointer data)
{
    Metrics *metrics = data;
    MetricSeries *mine = metrics_counter(metrics, &doors, "front", "in", NULL);
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(mine, 1);
        if (i % 100 == 0)
            metric_observe(metrics_histogram(metrics, &waits, "home", NULL), i);
    }
    return NULL;
}

/* Nothing counted is lost or seen twice while another folds. */
static void test_threads(void)
{
    g_autoptr(Metrics) metrics = metrics_new();
    GThread *threads[THREADS];
    int64_t sum = 0;
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("count", count, metrics);
    for (int turn = 0; turn < 100 + 1; turn++) {
        bool pressing;
        if (turn == 100)
            for (int i = 0; i < THREADS; i++)
                g_thread_join(threads[i]);
        g_assert_true(metrics_begin(metrics, G_TIME_SPAN_SECOND));
        g_autoptr(GArray) points = metrics_pending(metrics, &pressing);
        metrics_folded(points);
        metrics_end(metrics);
        for (guint i = 0; i < points->len; i++)
            if (g_array_index(points, MetricPoint, i).bin != METRIC_BIN_SUM)
                sum += g_array_index(points, MetricPoint, i).value;
    }
    g_assert_cmpint(sum, ==, THREADS * (ROUNDS + ROUNDS / 100));
}

static void test_accept(void)
{
    static const struct {
        const char *accept;
        bool open;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", true},
        {"application/openmetrics-text; version=0.0.1", false},
        {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4", true},
        {"application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.5", false},
        {"application/openmetrics-text;q=0", false},
        {";;,,;q", false},
        /* what Prometheus 2.42 sends */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].accept);
        g_assert_cmpint(metric_text_is_wanted(cases[i].accept), ==, cases[i].open);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/counters", test_counters);
    g_test_add_func("/metrics/histogram", test_histogram);
    g_test_add_func("/metrics/gauges", test_gauges);
    g_test_add_func("/metrics/folding", test_folding);
    g_test_add_func("/metrics/no registry", test_no_registry);
    g_test_add_func("/metrics/limit", test_limit);
    g_test_add_func("/metrics/threads", test_threads);
    g_test_add_func("/metrics/accept", test_accept);
    return g_test_run();
}
