/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of automatic responses. */
#include "connector/respond.h"

#include <glib.h>

static void test_limits(void)
{
    for (int i = 0; i < RESPOND_WINDOWS; i++) {
        RespondCounts counts = {0};
        counts.address[i] = respond_windows[i].address - 1;
        counts.total[i] = respond_windows[i].total - 1;
        g_assert_null(respond_limit(&counts));
        counts.total[i]++;
        g_assert_cmpstr(respond_limit(&counts), ==, "window_total");
        counts.address[i]++;
        g_assert_cmpstr(respond_limit(&counts), ==, "window_address");
    }
}

static void test_figures(void)
{
    static const RespondWindow want[] = {
        {10, 10, 30}, {30, 15, 60}, {60, 25, 120}, {180, 50, 240}, {600, 100, 360}};
    for (int i = 0; i < RESPOND_WINDOWS; i++) {
        g_assert_cmpint(respond_windows[i].minutes, ==, want[i].minutes);
        g_assert_cmpint(respond_windows[i].address, ==, want[i].address);
        g_assert_cmpint(respond_windows[i].total, ==, want[i].total);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/respond/limits", test_limits);
    g_test_add_func("/respond/figures", test_figures);
    return g_test_run();
}
