/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in alert templates: every field that they name exists, each reads well with everything
 * set and with nothing set, and what customers type never becomes markup. The files stand in
 * src/alerts/templates.
 */
#include "base/limits.h"
#include "template/template.h"

#include <string.h>

#define FOLDER SOURCE_ROOT "/src/alerts/templates"

static const char *const fields[] = {
    "ticket.number", "ticket.title",      "ticket.description", "ticket.status",  "ticket.priority",
    "ticket.type",   "ticket.resolution", "ticket.opened",      "ticket.closed",  "ticket.due",
    "ticket.link",   "account.name",      "contact.name",       "recipient.name", "recipient.email",
    "manager.name",  "actor.name",        "desk.name",          "desk.phone",     "desk.hours",
    "desk.address",
};

static const char *const kinds[] = {"new_ticket", "ticket_closed"};
static const char *const parts[] = {"subject", "text", "html"};

static Template *load(const char *kind, const char *part)
{
    g_autofree char *path = g_strdup_printf(FOLDER "/%s.%s.mustache", kind, part);
    g_autofree char *text = NULL;
    gsize bytes = 0;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, &bytes, &error);
    g_assert_no_error(error);
    Template *tmpl = template_parse(text, bytes, &error);
    g_assert_no_error(error);
    return tmpl;
}

static json_t *no_facts(void)
{
    json_t *data = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_auto(GStrv) names = g_strsplit(fields[i], ".", 2);
        if (json_object_get(data, names[0]) == NULL)
            json_object_set_new(data, names[0], json_object());
        json_object_set_new(json_object_get(data, names[0]), names[1], json_string(""));
    }
    json_object_set_new(json_object_get(data, "ticket"), "number", json_string("7"));
    json_object_set_new(json_object_get(data, "ticket"), "title", json_string("VPN"));
    return data;
}

/* Every field holds its own name, marked up. */
static json_t *all_facts(void)
{
    json_t *data = no_facts();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_auto(GStrv) names = g_strsplit(fields[i], ".", 2);
        g_autofree char *value = g_strdup_printf("<b title=\"'&\">%s</b>\nsecond", fields[i]);
        if (strcmp(fields[i], "ticket.title") == 0 || strcmp(fields[i], "ticket.number") == 0)
            *strchr(value, '\n') = ' ';
        json_object_set_new(json_object_get(data, names[0]), names[1], json_string(value));
    }
    return data;
}

static char *render(const char *kind, const char *part, const json_t *data)
{
    g_autoptr(Template) tmpl = load(kind, part);
    bool html = strcmp(part, "html") == 0;
    char *out = NULL;
    g_autoptr(GError) error = NULL;
    template_render(tmpl, data, html ? template_escape_html : template_escape_none, NULL, NULL,
                    LIMIT_RENDERED_BYTES, &out, &error);
    g_assert_no_error(error);
    return out;
}

static bool visit(char kind, const char *name, int line, int column, void *data, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(name, fields[i]) == 0 && strchr("v#^", kind) != NULL)
            return true;
    template_error_set(error, "unknown-field", line, column, "%s: no such field as %s",
                       (const char *)data, name);
    return false;
}

static void test_fields(void)
{
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
            g_autoptr(Template) tmpl = load(kinds[k], parts[p]);
            g_autoptr(GError) error = NULL;
            template_check(tmpl, visit, (char *)parts[p], &error);
            g_assert_no_error(error);
        }
}

static void test_subject(void)
{
    json_auto_t *data = no_facts();
    g_autofree char *opened = render("new_ticket", "subject", data);
    g_autofree char *closed = render("ticket_closed", "subject", data);
    g_assert_cmpstr(opened, ==, "[#7] Ticket opened: VPN"); /* and no line's end */
    g_assert_cmpstr(closed, ==, "[#7] Ticket closed: VPN");
}

