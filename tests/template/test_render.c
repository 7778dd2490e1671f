/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out: values, contexts, whitespace, partials, escaping; and one template in many
 * threads. */
#include "base/limits.h"
#include "template/template.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *text;
    const char *data;        /* JSON */
    const char *want;        /* with template_escape_html */
    const char *partials[4]; /* name, text, name, text */
} RenderCase;

static const RenderCase cases[] = {
    {"nothing", "", "{}", "", {0}},
    {"text alone", "a\nb\n", "{}", "a\nb\n", {0}},
    {"values",
     "{{s}}|{{i}}|{{n}}|{{t}}|{{f}}|{{null}}|{{missing}}|{{list}}|{{object}}",
     "{\"s\":\"x\",\"i\":12,\"n\":-0.5,\"t\":true,\"f\":false,\"null\":null,\"list\":[1],"
     "\"object\":{}}",
     "x|12|-0.5|true|false||||",
     {0}},
    {"numbers as JSON prints them",
     "{{a}} {{b}} {{c}} {{d}} {{e}} {{f}} {{g}}",
     "{\"a\":9223372036854775807,\"b\":0.1,\"c\":1.1,\"d\":3.0,\"e\":0.30000000000000004,\"f\":"
     "1e300,\"g\":5e-324}",
     "9223372036854775807 0.1 1.1 3 0.30000000000000004 1e+300 4.94065645841247e-324",
     {0}},
    {"what is falsy",
     "{{^a}}a{{/a}}{{^b}}b{{/b}}{{^c}}c{{/c}}{{^d}}d{{/d}}{{^e}}e{{/e}}{{^f}}f{{/f}}{{^g}}g{{/g}}",
     "{\"a\":false,\"b\":null,\"c\":\"\",\"d\":0,\"e\":[],\"f\":0.0}",
     "abcdefg",
     {0}},
    {"what is truthy",
     "{{#a}}a{{/a}}{{#b}}b{{/b}}{{#c}}c{{/c}}{{#d}}d{{/d}}{{#e}}e{{/e}}{{#f}}f{{/f}}",
     "{\"a\":true,\"b\":\" \",\"c\":\"0\",\"d\":-1,\"e\":{},\"f\":0.1}",
     "abcdef",
     {0}},
    {"a list of falsy things still has elements",
     "{{#l}}[{{.}}]{{/l}}",
     "{\"l\":[\"\",0,false,null]}",
     "[][0][false][]",
     {0}},
    {"a section makes its value the context",
     "{{#a}}{{b}}{{#c}}{{b}}{{d}}{{/c}}{{/a}}",
     "{\"d\":4,\"a\":{\"b\":2,\"c\":{\"x\":1}}}",
     "224",
     {0}},
    {"the inner name hides the outer",
     "{{#a}}{{x}}{{/a}}",
     "{\"x\":1,\"a\":{\"x\":\"\"}}",
     "",
     {0}},
    {"null hides, too", "{{#a}}[{{x}}]{{/a}}", "{\"x\":1,\"a\":{\"x\":null}}", "[]", {0}},
    {"dotted name through a text", "[{{a.b.c}}]", "{\"a\":{\"b\":\"x\"}}", "[]", {0}},
    {"dotted name does not step out",
     "{{#a}}[{{b.c}}]{{/a}}",
     "{\"a\":{\"b\":{}},\"b\":{\"c\":1}}",
     "[]",
     {0}},
    {"root that is a text", "{{.}}{{x}}", "\"a\"", "a", {0}},
    {"lists in lists", "{{#.}}({{#.}}{{.}},{{/.}}){{/.}}", "[[1,2],[],[3]]", "(1,2,)()(3,)", {0}},
    {"unicode names",
     "{{größe}} {{日本}} {{#🔥}}{{.}}{{/🔥}}",
     "{\"größe\":\"L\",\"日本\":\"J\",\"🔥\":\"!\"}",
     "L J !",
     {0}},
    {"names with signs",
     "{{first-name}}{{a/b}}{{x:y}}",
     "{\"first-name\":1,\"a/b\":2,\"x:y\":3}",
     "123",
     {0}},
    {"braces in data stay data",
     "{{a}} {{{a}}} {{#l}}{{.}}{{/l}}",
     "{\"a\":\"{{b}}{{#l}}\",\"b\":\"SECRET\",\"l\":[\"{{>p}}\",\"{{/l}}\"]}",
     "{{b}}{{#l}} {{b}}{{#l}} {{&gt;p}}{{/l}}",
     {"p", "SECRET"}},
    {"escaped and not",
     "{{a}} {{{a}}} {{&a}}",
     "{\"a\":\"<a href='x'>\\\"&\"}",
     "&lt;a href=&#39;x&#39;&gt;&quot;&amp; <a href='x'>\"& <a href='x'>\"&",
     {0}},
    {"triple with other delimiters",
     "{{=<% %>=}}<%{a}%>|<%& a %>|<%a%>",
     "{\"a\":\"<\"}",
     "<|<|&lt;",
     {0}},
    {"delimiters of one letter",
     "{{=( )=}}(a)({b})(#c)x(/c)(=[ ]=)[a](a)",
     "{\"a\":1,\"b\":\"&\",\"c\":true}",
     "1&x1(a)",
     {0}},
    {"NUL in data is dropped", "[{{a}}]", "{\"a\":\"x\\u0000y\\u0000\"}", "[xy]", {0}},
    {"braces left over", "{{{a}}}}{{a}}}", "{\"a\":1}", "1}1}", {0}},
    {"CRLF, standalone",
     "a\r\n{{#t}}\r\nb\r\n{{/t}}\r\n{{! c }}\r\nd\r\n",
     "{\"t\":true}",
     "a\r\nb\r\nd\r\n",
     {0}},
    {"CRLF, in the line", "a\r\n{{x}}\r\nb {{! c }}\r\n", "{\"x\":1}", "a\r\n1\r\nb \r\n", {0}},
    {"a lone CR is no line's end", "{{#t}}\r{{/t}}", "{\"t\":true}", "\r", {0}},
    {"two tags on a line are not standalone",
     "{{#t}}{{/t}}\n{{#t}} {{! c }}\nx{{/t}}\n",
     "{\"t\":true}",
     "\n \nx\n",
     {0}},
    {"only blanks make standalone", "\t {{#t}} \t\nx\n\t{{/t}}\t\n", "{\"t\":true}", "x\n", {0}},
    {"standalone, blank line around",
     "a\n\n{{#t}}\n\nb\n\n{{/t}}\n\nc",
     "{\"t\":true}",
     "a\n\n\nb\n\n\nc",
     {0}},
    {"standalone comment of many lines", "a\n  {{!\n x\n  }}  \nb", "{}", "a\nb", {0}},
    {"comment of many lines in the text", "a {{!\n x\n  }} \nb", "{}", "a  \nb", {0}},
    {"missing partial", "a{{>no}}b\n  {{>no}}\nc", "{}", "ab\nc", {0}},
    {"partial sees the context",
     "{{#l}}{{>p}}{{/l}}",
     "{\"l\":[{\"a\":1},{\"a\":2}],\"b\":0}",
     "<10><20>",
     {"p", "<{{a}}{{b}}>"}},
    {"partial keeps its delimiters",
     "{{=<% %>=}}<%>p%><%a%>{{a}}",
     "{\"a\":1}",
     "1<%a%>1{{a}}",
     {"p", "{{a}}<%a%>"}},
    {"indentation of every line", "  {{>p}}\nend", "{}", "  a\n  \n  b\nend", {"p", "a\n\nb\n"}},
    {"indentation, sections in the partial",
     "  {{>p}}\n",
     "{\"l\":[1,2]}",
     "  a\n  - 1\n  - 2\n  b\n",
     {"p", "a\n{{#l}}\n- {{.}}\n{{/l}}\nb\n"}},
    {"indentation, line that begins with a section",
     "  {{>p}}\n",
     "{\"l\":[1,2]}",
     "  1,2,\n  z\n",
     {"p", "{{#l}}{{.}},{{/l}}\nz\n"}},
    {"indentation, line that begins with a closing tag",
     "  {{>p}}\n",
     "{\"l\":[1,2]}",
     "  1\n  2\n  .\n",
     {"p", "{{#l}}{{.}}\n{{/l}}.\n"}},
    {"indentation, line that begins with a comment",
     "  {{>p}}\n",
     "{}",
     "  a\n  b\n",
     {"p", "{{!x}}a\n{{!x}}b\n"}},
    {"indentation adds up",
     "  {{>p}}\n",
     "{}",
     "  a\n  \tb\n  \tb\n  c\n",
     {"p", "a\n\t{{>q}}\nc\n", "q", "b\nb\n"}},
    {"indentation stops at a partial in the line",
     "  {{>p}}\n",
     "{}",
     "  a b\nb\n c\n",
     {"p", "a {{>q}} c\n", "q", "b\nb\n"}},
    {"values keep their own lines",
     "  {{>p}}\n",
     "{\"a\":\"1\\n2\"}",
     "  1\n2\n  .\n",
     {"p", "{{a}}\n.\n"}},
    {"partial that ends",
     "{{>tree}}",
     "{\"n\":1,\"kids\":[{\"n\":2,\"kids\":[]},{\"n\":3,\"kids\":[]}]}",
     "1(2()3())",
     {"tree", "{{n}}({{#kids}}{{>tree}}{{/kids}})"}},
};

