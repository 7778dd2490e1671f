/* SPDX-License-Identifier: Apache-2.0 */
/* Who has changed what, where no story of its own tells it. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define AUDIT "/api/v1/audit"

/* "PATCH /api/v1/accounts/1 {...}" of the newest rows, newest first. */
static char *list(World *world, int newest)
{
    g_autofree char *target = g_strdup_printf(AUDIT "?limit=%d", newest);
    json_auto_t *answer = world_ok(world, "GET", target, NULL, 200);
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(json_at(answer, "/items"), i, item)
    {
        g_autofree char *request =
            json_dumps(json_at(item, "/request"), JSON_ENCODE_ANY | JSON_COMPACT);
        g_string_append_printf(text, "%s%s %s %s", i > 0 ? "; " : "", text_at(item, "/action"),
                               text_at(item, "/target"), request);
    }
    return g_string_free(text, FALSE);
}

static void test_changes(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *changed =
        world_ok(world, "PATCH", "/api/v1/accounts/1", "{\"active\":false}", 200);
    g_assert_nonnull(changed);
    json_auto_t *added =
        world_ok(world, "POST", "/api/v1/suppressions", "{\"email\":\"a@b.example\"}", 201);
    g_assert_nonnull(added);
    g_autoptr(Answer) refused =
        world_call(world, "PATCH", "/api/v1/accounts/1", "{\"colour\":\"red\"}");
    assert_problem(refused, 422, "unknown-field");
    g_autofree char *rows = list(world, 2);
    g_assert_cmpstr(rows, ==,
                    "POST /api/v1/suppressions {\"email\":\"a@b.example\"};"
                    " PATCH /api/v1/accounts/1 {\"active\":false}");
    json_auto_t *all = world_ok(world, "GET", AUDIT, NULL, 200);
    g_assert_cmpstr(text_at(all, "/items/0/actor/kind"), ==, "api");
    g_assert_cmpstr(text_at(all, "/items/0/channel"), ==, "api");
    g_assert_cmpstr(text_at(all, "/items/0/at"), ==, "2026-11-24T18:32:08Z");
}

/* Neither a password nor what makes it quick to guess. */
static void test_secrets(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *changed =
        world_ok(world, "PATCH", "/api/v1/employees/1",
                 "{\"name\":\"Another\",\"password\":\"correct horse battery\"}", 200);
    g_assert_nonnull(changed);
    g_autofree char *rows = list(world, 1);
    g_assert_cmpstr(rows, ==, "PATCH /api/v1/employees/1 {\"name\":\"Another\"}");
}

/* What works in several transactions is noted when it is done; what tells its own story is not. */
static void test_others(void)
{
    g_autoptr(World) world = world_new(engine);
    world_open_ticket(world, "\"recipients\":[{\"email\":\"bob@b.example\"}]");
    json_auto_t *all =
        world_ok(world, "POST", "/api/v1/alerts/cancel", "{\"state\":\"queued\"}", 200);
    g_assert_nonnull(all);
    g_autofree char *rows = list(world, 1);
    g_assert_cmpstr(rows, ==, "POST /api/v1/alerts/cancel {\"state\":\"queued\"}");
}

static void test_pages(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int i = 0; i < 3; i++) {
        json_auto_t *changed =
            world_ok(world, "PATCH", "/api/v1/accounts/1",
                     i % 2 == 0 ? "{\"active\":false}" : "{\"active\":true}", 200);
        g_assert_nonnull(changed);
    }
    json_auto_t *first = world_ok(world, "GET", AUDIT "?limit=2", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(first, "/items")), ==, 2);
    g_autofree char *next = g_strconcat(AUDIT "?cursor=", text_at(first, "/next_cursor"), NULL);
    json_auto_t *second = world_ok(world, "GET", next, NULL, 200);
    g_assert_cmpint(int_at(second, "/items/0/id"), <, int_at(first, "/items/1/id"));
    g_assert_cmpstr(text_at(second, "/items/0/target"), ==, "/api/v1/accounts/1");
    g_assert_true(json_is_null(json_at(second, "/next_cursor")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/audit/changes", test_changes);
    g_test_add_func("/api/audit/secrets", test_secrets);
    g_test_add_func("/api/audit/others", test_others);
    g_test_add_func("/api/audit/pages", test_pages);
    return g_test_run();
}
