/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds: how long, how deep, how much work. Nothing here looks at the clock: what would be
 * quadratic or endless without its bound runs into the test's timeout.
 */
#include "base/error.h"
#include "base/limits.h"
#include "template/template.h"

#include <string.h>

static GString *repeat(const char *piece, size_t times)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < times; i++)
        g_string_append(text, piece);
    return text;
}

static Template *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Template *tmpl = template_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return tmpl;
}

static void assert_refused(const char *text, TemplatePartial partial, void *partial_data,
                           const json_t *data, size_t max_bytes, const char *problem)
{
    g_autoptr(Template) tmpl = parse(text);
    char *out = (char *)text;
    g_autoptr(GError) error = NULL;
    g_assert_false(template_render(tmpl, data, template_escape_html, partial, partial_data,
                                   max_bytes, &out, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, problem);
    g_assert_true(out == text); /* untouched */
}

static void test_template_bytes(void)
{
    g_autofree char *text = g_strnfill(LIMIT_TEMPLATE_BYTES + 1, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) most = template_parse(text, LIMIT_TEMPLATE_BYTES, &error);
    g_assert_no_error(error);
    g_assert_nonnull(most);
    g_assert_null(template_parse(text, LIMIT_TEMPLATE_BYTES + 1, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, "too-long");
}

static void test_section_depth(void)
{
    for (size_t depth = LIMIT_TEMPLATE_DEPTH; depth <= LIMIT_TEMPLATE_DEPTH + 1; depth++) {
        g_autoptr(GString) text = repeat("{{#a}}", depth);
        g_autoptr(GString) closing = repeat("{{/a}}", depth);
        g_string_append_c(text, 'x');
        g_string_append(text, closing->str);
        g_autoptr(GError) error = NULL;
        g_autoptr(Template) tmpl = template_parse(text->str, text->len, &error);
        g_assert_cmpint(tmpl != NULL, ==, depth <= LIMIT_TEMPLATE_DEPTH);
        if (tmpl == NULL) {
            int line, column;
            g_assert_cmpstr(error_problem(error), ==, "template-syntax");
            g_assert_true(template_error_position(error, &line, &column));
            g_assert_cmpint(column, ==, 6 * LIMIT_TEMPLATE_DEPTH + 1);
        }
    }
}

/* Partial "p31" includes "p30", and so on to "p0", which prints. */
static const Template *find_numbered(const char *name, void *data)
{
    GPtrArray *partials = data;
    return g_ptr_array_index(partials, g_ascii_strtoull(name + 1, NULL, 10));
}

static void test_partial_depth(void)
{
    g_autoptr(GPtrArray) partials = g_ptr_array_new_with_free_func((GDestroyNotify)template_free);
    g_ptr_array_add(partials, parse("deep"));
    for (unsigned i = 1; i <= LIMIT_TEMPLATE_DEPTH; i++) {
        g_autofree char *text = g_strdup_printf("{{>p%u}}", i - 1);
        g_ptr_array_add(partials, parse(text));
    }
    json_auto_t *data = json_object();
    g_autoptr(Template) most = parse("{{>p31}}");
    g_autofree char *out = NULL;
    g_assert_true(
        template_render(most, data, template_escape_none, find_numbered, partials, 10, &out, NULL));
    g_assert_cmpstr(out, ==, "deep");
    assert_refused("{{>p32}}", find_numbered, partials, data, 10, "template-depth");
}

static const Template *find_itself(const char *name, void *data)
{
    return data;
}

static void test_recursion(void)
{
    static const char *const runaway[] = {"{{>p}}",
                                          "{{>p}}{{>p}}",
                                          "  {{>p}}\n",
                                          "{{#a}}{{>p}}{{/a}}",
                                          "{{^b}}{{>p}}{{/b}}",
                                          "{{#l}}{{>p}}{{/l}}",
                                          "{{=| |=}}|>p|",
                                          "{{#a}}\n  {{>p}}\n{{/a}}"};
    json_auto_t *data = json_pack("{s:{},s:[i,i]}", "a", "l", 1, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(runaway); i++) {
        g_autoptr(Template) tmpl = parse(runaway[i]);
        assert_refused(runaway[i], find_itself, tmpl, data, 1000000, "template-depth");
    }
}

/* The deepest C stack there can be: as many sections as allowed in as many partials as allowed. */
static void test_deepest_stack(void)
{
    g_autoptr(GString) text = repeat("{{#a}}", LIMIT_TEMPLATE_DEPTH);
    g_string_append(text, "{{>p}}");
    g_autoptr(GString) closing = repeat("{{/a}}", LIMIT_TEMPLATE_DEPTH);
    g_string_append(text, closing->str);
    g_autoptr(Template) tmpl = parse(text->str);
    json_auto_t *data = json_pack("{s:{}}", "a");
    assert_refused(text->str, find_itself, tmpl, data, 1000, "template-depth");
}

typedef struct {
    const char *name;
    const char *text;
    const char *data;
    size_t fits; /* bytes of the result */
} OutputCase;

static const OutputCase output_cases[] = {
    {"text", "0123456789", "{}", 10},
    {"value", "a{{v}}", "{\"v\":\"0123456789\"}", 11},
    {"escaped value", "{{v}}", "{\"v\":\"<<<\"}", 12},
    {"raw value", "{{{v}}}", "{\"v\":\"<<<\"}", 3},
    {"number", "{{v}}", "{\"v\":12345}", 5},
    {"list", "{{#l}}ab{{/l}}", "{\"l\":[1,2,3]}", 6},
    {"nothing", "{{#l}}ab{{/l}}", "{}", 0},
    {"indented partial", "   {{>p}}\n", "{}", 9},
};

static void test_output(const void *test_data)
{
    const OutputCase *c = test_data;
    g_autoptr(Template) tmpl = parse(c->text);
    g_autoptr(Template) partial = parse("a\nb");
    json_auto_t *data = json_loads(c->data, 0, NULL);
    g_autofree char *out = NULL;
    if (strstr(c->text, "{{>p}}") != NULL)
        g_assert_true(c->fits > 0);
    g_autoptr(GError) error = NULL;
    template_render(tmpl, data, template_escape_html, find_itself, partial, c->fits, &out, &error);
    g_assert_no_error(error);
    g_assert_cmpint(strlen(out), ==, c->fits);
    if (c->fits > 0)
        assert_refused(c->text, find_itself, partial, data, c->fits - 1, "too-long");
}

static size_t most_allocated;

/* The worst that an escape function may do: six bytes for one. */
static void escape_watched(GString *out, const char *value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        g_string_append(out, "&quot;");
    most_allocated = MAX(most_allocated, out->allocated_len);
}

static void test_output_memory(void)
{
    static const size_t limits[] = {1, 1000, 100000};
    g_autoptr(GString) value = repeat("\"", 1024 * 1024);
    json_auto_t *data = json_pack("{s:s}", "v", value->str);
    g_autoptr(Template) tmpl = parse("{{v}}");
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        most_allocated = 0;
        char *out = NULL;
        g_autoptr(GError) error = NULL;
        g_assert_false(
            template_render(tmpl, data, escape_watched, NULL, NULL, limits[i], &out, &error));
        g_assert_cmpstr(error_problem(error), ==, "too-long");
        g_assert_cmpint(most_allocated, >, 0);
        g_assert_cmpint(most_allocated, <=, 2 * limits[i] + 8192);
    }
}

/* `depth` lists of `n` elements in one another, found from every level. */
static json_t *list_of(int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(list, json_integer(i));
    json_t *data = json_object();
    json_object_set_new(data, "l", list);
    json_object_set_new(data, "no", json_false());
    return data;
}

static void test_work(void)
{
    static const char *const busy[] = {
        "{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}",
        "{{#l}}{{#l}}{{#l}}{{#l}}{{missing}}{{/l}}{{/l}}{{/l}}{{/l}}",
        "{{#l}}{{#l}}{{#l}}{{#no}}text{{/no}}{{/l}}{{/l}}{{/l}}",
        "{{#l}}{{#l}}{{#l}}{{a.b.c.d.e.f}}{{/l}}{{/l}}{{/l}}",
        "{{#l}}{{#l}}{{#l}}{{>p}}{{/l}}{{/l}}{{/l}}",
    };
    json_auto_t *data = list_of(1000);
    g_autoptr(Template) empty = parse("{{! nothing }}");
    for (size_t i = 0; i < G_N_ELEMENTS(busy); i++)
        assert_refused(busy[i], find_itself, empty, data, LIMIT_RENDERED_BYTES, "template-work");
}

/* The bound itself: about a million steps pass, more than two million do not. */
static void test_work_bound(void)
{
    static const char text[] = "{{#l}}{{#l}}{{/l}}{{/l}}";
    json_auto_t *some = list_of(1000);
    g_autoptr(Template) tmpl = parse(text);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    template_render(tmpl, some, template_escape_none, NULL, NULL, 0, &out, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, "");
    json_auto_t *many = list_of(1500);
    assert_refused(text, NULL, NULL, many, 0, "template-work");
}

/* p32 includes p31 twice, and so on: 2^32 visits, all in vain. */
static void test_work_doubling(void)
{
    g_autoptr(GPtrArray) partials = g_ptr_array_new_with_free_func((GDestroyNotify)template_free);
    g_ptr_array_add(partials, parse(""));
    for (unsigned i = 1; i < LIMIT_TEMPLATE_DEPTH; i++) {
        g_autofree char *text = g_strdup_printf("{{>p%u}}{{>p%u}}", i - 1, i - 1);
        g_ptr_array_add(partials, parse(text));
    }
    json_auto_t *data = json_object();
    assert_refused("{{>p31}}", find_numbered, partials, data, LIMIT_RENDERED_BYTES,
                   "template-work");
}

static void escape_to_nothing(GString *out, const char *value, size_t bytes) {}

static void test_work_of_escaping(void)
{
    g_autoptr(GString) value = repeat("x", 1024 * 1024);
    json_auto_t *data = list_of(100000);
    json_object_set_new(data, "v", json_string(value->str));
    g_autoptr(Template) tmpl = parse("{{#l}}{{v}}{{/l}}");
    char *out = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(template_render(tmpl, data, escape_to_nothing, NULL, NULL, 100, &out, &error));
    g_assert_cmpstr(error_problem(error), ==, "template-work");
}

static void test_large_page_is_allowed(void)
{
    json_auto_t *data = list_of(1000);
    g_autoptr(GString) row = repeat("<td>{{.}}</td>", 30);
    g_autofree char *text = g_strdup_printf("{{#l}}<tr>%s</tr>{{/l}}", row->str);
    g_autoptr(Template) tmpl = parse(text);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    template_render(tmpl, data, template_escape_html, NULL, NULL, LIMIT_RENDERED_BYTES, &out,
                    &error);
    g_assert_no_error(error);
}

/* Each of these would take minutes if any byte were looked at again for every tag. */
static const char *const repeated[] = {
    "{{",           "{",
    "{{{",          "{{!",
    "{{=",          "{{a}}",
    "{{a}} ",       " {{a}}",
    "{{!}}",        "{{! }}\n",
    "{{#a}}{{/a}}", "{{#a}}\n{{/a}}\n",
    "{{>p}}\n",     "{{=| |=}}|={{ }}=|",
    " \t",          "\n",
    "}}",           "🔥",
    "{{ü}}",
};

static void test_linear(void)
{
    json_auto_t *data = json_pack("{s:s,s:s}", "a", "x", "ü", "y");
    g_autoptr(Template) partial = parse("");
    for (size_t i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_test_message("%s", repeated[i]);
        g_autoptr(GString) text = repeat(repeated[i], LIMIT_TEMPLATE_BYTES / strlen(repeated[i]));
        g_autoptr(Template) tmpl = template_parse(text->str, text->len, NULL);
        g_autofree char *out = NULL;
        if (tmpl != NULL)
            g_assert_true(template_render(tmpl, data, template_escape_html, find_itself, partial,
                                          LIMIT_RENDERED_BYTES, &out, NULL));
    }
}

static void test_linear_blanks(void)
{
    g_autoptr(GString) text = repeat(" ", LIMIT_TEMPLATE_BYTES / 2);
    while (text->len + 5 <= LIMIT_TEMPLATE_BYTES)
        g_string_append(text, "{{!}}");
    g_autoptr(Template) tmpl = template_parse(text->str, text->len, NULL);
    g_assert_nonnull(tmpl);
}

/* A delimiter that the text nearly contains at every place. */
static void test_linear_delimiters(void)
{
    g_autoptr(GString) text = g_string_new("{{=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab aaaaaaaac=}}");
    while (text->len < LIMIT_TEMPLATE_BYTES)
        g_string_append_c(text, 'a');
    g_autoptr(Template) tmpl = template_parse(text->str, text->len, NULL);
    g_assert_nonnull(tmpl);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/limits/template-bytes", test_template_bytes);
    g_test_add_func("/template/limits/section-depth", test_section_depth);
    g_test_add_func("/template/limits/partial-depth", test_partial_depth);
    g_test_add_func("/template/limits/recursion", test_recursion);
    g_test_add_func("/template/limits/deepest-stack", test_deepest_stack);
    for (size_t i = 0; i < G_N_ELEMENTS(output_cases); i++) {
        g_autofree char *path = g_strdup_printf("/template/limits/output/%s", output_cases[i].name);
        g_test_add_data_func(path, &output_cases[i], test_output);
    }
    g_test_add_func("/template/limits/output-memory", test_output_memory);
    g_test_add_func("/template/limits/work", test_work);
    g_test_add_func("/template/limits/work-bound", test_work_bound);
    g_test_add_func("/template/limits/work-doubling", test_work_doubling);
    g_test_add_func("/template/limits/work-of-escaping", test_work_of_escaping);
    g_test_add_func("/template/limits/large-page-is-allowed", test_large_page_is_allowed);
    g_test_add_func("/template/limits/linear", test_linear);
    g_test_add_func("/template/limits/linear-blanks", test_linear_blanks);
    g_test_add_func("/template/limits/linear-delimiters", test_linear_delimiters);
    return g_test_run();
}
