/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails in the wild: each inbound/NAME.eml must give what NAME.json says, to the letter. With
 * TEST_WRITE=1 in the environment the JSON files are written instead: read the difference before
 * you commit it.
 */
#include "base/json.h"
#include "mail/inbound.h"
#include "tests/mail/mail_json.h"

#include <gio/gio.h>
#include <string.h>

static GBytes *read_file(const char *path)
{
    char *data = NULL;
    gsize n = 0;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &data, &n, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(data, n);
}

static char *seen(const char *path)
{
    g_autoptr(GBytes) raw = read_file(path);
    json_auto_t *value = mail_to_json(raw);
    g_autofree char *text = json_dumps(value, JSON_INDENT(2));
    return g_strconcat(text, "\n", NULL);
}

static void test_file(gconstpointer data)
{
    const char *path = data;
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".eml"));
    g_autofree char *expected_path = g_strconcat(stem, ".json", NULL);
    g_autofree char *text = seen(path);
    g_autoptr(GError) error = NULL;
    if (g_getenv("TEST_WRITE") != NULL) {
        g_file_set_contents(expected_path, text, -1, &error);
        g_assert_no_error(error);
        return;
    }
    g_autofree char *expected = NULL;
    g_file_get_contents(expected_path, &expected, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
}

static int compare_names(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const char *folder = g_getenv("TEST_INBOUND");
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, ".eml"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    g_assert_cmpint(names->len, >=, 40);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_strdup_printf("/mail/inbound/%s", name);
        g_test_add_data_func_full(path, g_build_filename(folder, name, NULL), test_file, g_free);
    }
    return g_test_run();
}