static const Template *find_partial(const char *name, void *data)
{
    return g_hash_table_lookup(data, name);
}

static Template *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Template *tmpl = template_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return tmpl;
}

static GHashTable *partials_of(const RenderCase *c)
{
    GHashTable *partials =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)template_free);
    for (size_t i = 0; i < G_N_ELEMENTS(c->partials) && c->partials[i] != NULL; i += 2)
        g_hash_table_insert(partials, (char *)c->partials[i], parse(c->partials[i + 1]));
    return partials;
}

static json_t *load(const char *text)
{
    json_error_t failure;
    json_t *data = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &failure);
    g_assert_nonnull(data);
    return data;
}

static void test_case(const void *test_data)
{
    const RenderCase *c = test_data;
    g_autoptr(GHashTable) partials = partials_of(c);
    g_autoptr(Template) tmpl = parse(c->text);
    json_auto_t *data = load(c->data);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    template_render(tmpl, data, template_escape_html, find_partial, partials, LIMIT_RENDERED_BYTES,
                    &out, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, c->want);
}

static void test_escape_none(void)
{
    g_autoptr(Template) tmpl = parse("{{a}}{{{a}}}");
    json_auto_t *data = load("{\"a\":\"<&'\\\">\"}");
    g_autofree char *out = NULL;
    g_assert_true(template_render(tmpl, data, template_escape_none, NULL, NULL, 100, &out, NULL));
    g_assert_cmpstr(out, ==, "<&'\"><&'\">");
}

