/* SPDX-License-Identifier: Apache-2.0 */
/* The suppression list: kept by people, heeded by events, in the way of a retry. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define LIST   "/api/v1/suppressions"
#define OFFICE "/api/v1/suppressions/office@bluebird.example"
#define RETRY  "/api/v1/alerts/1/retry"

static void test_kept_by_hand(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *empty = world_ok(world, "GET", LIST, NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(empty, "/items")), ==, 0);
    json_auto_t *added =
        world_ok(world, "POST", LIST,
                 "{\"email\":\" Office@BLUEBIRD.example\",\"note\":\"Left the company\"}", 201);
    g_assert_cmpstr(text_at(added, "/email"), ==, "Office@bluebird.example");
    g_assert_cmpstr(text_at(added, "/reason"), ==, "added_by_person");
    g_assert_cmpstr(text_at(added, "/evidence/note"), ==, "Left the company");
    g_assert_cmpstr(text_at(added, "/evidence/by"), !=, "");
    g_assert_true(json_is_null(json_at(added, "/evidence/reply")));
    g_assert_true(json_is_null(json_at(added, "/evidence/alert")));
    g_assert_cmpstr(text_at(added, "/since"), ==, "2026-11-24T18:32:08Z");
    json_auto_t *shown = world_ok(world, "GET", LIST "/OFFICE%40bluebird.example", NULL, 200);
    g_assert_true(json_equal(added, shown));
    g_autoptr(Answer) again =
        world_call(world, "POST", LIST, "{\"email\":\"office@bluebird.example\",\"note\":\"x\"}");
    assert_problem(again, 409, "already-suppressed");
    g_assert_null(world_ok(world, "DELETE", OFFICE, NULL, 204));
    g_autoptr(Answer) gone = world_call(world, "DELETE", OFFICE, NULL);
    assert_problem(gone, 404, "not-suppressed");
    g_autoptr(Answer) unknown = world_call(world, "GET", OFFICE, NULL);
    assert_problem(unknown, 404, "not-suppressed");
    g_autoptr(Answer) nonsense = world_call(world, "GET", LIST "/nonsense", NULL);
    assert_problem(nonsense, 404, "not-suppressed");
    g_autoptr(Answer) bad = world_call(world, "POST", LIST, "{\"email\":\"nonsense\"}");
    assert_problem(bad, 422, "bad-address");
    g_autoptr(Answer) missing = world_call(world, "POST", LIST, "{}");
    assert_problem(missing, 422, "missing-field");
    g_autoptr(Answer) long_note = world_call(world, "GET", LIST "?limit=0", NULL);
    assert_problem(long_note, 422, "out-of-range");
}

static void test_pages(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int i = 0; i < 5; i++) {
        g_autofree char *body = g_strdup_printf("{\"email\":\"a%d+x@x.example\"}", 4 - i);
        json_decref(world_ok(world, "POST", LIST, body, 201));
    }
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *cursor = g_strdup("");
    do {
        g_autofree char *target = g_strdup_printf(LIST "?limit=2&cursor=%s", cursor);
        json_auto_t *page = world_ok(world, "GET", target, NULL, 200);
        size_t i;
        json_t *item;
        json_array_foreach(json_at(page, "/items"), i, item)
        {
            g_string_append_printf(seen, "%.2s ", text_at(item, "/email"));
        }
        g_free(cursor);
        cursor = g_uri_escape_string(text_at(page, "/next_cursor"), NULL, FALSE);
    } while (*cursor != '\0');
    g_assert_cmpstr(seen->str, ==, "a0 a1 a2 a3 a4 ");
}

/* An alert that was refused, to an address that is on the list with this evidence. */
static World *refused_world(void)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    world_sql(world, "UPDATE outbox SET state = 'rejected' WHERE id = 1");
    world_sql(world, "INSERT INTO suppression (email_key, email, reason, evidence, since) VALUES"
                     " ('office@bluebird.example', 'office@bluebird.example', 'no_such_mailbox',"
                     " '{\"alert\":1,\"reply\":\"550 5.1.1 gone\"}', 1795545128000000)");
    return world;
}

