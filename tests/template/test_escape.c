/* SPDX-License-Identifier: Apache-2.0 */
/* The escape functions, by themselves: what may never come out of them. */
#include "template/template.h"

#include <string.h>

typedef struct {
    const char *name;
    TemplateEscape escape;
    const char *before; /* what stands in the output already */
    const char *value, *want;
} EscapeCase;

#define HTML template_escape_html
#define URL  template_escape_url
#define PART template_escape_url_part
#define NONE template_escape_none

static const EscapeCase cases[] = {
    {"html: nothing to do", HTML, "", "plain 日本 🔥", "plain 日本 🔥"},
    {"html: every sign", HTML, "", "<>&\"'", "&lt;&gt;&amp;&quot;&#39;"},
    {"html: at both ends", HTML, "", "<a>", "&lt;a&gt;"},
    {"html: what was escaped before", HTML, "", "&amp;", "&amp;amp;"},
    {"html: tags of Mustache", HTML, "", "{{a}}", "{{a}}"},
    {"html: backtick and equals", HTML, "", "`=", "`="},
    {"html: empty", HTML, "x", "", ""},
    {"url: https", URL, "\"", "https://x.example/a?b=c#d", "https://x.example/a?b=c#d"},
    {"url: http", URL, "'", "http://x.example", "http://x.example"},
    {"url: mailto", URL, "\"", "mailto:a@x.example", "mailto:a@x.example"},
    {"url: tel", URL, "\"", "tel:+44-20", "tel:+44-20"},
    {"url: letter case of the scheme", URL, "\"", "HTTPS://X.example", "HTTPS://X.example"},
    {"url: ampersand", URL, "\"", "https://x/?a=1&b=2", "https://x/?a=1&amp;b=2"},
    {"url: quotes", URL, "\"", "https://x/\"'", "https://x/%22%27"},
    {"url: markup", URL, "\"", "https://x/<b>", "https://x/%3Cb%3E"},
    {"url: space and lines", URL, "\"", "https://x/a b\r\n", "https://x/a%20b%0D%0A"},
    {"url: what is encoded stays", URL, "\"", "https://x/%41", "https://x/%41"},
    {"url: other characters", URL, "\"", "https://x/ü", "https://x/%C3%BC"},
    {"url: backslash", URL, "\"", "https://x\\y", "https://x%5Cy"},
    {"url: javascript", URL, "\"", "javascript:alert(1)", "#"},
    {"url: javascript in other letters", URL, "\"", "JaVaScRiPt:x", "#"},
    {"url: javascript behind a space", URL, "\"", " javascript:x", "#"},
    {"url: javascript behind a tab", URL, "\"", "\tjava\tscript:x", "#"},
    {"url: data", URL, "'", "data:text/html,<b>", "#"},
    {"url: no scheme", URL, "\"", "www.example.com", "#"},
    {"url: another host by slashes", URL, "\"", "//x.example", "#"},
    {"url: a scheme that goes on", URL, "\"", "httpsx://y", "#"},
    {"url: half a scheme", URL, "\"", "https:/", "#"},
    {"url: a later piece of one value", URL, "\"https://x/", "javascript:", "javascript:"},
    {"part: kept", PART, "\"https://x/", "aZ09-._~@", "aZ09-._~@"},
    {"part: all else", PART, "\"https://x/", "a/b?c=d&e#f:g", "a%2Fb%3Fc%3Dd%26e%23f%3Ag"},
    {"part: percent", PART, "\"https://x/", "%2e", "%252e"},
    {"part: quotes", PART, "'https://x/", "\"'<>", "%22%27%3C%3E"},
    {"part: other characters", PART, "\"https://x/", "é", "%C3%A9"},
    {"none: as it is", NONE, "", "<&\"'>", "<&\"'>"},
};

static void test_case(gconstpointer data)
{
    const EscapeCase *c = data;
    g_autoptr(GString) out = g_string_new(c->before);
    c->escape(out, c->value, strlen(c->value));
    g_assert_cmpstr(out->str + strlen(c->before), ==, c->want);
}

/* Of any bytes: HTML has no sign of markup left, a link none of markup, space or another host. */
static void test_every_byte(void)
{
    for (int c = 1; c < 128; c++) {
        char value[] = {(char)c, '\0'};
        g_autoptr(GString) html = g_string_new(NULL);
        HTML(html, value, 1);
        g_assert_null(strpbrk(html->str, "<>\"'"));
        g_autoptr(GString) link = g_string_new("\"https://x.example/");
        URL(link, value, 1);
        g_assert_null(strpbrk(link->str + 1, "<>\"'`\\ \t\r\n"));
        g_autoptr(GString) part = g_string_new("\"https://x.example/");
        PART(part, value, 1);
        g_assert_null(strpbrk(part->str + strlen("\"https://x.example/"), "<>\"'`\\ \t\r\n/?#&:"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/template/escape/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/template/escape/every byte", test_every_byte);
    return g_test_run();
}
