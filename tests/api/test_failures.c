/* SPDX-License-Identifier: Apache-2.0 */
/* The Alerts Server's past: failures by their cause, tried again by it, and throughput. */
#include "api/world.h"

#include "outbox/tally.h"

#include <string.h>

static const char *engine;

#define FAILURES "/api/v1/alerts/failures"

static void set_state(World *world, int from, int to, const char *state, const char *reply)
{
    g_autofree char *sql = g_strdup_printf(
        "UPDATE outbox SET state = '%s', stamp = NULL, updated_at = %" G_GINT64_FORMAT
        ", last_reply = '%s' WHERE id BETWEEN %d AND %d",
        state, WORLD_START_US, reply, from, to);
    world_sql(world, sql);
}

/* Alerts 1 to 3 refused for one cause, 4 for another, 5 deferred, 6 queued. */
static World *failing(void)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, true, true);
    for (int i = 1; i <= 6; i++) {
        g_autofree char *more =
            g_strdup_printf("\"recipients\":[{\"email\":\"r%d@b%d.example\"}]", i, i);
        json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                             "{\"default_recipients\":{\"contact\":false}}", 200));
        world_open_ticket(world, more);
    }
    set_state(world, 1, 1, "rejected", "550 5.7.1 <r1@b1.example> Blocked");
    set_state(world, 2, 3, "rejected", "550 5.7.1 <r2@b2.example> Blocked");
    set_state(world, 4, 4, "bounced", "550 5.2.2 Full");
    set_state(world, 5, 5, "deferred", "451 4.7.1 Later");
    return world;
}

static void test_groups(void)
{
    g_autoptr(World) world = failing();
    json_auto_t *page = world_ok(world, "GET", FAILURES, NULL, 200);
    g_assert_cmpint(json_array_size(json_at(page, "/items")), ==, 3);
    g_assert_cmpint(int_at(page, "/days"), ==, 7);
    g_assert_true(json_is_true(json_at(page, "/all")));
    g_assert_cmpint(int_at(page, "/items/0/count"), ==, 3);
    g_assert_cmpstr(text_at(page, "/items/0/state"), ==, "rejected");
    g_assert_cmpstr(text_at(page, "/items/0/words"), ==, "550 5.7.1 Blocked");
    g_assert_cmpint(int_at(page, "/items/0/alert"), ==, 1);
    g_assert_cmpint(json_array_size(json_at(page, "/items/0/domains")), ==, 3);
    g_assert_true(json_is_string(json_at(page, "/items/0/latest")));
    manual_clock_advance(&world->clock, 2 * US_PER_DAY);
    json_auto_t *none = world_ok(world, "GET", FAILURES "?days=1", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(none, "/items")), ==, 0);
    g_autoptr(Answer) answer = world_call(world, "GET", FAILURES "?days=0", NULL);
    assert_problem(answer, 422, "out-of-range");
}

static void test_retry_these(void)
{
    g_autoptr(World) world = failing();
    json_auto_t *page = world_ok(world, "GET", FAILURES, NULL, 200);
    g_autofree char *body = g_strdup_printf("{\"state\":\"rejected\",\"cause\":\"%s\"}",
                                            text_at(page, "/items/0/cause"));
    set_state(world, 6, 6, "rejected", "554 5.0.0 Something else");
    json_auto_t *done = world_ok(world, "POST", "/api/v1/alerts/retry", body, 200);
    g_assert_cmpint(int_at(done, "/changed"), ==, 3);
    g_assert_cmpint(
        world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND id <= 3"), ==,
        3);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE state = 'rejected'"),
                    ==, 1);
    json_auto_t *bounced =
        world_ok(world, "POST", "/api/v1/alerts/retry", "{\"state\":\"bounced\"}", 200);
    g_assert_cmpint(int_at(bounced, "/changed"), ==, 1);
    json_auto_t *nothing = world_ok(world, "POST", "/api/v1/alerts/retry",
                                    "{\"state\":\"deferred\",\"cause\":\"0\"}", 200);
    g_assert_cmpint(int_at(nothing, "/changed"), ==, 0);
}

static void add_tally(World *world, int64_t width_us, int64_t at_us, int bin, int n)
{
    g_autofree char *sql = g_strdup_printf(
        "INSERT INTO outbox_tally (width, from_at, bin, sender, n) VALUES (%" G_GINT64_FORMAT
        ", %" G_GINT64_FORMAT ", %d, 's', %d)",
        width_us, at_us - at_us % width_us, bin, n);
    world_sql(world, sql);
}

static void test_history(void)
{
    static const struct {
        const char *span;
        size_t steps;
        int seconds, back; /* where the message of 20 minutes ago stands */
    } cases[] = {{"hour", 60, 60, 20}, {"day", 96, 900, 2}, {"month", 30, 86400, 0}};
    g_autoptr(World) world = world_new(engine);
    int64_t then = WORLD_START_US - 20 * TALLY_MINUTE_US;
    add_tally(world, TALLY_MINUTE_US, then, 16, 5);
    add_tally(world, TALLY_HOUR_US, then, 16, 5);
    add_tally(world, TALLY_MINUTE_US, then, TALLY_FAILED, 2);
    add_tally(world, TALLY_HOUR_US, then, TALLY_FAILED, 2);
    add_tally(world, TALLY_MINUTE_US, then, TALLY_DEFERRED, 3);
    add_tally(world, TALLY_HOUR_US, then, TALLY_DEFERRED, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *target = target_new("/alerts-server/history?span=%s", cases[i].span);
        json_auto_t *page = world_ok(world, "GET", target, NULL, 200);
        g_test_message("%s", target);
        g_assert_cmpuint(json_array_size(json_at(page, "/items")), ==, cases[i].steps);
        g_assert_cmpint(int_at(page, "/step_seconds"), ==, cases[i].seconds);
        json_t *step =
            json_array_get(json_at(page, "/items"), cases[i].steps - 1 - (size_t)cases[i].back);
        g_assert_cmpint(int_at(step, "/accepted"), ==, 5);
        g_assert_cmpint(int_at(step, "/failed"), ==, 2);
        g_assert_cmpint(int_at(step, "/deferred"), ==, 3);
        g_assert_cmpint(int_at(step, "/p50_ms"), >, 90);
        g_assert_cmpint(int_at(step, "/p95_ms"), <, 150);
        g_assert_true(json_is_null(json_at(page, "/items/1/p50_ms")));
    }
    json_auto_t *page = world_ok(world, "GET", "/api/v1/alerts-server/history", NULL, 200);
    g_assert_cmpstr(text_at(page, "/span"), ==, "hour");
    g_autoptr(Answer) answer =
        world_call(world, "GET", "/api/v1/alerts-server/history?span=year", NULL);
    assert_problem(answer, 422, "out-of-range");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/failures/groups", test_groups);
    g_test_add_func("/api/failures/retry-these", test_retry_these);
    g_test_add_func("/api/failures/history", test_history);
    return g_test_run();
}
