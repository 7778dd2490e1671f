/* SPDX-License-Identifier: Apache-2.0 */
/* Times, priorities and statuses as each language writes them, word for word: they are part of what
 * was sent. */
#include "alerts/locale.h"

#include <glib.h>

typedef struct {
    const char *name;
    const char *time, *zone, *language, *want;
} TimeCase;

static const TimeCase times[] = {
    {"English", "2026-11-23T18:32:00Z", "Europe/London", "en", "23 November 2026, 18:32 GMT"},
    {"English in summer", "2026-07-01T23:30:00Z", "Europe/London", "en", "2 July 2026, 00:30 BST"},
    {"no language is English", "2026-11-23T18:32:00Z", "UTC", NULL, "23 November 2026, 18:32 UTC"},
    {"an empty tag is English", "2026-11-23T18:32:00Z", "UTC", "", "23 November 2026, 18:32 UTC"},
    {"English with an ending", "2026-11-23T18:32:00Z", "America/New_York", "en-US",
     "23 November 2026, 13:32 EST"},
    {"letter case of the tag", "2026-11-23T18:32:00Z", "UTC", "EN", "23 November 2026, 18:32 UTC"},
    {"German in winter", "2026-03-09T08:05:00Z", "Europe/Berlin", "de",
     "9. März 2026, 09:05 Uhr (MEZ)"},
    {"German in summer", "2026-07-09T08:05:00Z", "Europe/Berlin", "de-AT",
     "9. Juli 2026, 10:05 Uhr (MESZ)"},
    {"German elsewhere", "2026-07-09T08:05:00Z", "Asia/Tokyo", "de",
     "9. Juli 2026, 17:05 Uhr (JST)"},
    {"French", "2026-08-02T08:05:00Z", "Europe/Paris", "fr", "2 août 2026 à 10:05 (CEST)"},
    {"French, the first", "2026-12-01T08:05:00Z", "Europe/Paris", "fr",
     "1er décembre 2026 à 09:05 (CET)"},
    {"Spanish", "2026-01-31T22:59:59Z", "Europe/Madrid", "es", "31 de enero de 2026, 23:59 (CET)"},
    {"Japanese", "2026-11-23T18:32:00Z", "Asia/Tokyo", "ja", "2026年11月24日 03:32（JST）"},
    {"another language", "2026-11-23T18:32:00Z", "Europe/Rome", "it", "2026-11-23 19:32 CET"},
    {"a language whose tag is longer", "2026-11-23T18:32:00Z", "UTC", "eng",
     "2026-11-23 18:32 UTC"},
    {"a zone without letters", "2026-11-23T18:32:00Z", "Asia/Dubai", "de",
     "23. November 2026, 22:32 Uhr (UTC+04)"},
    {"a zone without letters, in English", "2026-11-23T18:32:00Z", "Asia/Dubai", "en",
     "23 November 2026, 22:32 +04"},
    {"a zone of half hours", "2026-11-23T18:32:00Z", "Asia/Kolkata", "en",
     "24 November 2026, 00:02 IST"},
    {"the hour that comes twice, first", "2026-10-25T00:30:00Z", "Europe/Berlin", "en",
     "25 October 2026, 02:30 CEST"},
    {"the hour that comes twice, again", "2026-10-25T01:30:00Z", "Europe/Berlin", "en",
     "25 October 2026, 02:30 CET"},
    {"an unknown zone is UTC", "2026-11-23T18:32:00Z", "Mars/Olympus", "en",
     "23 November 2026, 18:32 UTC"},
    {"an empty zone is UTC", "2026-11-23T18:32:00Z", "", "en", "23 November 2026, 18:32 UTC"},
    {"an offset in the time", "2026-11-23T18:32:00+02:00", "UTC", "en",
     "23 November 2026, 16:32 UTC"},
    {"no time", "", "UTC", "en", ""},
    {"not a time", "tomorrow", "UTC", "en", ""},
};

typedef struct {
    const char *name;
    char *(*write)(const char *, const char *);
    const char *english, *language, *want;
} WordCase;

static const WordCase words[] = {
    {"priority in English", locale_priority, "High", "en", "High"},
    {"priority in German", locale_priority, "High", "de-CH", "Hoch"},
    {"priority in French", locale_priority, "Low", "fr", "Basse"},
    {"priority in Spanish", locale_priority, "Urgent", "es", "Urgente"},
    {"priority in Japanese", locale_priority, "Normal", "ja", "通常"},
    {"priority in another language", locale_priority, "Urgent", "it", "Urgent"},
    {"priority that is none", locale_priority, "Whenever", "de", "Whenever"},
    {"status in English", locale_status, "In-House Service", NULL, "In-House Service"},
    {"status in German", locale_status, "Completed", "de", "Erledigt"},
    {"status in French", locale_status, "Hold", "fr", "Suspendu"},
    {"status in Spanish", locale_status, "New", "es", "Nuevo"},
    {"status in Japanese", locale_status, "Canceled", "ja", "キャンセル"},
    {"status in another language", locale_status, "Completed", "it", "Completed"},
    {"status that the desk has renamed", locale_status, "Done and dusted", "de", "Done and dusted"},
};

static void test_time(gconstpointer data)
{
    const TimeCase *c = data;
    g_autofree char *got = locale_time(c->time, c->zone, c->language);
    g_assert_cmpstr(got, ==, c->want);
}

static void test_word(gconstpointer data)
{
    const WordCase *c = data;
    g_autofree char *got = c->write(c->english, c->language);
    g_assert_cmpstr(got, ==, c->want);
}

static void test_mark(void)
{
    g_assert_cmpstr(locale_test_mark("de"), ==, "[Test]");
    g_assert_cmpstr(locale_test_mark("es-MX"), ==, "[Prueba]");
    g_assert_cmpstr(locale_test_mark("ja"), ==, "[テスト]");
    g_assert_cmpstr(locale_test_mark("it"), ==, "[Test]");
    g_assert_cmpstr(locale_test_mark(NULL), ==, "[Test]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/locale/time/%s", times[i].name);
        g_test_add_data_func(path, &times[i], test_time);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *path = g_strdup_printf("/alerts/locale/%s", words[i].name);
        g_test_add_data_func(path, &words[i], test_word);
    }
    g_test_add_func("/alerts/locale/test mark", test_mark);
    return g_test_run();
}
