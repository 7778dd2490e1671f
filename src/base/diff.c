/* SPDX-License-Identifier: Apache-2.0 */
/* The longest common subsequence of the lines between what both ends have in common, by the
 * textbook's table. */
#include "base/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    char **before, **after;
    size_t start;  /* lines that are the same at the start */
    size_t n, m;   /* lines between the two ends, before and after */
    uint32_t *row; /* (n + 1) x (m + 1): the length of the common part from here on */
    GPtrArray *lines;
} Diff;

static void line_free(DiffLine *line)
{
    g_free(line->text);
    g_free(line);
}

static void put(Diff *diff, DiffKind kind, size_t i)
{
    DiffLine *line = g_new0(DiffLine, 1);
    char **texts = kind == DIFF_GONE ? diff->before : diff->after;
    line->kind = kind;
    line->line = diff->start + i + 1;
    line->text = g_strdup(texts[diff->start + i]);
    g_ptr_array_add(diff->lines, line);
}

static bool same(const Diff *diff, size_t i, size_t j)
{
    return strcmp(diff->before[diff->start + i], diff->after[diff->start + j]) == 0;
}

static uint32_t *cell(const Diff *diff, size_t i, size_t j)
{
    return &diff->row[i * (diff->m + 1) + j];
}

static void fill(Diff *diff)
{
    diff->row = g_new0(uint32_t, (diff->n + 1) * (diff->m + 1));
    for (size_t i = diff->n; i-- > 0;)
        for (size_t j = diff->m; j-- > 0;)
            *cell(diff, i, j) = same(diff, i, j)
                                    ? *cell(diff, i + 1, j + 1) + 1
                                    : MAX(*cell(diff, i + 1, j), *cell(diff, i, j + 1));
}

static void walk(Diff *diff)
{
    size_t i = 0, j = 0;
    while (i < diff->n || j < diff->m) {
        if (i < diff->n && j < diff->m && same(diff, i, j)) {
            i++;
            j++;
        } else if (j == diff->m ||
                   (i < diff->n && *cell(diff, i + 1, j) >= *cell(diff, i, j + 1))) {
            put(diff, DIFF_GONE, i++);
        } else {
            put(diff, DIFF_COME, j++);
        }
    }
}

static void replace_all(Diff *diff)
{
    for (size_t i = 0; i < diff->n; i++)
        put(diff, DIFF_GONE, i);
    for (size_t j = 0; j < diff->m; j++)
        put(diff, DIFF_COME, j);
}

GPtrArray *diff_lines(const char *before, const char *after)
{
    g_auto(GStrv) old = g_strsplit(before, "\n", -1);
    g_auto(GStrv) new = g_strsplit(after, "\n", -1);
    Diff diff = {.before = old, .after = new, .n = g_strv_length(old), .m = g_strv_length(new)};
    diff.lines = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
    while (diff.n > 0 && diff.m > 0 && same(&diff, 0, 0)) {
        diff.start++;
        diff.n--;
        diff.m--;
    }
    while (diff.n > 0 && diff.m > 0 && same(&diff, diff.n - 1, diff.m - 1)) {
        diff.n--;
        diff.m--;
    }
    if (diff.n == 0 || diff.m == 0 || diff.n > DIFF_PAIRS_MAX / diff.m) {
        replace_all(&diff);
    } else {
        fill(&diff);
        walk(&diff);
        g_free(diff.row);
    }
    return diff.lines;
}
