/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Mustache specification's own cases (github.com/mustache/spec, the JSON files of specs/), when
 * a copy of them lies in ../shared/data/mustache-spec beside the project. They are not ours to
 * ship; where they are missing this program says so and skips. What they check is checked by the
 * project's own cases, too.
 */
#include "template/template.h"

#include "base/limits.h"

#include <string.h>

#define SPEC_FOLDER SOURCE_ROOT "/../shared/data/mustache-spec"

static const char *const files[] = {"comments", "delimiters", "interpolation",
                                    "inverted", "partials",   "sections"};

static Template *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Template *tmpl = template_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return tmpl;
}

static const Template *find_partial(const char *name, void *data)
{
    return g_hash_table_lookup(data, name);
}

static void test_case(const void *data)
{
    const json_t *spec = data;
    g_autoptr(GHashTable) partials =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)template_free);
    const char *name;
    json_t *text;
    json_object_foreach(json_object_get(spec, "partials"), name, text)
        g_hash_table_insert(partials, (char *)name, parse(json_string_value(text)));
    g_autoptr(Template) tmpl = parse(json_string_value(json_object_get(spec, "template")));
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    template_render(tmpl, json_object_get(spec, "data"), template_escape_html, find_partial,
                    partials, LIMIT_RENDERED_BYTES, &out, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, json_string_value(json_object_get(spec, "expected")));
}

static void free_json(void *value)
{
    json_decref(value);
}

/* Adds one test a case; the cases stay until the program ends. */
static void add_file(const char *file)
{
    g_autofree char *path = g_strdup_printf(SPEC_FOLDER "/%s.json", file);
    json_error_t failure;
    json_t *spec = json_load_file(path, 0, &failure);
    g_assert_nonnull(spec);
    json_t *cases = json_object_get(spec, "tests");
    g_assert_cmpint(json_array_size(cases), >, 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_incref(json_array_get(cases, i));
        g_autofree char *test = g_strdup_printf("/template/spec/%s/%s", file,
                                                json_string_value(json_object_get(one, "name")));
        g_test_add_data_func_full(test, one, test_case, free_json);
    }
    json_decref(spec);
}

static void test_missing(void)
{
    g_test_skip("the specification's cases are not here: " SPEC_FOLDER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!g_file_test(SPEC_FOLDER, G_FILE_TEST_IS_DIR))
        g_test_add_func("/template/spec", test_missing);
    else
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
            add_file(files[i]);
    return g_test_run();
}
