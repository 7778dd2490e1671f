/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused and where, and what template_check() sees. */
#include "base/error.h"
#include "base/limits.h"
#include "template/template.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *text;
    int line, column;  /* 0: it parses */
    const char *words; /* stand in the message */
} SyntaxCase;

static const SyntaxCase syntax_cases[] = {
    {"nothing", "", 0, 0, NULL},
    {"single braces", "{a} } {", 0, 0, NULL},
    {"spaces around", "{{  # a  }}{{ / a }}{{ { b } }}", 1, 21, "never closed"},
    {"spaces around every kind", "{{  #  a  }}{{ / a }}{{{ b }}}{{ & c }}{{ > d }}{{ ! e }}", 0, 0,
     NULL},
    {"no-break spaces around", "{{\u00a0a\u00a0}}", 0, 0, NULL},
    {"name over two lines", "{{\n a\n}}", 0, 0, NULL},
    {"unclosed variable", "one\ntwo {{name", 2, 5, "never closed"},
    {"unclosed with one brace", "{{name}", 1, 1, "never closed"},
    {"only an opening", "{{", 1, 1, "never closed"},
    {"unclosed triple", "{{{name}}", 1, 1, "never closed"},
    {"unclosed comment", "a\n\n  {{! note", 3, 3, "never closed"},
    {"unclosed, another follows", "{{name and {{other}}", 1, 1, "not closed"},
    {"unclosed delimiters", "{{=<% %>}}", 1, 1, "never closed"},
    {"column in characters", "Größe 🔥 {{", 1, 9, "never closed"},
    {"column behind CRLF", "a\r\nb {{", 2, 3, "never closed"},
    {"tab is one character", "\t{{", 1, 2, "never closed"},
    {"empty variable", "a {{}}", 1, 3, "names nothing"},
    {"blank variable", "{{   }}", 1, 1, "names nothing"},
    {"empty triple", "{{{ }}}", 1, 1, "names nothing"},
    {"empty section", "{{#}}{{/}}", 1, 1, "names nothing"},
    {"empty closing", "{{#a}}\n{{/}}", 2, 1, "names nothing"},
    {"empty partial", "{{> }}", 1, 1, "names nothing"},
    {"space in a name", "{{ticket number}}", 1, 1, "space"},
    {"brace in a name", "{{a{b}}", 1, 1, "brace"},
    {"control character in a name", "{{a\x01}}", 1, 1, "control"},
    {"two signs", "{{##a}}", 1, 1, "sign"},
    {"a parent, which is not ours", "{{<layout}}{{/layout}}", 1, 1, "sign"},
    {"a block, which is not ours", "{{$title}}{{/title}}", 1, 1, "sign"},
    {"empty part", "{{a..b}}", 1, 1, "dots"},
    {"leading dot", "{{.a}}", 1, 1, "dots"},
    {"trailing dot", "{{#a.}}{{/a.}}", 1, 1, "dots"},
    {"dots in a partial", "{{> ../a..b }}", 0, 0, NULL},
    {"unclosed section", "a\n  {{#open}}\nb\n", 2, 3, "{{#open}} has no closing {{/open}}"},
    {"unclosed inverted section", "{{^open}}", 1, 1, "{{^open}}"},
    {"innermost unclosed", "{{#a}}\n{{#b}}", 2, 1, "{{#b}}"},
    {"stray close", "\n {{/a}}", 2, 2, "never opened"},
    {"close twice", "{{#a}}{{/a}}{{/a}}", 1, 13, "never opened"},
    {"wrong closing name", "{{#a}}\n{{#b}}x{{/a}}{{/b}}", 2, 8, "{{/a}} stands where {{/b}}"},
    {"closing by another case", "{{#a}}{{/A}}", 1, 7, "{{/A}}"},
    {"dotted closed by its head", "{{#a.b}}{{/a}}", 1, 9, "{{/a.b}}"},
    {"one delimiter", "{{=<%=}}", 1, 1, "two of them"},
    {"three delimiters", "{{=a b c=}}", 1, 1, "two of them"},
    {"no delimiter", "{{= =}}", 1, 1, "two of them"},
    {"equals sign in a delimiter", "{{=a= b=}}", 1, 1, "equals"},
    {"delimiter of 32 bytes", "{{=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb b=}}", 0, 0, NULL},
    {"delimiter of 33 bytes", "{{=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc b=}}", 1, 1, "longer"},
    {"error after a change", "{{=<% %>=}}{{ok}}\n<%", 2, 1, "never closed"},
    {"old delimiters are text", "{{=<% %>=}}{{", 0, 0, NULL},
    {"closing delimiter with a sign", "{{=<< >>=}}<<a>><<>p>>", 0, 0, NULL},
    {"closing delimiter at once", "{{=<< >>=}}<<>>", 1, 12, "names nothing"},
    {"invalid UTF-8", "a\nb\xff", 2, 2, "UTF-8"},
    {"half a character", "Gr\xc3", 1, 3, "UTF-8"},
    {"surrogate", "\xed\xa0\x80", 1, 1, "UTF-8"},
};

static void test_syntax(const void *data)
{
    const SyntaxCase *c = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = template_parse(c->text, strlen(c->text), &error);
    if (c->line == 0) {
        g_assert_no_error(error);
        g_assert_nonnull(tmpl);
        return;
    }
    g_assert_null(tmpl);
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, "template-syntax");
    g_assert_nonnull(strstr(error->message, c->words));
    int line = 0, column = 0;
    g_assert_true(template_error_position(error, &line, &column));
    g_assert_cmpint(line, ==, c->line);
    g_assert_cmpint(column, ==, c->column);
    g_autofree char *end = g_strdup_printf(" at line %d, column %d", c->line, c->column);
    g_assert_true(g_str_has_suffix(error->message, end));
}

