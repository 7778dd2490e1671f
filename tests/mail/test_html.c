/* SPDX-License-Identifier: Apache-2.0 */
/* HTML of mail programs, as text. */
#include "mail/html_simplify.h"
#include "mail/html_to_text.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *html;
    const char *text;
} Row;

static const Row rows[] = {
    {"empty", "", ""},
    {"blank", " \n\t<p> &nbsp; </p>", ""},
    {"text alone", "just text", "just text"},
    {"white space", "<p>a  b\n\tc&nbsp;&nbsp;d</p>", "a b c d"},
    {"paragraphs", "<p>one</p><p>two</p>three", "one\n\ntwo\n\nthree"},
    {"divs", "<div>one</div><div>two<div>three</div></div>", "one\ntwo\nthree"},
    {"empty divs of outlook", "<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"},
    {"breaks", "one<br>two<br/><br>three<br><br><br>four", "one\ntwo\n\nthree\n\nfour"},
    {"headings", "<h1>Title</h1>text", "Title\n\ntext"},
    {"inline", "a<b>b</b>c <i>d</i>", "abc d"},
    {"rule", "<p>one</p><hr><p>two</p>", "one\n\n---\n\ntwo"},

    {"list", "<ul><li>a</li><li>b</li></ul>", "- a\n- b"},
    {"list without ends", "x<ul><li>a<li>b</ul>y", "x\n\n- a\n- b\n\ny"},
    {"numbers", "<ol><li>a<li>b</ol><ol start=7><li>c</ol>", "1. a\n2. b\n\n7. c"},
    {"numbers from nowhere", "<ol start=-99999999999><li>c</ol>", "1. c"},
    {"lists in lists", "<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>",
     "- a\n  - b\n    1. c\n- d"},
    {"paragraph in an item", "<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"},
    {"item without list", "<li>a", "- a"},
    {"empty item", "<ul><li></li><li>b</li></ul>c", "- b\n\nc"},

    {"table", "<table><tr><th>A<th>B<tr><td>1<td>2</table>", "A | B\n1 | 2"},
    {"table of paragraphs",
     "<table><tr><td><p>1</p></td><td><div>2</div></td></tr><tr><td><p>3</p></td><td>4</td></tr></"
     "table>",
     "1 | 2\n3 | 4"},
    {"empty cells", "<table><tr><td></td><td>1</td><td> </td><td>2</td></tr></table>", "1 | 2"},
    {"table in a table",
     "<table><tr><td><table><tr><td>1</td></tr><tr><td>2</td></tr></table></td></tr></table>after",
     "1\n2\nafter"},

    {"link", "<a href='https://x.example/a'>here</a>", "here <https://x.example/a>"},
    {"link that says it", "<a href='https://x.example/'>https://x.example</a>",
     "https://x.example"},
    {"link that says it shortly", "<a href='https://x.example/'>x.example</a>", "x.example"},
    {"link that lies", "<a href='https://evil.example/'>https://bank.example</a>",
     "https://bank.example <https://evil.example/>"},
    {"mailto", "<a href='mailto:a@x.example'>a@x.example</a> <a href='mailto:b@x.example'>B</a>",
     "a@x.example B <b@x.example>"},
    {"script link", "<a href='javascript:alert(1)'>x</a><a href=' JavaScript:1'>y</a>", "xy"},
    {"relative link", "<a href='/a'>x</a> <a name=b>y</a> <a href=''>z</a>", "x y z"},
    {"link in a quote",
     "<blockquote><a href='https://x.example'>https://x.example</a></blockquote>",
     "> https://x.example"},
    {"link with markup", "<a href='https://x.example/\"><b>'>x</a>", "x <https://x.example/\"b>"},
    {"image link", "<a href='https://x.example'><img src=a></a>after", "after"},
    {"image", "<img alt='A  logo'> <img alt=''> <img src='x'>", "[A logo]"},

    {"quote", "<p>new</p><blockquote><p>a</p><p>b</p></blockquote>", "new\n\n> a\n>\n> b"},
    {"quote in a quote", "<blockquote>a<blockquote>b</blockquote>c</blockquote>",
     "> a\n>\n> > b\n>\n> c"},
    {"list in a quote", "<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"},
    {"pre", "<pre>  a\n    b\n\nc</pre>d", "  a\n    b\n\nc\n\nd"},
    {"pre in a quote", "<blockquote><pre>a\nb</pre></blockquote>", "> a\n> b"},

    {"comments", "a<!-- <p>x</p> --><!-->b<!-- -- > x -->c", "abc"},
    {"comment of outlook", "a<!--[if mso]><p>x</p><![endif]--><![if !mso]>b<![endif]>", "ab"},
    {"comment that does not end", "a<!-- b", "a"},
    {"script", "a<script>document.write('<p>x</p>')</script>b", "ab"},
    {"script that does not end", "a<script>x<p>y", "a"},
    {"style and title", "<head><title>t</title><style>p{}</style></head><body>a", "a"},
    {"end tag in a script", "<script>'</scripty>'</script >a", "a"},
    {"hidden", "<p style='x:y; Display :NONE'>x<b>y</b></p><div hidden>z</div>a", "a"},
    {"processing instruction", "<?xml version='1.0'?><?php x ?>a", "a"},

    {"entities", "&lt;b&gt; &amp;amp; &eacute;&#233;&#xe9; &euro; &nosuch; &",
     "<b> &amp; ééé € &nosuch; &"},
    {"numbers of nothing", "a&#0;&#x1;&#xd800;&#x110000;b", "ab"},
    {"less than", "1 < 2 <3 a<", "1 < 2 <3 a<"},
    {"attributes with signs", "<p title='>' data-x=\"</p>\" y=a>b</p>", "b"},
    {"attribute given twice", "<a href='https://one.example' href='https://two.example'>x</a>",
     "x <https://one.example>"},
    {"tag that does not end", "a<b", "a"},
    {"quote that does not end", "a<b title='x>b</b>", "a"},
    {"ends without starts", "</p>a</b></div></li>b</td>", "ab"},
    {"crossed", "<b>a<i>b</b>c</i>d", "abcd"},
    {"namespace", "<o:p>a</o:p><x:y z='1'/>b", "ab"},
    {"unseen characters", "a\u200b\ufeff\u00adb\u2028c", "ab c"},
    {"upper case", "<P>a</P><UL><LI>b</UL>", "a\n\n- b"},
    {"html twice", "<html><body>a</body></html><html><body>b</body></html>", "ab"},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    bool cut = true;
    g_autofree char *text = html_to_text(row->html, strlen(row->html), 10000, &cut);
    g_assert_cmpstr(text, ==, row->text);
    g_assert_false(cut);
}

