/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value may stand in HTML, how it is escaped there, and what is refused with its place. */
#include "base/error.h"
#include "base/limits.h"
#include "template/template.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *html, *want;
} GoodCase;

/* `t` is the text <"'&>, `u` a link, `j` a script's, `e` is empty, `l` a list of two. */
static const GoodCase good[] = {
    {"element", "<p>{{t}}</p>", "<p>&lt;&quot;&#39;&amp;&gt;</p>"},
    {"double quotes", "<p title=\"{{t}}\">", "<p title=\"&lt;&quot;&#39;&amp;&gt;\">"},
    {"single quotes", "<p title = '{{t}}'>", "<p title = '&lt;&quot;&#39;&amp;&gt;'>"},
    {"title", "<title>{{t}}</title>", "<title>&lt;&quot;&#39;&amp;&gt;</title>"},
    {"whole link", "<a href=\"{{u}}\">x</a>", "<a href=\"https://x.example/?a=1&amp;b=%22\">x</a>"},
    {"link that is none", "<a href=\"{{j}}\">x</a>", "<a href=\"#\">x</a>"},
    {"rest of a link", "<a href='https://y/{{t}}/{{u}}'>x</a>",
     "<a href='https://y/%3C%22%27%26%3E/https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D%22'>x</a>"},
    {"second value of a link", "<a href=\"{{e}}{{j}}\">x</a>",
     "<a href=\"javascript%3Aalert%281%29\">x</a>"},
    {"mail link", "<a href=\"mailto:{{t}}\">x</a>", "<a href=\"mailto:%3C%22%27%26%3E\">x</a>"},
    {"image", "<img src=\"{{u}}\" alt=\"{{t}}\">",
     "<img src=\"https://x.example/?a=1&amp;b=%22\" alt=\"&lt;&quot;&#39;&amp;&gt;\">"},
    {"letter case", "<A HREF=\"{{j}}\">x</A>", "<A HREF=\"#\">x</A>"},
    {"section of elements", "{{#l}}<p>{{.}}</p>{{/l}}", "<p>1</p><p>2</p>"},
    {"section inside an element", "<p>{{#e}}x{{/e}}{{^e}}y{{/e}}</p>", "<p>y</p>"},
    {"section of an attribute's value", "<p title=\"{{#t}}a{{/t}}\">", "<p title=\"a\">"},
    {"section of attributes", "<p {{#t}}title=\"a\" {{/t}}>", "<p title=\"a\" >"},
    {"section of a style", "<style>p{}</style>{{#t}}<b>x</b>{{/t}}", "<style>p{}</style><b>x</b>"},
    {"comment", "<!-- a -> > -- b --><p>{{l}}</p>", "<!-- a -> > -- b --><p></p>"},
    {"words for one mail program", "<!--[if mso]><i>x</i><![endif]--><p>{{e}}</p>",
     "<!--[if mso]><i>x</i><![endif]--><p></p>"},
    {"document", "<!DOCTYPE html><html lang=en><meta charset=utf-8><body>{{e}}",
     "<!DOCTYPE html><html lang=en><meta charset=utf-8><body>"},
    {"self-closing", "<br/><img src=\"https://x.example/\"/>{{e}}",
     "<br/><img src=\"https://x.example/\"/>"},
    {"greater than in a value of the template's", "<p title=\"a > b\">{{e}}</p>",
     "<p title=\"a > b\"></p>"},
    {"link without a value", "<a name=x>{{e}}</a><a href=\"#top\">x</a>",
     "<a name=x></a><a href=\"#top\">x</a>"},
    {"style of the template's own", "<p style=\"color:red\">{{e}}</p>",
     "<p style=\"color:red\"></p>"},
};

typedef struct {
    const char *name;
    const char *html;
    int line, column;
    const char *words; /* stand in the message */
} BadCase;

