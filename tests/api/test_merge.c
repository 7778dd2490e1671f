/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket that was opened twice: what becomes of the duplicate, and of the one that stays. */
#include "api/world.h"

#include "base/limits.h"

#include <string.h>

static const char *engine;

#define MERGE "/api/v1/tickets/2/merge"

/* Ticket 1, and its duplicate 2 with two recipients more, one of them muted. */
static World *make_world(void)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    world_open_ticket(world, "\"recipients\":[{\"email\":\"a@b.example\",\"name\":\"A\"},"
                             "{\"email\":\"m@b.example\"}]");
    world_sql(world, "UPDATE recipient SET muted = 1 WHERE email_key = 'm@b.example'");
    return world;
}

static void test_merge(void)
{
    g_autoptr(World) world = make_world();
    json_decref(world_ok(world, "POST", "/api/v1/tickets/2/messages", "{\"text\":\"Hello\"}", 201));
    int64_t alerts = world_sql_int(world, "SELECT COUNT(*) FROM alert");
    int64_t outbox = world_sql_int(world, "SELECT COUNT(*) FROM outbox");
    json_auto_t *merged = world_ok(world, "POST", MERGE, "{\"into\":1}", 200);
    g_assert_cmpint(int_at(merged, "/number"), ==, 2);
    g_assert_cmpint(int_at(merged, "/status"), ==, 900);
    g_assert_cmpint(int_at(merged, "/merged_into"), ==, 1);
    g_assert_true(json_is_null(json_at(merged, "/closed")));
    json_auto_t *shown = world_ok(world, "GET", "/api/v1/tickets/2", NULL, 200);
    g_assert_true(json_equal(merged, shown));
    /* Nobody is told anything. */
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert"), ==, alerts);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox"), ==, outbox);

    json_auto_t *people = world_ok(world, "GET", "/api/v1/tickets/1/recipients", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(people, "/items")), ==, 2);
    g_assert_cmpstr(text_at(people, "/items/1/email"), ==, "a@b.example");
    g_assert_cmpstr(text_at(people, "/items/1/name"), ==, "A");
    json_auto_t *messages = world_ok(world, "GET", "/api/v1/tickets/1/messages", NULL, 200);
    g_assert_cmpint(int_at(messages, "/items/0/ticket"), ==, 2);

    json_auto_t *there = world_ok(world, "GET", "/api/v1/tickets/2/events", NULL, 200);
    g_assert_cmpstr(text_at(there, "/items/2/kind"), ==, "merged");
    g_assert_cmpint(int_at(there, "/items/2/changes/merged_into/after"), ==, 1);
    g_assert_cmpint(int_at(there, "/items/2/changes/status/after"), ==, 900);
    json_auto_t *here = world_ok(world, "GET", "/api/v1/tickets/1/events", NULL, 200);
    g_assert_cmpstr(text_at(here, "/items/1/kind"), ==, "duplicate_merged");
    g_assert_cmpint(int_at(here, "/items/1/changes/duplicate/number"), ==, 2);
    g_assert_cmpstr(text_at(here, "/items/1/changes/added/0"), ==, "a@b.example");
    json_auto_t *told = world_ok(world, "GET", "/api/v1/tickets/1/explain", NULL, 200);
    g_assert_nonnull(strstr(text_at(told, "/text"), "took in a duplicate ticket"));
}

/* It has told its customers already. */
static void test_completed_stays(void)
{
    g_autoptr(World) world = make_world();
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/2", "{\"status\":1000}", 200));
    json_auto_t *merged = world_ok(world, "POST", MERGE, "{\"into\":1}", 200);
    g_assert_cmpint(int_at(merged, "/status"), ==, 1000);
    g_assert_true(json_is_string(json_at(merged, "/closed")));
}

/* What was merged into a duplicate goes on with it. */
static void test_chain(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "");
    json_decref(world_ok(world, "POST", "/api/v1/tickets/3/merge", "{\"into\":2}", 200));
    json_decref(world_ok(world, "POST", MERGE, "{\"into\":1}", 200));
    json_auto_t *third = world_ok(world, "GET", "/api/v1/tickets/3", NULL, 200);
    g_assert_cmpint(int_at(third, "/merged_into"), ==, 1);
}

static void assert_refused(World *world, const char *target, const char *body, int status,
                           const char *problem)
{
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call(world, "POST", target, body);
    g_test_message("%s %s", target, body);
    assert_problem(answer, status, problem);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
}

static void test_refused(void)
{
    g_autoptr(World) world = make_world();
    json_auto_t *other = world_ok(world, "POST", "/api/v1/accounts",
                                  "{\"name\":\"Other\",\"email\":\"o@other.example\"}", 201);
    g_autofree char *foreign = g_strdup_printf("{\"account\":%" G_GINT64_FORMAT ",\"title\":\"X\"}",
                                               int_at(other, "/number"));
    json_decref(world_ok(world, "POST", "/api/v1/tickets", foreign, 201));
    world_open_ticket(world, "");
    json_decref(world_ok(world, "POST", "/api/v1/tickets/4/merge", "{\"into\":1}", 200));
    assert_refused(world, MERGE, "{\"into\":2}", 409, "merge-into-itself");
    assert_refused(world, MERGE, "{\"into\":3}", 409, "other-account");
    assert_refused(world, MERGE, "{\"into\":4}", 409, "merged");
    assert_refused(world, "/api/v1/tickets/4/merge", "{\"into\":2}", 409, "merged");
    assert_refused(world, MERGE, "{\"into\":99}", 422, "unknown-ticket");
    assert_refused(world, "/api/v1/tickets/99/merge", "{\"into\":1}", 404, "unknown-ticket");
    assert_refused(world, MERGE, "{}", 422, "missing-field");
    g_autoptr(Answer) reopened =
        world_call(world, "PATCH", "/api/v1/tickets/4", "{\"status\":100}");
    assert_problem(reopened, 409, "merged");
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/4", "{\"title\":\"Y\"}", 200));
}

static void test_too_many(void)
{
    g_autoptr(World) world = make_world();
    g_autoptr(GString) list = g_string_new("[");
    for (int i = 0; i < LIMIT_RECIPIENTS_PER_TICKET; i++)
        g_string_append_printf(list, "%s{\"email\":\"r%d@b.example\"}", i > 0 ? "," : "", i);
    g_string_append_c(list, ']');
    json_decref(world_ok(world, "PUT", "/api/v1/tickets/1/recipients", list->str, 200));
    assert_refused(world, MERGE, "{\"into\":1}", 422, "too-many");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/merge/merge", test_merge);
    g_test_add_func("/api/merge/completed-stays", test_completed_stays);
    g_test_add_func("/api/merge/chain", test_chain);
    g_test_add_func("/api/merge/refused", test_refused);
    g_test_add_func("/api/merge/too-many", test_too_many);
    return g_test_run();
}