static void test_bytes(void)
{
    g_autofree char *text = html_to_text("<p>a\xff\0b\xc3</p>", 14, 1000, NULL);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_true(g_str_has_prefix(text, "a"));
}

static void test_cut(void)
{
    bool cut = false;
    g_autofree char *text = html_to_text("<p>ä ö ü</p>", 15, 4, &cut);
    g_assert_true(cut);
    g_assert_cmpstr(text, ==, "ä");
    cut = false;
    g_autofree char *whole = html_to_text("<p>abcd</p>", 11, 4, &cut);
    g_assert_cmpstr(whole, ==, "abcd");
    g_assert_false(cut);
}

/* What libxml2 gets to see: few attributes, no comments. */
static void test_simplify(void)
{
    static const Row cases[] = {
        {"kept", "<A HREF=\"x\" class=y onclick='z' style=s hidden>",
         "<a href=\"x\" style=\"s\" hidden=\"\">"},
        {"requoted", "<a href='a\"b'>", "<a href=\"a&quot;b\">"},
        {"bare", "<a href=a\"b>", "<a href=\"a&quot;b\">"},
        {"many", "<p a b c d e f/g =h i= j>", "<p>"},
        {"cut name", "<p hreffffffffffffffffffffffffff=x>", "<p>"},
        {"literal", "a < b <", "a &lt; b &lt;"},
        {"odd name", "<o:p>x</o:p>", "<span>x"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *simple = html_simplify(cases[i].html, strlen(cases[i].html));
        g_test_message("%s", cases[i].name);
        g_assert_cmpstr(simple, ==, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/html/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/html/bytes", test_bytes);
    g_test_add_func("/mail/html/cut", test_cut);
    g_test_add_func("/mail/html/simplify", test_simplify);
    return g_test_run();
}