static void test_nul(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(template_parse("a\nb\0c", 5, &error));
    g_assert_cmpstr(error_problem(error), ==, "template-syntax");
    g_assert_nonnull(strstr(error->message, "NUL"));
    int line, column;
    g_assert_true(template_error_position(error, &line, &column));
    g_assert_cmpint(line, ==, 2);
    g_assert_cmpint(column, ==, 2);
}

static void test_name_length(void)
{
    for (size_t bytes = TEMPLATE_NAME_BYTES; bytes <= TEMPLATE_NAME_BYTES + 1; bytes++) {
        g_autofree char *name = g_strnfill(bytes, 'n');
        g_autofree char *text = g_strdup_printf("{{%s}}", name);
        g_autoptr(GError) error = NULL;
        g_autoptr(Template) tmpl = template_parse(text, strlen(text), &error);
        g_assert_cmpint(tmpl != NULL, ==, bytes == TEMPLATE_NAME_BYTES);
        g_assert_cmpint(error == NULL, ==, bytes == TEMPLATE_NAME_BYTES);
    }
}

typedef struct {
    const char *name;
    const char *message;
    int line, column; /* 0: none */
} PositionCase;

static const PositionCase position_cases[] = {
    {"plain", "Wrong at line 3, column 14", 3, 14},
    {"the last counts", "x at line 1, column 1 is y at line 2, column 7", 2, 7},
    {"not at the end", "Wrong at line 3, column 14.", 0, 0},
    {"no column", "Wrong at line 3", 0, 0},
    {"no number", "Wrong at line x, column 1", 0, 0},
    {"zero", "Wrong at line 0, column 1", 0, 0},
    {"sign", "Wrong at line -1, column 1", 0, 0},
    {"too large", "Wrong at line 99999999999, column 1", 0, 0},
    {"none", "Out of paper", 0, 0},
};

static void test_position(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(position_cases); i++) {
        const PositionCase *c = &position_cases[i];
        g_test_message("%s", c->name);
        g_autoptr(GError) error = g_error_new_literal(TD_ERROR, TD_ERROR_INVALID, c->message);
        int line = -1, column = -1;
        g_assert_cmpint(template_error_position(error, &line, &column), ==, c->line != 0);
        g_assert_cmpint(line, ==, c->line != 0 ? c->line : -1);
        g_assert_cmpint(column, ==, c->line != 0 ? c->column : -1);
    }
    int line, column;
    g_assert_false(template_error_position(NULL, &line, &column));
}

typedef struct {
    GString *seen;
    const char *refused;
} Visitor;

static bool visit(char kind, const char *name, int line, int column, void *data, GError **error)
{
    Visitor *visitor = data;
    if (g_strcmp0(name, visitor->refused) == 0) {
        template_error_set(error, "unknown-field", line, column, "There is no field \"%s\"", name);
        return false;
    }
    g_string_append_printf(visitor->seen, "%c %s %d:%d\n", kind, name, line, column);
    return true;
}

static const char visited[] = "Grüße {{ name }}{{{raw}}}\r\n"
                              "{{! no }}{{#list}}{{.}}{{/list}}\n"
                              "  {{^ticket.link}}\n"
                              "🔥🔥{{&html}}\n"
                              "  {{/ticket.link}}\n"
                              "{{=<% %>=}}\n"
                              "<%> foot.html %> <%ø%>";

static void test_check(void)
{
    g_autoptr(Template) tmpl = template_parse(visited, strlen(visited), NULL);
    g_assert_nonnull(tmpl);
    g_autoptr(GString) seen = g_string_new(NULL);
    Visitor visitor = {seen, NULL};
    g_autoptr(GError) error = NULL;
    g_assert_true(template_check(tmpl, visit, &visitor, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(seen->str, ==,
                    "v name 1:7\n"
                    "& raw 1:17\n"
                    "# list 2:10\n"
                    "v . 2:19\n"
                    "^ ticket.link 3:3\n"
                    "& html 4:3\n"
                    "> foot.html 7:1\n"
                    "v ø 7:18\n");
}

static void test_check_stops(void)
{
    g_autoptr(Template) tmpl = template_parse(visited, strlen(visited), NULL);
    g_autoptr(GString) seen = g_string_new(NULL);
    Visitor visitor = {seen, "html"};
    g_autoptr(GError) error = NULL;
    g_assert_false(template_check(tmpl, visit, &visitor, &error));
    g_assert_cmpstr(error_problem(error), ==, "unknown-field");
    g_assert_false(strstr(seen->str, "foot") != NULL);
    int line = 0, column = 0;
    g_assert_true(template_error_position(error, &line, &column));
    g_assert_cmpint(line, ==, 4);
    g_assert_cmpint(column, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(syntax_cases); i++) {
        g_autofree char *path = g_strdup_printf("/template/parse/syntax/%s", syntax_cases[i].name);
        g_test_add_data_func(path, &syntax_cases[i], test_syntax);
    }
    g_test_add_func("/template/parse/nul", test_nul);
    g_test_add_func("/template/parse/name-length", test_name_length);
    g_test_add_func("/template/parse/position", test_position);
    g_test_add_func("/template/parse/check", test_check);
    g_test_add_func("/template/parse/check-stops", test_check_stops);
    return g_test_run();
}
