/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two formats differ little: OpenMetrics names a counter without "_total" in its comments, has
 * a UNIT, an info of its own, and an end. Numbers are written in the C locale.
 */
#include "base/metric_text.h"

#include <math.h>
#include <string.h>

#define US_A_SECOND 1000000.0

struct MetricText {
    GString *out;
    bool open;
    const MetricFamily *family; /* begun */
};

MetricText *metric_text_new(bool open)
{
    MetricText *text = g_new0(MetricText, 1);
    text->out = g_string_new(NULL);
    text->open = open;
    return text;
}

void metric_text_free(MetricText *text)
{
    if (text == NULL)
        return;
    if (text->out != NULL)
        g_string_free(text->out, TRUE);
    g_free(text);
}

static void append_escaped(GString *out, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"')
            g_string_append_c(out, '\\');
        if (*c == '\n')
            g_string_append(out, "\\n");
        else
            g_string_append_c(out, *c);
    }
}

char *metric_labels(const MetricFamily *family, const char *const *values)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; family->labels[i] != NULL; i++) {
        g_string_append_printf(out, "%s%s=\"", i > 0 ? "," : "", family->labels[i]);
        append_escaped(out, values[i]);
        g_string_append_c(out, '"');
    }
    return g_string_free(out, FALSE);
}

static const char *suffix_of(const MetricFamily *family)
{
    return family->type == METRIC_COUNTER ? "_total" : family->type == METRIC_INFO ? "_info" : "";
}

void metric_text_begin(MetricText *text, const MetricFamily *family)
{
    static const char *const open_types[] = {"counter", "gauge", "histogram", "info"};
    static const char *const types[] = {"counter", "gauge", "histogram", "gauge"};
    const char *suffix = text->open ? "" : suffix_of(family);
    text->family = family;
    g_string_append_printf(text->out, "# HELP %s%s %s\n", family->name, suffix, family->help);
    g_string_append_printf(text->out, "# TYPE %s%s %s\n", family->name, suffix,
                           (text->open ? open_types : types)[family->type]);
    if (text->open && family->unit != NULL)
        g_string_append_printf(text->out, "# UNIT %s %s\n", family->name, family->unit);
}

static void append_name(MetricText *text, const char *suffix, const char *labels)
{
    g_string_append_printf(text->out, "%s%s", text->family->name, suffix);
    if (labels != NULL && *labels != '\0')
        g_string_append_printf(text->out, "{%s}", labels);
}

static void append_seconds(MetricText *text, int64_t us)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%.15g", (double)us / US_A_SECOND);
    g_string_append(text->out, number);
}

void metric_text_sample(MetricText *text, const char *labels, int64_t value)
{
    append_name(text, suffix_of(text->family), labels);
    g_string_append_printf(text->out, " %" G_GINT64_FORMAT "\n", value);
}

void metric_text_seconds(MetricText *text, const char *labels, int64_t us)
{
    append_name(text, suffix_of(text->family), labels);
    g_string_append_c(text->out, ' ');
    append_seconds(text, us);
    g_string_append_c(text->out, '\n');
}

void metric_text_one(MetricText *text, const MetricFamily *family, int64_t value)
{
    metric_text_begin(text, family);
    metric_text_sample(text, NULL, value);
}

/* ---- counts ---- */

static gint compare_points(gconstpointer a, gconstpointer b)
{
    const MetricPoint *first = a;
    const MetricPoint *second = b;
    int order = strcmp(first->family->name, second->family->name);
    if (order == 0)
        order = strcmp(first->labels, second->labels);
    return order != 0 ? order : (first->bin > second->bin) - (first->bin < second->bin);
}

void metric_points_sort(GArray *points)
{
    g_array_sort(points, compare_points);
}

/* The canonical number of a bound, which has a point: "0.1", "60.0". */
static void append_bucket(MetricText *text, const char *labels, int64_t bound_us, int64_t value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE] = "+Inf";
    if (bound_us != METRIC_BIN_REST)
        g_ascii_formatd(number, sizeof number, "%.15g", (double)bound_us / US_A_SECOND);
    bool whole = bound_us != METRIC_BIN_REST && strchr(number, '.') == NULL;
    g_autofree char *all = g_strdup_printf("%s%sle=\"%s%s\"", labels, *labels != '\0' ? "," : "",
                                           number, whole ? ".0" : "");
    append_name(text, "_bucket", all);
    g_string_append_printf(text->out, " %" G_GINT64_FORMAT "\n", value);
}

