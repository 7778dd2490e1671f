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

/* Stored texts are compared with those that are made later, so they never change. */
static void test_text_is_as_jansson_writes(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "[[],{},[{}]]",
        "{\"a\":1,\"b\":[1,-2,3.5,1e300,0.1,12345678901234],\"a b\":{\"c\":null}}",
        "[true,false,null,\"\"]",
        "\"a\"",
        "-9223372036854775808",
        "[1e22, 1.0, -0.0]",
        "[\"\\u0000\\u0001\\u001f\\u007f\\b\\f\\n\\r\\t\\\"\\\\\\/\"]",
        "{\"ü\\n\":\"日本 \\ud83d\\ude00 \\u2028\",\"\":\"x\\u001by\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        json_error_t failure;
        json_auto_t *value = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, &failure);
        g_assert_nonnull(value);
        g_autofree char *text = json_text(value);
        char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        g_assert_cmpstr(text, ==, expected);
        free(expected);
        json_auto_t *again = json_is_object(value) || json_is_array(value) ? json_read(text) : NULL;
        g_assert_true(again == NULL || json_equal(again, value));
    }
}

/* Whatever the text, it says what Jansson says. */
static void test_read_as_jansson(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "[ ]",
        "{\"a\":1}",
        "{\"a\": 1}",
        "[1,-2,0,-0]",
        "[01]",
        "[-]",
        "[1.5,2e3]",
        "[123456789012345678]",
        "[1234567890123456789]",
        "[99999999999999999999]",
        "[1",
        "[1]x",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "[\"\\u0041\\u00e4\"]",
        "[\"\\ud83d\\ude00\"]",
        "[\"\\n\\t\\\"\\\\\\/\"]",
        "[\"\\q\"]",
        "[\"a\n\"]",
        "[\"a",
        "[\"a\\",
        "[\"\xff\"]",
        "[\"\xc3\xa4\"]",
        "{\"a\":1,\"a\":2}",
        "{\"\\u0061\":1}",
        "{\"a\\n\":1}",
        "[true,false,null]",
        "[truefalse]",
        "[tru]",
        "1",
        "\"a\"",
        "",
        "{\"\":\"\"}",
        "[[[[[]]]]]",
        "[[[[[]]]]",
        "[1]\n",
        "[nul]",
        "[--1]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        json_auto_t *expected = json_loads(texts[i], 0, NULL);
        json_auto_t *value = json_read(texts[i]);
        if (expected == NULL ? value != NULL : !json_equal(value, expected))
            g_error("%s was read as something else", texts[i]);
    }
}

/* Deeper than this reader goes, and not deeper than Jansson. */
static void test_read_deep(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 200; i++)
        g_string_append_c(text, '[');
    for (int i = 0; i < 200; i++)
        g_string_append_c(text, ']');
    json_auto_t *value = json_read(text->str);
    g_assert_true(json_is_array(value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/json/parse-refuses", test_parse_refuses);
    g_test_add_func("/base/json/reader", test_reader);
    g_test_add_func("/base/json/text", test_text_is_compact);
    g_test_add_func("/base/json/text-as-jansson", test_text_is_as_jansson_writes);
    g_test_add_func("/base/json/read-as-jansson", test_read_as_jansson);
    g_test_add_func("/base/json/read-deep", test_read_deep);
    return g_test_run();
}
