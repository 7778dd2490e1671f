/* SPDX-License-Identifier: Apache-2.0 */
/* "Customers not told" as the API shows it. */
#include "api/world.h"

#include <string.h>

static const char *engine;

static json_t *server_state(int64_t timeout_ms, void *data, GError **error)
{
    return json_pack("{s:b, s:{s:s, s:s, s:n, s:n, s:n}}", "active", 1, "relay", "name", "maildir",
                     "state", "up", "reason", "since", "retry_at");
}

static void assert_count(World *world, const char *metric, int64_t count)
{
    CallOptions local = {.local = true};
    g_autoptr(Answer) metrics = world_call_with(world, "GET", "/metrics", NULL, &local);
    g_assert_cmpint(metrics->status, ==, 200);
    g_assert_nonnull(strstr(http_response_body(metrics->response, NULL), metric));
    json_auto_t *server = world_ok(world, "GET", "/api/v1/alerts-server", NULL, 200);
    g_assert_cmpint(int_at(server, "/customers_not_told"), ==, count);
    json_auto_t *list =
        world_ok(world, "GET", "/api/v1/tickets?customers_not_told=true", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(list, "/items")), ==, count);
}

static void assert_story(World *world, bool flagged)
{
    json_auto_t *story = world_ok(world, "GET", "/api/v1/tickets/1/explain", NULL, 200);
    bool said = strstr(text_at(story, "/text"), "\nNobody was told that this ticket was closed.");
    g_assert_cmpint(said, ==, flagged);
}

static void test_flag(void)
{
    g_autoptr(World) world = world_new(engine);
    api_set_alerts_server(world->api, server_state, NULL);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    world_open_ticket(world, "");
    world_sql(world, "DELETE FROM recipient WHERE ticket = 1");
    json_auto_t *open = world_ok(world, "GET", "/api/v1/tickets/1", NULL, 200);
    g_assert_true(json_is_false(json_at(open, "/customers_not_told")));
    g_assert_true(json_is_null(json_at(open, "/customers_not_told_since")));
    assert_count(world, "\ntidings_tickets_customers_not_told 0\n", 0);

    json_auto_t *closed = world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":1000}", 200);
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/2", "{\"status\":1000}", 200));
    g_assert_true(json_is_true(json_at(closed, "/customers_not_told")));
    g_assert_cmpstr(text_at(closed, "/customers_not_told_since"), ==, text_at(closed, "/closed"));
    json_auto_t *shown = world_ok(world, "GET", "/api/v1/tickets/1", NULL, 200);
    g_assert_true(json_equal(closed, shown));
    assert_count(world, "\ntidings_tickets_customers_not_told 1\n", 1);
    assert_story(world, true);

    /* A change that is no reopening keeps it; a reopening clears it in its own answer. */
    json_auto_t *renamed = world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"title\":\"X\"}", 200);
    g_assert_true(json_is_true(json_at(renamed, "/customers_not_told")));
    json_auto_t *again = world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":200}", 200);
    g_assert_true(json_is_false(json_at(again, "/customers_not_told")));
    assert_count(world, "\ntidings_tickets_customers_not_told 0\n", 0);
    assert_story(world, false);
}

static void test_opened_as_completed(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"default_recipients\":{\"contact\":false}}", 200));
    g_autofree char *body = g_strdup_printf(
        "{\"account\":%" G_GINT64_FORMAT ",\"title\":\"X\",\"status\":1000}", world->account);
    json_auto_t *ticket = world_ok(world, "POST", "/api/v1/tickets", body, 201);
    g_assert_true(json_is_true(json_at(ticket, "/customers_not_told")));
}

static void test_only_true(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(Answer) answer =
        world_call(world, "GET", "/api/v1/tickets?customers_not_told=false", NULL);
    assert_problem(answer, 422, "out-of-range");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/not-told/flag", test_flag);
    g_test_add_func("/api/not-told/opened-as-completed", test_opened_as_completed);
    g_test_add_func("/api/not-told/only-true", test_only_true);
    return g_test_run();
}
