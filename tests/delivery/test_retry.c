/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "delivery/retry.h"

#include <glib.h>

static void test_grows_to_hours(void)
{
    SeededRandom seeded;
    seeded_random_init(&seeded, 1);
    int64_t least_us[] = {US_PER_MINUTE,      5 * US_PER_MINUTE, 15 * US_PER_MINUTE,
                          30 * US_PER_MINUTE, US_PER_HOUR,       2 * US_PER_HOUR,
                          4 * US_PER_HOUR,    4 * US_PER_HOUR,   4 * US_PER_HOUR};
    for (size_t i = 0; i < G_N_ELEMENTS(least_us); i++)
        for (int n = 0; n < 200; n++) {
            int64_t delay_us = retry_delay_us((int64_t)i + 1, &seeded.random);
            g_assert_cmpint(delay_us, >=, least_us[i]);
            g_assert_cmpint(delay_us, <, least_us[i] + least_us[i] / 5 + 1);
        }
}

static void test_jitter_differs(void)
{
    SeededRandom seeded;
    seeded_random_init(&seeded, 1);
    int64_t first = retry_delay_us(7, &seeded.random);
    g_assert_cmpint(retry_delay_us(7, &seeded.random), !=, first);
}

/* A mail that is deferred each time is tried at least twenty times before it is given up. */
static void test_tries_before_giving_up(void)
{
    SeededRandom seeded;
    seeded_random_init(&seeded, 3);
    int64_t now_us = 0;
    int attempts = 0;
    while (now_us < RETRY_GIVE_UP_US)
        now_us += retry_delay_us(++attempts, &seeded.random);
    g_assert_cmpint(attempts, >=, 20);
    g_assert_cmpint(attempts, <=, 60);
}

static void test_relay(void)
{
    g_assert_cmpint(relay_delay_us(1), ==, 5 * US_PER_SECOND);
    g_assert_cmpint(relay_delay_us(2), ==, 10 * US_PER_SECOND);
    g_assert_cmpint(relay_delay_us(100), ==, 5 * US_PER_MINUTE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delivery/retry/grows", test_grows_to_hours);
    g_test_add_func("/delivery/retry/jitter", test_jitter_differs);
    g_test_add_func("/delivery/retry/giving-up", test_tries_before_giving_up);
    g_test_add_func("/delivery/retry/relay", test_relay);
    return g_test_run();
}
