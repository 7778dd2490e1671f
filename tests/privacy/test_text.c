/* SPDX-License-Identifier: Apache-2.0 */
/* Which words of a text are a person's, and which only look like them. */
#include "privacy/erase_text.h"

#include <string.h>

#define PERSON                                                                                     \
    "{\"addresses\":[{\"address\":\"Anna.Field@bluebird.example\","                                \
    "\"key\":\"anna.field@bluebird.example\",\"pseudonym\":\"e1@erased.invalid\"},"                \
    "{\"address\":\"a@xn--mller-kva.example\",\"key\":\"a@xn--mller-kva.example\","                \
    "\"pseudonym\":\"e1-2@erased.invalid\"}],\"names\":[\"Anna Field\",\"Annie\"],"                \
    "\"name\":\"Erased person 1\"}"

static const struct {
    const char *name, *text, *want; /* NULL: nothing is replaced */
} cases[] = {
    {"by itself", "anna.field@bluebird.example", "e1@erased.invalid"},
    {"letter case", "<ANNA.Field@Bluebird.Example>", "<e1@erased.invalid>"},
    {"in a path", "/suppressions/anna.field%40bluebird.example", "/suppressions/e1@erased.invalid"},
    {"a full stop behind", "Write to anna.field@bluebird.example.", "Write to e1@erased.invalid."},
    {"twice", "anna.field@bluebird.example,anna.field@bluebird.example",
     "e1@erased.invalid,e1@erased.invalid"},
    {"a longer local part", "joanna.field@bluebird.example", NULL},
    {"a longer local part with a point", "x.anna.field@bluebird.example", NULL},
    {"a longer domain", "anna.field@bluebird.example.org", NULL},
    {"another domain", "anna.field@bluebird.examples", NULL},
    {"international domain", "a@m\303\274ller.example", "e1-2@erased.invalid"},
    {"its ASCII form", "a@XN--mller-kva.example", "e1-2@erased.invalid"},
    {"the name", "Regards, Anna Field", "Regards, Erased person 1"},
    {"the name in a longer one", "Joanna Fielding", NULL},
    {"a name of one word in a text", "Annie said so", NULL},
    {"nobody", "Bob", NULL},
    {"nothing", "", NULL},
};

static void test_text(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    json_auto_t *person = json_loads(PERSON, 0, NULL);
    g_autoptr(ErasedWords) words = erased_words_new(person);
    g_autofree char *other = erased_text(words, cases[i].text);
    g_assert_cmpstr(other, ==, cases[i].want);
    g_autofree char *again = other != NULL ? erased_text(words, other) : NULL;
    g_assert_null(again);
}

/* In JSON a line break before a name is two letters, and a text by itself may be one word. */
static void test_json(void)
{
    json_auto_t *person = json_loads(PERSON, 0, NULL);
    g_autoptr(ErasedWords) words = erased_words_new(person);
    g_autofree char *other =
        erased_json(words, "{\"a\":[\"Yours\\nAnna Field\"],\"contact\":{\"name\":\"annie\"},"
                           "\"n\":1,\"t\":\"Annie said so\"}");
    g_assert_cmpstr(other, ==,
                    "{\"a\":[\"Yours\\nErased person 1\"],\"contact\":{\"name\":\"Erased person"
                    " 1\"},\"n\":1,\"t\":\"Annie said so\"}");
    g_assert_null(erased_json(words, "{\"a\":[\"Bob\"]}"));
    g_assert_null(erased_json(words, NULL));
    g_autofree char *no_json = erased_json(words, "{anna.field@bluebird.example");
    g_assert_cmpstr(no_json, ==, "{e1@erased.invalid");
}

static void test_patterns(void)
{
    json_auto_t *person =
        json_loads("{\"addresses\":[{\"address\":\"a_b%!@x.example\",\"key\":\"a_b%!@x.example\","
                   "\"pseudonym\":\"p\"},{\"address\":\"\316\261nna@x.example\",\"key\":"
                   "\"\316\261nna@x.example\","
                   "\"pseudonym\":\"q\"}],\"names\":[],\"name\":\"n\"}",
                   0, NULL);
    g_autoptr(ErasedWords) words = erased_words_new(person);
    g_assert_cmpuint(erased_n_patterns(words), ==, 2);
    g_assert_cmpstr(erased_pattern(words, 0), ==, "%a!_b!%!!%x.example%");
    g_assert_cmpstr(erased_pattern(words, 1), ==, "%nna%x.example%");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/privacy/text/", cases[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_text);
    }
    g_test_add_func("/privacy/json", test_json);
    g_test_add_func("/privacy/patterns", test_patterns);
    return g_test_run();
}