static void test_retry(void)
{
    g_autoptr(World) world = refused_world();
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call(world, "POST", RETRY, NULL);
    assert_problem(answer, 409, "address-suppressed");
    const char *detail = text_at(answer->json, "/detail");
    static const char *const words[] = {"550 5.1.1 gone", "2026-11-24T18:32:08Z",
                                        "tidings suppression remove office@bluebird.example",
                                        "tidings alerts retry 1 --force", "{\"force\":true}"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        g_assert_nonnull(strstr(detail, words[i]));
    g_autoptr(Answer) same = world_call(world, "POST", RETRY, "{\"force\":false}");
    assert_problem(same, 409, "address-suppressed");
    g_autoptr(Answer) wrong = world_call(world, "POST", RETRY, "{\"force\":\"yes\"}");
    assert_problem(wrong, 422, "wrong-type");
    g_autoptr(Answer) cancel =
        world_call(world, "POST", "/api/v1/alerts/1/cancel", "{\"force\":true}");
    assert_problem(cancel, 422, "unknown-field");
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
    g_assert_null(world_ok(world, "DELETE", OFFICE, NULL, 204));
    json_auto_t *retried = world_ok(world, "POST", RETRY, NULL, 200);
    g_assert_cmpstr(text_at(retried, "/state"), ==, "queued");
    g_assert_true(json_is_null(json_at(retried, "/state_reason")));
}

static void test_forced(void)
{
    g_autoptr(World) world = refused_world();
    json_auto_t *forced = world_ok(world, "POST", RETRY, "{\"force\":true}", 200);
    g_assert_cmpstr(text_at(forced, "/state"), ==, "queued");
    g_assert_cmpstr(text_at(forced, "/state_reason"), ==, "forced");
    /* Hurrying what is forced needs no second word; the list stays as it is until it is accepted.
     */
    json_auto_t *hurried = world_ok(world, "POST", RETRY, NULL, 200);
    g_assert_cmpstr(text_at(hurried, "/state_reason"), ==, "forced");
    json_decref(world_ok(world, "GET", OFFICE, NULL, 200));
    /* Cancelling ends it. */
    json_decref(world_ok(world, "POST", "/api/v1/alerts/1/cancel", NULL, 200));
    g_autoptr(Answer) cancelled = world_call(world, "POST", RETRY, NULL);
    assert_problem(cancelled, 409, "address-suppressed");
    /* What waits anyhow and was listed meanwhile is not hurried without it. */
    world_sql(world, "UPDATE outbox SET state = 'deferred', state_reason = NULL WHERE id = 1");
    g_autoptr(Answer) waiting = world_call(world, "POST", RETRY, NULL);
    assert_problem(waiting, 409, "address-suppressed");
    json_auto_t *again = world_ok(world, "POST", RETRY, "{\"force\":true}", 200);
    g_assert_cmpstr(text_at(again, "/state_reason"), ==, "forced");
    /* What cannot be sent again is refused for that. */
    world_sql(world, "UPDATE outbox SET state = 'accepted', state_reason = NULL WHERE id = 1");
    g_autoptr(Answer) accepted = world_call(world, "POST", RETRY, "{\"force\":true}");
    assert_problem(accepted, 409, "not-possible-now");
}

/* Force is nothing where it is not needed. */
static void test_needless_force(void)
{
    g_autoptr(World) world = refused_world();
    g_assert_null(world_ok(world, "DELETE", OFFICE, NULL, 204));
    json_auto_t *retried = world_ok(world, "POST", RETRY, "{\"force\":true}", 200);
    g_assert_true(json_is_null(json_at(retried, "/state_reason")));
}

static void test_events_heed_it(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "POST", LIST, "{\"email\":\"office@bluebird.example\"}", 201));
    world_open_ticket(world, "");
    json_auto_t *alert = world_ok(world, "GET", "/api/v1/alerts/1", NULL, 200);
    g_assert_cmpstr(text_at(alert, "/reason"), ==, "address_suppressed");
    g_assert_null(world_ok(world, "DELETE", OFFICE, NULL, 204));
    world_open_ticket(world, "");
    json_auto_t *told = world_ok(world, "GET", "/api/v1/alerts/2", NULL, 200);
    g_assert_cmpstr(text_at(told, "/decision"), ==, "send");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/suppressions/by hand", test_kept_by_hand);
    g_test_add_func("/api/suppressions/pages", test_pages);
    g_test_add_func("/api/suppressions/retry", test_retry);
    g_test_add_func("/api/suppressions/forced", test_forced);
    g_test_add_func("/api/suppressions/needless force", test_needless_force);
    g_test_add_func("/api/suppressions/events", test_events_heed_it);
    return g_test_run();
}