/* The value at `bin` among points[from..to). */
static int64_t bin_value(const GArray *points, guint from, guint to, int64_t bin)
{
    int64_t value = 0;
    for (guint i = from; i < to; i++) {
        const MetricPoint *point = &g_array_index(points, MetricPoint, i);
        if (point->bin == bin)
            value += point->value;
    }
    return value;
}

/* A bin of another program's bounds counts with the rest: the count stays right. */
static void append_histogram(MetricText *text, const GArray *points, guint from, guint to)
{
    const char *labels = g_array_index(points, MetricPoint, from).labels;
    const int64_t *bounds = text->family->bounds;
    int64_t all = 0;
    for (guint i = from; i < to; i++) {
        const MetricPoint *point = &g_array_index(points, MetricPoint, i);
        all += point->bin != METRIC_BIN_SUM ? point->value : 0;
    }
    int64_t sum = 0;
    for (size_t i = 0; bounds[i] != 0; i++) {
        sum += bin_value(points, from, to, bounds[i]);
        append_bucket(text, labels, bounds[i], sum);
    }
    append_bucket(text, labels, METRIC_BIN_REST, all);
    append_name(text, "_count", labels);
    g_string_append_printf(text->out, " %" G_GINT64_FORMAT "\n", all);
    append_name(text, "_sum", labels);
    g_string_append_c(text->out, ' ');
    append_seconds(text, bin_value(points, from, to, METRIC_BIN_SUM));
    g_string_append_c(text->out, '\n');
}

static bool is_of(const GArray *points, guint i, const MetricFamily *family)
{
    return i < points->len &&
           strcmp(g_array_index(points, MetricPoint, i).family->name, family->name) == 0;
}

void metric_text_counts(MetricText *text, const MetricFamily *family, const GArray *points)
{
    guint from = 0;
    metric_text_begin(text, family);
    while (from < points->len && !is_of(points, from, family))
        from++;
    while (is_of(points, from, family)) {
        const char *labels = g_array_index(points, MetricPoint, from).labels;
        guint to = from;
        while (is_of(points, to, family) &&
               strcmp(g_array_index(points, MetricPoint, to).labels, labels) == 0)
            to++;
        if (family->type == METRIC_HISTOGRAM)
            append_histogram(text, points, from, to);
        else
            metric_text_sample(text, labels, bin_value(points, from, to, 0));
        from = to;
    }
}

char *metric_text_end(MetricText *text, size_t *bytes)
{
    if (text->open)
        g_string_append(text->out, "# EOF\n");
    *bytes = text->out->len;
    return g_string_free(g_steal_pointer(&text->out), FALSE);
}

const char *metric_text_type(const MetricText *text)
{
    return text->open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- who wants what (RFC 9110, section 12.5.1) ---- */

/* The q of a media range, in thousandths; -1: it is another type, or another version of it. */
static int quality(char **parts, const char *type)
{
    int q = 1000;
    if (g_ascii_strcasecmp(g_strstrip(parts[0]), type) != 0)
        return -1;
    for (char **part = parts + 1; *part != NULL; part++) {
        const char *one = g_strstrip(*part);
        if (g_ascii_strncasecmp(one, "q=", 2) == 0)
            q = (int)(CLAMP(g_ascii_strtod(one + 2, NULL), 0, 1) * 1000);
        else if (g_ascii_strncasecmp(one, "version=", 8) == 0 && strstr(type, "openmetrics") &&
                 strcmp(one + 8, "1.0.0") != 0)
            return -1;
    }
    return q;
}

bool metric_text_is_wanted(const char *accept)
{
    int open = 0, plain = 0;
    g_auto(GStrv) ranges = g_strsplit(accept != NULL ? accept : "", ",", 32);
    for (char **range = ranges; *range != NULL; range++) {
        g_auto(GStrv) parts = g_strsplit(*range, ";", 8);
        if (parts[0] == NULL)
            continue;
        open = MAX(open, quality(parts, "application/openmetrics-text"));
        plain = MAX(plain, quality(parts, "text/plain"));
    }
    return open > 0 && open >= plain;
}
