/* SPDX-License-Identifier: Apache-2.0 */
/* What differs, line by line. */
#include "base/diff.h"

#include <stdbool.h>

typedef struct {
    const char *name;
    const char *before, *after;
    const char *want; /* "-1 gone|+2 come" */
} DiffCase;

static const DiffCase cases[] = {
    {"the same", "a\nb\n", "a\nb\n", ""},
    {"both empty", "", "", ""},
    {"from nothing", "", "a", "+1 a"},
    {"to nothing", "a\nb", "", "-1 a|-2 b"},
    {"a line more at the end", "a\nb", "a\nb\nc", "+3 c"},
    {"a line more at the start", "b\nc", "a\nb\nc", "+1 a"},
    {"a line more in the middle", "a\nc", "a\nb\nc", "+2 b"},
    {"a line less", "a\nb\nc", "a\nc", "-2 b"},
    {"a changed line", "a\nb\nc", "a\nB\nc", "-2 b|+2 B"},
    {"two places", "a\nb\nc\nd\ne", "a\nB\nc\nD\ne", "-2 b|+2 B|-4 d|+4 D"},
    {"moved", "a\nb\nc", "c\na\nb", "+1 c|-3 c"},
    {"repeated lines", "x\nx\nx", "x\nx", "-3 x"},
    {"all different", "a\nb", "c\nd", "-1 a|-2 b|+1 c|+2 d"},
    {"the line feed at the end", "a", "a\n", "+2 "},
    {"a carriage return counts", "a\r\nb", "a\nb", "-1 a\r|+1 a"},
    {"as few lines as can be", "a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc",
     "-1 a|-2 b|-4 a|+3 a|+6 c"},
};

static char *difference(const char *before, const char *after)
{
    g_autoptr(GPtrArray) lines = diff_lines(before, after);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        const DiffLine *line = lines->pdata[i];
        g_string_append_printf(text, "%s%c%zu %s", i > 0 ? "|" : "",
                               line->kind == DIFF_GONE ? '-' : '+', line->line, line->text);
    }
    return g_strdup(text->str);
}

static void test_case(gconstpointer data)
{
    const DiffCase *c = data;
    g_autofree char *got = difference(c->before, c->after);
    g_assert_cmpstr(got, ==, c->want);
}

static char *numbers(int from, int to)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = from; i < to; i++)
        g_string_append_printf(text, "%d\n", i);
    return g_strdup(text->str);
}

/* Too many pairs to compare: all of the middle is gone and come, and what is the same at both ends
 * is still left out. */
static void test_large(void)
{
    g_autofree char *first = numbers(0, 1500);
    g_autofree char *second = numbers(2000, 3500);
    g_autofree char *before = g_strconcat("head\n", first, "tail", NULL);
    g_autofree char *after = g_strconcat("head\n", second, "tail", NULL);
    g_autoptr(GPtrArray) lines = diff_lines(before, after);
    g_assert_cmpuint(lines->len, ==, 3000);
    const DiffLine *gone = lines->pdata[0];
    const DiffLine *come = lines->pdata[1500];
    g_assert_true(gone->kind == DIFF_GONE && gone->line == 2);
    g_assert_cmpstr(gone->text, ==, "0");
    g_assert_true(come->kind == DIFF_COME && come->line == 2);
    g_assert_cmpstr(come->text, ==, "2000");
}

/* Whatever the texts: taking the gone lines out of the old one and putting the new ones in gives
 * the new one. */
static char *apply(const char *before, const char *after)
{
    g_autoptr(GPtrArray) lines = diff_lines(before, after);
    g_auto(GStrv) old = g_strsplit(before, "\n", -1);
    g_autoptr(GPtrArray) result = g_ptr_array_new();
    for (guint i = 0; i < g_strv_length(old); i++) {
        bool gone = false;
        for (guint j = 0; j < lines->len; j++) {
            const DiffLine *line = lines->pdata[j];
            gone = gone || (line->kind == DIFF_GONE && line->line == i + 1);
        }
        if (!gone)
            g_ptr_array_add(result, old[i]);
    }
    for (guint j = 0; j < lines->len; j++) {
        const DiffLine *line = lines->pdata[j];
        if (line->kind == DIFF_COME)
            g_ptr_array_insert(result, (gint)line->line - 1, line->text);
    }
    g_ptr_array_add(result, NULL);
    return g_strjoinv("\n", (char **)result->pdata);
}

static char *random_text(GRand *rand)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int n = g_rand_int_range(rand, 0, 12); n > 0; n--)
        g_string_append_printf(text, "%c\n", "abcd"[g_rand_int_range(rand, 0, 4)]);
    return g_strdup(text->str);
}

static void test_random(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    for (int i = 0; i < 2000; i++) {
        g_autofree char *before = random_text(rand);
        g_autofree char *after = random_text(rand);
        g_autofree char *result = apply(before, after);
        g_assert_cmpstr(result, ==, after);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/base/diff/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/base/diff/large", test_large);
    g_test_add_func("/base/diff/random", test_random);
    return g_test_run();
}
