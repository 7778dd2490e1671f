/* SPDX-License-Identifier: Apache-2.0 */
/* Templates through the API: what is refused at save, versions, languages, and trying them. */
#include "api/world.h"

#include <string.h>

#define T "/api/v1/templates"

static const char *engine;

static Answer *post(World *world, const char *subject, const char *text, const char *html)
{
    json_auto_t *body = json_pack("{s:s, s:s, s:s, s:s?}", "name", "Mine", "subject", subject,
                                  "text", text, "html", html);
    g_autofree char *json = json_dumps(body, 0);
    return world_call(world, "POST", T, json);
}

/* ---- refused at save ---- */

static void test_refused(void)
{
    static const struct {
        const char *subject, *text, *html, *problem, *field, *words;
    } cases[] = {
        {"s", "a\n{{ticket.titel}}", NULL, "unknown-merge-field", "/text", "\"ticket.title\""},
        {"s", "{{title}}", NULL, "unknown-merge-field", "/text", "\"ticket.title\""},
        {"s", "{{ticket.notes}}", NULL, "unknown-merge-field", "/text", "nearest"},
        {"s", "{{#ticket.due}}x", NULL, "template-syntax", "/text", "line 1"},
        {"{{ticket.title", "x", NULL, "template-syntax", "/subject", "line 1"},
        {"s", "{{>footer}}", NULL, "template-partial", "/text", "includes"},
        {"{{ticket.title}}", "x", NULL, "template-proof", "/subject", "an empty title"},
        {"{{contact.name}}", "x", NULL, "template-proof", "/subject", "which only what must be"},
        {"", "x", NULL, "template-proof", "/subject", "it is empty"},
        {"s", "Ticket {ticket.number}", NULL, "template-proof", "/text", "raw tags"},
        {"s", "", NULL, "empty", "/text", "text or an HTML part"},
        {"s", "x", "<p>{{{ticket.title}}}</p>", "template-html", "/html", "line 1, column 4"},
        {"s", "x", "<p class={{ticket.type}}>x</p>", "template-html", "/html", "quotes"},
        {"s", "x", "<script>x</script>", "template-html", "/html", "element"},
        {"s", "x", "<a href=\"javascript:x\">y</a>", "template-html", "/html", "link"},
        {"s", "x", "<img src=\"data:image/png;base64,x\">", "template-html", "/html", "image"},
    };
    g_autoptr(World) world = world_new(engine);
    g_autofree char *before = world_rows(world);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = post(world, cases[i].subject, cases[i].text, cases[i].html);
        g_test_message("%zu: %s", i, text_at(answer->json, "/detail"));
        assert_problem(answer, 422, cases[i].problem);
        g_assert_cmpstr(text_at(answer->json, "/field"), ==, cases[i].field);
        g_assert_nonnull(strstr(text_at(answer->json, "/detail"), cases[i].words));
    }
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_position(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(Answer) answer = post(world, "s", "one\ntwo {{nothing}}", NULL);
    g_assert_cmpint(json_integer_value(json_at(answer->json, "/line")), ==, 2);
    g_assert_cmpint(json_integer_value(json_at(answer->json, "/column")), ==, 5);
}