static const BadCase bad[] = {
    {"raw", "<p>\n {{{t}}}", 2, 2, "without escaping"},
    {"raw by its sign", "<p>{{&t}}", 1, 4, "without escaping"},
    {"partial", "<p>{{>t}}", 1, 4, "partial"},
    {"no quotes", "<p title={{t}}>", 1, 10, "inside the quotes"},
    {"behind a value without quotes", "<p title=x{{t}}>", 1, 11, "inside the quotes"},
    {"attribute's name", "<p {{t}}=\"x\">", 1, 4, "inside the quotes"},
    {"half an attribute's name", "<p ti{{t}}=\"x\">", 1, 6, "inside the quotes"},
    {"element's name", "<{{t}}>", 1, 2, "inside the quotes"},
    {"half an element's name", "<p{{t}}>", 1, 3, "inside the quotes"},
    {"style sheet", "<style>p{color:{{t}}}</style>", 1, 16, "inside the quotes"},
    {"comment", "<!-- {{t}} -->", 1, 6, "inside the quotes"},
    {"declaration", "<!DOCTYPE {{t}}>", 1, 11, "inside the quotes"},
    {"style attribute", "<p style=\"{{t}}\">", 1, 11, "this attribute"},
    {"class attribute", "<p class=\"{{t}}\">", 1, 11, "this attribute"},
    {"more than one image", "<img srcset=\"{{u}}\">", 1, 14, "this attribute"},
    {"script", "<script>x</script>", 1, 8, "no place in a mail"},
    {"form", "<form>", 1, 6, "no place in a mail"},
    {"frame", "<iframe src=\"https://x.example\">", 1, 8, "no place in a mail"},
    {"drawing", "<SVG>", 1, 5, "no place in a mail"},
    {"event", "<p onclick=\"x\">", 1, 11, "script"},
    {"event in other letters", "<p OnLoad='x'>", 1, 10, "script"},
    {"document in a frame", "<p srcdoc=\"x\">", 1, 10, "no place in a mail"},
    {"javascript", "<a href=\"javascript:x\">", 1, 22, "A link must begin"},
    {"javascript behind a space", "<a href=\" javascript:x\">", 1, 23, "A link must begin"},
    {"javascript by references", "<a href=\"&#106;avascript:x\">", 1, 27, "A link must begin"},
    {"javascript without quotes", "<a href=javascript:x>", 1, 21, "A link must begin"},
    {"link without a host", "<a href=\"/x\">", 1, 12, "A link must begin"},
    {"image in the mail", "<img src=\"data:image/png;base64,x\">", 1, 34,
     "An image must be a link"},
    {"image by content id", "<img src=\"cid:x\">", 1, 16, "An image must be a link"},
    {"background", "<td background=\"x.png\">", 1, 22, "An image must be a link"},
    {"leading away", "<meta http-equiv=\"refresh\" content=\"0\">", 1, 26, "lead its reader away"},
    {"section over a quote", "<p {{#t}}title=\"{{/t}}x\">", 1, 4, "must end where it began"},
    {"section over an element's end", "{{#t}}<p {{/t}}>", 1, 1, "must end where it began"},
    {"section over a quote of the other kind", "<p a=\"{{#t}}\" b='{{/t}}'>", 1, 7,
     "must end where it began"},
    {"section over a style", "{{#t}}<style>{{/t}}</style>", 1, 1, "must end where it began"},
    {"section over a title", "{{#t}}<title>{{/t}}</title>", 1, 1, "must end where it began"},
    {"section in a link", "<a href=\"https://x/{{#t}}y{{/t}}\">", 1, 20, "inside a link"},
    {"inverted section in an image", "<img src=\"{{^t}}x{{/t}}\">", 1, 11, "inside a link"},
    {"less than", "1 < 2", 1, 4, "&lt;"},
    {"less than at the end", "<p>a <", 1, 7, "ends inside"},
    {"processing instruction", "<?xml ?>", 1, 2, "&lt;"},
    {"end without a name", "<p></>", 1, 6, "no name"},
    {"end of a number", "</1 a=\">{{t}}\">", 1, 3, "no name"},
    {"strange name", "<p$>", 1, 3, "that none can have"},
    {"quote too many", "<p title=\"a\"\">", 1, 13, "A quote"},
    {"quote missing", "<p title=\"a>x</p><p title=\"b\">", 1, 29, "A quote"},
    {"value missing", "<p title=>", 1, 10, "no value"},
    {"open quote", "<p title=\"{{t}}", 1, 16, "ends inside"},
    {"open comment", "<!-- x", 1, 7, "ends inside"},
    {"open style", "<style>p{}", 1, 11, "ends inside"},
    {"open title", "<title>x", 1, 9, "ends inside"},
    {"element in the title", "<title><p title=\"</title>{{t}}\">", 1, 10, "title holds words"},
    {"comment in the title", "<title><!--</title>{{t}}-->", 1, 9, "title holds words"},
    {"comment that ends at once", "<!--> {{t}} -->", 1, 5, "A comment ends with"},
    {"comment that ends nearly at once", "<!---> {{t}} -->", 1, 6, "A comment ends with"},
    {"comment with a bang", "<!-- x --!> {{t}} -->", 1, 11, "A comment ends with"},
};

static Template *parse(const char *html)
{
    g_autoptr(GError) error = NULL;
    Template *tmpl = template_parse(html, strlen(html), &error);
    g_assert_no_error(error);
    return tmpl;
}

static void test_good(gconstpointer data)
{
    const GoodCase *c = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = parse(c->html);
    template_prepare_html(tmpl, &error);
    g_assert_no_error(error);
    json_auto_t *values =
        json_pack("{s:s, s:s, s:s, s:s, s:[i, i]}", "t", "<\"'&>", "u",
                  "https://x.example/?a=1&b=\"", "j", "javascript:alert(1)", "e", "", "l", 1, 2);
    g_autofree char *out = NULL;
    template_render(tmpl, values, template_escape_html, NULL, NULL, LIMIT_RENDERED_BYTES, &out,
                    &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, c->want);
}

static void test_bad(gconstpointer data)
{
    const BadCase *c = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = parse(c->html);
    int line = 0, column = 0;
    g_assert_false(template_prepare_html(tmpl, &error));
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, "template-html");
    g_assert_true(template_error_position(error, &line, &column));
    if (strstr(error->message, c->words) == NULL)
        g_error("\"%s\" is not in: %s", c->words, error->message);
    g_assert_cmpint(line, ==, c->line);
    g_assert_cmpint(column, ==, c->column);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *path = g_strdup_printf("/template/html/escaped/%s", good[i].name);
        g_test_add_data_func(path, &good[i], test_good);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strdup_printf("/template/html/refused/%s", bad[i].name);
        g_test_add_data_func(path, &bad[i], test_bad);
    }
    return g_test_run();
}
