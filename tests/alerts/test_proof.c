/* SPDX-License-Identifier: Apache-2.0 */
/* The proof at save: every awkward ticket can refuse a template, and is named when it does. */
#include "alerts/proof.h"

#include "alerts/builtin.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *subject, *text, *html;
    const char *problem; /* NULL: it is accepted */
    const char *field, *words;
} ProofCase;

static const ProofCase cases[] = {
    {"good", "[#{{ticket.number}}] {{ticket.title}}", "Hello\n{{ticket.description}}",
     "<p>{{ticket.title}}</p>", NULL, NULL, NULL},
    {"only HTML", "s", "", "<p>Hello</p>", NULL, NULL, NULL},
    {"braces of its own", "s", "a {b} {} } {", NULL, NULL, NULL, NULL},
    {"subject of several lines", "a\n{{ticket.number}}\r\nb", "t", NULL, NULL, NULL, NULL},
    {"everything is set", "s", "{{^ticket.due}}x{{/ticket.due}}", NULL, "template-proof", "/text",
     "a ticket on which everything is set, it is empty"},
    {"only what must be is set", "{{contact.name}}", "x", NULL, "template-proof", "/subject",
     "a ticket on which only what must be is set, it is empty"},
    {"no contact", "s", "{{contact.name}}{{^ticket.due}}x{{/ticket.due}}", NULL, "template-proof",
     "/text", "a ticket without a contact, it is empty"},
    {"empty title", "{{ticket.title}}", "x", NULL, "template-proof", "/subject",
     "a ticket with an empty title, it is empty"},
    {"spaces alone", "s", " \n\t{{ticket.title}}\n", NULL, "template-proof", "/text",
     "a ticket with an empty title, it is empty"},
    {"HTML that says nothing", "s", "", "<p>{{ticket.title}}</p>", "template-proof", "/text",
     "a ticket with an empty title, it is empty"},
    {"single braces", "s", "Ticket { ticket.number }", NULL, "template-proof", "/text", "raw tags"},
    {"single braces in the subject", "{ticket.title}", "x", NULL, "template-proof", "/subject",
     "raw tags"},
    {"single braces in HTML", "s", "x", "<p>{<b></b>desk.name}</p>", "template-proof", "/html",
     "raw tags"},
    {"other delimiters", "s", "{{=<% %>=}}{{ticket.title}}", NULL, "template-proof", "/text",
     "raw tags"},
    {"half a tag", "s", "x }}", NULL, "template-proof", "/text", "raw tags"},
    {"unknown field", "s", "x\n{{ticket.titel}}", NULL, "unknown-merge-field", "/text",
     "line 2, column 1"},
    {"syntax", "{{ticket.title", "x", NULL, "template-syntax", "/subject", "line 1, column 1"},
    {"partial", "s", "{{>x}}", NULL, "template-partial", "/text", "includes another"},
    {"place in HTML", "s", "x", "<p title={{ticket.title}}>", "template-html", "/html", "quotes"},
    {"neither text nor HTML", "s", "", NULL, "empty", "/text", "text or an HTML part"},
};

static bool prove(const char *subject, const char *text, const char *html, const char *language,
                  GError **error)
{
    g_autoptr(TicketTemplate) record = ticket_template_new();
    record->name = g_strdup("Mine");
    record->kind = g_strdup("ticket");
    if (language != NULL)
        g_ptr_array_add(record->texts, template_text_new("en", "s", "t", NULL));
    g_ptr_array_add(record->texts,
                    template_text_new(language != NULL ? language : "en", subject, text, html));
    return template_prove(record, error);
}

static void assert_refused(const GError *error, const char *problem, const char *field,
                           const char *words)
{
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_test_message("%s", error->message);
    g_assert_cmpstr(error_problem(error), ==, problem);
    g_assert_cmpstr(error_field(error), ==, field);
    if (strstr(error->message, words) == NULL ||
        strstr(error->message, "nothing was saved") == NULL)
        g_error("\"%s\" is not in: %s", words, error->message);
}

static void test_case(gconstpointer data)
{
    const ProofCase *c = data;
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(prove(c->subject, c->text, c->html, NULL, &error), ==, c->problem == NULL);
    if (c->problem != NULL)
        assert_refused(error, c->problem, c->field, c->words);
    else
        g_assert_no_error(error);
}

/* A translation is proved like the template's own words, and its place is named. */
static void test_translation(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(prove("{{ticket.title}}", "x", NULL, "de-AT", &error));
    assert_refused(error, "template-proof", "/translations/de-AT/subject", "an empty title");
}

/* What only the length of an awkward value can break: a short field, so often that the mail fits
 * with the values before, and not with this one. */
typedef struct {
    const char *name;
    int times;
    bool html;
    const char *words;
} LengthCase;

static const LengthCase lengths[] = {
    {"fits with all", 4000, false, NULL},
    {"right to left", 21000, false, "a script that runs from right to left"},
    {"emoji", 12000, false, "a ticket in emoji"},
    {"tags", 10000, false, "a ticket whose texts have {{ in them"},
    {"HTML", 7500, true, "a ticket whose texts have HTML in them"},
};

static void test_length(gconstpointer data)
{
    const LengthCase *c = data;
    g_autoptr(GString) text = g_string_new("{{=| |=}}x");
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < c->times; i++)
        g_string_append(text, "|desk.name|");
    g_assert_cmpuint(text->len, <=, LIMIT_TEMPLATE_BYTES);
    bool ok = prove("s", c->html ? "x" : text->str, c->html ? text->str : NULL, NULL, &error);
    g_assert_cmpint(ok, ==, c->words == NULL);
    if (c->words != NULL)
        assert_refused(error, "template-proof", c->html ? "/html" : "/text", c->words);
}

static void test_long(void)
{
    g_autoptr(GString) text = g_string_new("x");
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 9; i++)
        g_string_append(text, "{{ticket.description}}{{ticket.resolution}}");
    g_assert_false(prove("s", text->str, NULL, NULL, &error));
    assert_refused(error, "template-proof", "/text", "a description and a resolution of 1 MiB");
}

static void test_built_in(void)
{
    for (size_t i = 0; i < builtin_names_n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TicketTemplate) record = builtin_template(builtin_names[i]);
        template_prove(record, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(record->texts->len, ==, 5);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/proof/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/proof/length/%s", lengths[i].name);
        g_test_add_data_func(path, &lengths[i], test_length);
    }
    g_test_add_func("/alerts/proof/long", test_long);
    g_test_add_func("/alerts/proof/translation", test_translation);
    g_test_add_func("/alerts/proof/built-in", test_built_in);
    return g_test_run();
}
