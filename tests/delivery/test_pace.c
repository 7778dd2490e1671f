/* SPDX-License-Identifier: Apache-2.0 */
/* How much a relay is given, and when it is tried: pure functions. */
#include "base/clock.h"
#include "delivery/line.h"

/* n messages of so many milliseconds each. */
static void sent(Pace *pace, int n, int64_t each_ms)
{
    pace_sent(pace, n, n * each_ms * US_PER_MS, 8);
}

static void test_window_follows_the_speed(void)
{
    Pace pace;
    pace_init(&pace, 8);
    g_assert_cmpint(pace_window(&pace, 8), ==, 8 * 4); /* not known yet */
    sent(&pace, 10, 1);
    g_assert_cmpint(pace_window(&pace, 8), ==, 8 * PACE_MAX);
    for (int i = 0; i < 60; i++)
        sent(&pace, 1, 25);
    g_assert_cmpint(pace_window(&pace, 8), ==, 8 * 10); /* what 250 ms hold */
    for (int i = 0; i < 60; i++)
        sent(&pace, 1, 60000);
    g_assert_cmpint(pace_window(&pace, 8), ==, 8 * PACE_MIN);
    g_assert_cmpint(pace_window(&pace, 3), ==, 3 * PACE_MIN); /* the options allow less */
}

static void test_backs_off_and_grows(void)
{
    Pace pace;
    pace_init(&pace, 8);
    g_assert_true(pace_push_back(&pace));
    g_assert_cmpint(pace_connections(&pace, 8), ==, 4);
    g_assert_true(pace_push_back(&pace));
    g_assert_true(pace_push_back(&pace));
    g_assert_cmpint(pace_connections(&pace, 8), ==, 1);
    g_assert_false(pace_push_back(&pace));
    for (int i = 0; i < 16; i++)
        sent(&pace, 1, 1);
    g_assert_cmpint(pace_connections(&pace, 8), ==, 1);
    for (int i = 0; i < 2000; i++)
        sent(&pace, 1, 1);
    g_assert_cmpint(pace_connections(&pace, 8), ==, 8);
}

#define NOW (100 * US_PER_SECOND)

static LineState look(Line *line, const char *state, int64_t retry_at, int *room)
{
    RelayState stored = {.state = (char *)state, .retry_at = retry_at};
    return line_look(line, &stored, 4, NOW, room);
}

static void test_line(void)
{
    Line *line = line_new("f", 4);
    int room = -1;
    g_assert_cmpint(look(line, "up", 0, &room), ==, LINE_OPEN);
    g_assert_cmpint(room, ==, 16);
    line->in_flight = 20;
    g_assert_cmpint(look(line, "up", 0, &room), ==, LINE_OPEN);
    g_assert_cmpint(room, ==, 0);
    /* In trouble: nothing more until what is in flight has come back. */
    line->blocked = true;
    g_assert_cmpint(look(line, "up", 0, &room), ==, LINE_CLOSED);
    g_assert_cmpint(look(line, "down", NOW - 1, &room), ==, LINE_CLOSED);
    line->in_flight = 0;
    g_assert_cmpint(look(line, "down", NOW + 1, &room), ==, LINE_CLOSED);
    g_assert_cmpint(look(line, "down", NOW, &room), ==, LINE_PROBE);
    g_assert_cmpint(look(line, "misconfigured", NOW, &room), ==, LINE_PROBE);
    g_assert_cmpint(look(line, "up", 0, &room), ==, LINE_OPEN);
    line_free(line);
}

/* All connections fail when a relay goes: that is one failure. */
static void test_line_failures(void)
{
    Line *line = line_new("f", 4);
    for (int i = 0; i < 4; i++)
        line_failed(line, NOW);
    g_assert_cmpint(line->failures, ==, 1);
    g_assert_cmpint(line->retry_at, ==, NOW + 5 * US_PER_SECOND);
    line_failed(line, line->retry_at);
    g_assert_cmpint(line->failures, ==, 2);
    g_assert_cmpint(line->retry_at, ==, NOW + 15 * US_PER_SECOND);
    line_answered(line);
    g_assert_cmpint(line->failures, ==, 0);
    g_assert_cmpint(line->retry_at, ==, 0);
    line_free(line);
}

