/* SPDX-License-Identifier: Apache-2.0 */
/* Changing many tickets at once: each for itself, but one action to the brake. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define BULK "/api/v1/tickets/bulk"

/* Eight tickets with one recipient each, which is another one for each ticket. */
static World *eight_tickets(int brake)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, false, true);
    g_autofree char *options = g_strdup_printf(
        "{\"default_recipients\":{\"contact\":false},\"brake\":{\"customers\":%d}}", brake);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers", options, 200));
    for (int i = 1; i <= 8; i++) {
        g_autofree char *more =
            g_strdup_printf("\"recipients\":[{\"email\":\"r%d@b.example\"}]", i);
        world_open_ticket(world, more);
    }
    return world;
}

#define CLOSE_ALL "{\"tickets\":[1,2,3,4,5,6,7,8],\"change\":{\"status\":\"Completed\"}}"

static void assert_size(json_t *answer, int told, bool held)
{
    g_assert_cmpint(int_at(answer, "/told"), ==, told);
    g_assert_cmpint(json_is_true(json_at(answer, "/held")), ==, held);
}

#define COUNT(where) "SELECT COUNT(*) FROM alert WHERE " where

static void test_below_the_limit(void)
{
    g_autoptr(World) world = eight_tickets(8);
    json_auto_t *preview = world_ok(world, "POST", BULK "/preview", CLOSE_ALL, 200);
    assert_size(preview, 8, false);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket WHERE status = 1000"), ==, 0);
    json_auto_t *answer = world_ok(world, "POST", BULK, CLOSE_ALL, 200);
    assert_size(answer, 8, false);
    g_assert_cmpint(json_array_size(json_at(answer, "/results")), ==, 8);
    g_assert_cmpint(int_at(answer, "/results/2/number"), ==, 3);
    g_assert_true(json_is_true(json_at(answer, "/results/2/ok")));
    g_assert_true(json_is_null(json_at(answer, "/results/2/problem")));
    g_assert_cmpint(world_sql_int(world, COUNT("decision = 'send'")), ==, 8);
}

/* Not the first seven: nobody. */
static void test_held_whole(void)
{
    g_autoptr(World) world = eight_tickets(7);
    json_auto_t *preview = world_ok(world, "POST", BULK "/preview", CLOSE_ALL, 200);
    assert_size(preview, 8, true);
    json_auto_t *answer = world_ok(world, "POST", BULK, CLOSE_ALL, 200);
    assert_size(answer, 8, true);
    g_assert_cmpint(world_sql_int(world, COUNT("decision = 'hold' AND reason = 'brake'")), ==, 8);
    g_assert_cmpint(world_sql_int(world, COUNT("decision = 'send'")), ==, 0);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket WHERE status = 1000"), ==, 8);
    json_auto_t *released =
        world_ok(world, "POST", "/api/v1/alerts/release", "{\"state\":\"held\"}", 200);
    g_assert_cmpint(int_at(released, "/changed"), ==, 8);
}

/* What the actor has told before counts. */
static void test_told_before(void)
{
    g_autoptr(World) world = eight_tickets(7);
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/8", "{\"status\":1000}", 200));
    const char *six = "{\"tickets\":[1,2,3,4,5,6],\"change\":{\"status\":1000}}";
    json_auto_t *answer = world_ok(world, "POST", BULK "/preview", six, 200);
    assert_size(answer, 6, false);
    const char *seven = "{\"tickets\":[1,2,3,4,5,6,7],\"change\":{\"status\":1000}}";
    json_auto_t *more = world_ok(world, "POST", BULK "/preview", seven, 200);
    assert_size(more, 7, true);
    const char *silent =
        "{\"tickets\":[1,2,3,4,5,6,7],\"change\":{\"status\":1000,\"notify\":false}}";
    json_auto_t *none = world_ok(world, "POST", BULK "/preview", silent, 200);
    assert_size(none, 0, false);
}

static void test_brake_off(void)
{
    g_autoptr(World) world = eight_tickets(1);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"brake\":{\"enabled\":false}}", 200));
    json_auto_t *answer = world_ok(world, "POST", BULK, CLOSE_ALL, 200);
    assert_size(answer, 8, false);
    g_assert_cmpint(world_sql_int(world, COUNT("decision = 'send'")), ==, 8);
}

