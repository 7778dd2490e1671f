/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"

#include <string.h>

static void test_parse_refuses(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < LIMIT_JSON_DEPTH + 1; i++)
        g_string_append_c(deep, '[');
    for (int i = 0; i < LIMIT_JSON_DEPTH + 1; i++)
        g_string_append_c(deep, ']');
    const struct {
        const char *in;
        const char *problem;
    } cases[] = {
        {"", "bad-json"},
        {"{", "bad-json"},
        {"{\"a\":1,}", "bad-json"},
        {"{\"a\":1} x", "bad-json"},
        {"{\"a\":1,\"a\":2}", "bad-json"},
        {"{\"a\":\"\xff\"}", "not-utf8"},
        {deep->str, "bad-json"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        json_auto_t *value = json_parse(cases[i].in, strlen(cases[i].in), &error);
        g_assert_null(value);
        g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
        g_assert_cmpint(error_http_status(error), ==, 400);
    }
}

/* Reads the fields of an imaginary request. */
static bool read_sample(const char *text, GError **error)
{
    json_auto_t *object = json_parse(text, strlen(text), NULL);
    g_assert_nonnull(object);
    JsonReader reader;
    json_reader_init(&reader, object, "");
    g_autofree char *title = NULL;
    g_autofree char *type = NULL;
    int64_t account = 0;
    int64_t due_us = 0;
    bool notify = true;
    json_t *list = NULL;
    json_require(&reader, "title");
    json_read_line(&reader, "title", 10, &title);
    json_read_optional_line(&reader, "type", 10, &type);
    json_read_id(&reader, "account", &account);
    json_read_time(&reader, "due", &due_us);
    json_read_bool(&reader, "notify", &notify);
    json_read_array(&reader, "list", 2, &list);
    return json_reader_end(&reader, error);
}

static void test_reader(void)
{
    const struct {
        const char *in;
        const char *problem; /* NULL: accepted */
        const char *field;
    } cases[] = {
        {"{\"title\":\"a\"}", NULL, NULL},
        {"{\"title\":\"a\",\"type\":null,\"account\":null,\"due\":null,\"list\":[1,2]}", NULL,
         NULL},
        {"{\"title\":\"\"}", NULL, NULL},
        {"{}", "missing-field", "/title"},
        {"[]", "wrong-type", ""},
        {"{\"title\":null}", "wrong-type", "/title"},
        {"{\"title\":7}", "wrong-type", "/title"},
        {"{\"title\":\"12345678901\"}", "too-long", "/title"},
        {"{\"title\":\"a\\nb\"}", "invalid", "/title"},
        {"{\"title\":\"a\\u0000b\"}", "invalid", "/title"},
        {"{\"title\":\"a\",\"account\":0}", "out-of-range", "/account"},
        {"{\"title\":\"a\",\"account\":1.5}", "wrong-type", "/account"},
        {"{\"title\":\"a\",\"account\":\"1\"}", "wrong-type", "/account"},
        {"{\"title\":\"a\",\"due\":\"soon\"}", "bad-time", "/due"},
        {"{\"title\":\"a\",\"notify\":1}", "wrong-type", "/notify"},
        {"{\"title\":\"a\",\"list\":[1,2,3]}", "too-many", "/list"},
        {"{\"title\":\"a\",\"titel\":\"b\"}", "unknown-field", "/titel"},
        {"{\"title\":\"a\",\"x/y~z\":1}", "unknown-field", "/x~1y~0z"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].in);
        g_autoptr(GError) error = NULL;
        bool ok = read_sample(cases[i].in, &error);
        g_assert_cmpint(ok, ==, cases[i].problem == NULL);
        if (!ok) {
            g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
            g_assert_cmpstr(error_field(error), ==, cases[i].field);
        }
    }
}

static void test_text_is_compact(void)
{
    json_auto_t *object = json_object();
    json_set_text(object, "b", "ü\"");
    json_set_id(object, "a", 0);
    json_set_time(object, "t", 1000000);
    json_set_bool(object, "y", true);
    g_autofree char *text = json_text(object);
    g_assert_cmpstr(text, ==,
                    "{\"b\":\"ü\\\"\",\"a\":null,\"t\":\"1970-01-01T00:00:01Z\",\"y\":true}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/json/parse-refuses", test_parse_refuses);
    g_test_add_func("/base/json/reader", test_reader);
    g_test_add_func("/base/json/text", test_text_is_compact);
    return g_test_run();
}