static bool refuse(Breaker *breaker, const char *status, int domain)
{
    DeliveryOutcome outcome = {.kind = DELIVERY_REJECTED, .reply_code = 550};
    g_strlcpy(outcome.enhanced_status, status, sizeof outcome.enhanced_status);
    g_autofree char *recipient = g_strdup_printf("a@D%d.example", domain);
    return breaker_see(breaker, &outcome, recipient, NOW);
}

static bool see(Breaker *breaker, DeliveryOutcomeKind kind, int reply_code)
{
    DeliveryOutcome outcome = {.kind = kind, .reply_code = reply_code};
    return breaker_see(breaker, &outcome, "b@e.example", NOW);
}

static void test_breaker(void)
{
    Breaker breaker;
    breaker_init(&breaker);
    for (int i = 0; i < 19; i++)
        g_assert_false(refuse(&breaker, "5.7.1", i % 5));
    /* Neither says anything of a recipient. */
    g_assert_false(see(&breaker, DELIVERY_RELAY_DOWN, 421));
    g_assert_false(see(&breaker, DELIVERY_UNCERTAIN, 0));
    g_assert_true(refuse(&breaker, "5.7.1", 4));
    g_assert_cmpuint(breaker.refused->len, ==, 20);
    g_assert_false(refuse(&breaker, "5.7.1", 4)); /* it trips once */
    breaker_reset(&breaker);
    g_assert_false(refuse(&breaker, "5.7.1", 4));
    breaker_clear(&breaker);
}

static void test_breaker_needs_a_run(void)
{
    Breaker breaker;
    breaker_init(&breaker);
    for (int i = 0; i < 100; i++)
        g_assert_false(refuse(&breaker, "5.1.1", i % 4)); /* one customer's old list */
    breaker_reset(&breaker);
    for (int i = 0; i < 100; i++) {
        g_assert_false(refuse(&breaker, "5.1.1", i));
        if (i % 19 == 18)
            g_assert_false(see(&breaker, DELIVERY_SENT, 250));
    }
    breaker_reset(&breaker);
    for (int i = 0; i < 100; i++)
        g_assert_false(refuse(&breaker, i % 2 != 0 ? "5.1.1" : "5.7.1", i));
    breaker_reset(&breaker);
    for (int i = 0; i < 100; i++)
        g_assert_false(see(&breaker, DELIVERY_REJECTED, 0)); /* refused on this side */
    breaker_clear(&breaker);
}

/* A few messages leave together where that takes no time; a slow relay gets them side by side. */
static void test_share(void)
{
    static const struct {
        int64_t message_us;
        int waiting, share;
    } rows[] = {
        {0, 5, 1},      {0, 16, 2},      {250, 1, 8},       {250, 20, 8},
        {250, 160, 20}, {250, 1000, 32}, {1000, 20, 5},     {4000, 20, 3},
        {20000, 8, 1},  {20000, 16, 2},  {20000, 1000, 32}, {10, 8, 8},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Pace pace;
        pace_init(&pace, 8);
        pace.message_us = rows[i].message_us;
        g_assert_cmpint(pace_share(&pace, rows[i].waiting, 8), ==, rows[i].share);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delivery/pace/window", test_window_follows_the_speed);
    g_test_add_func("/delivery/pace/backs-off", test_backs_off_and_grows);
    g_test_add_func("/delivery/pace/share", test_share);
    g_test_add_func("/delivery/line/state", test_line);
    g_test_add_func("/delivery/line/failures", test_line_failures);
    g_test_add_func("/delivery/breaker/trips", test_breaker);
    g_test_add_func("/delivery/breaker/needs-a-run", test_breaker_needs_a_run);
    return g_test_run();
}
