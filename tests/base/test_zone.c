/* SPDX-License-Identifier: Apache-2.0 */
/* Zones by name, and what is none however it is written: an API's caller may write anything. */
#include "base/zone.h"

#include <stdint.h>

#define WINTER INT64_C(1768478400) /* 2026-01-15T12:00:00Z */
#define SUMMER INT64_C(1784116800) /* 2026-07-15T12:00:00Z */

typedef struct {
    const char *name;
    int winter_min, summer_min; /* ahead of UTC */
} ZoneCase;

static const ZoneCase cases[] = {
    {"UTC", 0, 0},
    {"Europe/Berlin", 60, 120},
    {"America/St_Johns", -210, -150},
    {"Australia/Lord_Howe", 660, 630}, /* its summer is in January, by half an hour */
    {"Asia/Kathmandu", 345, 345},
    {"Pacific/Kiritimati", 840, 840},
};

static int minutes_ahead(GTimeZone *zone, int64_t at)
{
    return g_time_zone_get_offset(zone,
                                  g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, at)) /
           60;
}

static void test_case(gconstpointer data)
{
    const ZoneCase *c = data;
    GTimeZone *zone = zone_find(c->name);
    g_assert_nonnull(zone);
    g_assert_cmpint(minutes_ahead(zone, WINTER), ==, c->winter_min);
    g_assert_cmpint(minutes_ahead(zone, SUMMER), ==, c->summer_min);
    g_assert_true(zone_find(c->name) == zone); /* kept */
}

static const char *const none[] = {
    "",
    "Mars/Olympus",
    "Europe",
    "Europe/",
    "/",
    "/etc/passwd",
    "../../../etc/passwd",
    "/usr/share/zoneinfo/Europe/Berlin",
    "Europe/../Europe/Berlin",
    "tzdata.zi",
    "zone.tab",
    "leapseconds",
    "+01:00",
    "EST5EDT,M3.2.0,M11.1.0",
    "Europe/Berlin ",
    "Europe/B\xc3\xa9rlin",
};

/* A GLib critical would end this test, as it would end the server. */
static void test_none(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_null(zone_find(none[i]));
    g_autofree char *endless = g_strnfill(100000, 'a');
    g_assert_null(zone_find(endless));
}

static gpointer find_all(gpointer data)
{
    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
            g_assert_true(zone_find(cases[i].name) != NULL);
    return data;
}

static void test_threads(void)
{
    GThread *threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("zone", find_all, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/base/zone/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/base/zone/none of this name", test_none);
    g_test_add_func("/base/zone/threads", test_threads);
    return g_test_run();
}
