/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same trouble, whoever it happened to. */
#include "alerts/failure.h"

#include <glib.h>
#include <string.h>

static void test_words(void)
{
    static const struct {
        const char *reply, *want;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"550 5.1.1 <a@b.example>: Recipient address rejected: User unknown",
         "550 5.1.1 Recipient address rejected: User unknown"},
        {"550-5.1.1 No such user 77", "550-5.1.1 No such user"},
        {"451 4.7.1 Greylisted, see http://grey.example/?q=7 for 300 seconds",
         "451 4.7.1 Greylisted, see for seconds"},
        {"Connection refused", "Connection refused"},
        {"452  4.2.2\tfull\r\n", "452 4.2.2 full"},
        {"queued as 4F2A9", "queued as"},
        {"not_composed", "not_composed"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = failure_words(cases[i].reply);
        g_assert_cmpstr(words, ==, cases[i].want);
    }
    g_autoptr(GString) many = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(many, "wörter ");
    g_autofree char *cut = failure_words(many->str);
    g_assert_cmpuint(strlen(cut), <=, 160);
    g_assert_true(g_utf8_validate(cut, -1, NULL));
}

static void test_cause(void)
{
    g_autofree char *one = failure_cause("rejected", "550 5.1.1 <a@b.example>: No");
    g_autofree char *same = failure_cause("rejected", "550 5.1.1 <c@d.example>: No");
    g_autofree char *state = failure_cause("bounced", "550 5.1.1 <c@d.example>: No");
    g_autofree char *words = failure_cause("rejected", "550 5.1.1 <c@d.example>: Never");
    g_assert_cmpuint(strlen(one), ==, 16);
    g_assert_cmpstr(one, ==, same);
    g_assert_cmpstr(one, !=, state);
    g_assert_cmpstr(one, !=, words);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alerts/failure/words", test_words);
    g_test_add_func("/alerts/failure/cause", test_cause);
    return g_test_run();
}