static void test_each_for_itself(void)
{
    g_autoptr(World) world = eight_tickets(100);
    json_decref(world_ok(world, "POST", "/api/v1/tickets/4/merge", "{\"into\":3}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/2", "{\"status\":1000}", 200));
    json_auto_t *answer =
        world_ok(world, "POST", BULK,
                 "{\"tickets\":[1,99,2,4],\"change\":{\"status\":1000,\"priority\":\"low\"}}", 200);
    assert_size(answer, 1, false);
    g_assert_true(json_is_true(json_at(answer, "/results/0/ok")));
    g_assert_true(json_is_false(json_at(answer, "/results/1/ok")));
    g_assert_cmpstr(text_at(answer, "/results/1/problem/name"), ==, "unknown-ticket");
    g_assert_true(json_is_true(json_at(answer, "/results/2/ok")));
    g_assert_cmpstr(text_at(answer, "/results/3/problem/name"), ==, "merged");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket WHERE priority = 'low'"), ==,
                    2);
    json_auto_t *nobody =
        world_ok(world, "POST", BULK, "{\"tickets\":[1,5],\"change\":{\"manager\":99}}", 200);
    g_assert_cmpstr(text_at(nobody, "/results/1/problem/name"), ==, "unknown-employee");
}

static void test_chunks(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(GString) numbers = g_string_new(NULL);
    for (int i = 1; i <= 60; i++) {
        world_open_ticket(world, "");
        g_string_append_printf(numbers, "%s%d", i > 1 ? "," : "", i);
    }
    g_autofree char *body = g_strdup_printf(
        "{\"tickets\":[%s],\"change\":{\"type\":\"Incident\",\"due\":null}}", numbers->str);
    CallOptions options = {.key = "once"};
    for (int i = 0; i < 2; i++) {
        g_autoptr(Answer) answer = world_call_with(world, "POST", BULK, body, &options);
        g_assert_cmpint(answer->status, ==, 200);
        g_assert_cmpint(json_array_size(json_at(answer->json, "/results")), ==, 60);
        g_assert_cmpint(int_at(answer->json, "/results/59/number"), ==, 60);
    }
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket WHERE type = 'Incident'"), ==,
                    60);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM event WHERE kind = 'changed'"), ==,
                    60);
}

static void test_refused(void)
{
    static const struct {
        const char *body, *problem;
    } cases[] = {
        {"{\"tickets\":[1]}", "missing-field"},
        {"{\"change\":{}}", "missing-field"},
        {"{\"tickets\":[1,1],\"change\":{}}", "invalid"},
        {"{\"tickets\":[\"1\"],\"change\":{}}", "invalid"},
        {"{\"tickets\":[0],\"change\":{}}", "invalid"},
        {"{\"tickets\":[1],\"change\":{\"title\":\"X\"}}", "not-in-bulk"},
        {"{\"tickets\":[1],\"change\":{\"account\":1}}", "not-in-bulk"},
        {"{\"tickets\":[1],\"change\":{\"nix\":1}}", "unknown-field"},
        {"{\"tickets\":[1],\"change\":{\"status\":\"Nix\"}}", "unknown-status"},
    };
    g_autoptr(World) world = eight_tickets(100);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *before = world_rows(world);
        g_autoptr(Answer) answer = world_call(world, "POST", BULK, cases[i].body);
        g_test_message("%s", cases[i].body);
        assert_problem(answer, 422, cases[i].problem);
        g_autofree char *after = world_rows(world);
        g_assert_cmpstr(after, ==, before);
    }
    g_autoptr(GString) many = g_string_new("{\"change\":{},\"tickets\":[1");
    for (int i = 2; i <= 501; i++)
        g_string_append_printf(many, ",%d", i);
    g_string_append(many, "]}");
    g_autoptr(Answer) answer = world_call(world, "POST", BULK, many->str);
    assert_problem(answer, 422, "too-many");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/bulk/below-the-limit", test_below_the_limit);
    g_test_add_func("/api/bulk/held-whole", test_held_whole);
    g_test_add_func("/api/bulk/told-before", test_told_before);
    g_test_add_func("/api/bulk/brake-off", test_brake_off);
    g_test_add_func("/api/bulk/each-for-itself", test_each_for_itself);
    g_test_add_func("/api/bulk/chunks", test_chunks);
    g_test_add_func("/api/bulk/refused", test_refused);
    return g_test_run();
}
