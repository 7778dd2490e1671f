/* SPDX-License-Identifier: Apache-2.0 */
/* Counts for plots: bins, shares, and what a step of an hour or a month reads. */
#include "outbox/tally.h"

#include "support/test_desk.h"

static const char *engine;

static void test_shares(void)
{
    static const struct {
        int64_t ms;
        double low, high; /* what may be said of it */
    } cases[] = {
        {0, 0, 0.4}, {1, 0.7, 1.4}, {40, 34, 47}, {1000, 850, 1200}, {86400000, 7e7, 1.1e8}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tally tally = {0};
        tally_accepted(&tally, cases[i].ms * 1000);
        g_assert_cmpint(tally_sum(&tally), ==, 1);
        double said = tally_share_ms(&tally, 0.5);
        g_test_message("%" G_GINT64_FORMAT ": %g", cases[i].ms, said);
        g_assert_cmpfloat(said, >=, cases[i].low);
        g_assert_cmpfloat(said, <=, cases[i].high);
    }
    /* A clock that went back, and a time beyond all bins. */
    Tally odd = {0};
    tally_accepted(&odd, -5);
    tally_accepted(&odd, INT64_MAX);
    g_assert_cmpint(odd.n[0], ==, 1);
    g_assert_cmpint(odd.n[TALLY_TIMES - 1], ==, 1);
    Tally tally = {.n = {[8] = 90, [16] = 9, [24] = 1, [TALLY_FAILED] = 7}};
    g_assert_cmpint(tally_sum(&tally), ==, 100);
    g_assert_cmpfloat(tally_share_ms(&tally, 0.5), <, 15);
    g_assert_cmpfloat(tally_share_ms(&tally, 0.95), >, 90);
    g_assert_cmpfloat(tally_share_ms(&tally, 0.95), <, 150);
    g_assert_cmpfloat(tally_share_ms(&tally, 1), >, 900);
}

typedef struct {
    int64_t now_us;
    const char *sender;
    Tally tally;
} Storing;

static bool store(DbTx *tx, void *data, GError **error)
{
    const Storing *storing = data;
    return tally_store(tx, &storing->tally, storing->now_us, storing->sender, error);
}

static void store_at(TestDesk *desk, int64_t now_us, const char *sender)
{
    Storing storing = {now_us, sender, {.n = {[3] = 2, [TALLY_FAILED] = 1}}};
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(desk->db), store, &storing, &error);
    g_assert_no_error(error);
}

typedef struct {
    int64_t width_us, from_us, step_us;
    Tally tallies[3];
} Loading;

static bool load(DbTx *tx, void *data, GError **error)
{
    Loading *loading = data;
    return tally_load(tx, loading->width_us, loading->from_us, loading->step_us, 3,
                      loading->tallies, error);
}

static void assert_steps(TestDesk *desk, int64_t width_us, int64_t from_us, int64_t step_us, int a,
                         int b, int c)
{
    Loading loading = {width_us, from_us, step_us, {{{0}}}};
    g_autoptr(GError) error = NULL;
    db_read(test_db_handle(desk->db), load, &loading, &error);
    g_assert_no_error(error);
    g_assert_cmpint(loading.tallies[0].n[3], ==, a);
    g_assert_cmpint(loading.tallies[1].n[3], ==, b);
    g_assert_cmpint(loading.tallies[2].n[3], ==, c);
}

static bool forget(DbTx *tx, void *now_us, GError **error)
{
    return tally_forget(tx, *(int64_t *)now_us, error);
}

static void test_store(void)
{
    g_autoptr(TestDesk) desk = test_desk_new(engine, false);
    const int64_t hour = 495000 * TALLY_HOUR_US;
    store_at(desk, hour + 5, "a");
    store_at(desk, hour + 7, "a");
    store_at(desk, hour + 9, "b");
    store_at(desk, hour + 2 * TALLY_MINUTE_US, "a");
    assert_steps(desk, TALLY_MINUTE_US, hour, TALLY_MINUTE_US, 6, 0, 2);
    assert_steps(desk, TALLY_MINUTE_US, hour - TALLY_MINUTE_US, TALLY_MINUTE_US, 0, 6, 0);
    assert_steps(desk, TALLY_HOUR_US, hour - TALLY_HOUR_US, TALLY_HOUR_US, 0, 8, 0);
    int64_t later = hour + 3 * 24 * TALLY_HOUR_US;
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(desk->db), forget, &later, &error);
    g_assert_no_error(error);
    assert_steps(desk, TALLY_MINUTE_US, hour, TALLY_MINUTE_US, 0, 0, 0);
    assert_steps(desk, TALLY_HOUR_US, hour, TALLY_HOUR_US, 8, 0, 0);
    later += 38 * 24 * TALLY_HOUR_US;
    db_write(test_db_handle(desk->db), forget, &later, &error);
    g_assert_no_error(error);
    assert_steps(desk, TALLY_HOUR_US, hour, TALLY_HOUR_US, 0, 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/outbox/tally/shares", test_shares);
    g_test_add_func("/outbox/tally/store", test_store);
    return g_test_run();
}