static void test_bad_input(void)
{
    static const struct {
        const char *body, *problem;
    } cases[] = {
        {"{\"name\":\"x\",\"subject\":\"s\",\"text\":\"t\",\"language\":\"d e\"}", "invalid"},
        {"{\"name\":\"x\",\"subject\":\"s\",\"text\":\"t\",\"translations\":{\"no tag\":{}}}",
         "invalid"},
        {"{\"name\":\"x\",\"subject\":\"s\",\"text\":\"t\",\"translations\":{\"EN\":"
         "{\"subject\":\"s\",\"text\":\"t\"}}}",
         "language-twice"},
        {"{\"name\":\"x\",\"subject\":\"s\",\"text\":\"t\",\"kind\":\"letter\"}", "invalid"},
        {"{\"name\":\"x\",\"kind\":\"sign_in\",\"subject\":\"s\",\"text\":\"{{ticket.title}}\"}",
         "unknown-merge-field"},
        {"{\"name\":\"x\",\"subject\":\"s\",\"text\":\"t\",\"partials\":{}}", "unknown-field"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", T, cases[i].body);
        g_test_message("%zu: %s", i, text_at(answer->json, "/detail"));
        assert_problem(answer, 422, cases[i].problem);
    }
    g_autofree char *large = g_strnfill(256 * 1024 + 1, 'x');
    g_autoptr(Answer) too_large = post(world, "s", large, NULL);
    assert_problem(too_large, 422, "too-long");
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 33; i++)
        g_string_append(deep, "{{#ticket.due}}");
    g_autoptr(Answer) nested = post(world, "s", deep->str, NULL);
    assert_problem(nested, 422, "template-syntax");
    g_autoptr(GString) wide = g_string_new("x");
    for (int i = 0; i < 20; i++)
        g_string_append(wide, "{{ticket.description}}");
    g_autoptr(Answer) output = post(world, "s", wide->str, NULL);
    assert_problem(output, 422, "template-proof");
    g_test_message("%s", text_at(output->json, "/detail"));
    g_assert_nonnull(strstr(text_at(output->json, "/detail"), "of 1 MiB"));
    static const char broken[] = "{\"name\":\"x\",\"subject\":\"s\",\"text\":\"\xff\"}";
    g_autoptr(Answer) not_utf8 = world_call(world, "POST", T, broken);
    g_assert_cmpint(not_utf8->status, ==, 400);
}

/* ---- versions ---- */

static void test_versions(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *first = world_ok(
        world, "POST", T, "{\"name\":\"Mine\",\"subject\":\"one\",\"text\":\"a\\nb\\nc\"}", 201);
    g_assert_cmpint(json_integer_value(json_at(first, "/id")), ==, 8);
    g_assert_cmpint(json_integer_value(json_at(first, "/version")), ==, 1);
    json_auto_t *second = world_ok(world, "PATCH", T "/8",
                                   "{\"text\":\"a\\nB\\nc\",\"version\":1,\"translations\":"
                                   "{\"de\":{\"subject\":\"eins\",\"text\":\"x\"}}}",
                                   200);
    g_assert_cmpint(json_integer_value(json_at(second, "/version")), ==, 2);
    g_assert_cmpstr(text_at(second, "/translations/de/subject"), ==, "eins");
    g_assert_cmpstr(text_at(second, "/subject"), ==, "one");
    json_auto_t *same = world_ok(world, "PATCH", T "/8", "{\"subject\":\"one\"}", 200);
    g_assert_cmpint(json_integer_value(json_at(same, "/version")), ==, 2);
    g_autoptr(Answer) stale = world_call(world, "PATCH", T "/8", "{\"text\":\"x\",\"version\":1}");
    assert_problem(stale, 409, "template-changed");

    json_auto_t *difference = world_ok(world, "GET", T "/8/diff?from=1&to=2", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(difference, "/parts")), ==, 3);
    g_assert_cmpstr(text_at(difference, "/parts/0/part"), ==, "text");
    g_assert_cmpuint(json_array_size(json_at(difference, "/parts/0/lines")), ==, 2);
    g_assert_cmpstr(text_at(difference, "/parts/0/lines/0/text"), ==, "b");
    g_assert_cmpstr(text_at(difference, "/parts/0/lines/1/change"), ==, "+");
    g_assert_cmpint(json_integer_value(json_at(difference, "/parts/0/lines/1/line")), ==, 2);

    json_auto_t *back = world_ok(world, "POST", T "/8/restore", "{\"version\":1}", 201);
    g_assert_cmpint(json_integer_value(json_at(back, "/version")), ==, 3);
    g_assert_cmpstr(text_at(back, "/text"), ==, "a\nb\nc");
    g_assert_cmpuint(json_object_size(json_at(back, "/translations")), ==, 0);
    json_auto_t *versions = world_ok(world, "GET", T "/8/versions", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(versions, "/items")), ==, 3);
    g_assert_cmpint(json_integer_value(json_at(versions, "/items/0/restored_from")), ==, 1);
    g_assert_nonnull(json_at(versions, "/items/0/author/name"));
    json_auto_t *old = world_ok(world, "GET", T "/8/versions/2", NULL, 200);
    g_assert_cmpstr(text_at(old, "/text"), ==, "a\nB\nc");
    g_autoptr(Answer) none = world_call(world, "GET", T "/8/versions/9", NULL);
    assert_problem(none, 404, "unknown-version");
}

