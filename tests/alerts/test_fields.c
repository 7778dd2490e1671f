/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: what a template may name, and what it is told where it names something else. */
#include "alerts/fields.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *kind, *text;
    const char *problem; /* NULL: nothing is wrong */
    int line, column;
    const char *words; /* stand in the message */
} CheckCase;

static const CheckCase checks[] = {
    {"a field", "ticket", "{{ticket.title}}", NULL, 0, 0, NULL},
    {"sections", "ticket",
     "{{#ticket.due}}{{ticket.due}}{{/ticket.due}}{{^desk.name}}x{{/desk.name}}", NULL, 0, 0, NULL},
    {"no fields", "ticket", "words", NULL, 0, 0, NULL},
    {"raw", "ticket", "{{{ticket.title}}}", NULL, 0, 0, NULL},
    {"a slip of the pen", "ticket", "a\nb {{ticket.titel}}", "unknown-merge-field", 2, 3,
     "\"ticket.titel\"; the nearest is \"ticket.title\""},
    {"half a name", "ticket", "{{resolution}}", "unknown-merge-field", 1, 1,
     "\"ticket.resolution\""},
    {"a section", "ticket", "{{#ticket.notes}}x{{/ticket.notes}}", "unknown-merge-field", 1, 1,
     "ticket.notes"},
    {"an inverted section", "ticket", "{{^nobody}}x{{/nobody}}", "unknown-merge-field", 1, 1,
     "nobody"},
    {"raw and unknown", "ticket", "{{&manager.email}}", "unknown-merge-field", 1, 1,
     "\"manager.name\""},
    {"a whole group", "ticket", "{{ticket}}", "unknown-merge-field", 1, 1, "ticket"},
    {"a group's section", "ticket", "{{#ticket}}{{title}}{{/ticket}}", "unknown-merge-field", 1, 1,
     "ticket"},
    {"everything", "ticket", "{{.}}", "unknown-merge-field", 1, 1, "\".\""},
    {"what comes first", "ticket", "{{ticket.title}}{{b}}\n{{c}}", "unknown-merge-field", 1, 17,
     "\"b\""},
    {"a partial", "ticket", "x\n{{> footer}}", "template-partial", 2, 1, "{{>footer}}"},
    {"a ticket's field in a sign-in mail", "sign_in", "{{ticket.title}}", "unknown-merge-field", 1,
     1, "in a template of this kind"},
    {"a sign-in mail's own", "sign_in",
     "{{sign_in.link}}{{account.name}}{{recipient.name}}{{desk.phone}}", NULL, 0, 0, NULL},
    {"a sign-in mail's link in another", "ticket", "{{sign_in.link}}", "unknown-merge-field", 1, 1,
     "in a template of this kind"},
    {"a list", "ticket",
     "{{#ticket.correspondence}}{{entry.author}}{{entry.written}}{{entry.text}}"
     "{{/ticket.correspondence}}{{^ticket.correspondence}}x{{/ticket.correspondence}}",
     NULL, 0, 0, NULL},
    {"a list as a value", "ticket", "a\n{{ticket.correspondence}}", "merge-field-list", 2, 1,
     "{{#ticket.correspondence}}, what shall stand for each entry"},
    {"a list as a raw value", "ticket", "{{&ticket.correspondence}}", "merge-field-list", 1, 1,
     NULL},
    {"a list where there is none", "reply", "{{#ticket.correspondence}}{{/ticket.correspondence}}",
     "unknown-merge-field", 1, 1, "in a template of this kind"},
    {"an entry where there is none", "sign_in", "{{entry.text}}", "unknown-merge-field", 1, 1,
     "in a template of this kind"},
    {"internal: notes", "ticket", "{{ticket.internal_notes}}", "unknown-merge-field", 1, 1, NULL},
    {"internal: login", "ticket", "{{manager.login}}", "unknown-merge-field", 1, 1, NULL},
    {"internal: addresses", "ticket", "{{actor.email}}", "unknown-merge-field", 1, 1, NULL},
    {"internal: another's", "ticket", "{{account.email}}", "unknown-merge-field", 1, 1, NULL},
};

typedef struct {
    const char *typed, *kind, *want;
} NearestCase;

static const NearestCase nearest[] = {
    {"ticket.titel", "ticket", "ticket.title"},  {"Ticket.Title", "ticket", "ticket.title"},
    {"tiket.tilte", "ticket", "ticket.title"},   {"title", "ticket", "ticket.title"},
    {"phone", "ticket", "desk.phone"},           {"contact.nmae", "ticket", "contact.name"},
    {"ticket.close", "ticket", "ticket.closed"}, {"ticket.title", "sign_in", "account.name"},
    {"desk.adress", "sign_in", "desk.address"},
};

static void test_check(gconstpointer data)
{
    const CheckCase *c = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) tmpl = template_parse(c->text, strlen(c->text), &error);
    g_assert_no_error(error);
    g_assert_cmpint(merge_fields_check(tmpl, c->kind, &error), ==, c->problem == NULL);
    if (c->problem == NULL) {
        g_assert_no_error(error);
        return;
    }
    int line = 0, column = 0;
    g_assert_true(error_is(error, TD_ERROR_INVALID));
    g_assert_cmpstr(error_problem(error), ==, c->problem);
    g_assert_true(template_error_position(error, &line, &column));
    g_assert_cmpint(line, ==, c->line);
    g_assert_cmpint(column, ==, c->column);
    if (c->words != NULL && strstr(error->message, c->words) == NULL)
        g_error("\"%s\" is not in: %s", c->words, error->message);
}

static void test_nearest(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(nearest); i++)
        g_assert_cmpstr(merge_field_nearest(nearest[i].typed, nearest[i].kind), ==,
                        nearest[i].want);
    /* However long and strange, something is near. */
    g_autofree char *long_name = g_strnfill(255, 'x');
    g_assert_nonnull(merge_field_nearest(long_name, "ticket"));
    g_assert_nonnull(merge_field_nearest("日本語", "sign_in"));
    g_assert_nonnull(merge_field_nearest("", "ticket"));
}

/* What documentation is made from: complete, and each name once, in a group of its own. */
static void test_catalogue(void)
{
    for (size_t i = 0; i < merge_fields_n; i++) {
        const MergeField *field = &merge_fields[i];
        g_assert_true(merge_field_find(field->name) == field);
        bool of_message = g_str_has_prefix(field->name, "message.");
        bool of_link = g_str_has_prefix(field->name, "sign_in.");
        g_assert_true(merge_field_fits(field, of_message ? "reply"
                                              : of_link  ? "sign_in"
                                                         : "ticket"));
        g_assert_true(merge_field_fits(field, "ticket") != (of_message || of_link));
        g_assert_nonnull(strchr(field->name, '.'));
        g_assert_cmpstr(field->description, !=, "");
        g_assert_cmpstr(field->example, !=, "");
        g_assert_cmpstr(merge_field_kind_name(field->kind), !=, "");
        g_assert_cmpint(strchr(field->example, '\n') != NULL, <=, field->kind == FIELD_BLOCK);
    }
    g_assert_null(merge_field_find("ticket.Title"));
    g_assert_null(merge_field_find("ticket"));
    g_assert_null(merge_field_find(""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/fields/%s", checks[i].name);
        g_test_add_data_func(path, &checks[i], test_check);
    }
    g_test_add_func("/alerts/fields/nearest", test_nearest);
    g_test_add_func("/alerts/fields/catalogue", test_catalogue);
    return g_test_run();
}