/* Marks where a piece ends; refuses pieces that are not whole characters. */
static void escape_pieces(GString *out, const char *value, size_t bytes)
{
    g_assert_true(g_utf8_validate_len(value, bytes, NULL));
    g_string_append_len(out, value, (gssize)bytes);
    g_string_append_c(out, '|');
}

static void test_pieces_are_characters(void)
{
    g_autoptr(Template) tmpl = parse("{{a}}");
    for (size_t lead = 0; lead < 4; lead++) {
        g_autoptr(GString) value = g_string_new(NULL);
        for (size_t i = 0; i < lead; i++)
            g_string_append_c(value, 'x');
        for (int i = 0; i < 1000; i++)
            g_string_append(value, "🔥ü");
        json_auto_t *data = json_pack("{s:s}", "a", value->str);
        g_autofree char *out = NULL;
        g_assert_true(template_render(tmpl, data, escape_pieces, NULL, NULL, 20000, &out, NULL));
        g_auto(GStrv) pieces = g_strsplit(out, "|", -1);
        g_assert_cmpint(g_strv_length(pieces), >, 2);
        g_autofree char *joined = g_strjoinv("", pieces);
        g_assert_cmpstr(joined, ==, value->str);
    }
}

typedef struct {
    const Template *tmpl;
    GHashTable *partials;
    const json_t *data;
    const char *want;
} Shared;

static void *render_often(void *user_data)
{
    const Shared *shared = user_data;
    for (int i = 0; i < 200; i++) {
        g_autofree char *out = NULL;
        if (!template_render(shared->tmpl, shared->data, template_escape_html, find_partial,
                             shared->partials, LIMIT_RENDERED_BYTES, &out, NULL) ||
            strcmp(out, shared->want) != 0)
            return GINT_TO_POINTER(1);
    }
    return NULL;
}

static void test_threads(void)
{
    static const RenderCase c = {"",
                                 "{{#l}}\n  {{>p}}\n{{/l}}",
                                 "{\"l\":[{\"a\":\"<\"},{\"a\":2.5}],\"b\":[1,2,3]}",
                                 "  &lt; 1 2 3 \n  2.5 1 2 3 \n",
                                 {"p", "{{a}} {{#b}}{{.}} {{/b}}\n"}};
    g_autoptr(GHashTable) partials = partials_of(&c);
    g_autoptr(Template) tmpl = parse(c.text);
    json_auto_t *data = load(c.data);
    Shared shared = {tmpl, partials, data, c.want};
    GThread *threads[8];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(GError) error = NULL;
        threads[i] = g_thread_try_new("render", render_often, &shared, &error);
        g_assert_no_error(error);
    }
    int failed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        failed += GPOINTER_TO_INT(g_thread_join(threads[i]));
    g_assert_cmpint(failed, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/template/render/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/template/render/escape-none", test_escape_none);
    g_test_add_func("/template/render/pieces-are-characters", test_pieces_are_characters);
    g_test_add_func("/template/render/threads", test_threads);
    return g_test_run();
}