static void test_copy_delete(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *copy = world_ok(world, "POST", T "/1/copy", "{\"name\":\"Ours\"}", 201);
    g_assert_true(json_is_null(json_at(copy, "/builtin")));
    g_assert_cmpuint(json_object_size(json_at(copy, "/translations")), ==, 4);
    g_autoptr(Answer) taken = world_call(world, "POST", T "/1/copy", "{\"name\":\"Ours\"}");
    assert_problem(taken, 409, "name-taken");
    g_autoptr(Answer) builtin = world_call(world, "DELETE", T "/1", NULL);
    assert_problem(builtin, 409, "template-built-in");
    json_auto_t *use = world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                                "{\"new_ticket\":{\"template\":8}}", 200);
    g_autoptr(Answer) used = world_call(world, "DELETE", T "/8", NULL);
    assert_problem(used, 409, "template-in-use");
    g_assert_nonnull(strstr(text_at(used->json, "/detail"), "new_ticket.template"));
    json_auto_t *unuse = world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                                  "{\"new_ticket\":{\"template\":null}}", 200);
    json_auto_t *gone = world_ok(world, "DELETE", T "/8", NULL, 204);
    g_autoptr(Answer) deleted = world_call(world, "GET", T "/8", NULL);
    assert_problem(deleted, 404, "unknown-template");
    json_auto_t *again = world_ok(world, "POST", T "/1/copy", "{\"name\":\"Ours\"}", 201);
    g_assert_nonnull(again);
}

static void test_built_in(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *before = world_ok(world, "GET", T "/2", NULL, 200);
    json_auto_t *changed = world_ok(world, "PATCH", T "/2",
                                    "{\"text\":\"x\",\"html\":null,\"translations\":{\"de\":null,"
                                    "\"fr\":{\"subject\":\"s\",\"text\":\"t\"}}}",
                                    200);
    g_assert_null(json_at(changed, "/translations/de"));
    json_auto_t *restored = world_ok(world, "POST", T "/2/restore", "{\"built_in\":true}", 201);
    json_object_del(before, "version");
    json_object_del(restored, "version");
    g_assert_true(json_equal(before, restored));
    json_auto_t *versions = world_ok(world, "GET", T "/2/versions", NULL, 200);
    g_assert_true(json_is_true(json_at(versions, "/items/0/built_in")));
    g_assert_true(json_is_false(json_at(versions, "/items/1/built_in")));
    json_auto_t *copy = world_ok(world, "POST", T "/2/copy", "{\"name\":\"c\"}", 201);
    g_autoptr(Answer) refused = world_call(world, "POST", T "/8/restore", "{\"built_in\":true}");
    assert_problem(refused, 422, "not-built-in");
}

/* ---- trying ---- */