static void test_nothing_set(void)
{
    json_auto_t *data = no_facts();
    g_autofree char *opened = render("new_ticket", "text", data);
    g_assert_cmpstr(opened, ==,
                    "Hello,\n\n"
                    "We have opened a ticket and will take care of it. This is what we have\n"
                    "written down:\n\n"
                    "Ticket:      #7\n"
                    "Subject:     VPN\n\n"
                    "Is something missing, or not quite right? Just reply to this email.\n\n"
                    "Kind regards\n"
                    "Your service desk\n");
    g_autofree char *closed = render("ticket_closed", "text", data);
    g_assert_cmpstr(closed, ==,
                    "Hello,\n\n"
                    "The work on this ticket is finished, and we have closed it.\n\n"
                    "Ticket:      #7\n"
                    "Subject:     VPN\n\n"
                    "Is something still not right, or do you have a question? Simply reply to\n"
                    "this email, and we will take the ticket up again.\n\n"
                    "Thank you, and kind regards\n"
                    "Your service desk\n");
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *html = render(kinds[k], "html", data);
        g_assert_null(strstr(html, "<a "));
        g_assert_null(strstr(html, "Description"));
        g_assert_null(strstr(html, "Resolution"));
        g_assert_null(strstr(html, "Phone"));
    }
}

static void assert_has(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        g_error("\"%s\" is not in:\n%s", what, text);
}

static void test_all_set(void)
{
    json_auto_t *data = all_facts();
    static const char *const common[] = {
        "ticket.number", "ticket.title", "ticket.link", "account.name", "recipient.name",
        "manager.name",  "desk.name",    "desk.phone",  "desk.hours",   "desk.address"};
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (size_t p = 1; p < G_N_ELEMENTS(parts); p++) {
            g_autofree char *out = render(kinds[k], parts[p], data);
            for (size_t i = 0; i < G_N_ELEMENTS(common); i++)
                assert_has(out, common[i]);
            assert_has(out, k == 0 ? "ticket.description" : "ticket.resolution");
            g_assert_null(strstr(out, k == 0 ? "ticket.resolution" : "ticket.description"));
        }
}

static void test_escaping(void)
{
    json_auto_t *data = all_facts();
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *text = render(kinds[k], "text", data);
        assert_has(text, "<b title=\"'&\">ticket.title</b>");
        g_assert_null(strstr(text, "&amp;"));
        g_autofree char *html = render(kinds[k], "html", data);
        g_assert_null(strstr(html, "<b "));
        assert_has(html, "&lt;b title=&quot;&#39;&amp;&quot;&gt;ticket.title&lt;/b&gt;");
    }
}

static void test_html_keeps_lines(void)
{
    json_auto_t *data = all_facts();
    g_autofree char *opened = render("new_ticket", "html", data);
    assert_has(opened,
               "white-space:pre-wrap;\">&lt;b title=&quot;&#39;&amp;&quot;&gt;ticket.description");
    assert_has(opened,
               "white-space:pre-line;\">&lt;b title=&quot;&#39;&amp;&quot;&gt;desk.address");
    g_autofree char *closed = render("ticket_closed", "html", data);
    assert_has(closed,
               "white-space:pre-wrap;\">&lt;b title=&quot;&#39;&amp;&quot;&gt;ticket.resolution");
}

/* The templates' own lines; fields count as short words. */
static void test_columns(void)
{
    json_auto_t *data = no_facts();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_auto(GStrv) names = g_strsplit(fields[i], ".", 2);
        json_object_set_new(json_object_get(data, names[0]), names[1], json_string("short"));
    }
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *out = render(kinds[k], "text", data);
        g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
        for (size_t i = 0; lines[i] != NULL; i++)
            g_assert_cmpint(g_utf8_strlen(lines[i], -1), <=, 72);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/alerts/fields", test_fields);
    g_test_add_func("/template/alerts/subject", test_subject);
    g_test_add_func("/template/alerts/nothing-set", test_nothing_set);
    g_test_add_func("/template/alerts/all-set", test_all_set);
    g_test_add_func("/template/alerts/escaping", test_escaping);
    g_test_add_func("/template/alerts/html-keeps-lines", test_html_keeps_lines);
    g_test_add_func("/template/alerts/columns", test_columns);
    return g_test_run();
}
