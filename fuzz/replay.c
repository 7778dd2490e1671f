/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of a folder, each as a test of its own: replay FOLDER [test
 * options]. A folder that is missing or empty is a failure, or a moved corpus would pass for ever.
 */
#include "fuzz.h"

#include <gio/gio.h>

static void test_file(const void *path)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &data, &size, &error);
    g_assert_no_error(error);
    /* Of exactly this size, so that a sanitizer sees a read past the end. */
    g_autofree uint8_t *input = g_memdup2(data, size);
    g_assert_cmpint(LLVMFuzzerTestOneInput(input, size), ==, 0);
}

static int compare_names(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = g_dir_open(argv[1], 0, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;)
        g_ptr_array_add(names, g_strdup(name));
    g_assert_cmpint(names->len, >, 0);
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *test = g_strdup_printf("/replay/%s", name);
        g_test_add_data_func_full(test, g_build_filename(argv[1], name, NULL), test_file, g_free);
    }
    return g_test_run();
}