static void test_preview(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *before = world_rows(world);
    json_auto_t *sample = world_ok(world, "POST", T "/1/preview", "{}", 200);
    g_assert_nonnull(strstr(text_at(sample, "/subject"), "[#1042]"));
    json_auto_t *german = world_ok(world, "POST", T "/1/preview", "{\"language\":\"de\"}", 200);
    g_assert_nonnull(strstr(text_at(german, "/subject"), "Ticket eröffnet"));
    g_assert_nonnull(strstr(text_at(german, "/text"), "23. November 2026"));
    g_autoptr(Answer) unknown = world_call(world, "POST", T "/1/preview", "{\"language\":\"it\"}");
    assert_problem(unknown, 422, "unknown-language");
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);

    /* A subject is one line, whatever the template says. */
    g_autoptr(Answer) folded = post(world, " Ticket\r\n{{ticket.number}}\n", "x", NULL);
    g_assert_cmpint(folded->status, ==, 201);
    json_auto_t *one_line = world_ok(world, "POST", T "/8/preview", "{}", 200);
    g_assert_cmpstr(text_at(one_line, "/subject"), ==, "Ticket 1042");

    json_auto_t *token = world_ok(world, "POST", "/api/v1/tokens",
                                  "{\"name\":\"t\",\"scopes\":[\"templates\"]}", 201);
    CallOptions as = {.token = text_at(token, "/token")};
    g_autoptr(Answer) denied =
        world_call_with(world, "POST", T "/1/preview", "{\"ticket\":1}", &as);
    assert_problem(denied, 403, "missing-scope");
}

/* Words that nobody has saved: proved as at save, shown, and forgotten. */
static void test_preview_unsaved(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *before = world_rows(world);
    json_auto_t *typed = world_ok(
        world, "POST", T "/1/preview",
        "{\"subject\":\"Typed {{ticket.number}}\",\"html\":\"<p>{{ticket.title}}</p>\"}", 200);
    g_assert_cmpstr(text_at(typed, "/subject"), ==, "Typed 1042");
    g_assert_nonnull(strstr(text_at(typed, "/html"), "<p>"));
    g_assert_cmpstr(text_at(typed, "/language"), ==, "en");
    json_auto_t *other = world_ok(world, "POST", T "/1/preview", "{\"text\":\"Other words\"}", 200);
    g_assert_cmpstr(text_at(other, "/text"), ==, "Other words");
    g_assert_nonnull(strstr(text_at(other, "/subject"), "[#1042]"));
    json_auto_t *fresh = world_ok(
        world, "POST", T "/1/preview",
        "{\"language\":\"pt\",\"subject\":\"Novo {{ticket.number}}\",\"text\":\"x\"}", 200);
    g_assert_cmpstr(text_at(fresh, "/subject"), ==, "Novo 1042");
    g_assert_cmpstr(text_at(fresh, "/language"), ==, "pt");
    g_autoptr(Answer) wrong =
        world_call(world, "POST", T "/1/preview", "{\"text\":\"one\\ntwo {{nothing}}\"}");
    assert_problem(wrong, 422, "unknown-merge-field");
    g_assert_cmpstr(text_at(wrong->json, "/field"), ==, "/text");
    g_assert_cmpint(json_integer_value(json_at(wrong->json, "/line")), ==, 2);
    g_assert_cmpint(json_integer_value(json_at(wrong->json, "/column")), ==, 5);
    json_auto_t *saved = world_ok(world, "POST", T "/1/preview", "{}", 200);
    g_assert_null(strstr(text_at(saved, "/subject"), "Typed"));
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_test_send(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(Answer) nobody =
        world_call(world, "POST", T "/1/test-send", "{\"to\":\"erika@harbour-it.example\"}");
    g_assert_cmpint(nobody->status, ==, 503);
    json_auto_t *fields = world_ok(world, "GET", "/api/v1/merge-fields", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(fields, "/items")), ==, 29);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/templates/refused", test_refused);
    g_test_add_func("/api/templates/position", test_position);
    g_test_add_func("/api/templates/bad-input", test_bad_input);
    g_test_add_func("/api/templates/versions", test_versions);
    g_test_add_func("/api/templates/copy-delete", test_copy_delete);
    g_test_add_func("/api/templates/built-in", test_built_in);
    g_test_add_func("/api/templates/preview", test_preview);
    g_test_add_func("/api/templates/preview-unsaved", test_preview_unsaved);
    g_test_add_func("/api/templates/test-send", test_test_send);
    return g_test_run();
}
