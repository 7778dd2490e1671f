/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the customers' pages: every language has the same keys, with the same places for
 * values; every page names only words that there are, and every word is used somewhere.
 */
#include "portal/words.h"

#include "base/json.h"

#include <string.h>

static const char *source_root;

GResource *portal_views_get_resource(void);

static PortalWords *load(void)
{
    g_autoptr(GError) error = NULL;
    PortalWords *words = portal_words_load(portal_views_get_resource(), &error);
    g_assert_no_error(error);
    return words;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The {places} of a text, sorted, as one text. */
static char *places_of(const char *text)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{'))
        g_ptr_array_add(places, g_strndup(open, strcspn(open, "}") + 1));
    g_ptr_array_sort(places, compare);
    g_ptr_array_add(places, NULL);
    return g_strjoinv(" ", (char **)places->pdata);
}

static void test_complete(void)
{
    g_autoptr(PortalWords) words = load();
    json_t *english = portal_words_of(words, "en");
    for (int i = 1; i < WORDS_N_LANGUAGES; i++) {
        json_t *table = portal_words_of(words, words_languages[i]);
        g_assert_true(table != english);
        g_assert_cmpuint(json_object_size(table), ==, json_object_size(english));
        const char *key;
        json_t *text;
        json_object_foreach(english, key, text)
        {
            g_test_message("%s %s", words_languages[i], key);
            const char *translated = json_string_value(json_object_get(table, key));
            g_assert_nonnull(translated);
            g_assert_cmpstr(translated, !=, "");
            g_autofree char *want = places_of(json_string_value(text));
            g_autofree char *got = places_of(translated);
            g_assert_cmpstr(got, ==, want);
        }
    }
}

static void add_used(const char *folder, const char *suffix, const char *pattern, GHashTable *used)
{
    g_autofree char *path = g_build_filename(source_root, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_assert_nonnull(dir);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GMatchInfo) match = NULL;
        if (!g_str_has_suffix(name, suffix))
            continue;
        g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
        for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL))
            g_hash_table_add(used, g_match_info_fetch(match, 1));
    }
}

static void test_used(void)
{
    g_autoptr(PortalWords) words = load();
    json_t *english = portal_words_of(words, "en");
    g_autoptr(GHashTable) in_views = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_used("src/portal/views", ".mustache", "\\{\\{w\\.([a-z_]+)\\}\\}", in_views);
    g_assert_cmpuint(g_hash_table_size(in_views), >, 30);
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, in_views);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_test_message("in a view: %s", (const char *)key);
        g_assert_nonnull(json_object_get(english, key));
    }
    g_autoptr(GHashTable) in_code = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_used("src/portal", ".c", "\"([a-z_]+)\"", in_code);
    const char *name;
    json_t *text;
    json_object_foreach(english, name, text)
    {
        g_test_message("used: %s", name);
        g_assert_true(g_hash_table_contains(in_views, name) ||
                      g_hash_table_contains(in_code, name) || g_str_has_prefix(name, "problem_"));
    }
}

static void test_format(void)
{
    json_auto_t *table = json_object();
    json_set_text(table, "x", "to {email} for {minutes} {other}{");
    g_autofree char *text = words_format(table, "x", "email", "{minutes}", "minutes", "15", NULL);
    g_assert_cmpstr(text, ==, "to {minutes} for 15 {other}{");
    g_autofree char *none = words_format(table, "y", NULL);
    g_assert_cmpstr(none, ==, "");
}

static void test_language(void)
{
    static const struct {
        const char *header, *want;
    } cases[] = {
        {NULL, NULL},
        {"", NULL},
        {"xx", NULL},
        {"de", "de"},
        {"de-AT,de;q=0.9,en;q=0.8", "de"},
        {"xx, fr;q=0.3, es;q=0.4", "es"},
        {"FR-ca", "fr"},
        {"de;q=0, ja;q=0.1", "ja"},
        {"*", NULL},
        {";;;,,;q=,q=x", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].header != NULL ? cases[i].header : "(none)");
        g_assert_cmpstr(words_language_accepted(cases[i].header), ==, cases[i].want);
    }
    g_assert_cmpstr(words_language_find("de-DE"), ==, "de");
    g_assert_cmpstr(words_language_find("d"), ==, NULL);
    g_assert_cmpstr(words_language_find(NULL), ==, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    source_root = argv[1];
    g_test_add_func("/portal/words/complete", test_complete);
    g_test_add_func("/portal/words/used", test_used);
    g_test_add_func("/portal/words/format", test_format);
    g_test_add_func("/portal/words/language", test_language);
    return g_test_run();
}
