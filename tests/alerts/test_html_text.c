/* SPDX-License-Identifier: Apache-2.0 */
/* HTML as people read it in a terminal. */
#include "alerts/html_text.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *html, *want;
} TextCase;

static const TextCase cases[] = {
    {"nothing", "", ""},
    {"spaces alone", " \n\t ", ""},
    {"elements alone", "<p> </p><br>", ""},
    {"words", "one  two\n three", "one two three\n"},
    {"paragraphs", "<p>one</p>\n\n<p>two</p>", "one\n\ntwo\n"},
    {"lines", "<div>one</div><div>two</div>", "one\ntwo\n"},
    {"blocks inside of blocks", "<div><div><p>one</p></div></div><div>two</div>", "one\n\ntwo\n"},
    {"line break", "one<br>two<br/>three", "one\ntwo\nthree\n"},
    {"many line breaks", "one<br><br><br><br><br>two", "one\n\n\ntwo\n"},
    {"inline elements join words", "<b>one</b><i>two</i> <span>three</span>", "onetwo three\n"},
    {"headings", "<h1>Title</h1>Words", "Title\n\nWords\n"},
    {"list", "<ul><li>one</li><li>two</li></ul>", "- one\n- two\n"},
    {"table", "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
     "a b\nc d\n"},
    {"rule", "one<hr>two", "one\n----\ntwo\n"},
    {"link", "See <a href=\"https://x.example/\">the page</a>.",
     "See the page (https://x.example/).\n"},
    {"link that shows itself", "<a href=\"https://x.example/\">https://x.example/</a>",
     "https://x.example/\n"},
    {"link with references", "<a href=\"https://x.example/?a=1&amp;b=2\">x</a>",
     "x (https://x.example/?a=1&b=2)\n"},
    {"address", "<a href=\"mailto:a@x.example\">a@x.example</a>", "a@x.example\n"},
    {"telephone", "<a href='tel:+1'>call</a>", "call (+1)\n"},
    {"link within the page", "<a href=\"#top\">up</a>", "up\n"},
    {"link around an image", "<a href='https://x.example/'><img src='y' alt='logo'></a>",
     "logo (https://x.example/)\n"},
    {"link around nothing", "<a href='https://x.example/'></a>", "https://x.example/\n"},
    {"image", "<img alt=\"Our  logo\" src=x>", "Our  logo\n"},
    {"image without words", "a<img src=x>b", "ab\n"},
    {"style", "<style>p{color:red}</style>x", "x\n"},
    {"script", "<script>if (a < b) x()</script>x", "x\n"},
    {"title", "<head><title>t</title></head><body>x</body>", "x\n"},
    {"hidden", "a<div style=\"display:none\">b<i>c</i></div>d", "a\nd\n"},
    {"hidden, written otherwise", "a<span style='color:red; display : none'>b</span>c", "ac\n"},
    {"preformatted", "<pre>a\n  b</pre>", "a\n  b\n"},
    {"kept lines", "<div style=\"white-space:pre-wrap;\">a\n b\r\nc</div>", "a\n b\nc\n"},
    {"references", "&lt;b&gt; &amp; &quot;&#39;&apos; &eacute; &#65;&#x42;", "<b> & \"'' é AB\n"},
    {"no-break space", "a&nbsp;b", "a b\n"},
    {"unknown references", "&nothing; &; &#xyz; & b", "&nothing; &; &#xyz; & b\n"},
    {"control characters by reference", "a&#0;b&#27;c&#127;d", "a&#0;b&#27;c&#127;d\n"},
    {"half a surrogate by reference", "&#xd800;", "&#xd800;\n"},
    {"reference that is read once", "&amp;lt;", "&lt;\n"},
    {"comment", "a<!-- <b> -- > -->b", "ab\n"},
    {"declaration", "<!DOCTYPE html><p>x", "x\n"},
    {"comment that never ends", "a<!-- b", "a<!-- b\n"},
    {"tag that never ends", "a <b c", "a <b c\n"},
    {"less than", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n"},
    {"quoted end of a tag", "<p title=\"a > b\">x</p>", "x\n"},
    {"unquoted attribute", "<a href=https://x.example/y>z</a>", "z (https://x.example/y)\n"},
    {"letter case", "<P>a</P><IMG ALT='b'><BR>c", "a\n\nb\nc\n"},
    {"crossed elements", "<b><i>a</b>b</i>c", "abc\n"},
    {"end without a start", "a</p></a>b", "a\n\nb\n"},
    {"right to left and emoji", "<p>שלום</p><p>🔥</p>", "שלום\n\n🔥\n"},
    {"umlauts", "Gr&uuml;&szlig;e aus K&ouml;ln", "Grüße aus Köln\n"},
};

static void test_case(gconstpointer data)
{
    const TextCase *c = data;
    g_autofree char *got = html_as_text(c->html);
    g_assert_cmpstr(got, ==, c->want);
}

/* More than is looked at: deep nesting, long links. Neither harms, and what is said stays. */
static void test_large(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(deep, "<div>");
    g_string_append(deep, "x");
    g_autofree char *text = html_as_text(deep->str);
    g_assert_cmpstr(text, ==, "x\n");
    g_autofree char *path = g_strnfill(100000, 'y');
    g_autofree char *link = g_strdup_printf("<a href=\"https://x.example/%s\">z</a>", path);
    g_autofree char *words = html_as_text(link);
    g_assert_true(g_str_has_prefix(words, "z (https://x.example/yyy"));
    g_assert_cmpuint(strlen(words), <, 1100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/html-text/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/alerts/html-text/large", test_large);
    return g_test_run();
}
