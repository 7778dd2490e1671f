/* SPDX-License-Identifier: Apache-2.0 */
/* Who is written to in which language: the recipient's, the account's, the desk's, English, and
 * never nothing. */
#include "alerts/language.h"

#include <glib.h>

typedef struct {
    const char *name;
    const char *available;                  /* separated by spaces, the template's own first */
    const char *recipient, *account, *desk; /* NULL: not known */
    const char *want;
} LanguageCase;

static const LanguageCase cases[] = {
    {"the recipient's", "en de fr", "fr", "de", "en", "fr"},
    {"the account's", "en de fr", NULL, "de", "en", "de"},
    {"the desk's", "en de fr", NULL, NULL, "fr", "fr"},
    {"English", "de en fr", NULL, NULL, NULL, "en"},
    {"an empty tag is none", "en de fr", "", "de", "fr", "de"},
    {"the recipient's is not there", "en de fr", "it", "de", "en", "de"},
    {"none of them is there", "de en", "it", "pt", "nl", "en"},
    {"not even English", "de fr", "it", NULL, "nl", "de"},
    {"the template's own alone", "ja", "de", "fr", "en", "ja"},
    {"as it stands", "de de-AT de-CH", "de-CH", NULL, NULL, "de-CH"},
    {"with less of it", "en de", "de-AT", NULL, "en", "de"},
    {"with two parts less", "en zh zh-Hant", "zh-Hant-TW", NULL, NULL, "zh-Hant"},
    {"with another ending", "en de-AT", "de", NULL, "en", "de-AT"},
    {"with another ending than its own", "en de-AT", "de-CH", NULL, "en", "de-AT"},
    {"a relative before the next one's", "en de-AT fr", "de", "fr", "en", "de-AT"},
    {"letter case", "en de-AT", "DE-at", NULL, NULL, "de-AT"},
    {"a longer language is another", "en fil", "fi", NULL, NULL, "en"},
    {"a shorter language is another", "en fi", "fil", NULL, NULL, "en"},
    {"English with an ending", "de en-GB", "it", NULL, NULL, "en-GB"},
    {"a tag that begins with a dash", "de en", "-x", NULL, NULL, "en"},
};

static void test_case(gconstpointer data)
{
    const LanguageCase *c = data;
    g_auto(GStrv) available = g_strsplit(c->available, " ", -1);
    const char *wanted[] = {c->recipient, c->account, c->desk};
    const char *got = language_choose((const char *const *)available, wanted, G_N_ELEMENTS(wanted));
    g_assert_cmpstr(got, ==, c->want);
    g_assert_true(g_strv_contains((const char *const *)available, got));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/language/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
