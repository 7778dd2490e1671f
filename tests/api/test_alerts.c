/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts and their mails: preview, the exact bytes, and what a person may do. */
#include "api/world.h"

#include "alerts/compose.h"
#include "base/secret.h"

#include <string.h>

static const char *engine;

#define ID      G_GINT64_FORMAT
#define MESSAGE "/api/v1/alerts/1/message"

static World *make_world(void)
{
    World *world = world_new(engine);
    json_decref(world_ok(world, "PUT", "/api/v1/options/desk", "{\"name\":\"Harbour IT\"}", 200));
    world_set_alerts(world, true, true, true);
    return world;
}

static char *get_mail(World *world, bool preview)
{
    g_autoptr(Answer) answer = world_call(world, "GET", MESSAGE, NULL);
    g_assert_cmpint(answer->status, ==, 200);
    g_assert_cmpstr(http_response_header(answer->response, "Content-Type"), ==, "message/rfc822");
    g_assert_true((http_response_header(answer->response, "X-Tidings-Preview") != NULL) == preview);
    size_t bytes;
    const char *text = http_response_body(answer->response, &bytes);
    g_assert_cmpuint(strlen(text), ==, bytes);
    return g_strdup(text);
}

/* As the Alerts Server leaves a message behind that the next server has taken. */
static void accept(World *world, const char *mail)
{
    g_autofree char *hash = secret_hash(mail, strlen(mail));
    g_autofree char *sql = g_strdup_printf(
        "UPDATE outbox SET state = 'accepted', attempts = 1, message_hash = '%s', composer = %d,"
        " last_reply = '250 2.0.0 Ok', accepted_at = %" ID " WHERE id = 1",
        hash, COMPOSER_VERSION, WORLD_START_US);
    world_sql(world, sql);
}

static void start_sending(World *world)
{
    g_autofree char *sql = g_strdup_printf(
        "UPDATE outbox SET state = 'sending', dated_at = %" ID ", sender ="
        " '{\"from_name\":\"Harbour IT\",\"from_address\":\"support@harbour-it.example\","
        "\"reply_to\":\"\",\"key\":1}' WHERE id = 1",
        WORLD_START_US);
    world_sql(world, sql);
}

static void test_message(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "");
    g_autofree char *preview = get_mail(world, true);
    g_assert_nonnull(strstr(preview, "To: "));
    g_assert_nonnull(strstr(preview, "support@harbour-it.example"));
    manual_clock_advance(&world->clock, US_PER_HOUR);
    g_autofree char *later = get_mail(world, true);
    g_assert_cmpstr(preview, !=, later);

    start_sending(world);
    g_autofree char *dated = get_mail(world, false);
    g_assert_cmpstr(preview, ==, dated);
    accept(world, dated);

    /* Whatever changes afterwards changes no mail that has left. */
    manual_clock_advance(&world->clock, US_PER_HOUR);
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"title\":\"Other\"}", 200));
    json_decref(world_ok(world, "PUT", "/api/v1/options/desk", "{\"name\":\"Other\"}", 200));
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-server",
                         "{\"from_name\":\"Other\",\"from_address\":\"o@o.example\"}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/accounts/1", "{\"name\":\"Other\"}", 200));
    g_autofree char *again = get_mail(world, false);
    g_assert_cmpstr(dated, ==, again);
}

static void test_cannot_reproduce(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "");
    start_sending(world);
    g_autofree char *dated = get_mail(world, false);
    g_autofree char *other = g_strconcat(dated, "x", NULL);
    accept(world, other);
    g_autoptr(Answer) answer = world_call(world, "GET", MESSAGE, NULL);
    assert_problem(answer, 409, "cannot-reproduce");
    /* After a bounce it is tried again, perhaps with another sender: no promise binds it yet. */
    world_sql(world, "UPDATE outbox SET state = 'queued' WHERE id = 1");
    g_autofree char *retried = get_mail(world, false);
    g_assert_cmpstr(retried, ==, dated);
}

/* ---- what a person does ---- */

static void assert_state(World *world, const char *verb, const char *state)
{
    g_autofree char *target = target_new("/alerts/1/%s", verb);
    json_auto_t *alert = world_ok(world, "POST", target, NULL, 200);
    g_assert_cmpstr(text_at(alert, "/state"), ==, state);
    json_auto_t *shown = world_ok(world, "GET", "/api/v1/alerts/1", NULL, 200);
    g_assert_true(json_equal(alert, shown));
}

static void assert_impossible(World *world, const char *verb)
{
    g_autofree char *target = target_new("/alerts/1/%s", verb);
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call(world, "POST", target, "{}");
    assert_problem(answer, 409, "not-possible-now");
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_actions(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "");
    assert_state(world, "retry", "queued");
    assert_impossible(world, "release");
    assert_state(world, "cancel", "cancelled");
    assert_impossible(world, "cancel");
    assert_state(world, "retry", "queued");
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-server", "{\"active\":false}", 200));
    json_auto_t *held = world_ok(world, "GET", "/api/v1/alerts/1", NULL, 200);
    g_assert_cmpstr(text_at(held, "/state"), ==, "held");
    g_assert_true(json_is_null(json_at(held, "/due_at")));
    assert_impossible(world, "retry");
    assert_state(world, "release", "queued");
    start_sending(world);
    assert_impossible(world, "cancel");
    assert_impossible(world, "retry");
}

static void test_wakes(void *data)
{
    int *wakes = data;
    ++*wakes;
}

static void test_list(void)
{
    g_autoptr(World) world = make_world();
    int wakes = 0;
    desk_set_committed(world->desk, test_wakes, &wakes);
    for (int i = 0; i < 5; i++)
        world_open_ticket(world, i == 2 ? "\"notify\":false" : "");
    g_assert_cmpint(wakes, ==, 4);
    json_auto_t *all = world_ok(world, "GET", "/api/v1/alerts?limit=3", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(all, "/items")), ==, 3);
    g_assert_cmpint(int_at(all, "/items/0/id"), ==, 5);
    g_assert_cmpstr(text_at(all, "/next_cursor"), ==, "3");
    json_auto_t *rest = world_ok(world, "GET", "/api/v1/alerts?cursor=3", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(rest, "/items")), ==, 2);
    g_assert_true(json_is_null(json_at(rest, "/next_cursor")));
    json_auto_t *queued = world_ok(world, "GET", "/api/v1/alerts?state=queued", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(queued, "/items")), ==, 4);
    json_auto_t *none = world_ok(world, "GET", "/api/v1/alerts?state=none", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(none, "/items")), ==, 1);
    g_assert_cmpstr(text_at(none, "/items/0/reason"), ==, "not_wanted");
    g_assert_nonnull(strstr(text_at(none, "/items/0/explanation"), "chose not to notify"));
}

static void test_log(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "\"recipients\":[{\"email\":\"bob@b.example\",\"name\":\"Bob\"}]");
    world_sql(world,
              "INSERT INTO outbox_attempt (outbox, at, outcome, stage, reply_code,"
              " enhanced_status, reply) VALUES (1, 1795545128000000, 'deferred', 'rcpt', 451,"
              " '4.7.1', 'Greylisted')");
    world_sql(world, "UPDATE outbox SET state = 'deferred', attempts = 1, uncertain = 1,"
                     " due_at = 1795545188000000, last_reply = 'Greylisted' WHERE id = 1");
    json_auto_t *alert = world_ok(world, "GET", "/api/v1/alerts/1", NULL, 200);
    g_assert_cmpint(json_object_size(alert), ==, 20);
    g_assert_cmpstr(text_at(alert, "/recipient"), ==, "bob@b.example");
    g_assert_cmpstr(text_at(alert, "/recipient_name"), ==, "Bob");
    g_assert_cmpint(int_at(alert, "/attempts"), ==, 1);
    g_assert_true(json_is_true(json_at(alert, "/uncertain")));
    g_assert_cmpstr(text_at(alert, "/due_at"), ==, "2026-11-24T18:33:08Z");
    g_assert_cmpstr(text_at(alert, "/last_reply"), ==, "Greylisted");
    g_assert_true(g_str_has_prefix(text_at(alert, "/message_id"), "alert.1@"));
    g_assert_cmpint(int_at(alert, "/attempts_log/0/reply_code"), ==, 451);
    g_assert_cmpstr(text_at(alert, "/attempts_log/0/stage"), ==, "rcpt");
    g_assert_cmpstr(text_at(alert, "/attempts_log/0/at"), ==, "2026-11-24T18:32:08Z");
    json_auto_t *list = world_ok(world, "GET", "/api/v1/tickets/1/alerts", NULL, 200);
    g_assert_null(json_at(list, "/items/0/attempts_log"));
}

/* Who is removed is not told any more; who is sent the latest alert gets a mail of its own. */
static void test_recipients(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "");
    json_auto_t *sent =
        world_ok(world, "POST", "/api/v1/tickets/1/recipients/1/send-latest", NULL, 201);
    g_assert_cmpint(int_at(sent, "/id"), ==, 2);
    g_assert_cmpstr(text_at(sent, "/reason"), ==, "sent_by_hand");
    g_assert_true(g_str_has_prefix(text_at(sent, "/message_id"), "alert.2@"));
    g_assert_null(world_ok(world, "DELETE", "/api/v1/tickets/1/recipients/1", NULL, 204));
    json_auto_t *alerts = world_ok(world, "GET", "/api/v1/alerts?state=cancelled", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(alerts, "/items")), ==, 2);
    g_assert_cmpstr(text_at(alerts, "/items/0/state_reason"), ==, "recipient_removed");
}

/* What the brake holds is shown, counted and let go, once for each Idempotency-Key. */
static void test_brake(void)
{
    g_autoptr(World) world = make_world();
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"brake\":{\"customers\":1}}", 200));
    world_open_ticket(world, "");
    world_open_ticket(world, "\"recipients\":[{\"email\":\"b@b.example\"}]");
    json_auto_t *held = world_ok(world, "GET", "/api/v1/alerts?state=held", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(held, "/items")), ==, 2);
    g_assert_cmpstr(text_at(held, "/items/0/state_reason"), ==, "brake");
    g_assert_nonnull(strstr(text_at(held, "/items/0/explanation"), "brake"));
    manual_clock_advance(&world->clock, 20 * US_PER_MINUTE);
    CallOptions local = {.local = true, .key = "k"};
    g_autoptr(Answer) metrics = world_call_with(world, "GET", "/metrics", NULL, &local);
    const char *text = http_response_body(metrics->response, NULL);
    g_assert_nonnull(strstr(text, "\ntidings_held_oldest_seconds 1200\n"));

    static const char release[] = "{\"state\":\"held\",\"reason\":\"brake\"}";
    for (int i = 0; i < 2; i++) {
        CallOptions keyed = {.key = "once"};
        g_autoptr(Answer) done =
            world_call_with(world, "POST", "/api/v1/alerts/release", release, &keyed);
        g_assert_cmpint(done->status, ==, 200);
        g_assert_cmpint(int_at(done->json, "/changed"), ==, 2);
    }
    json_auto_t *again = world_ok(world, "POST", "/api/v1/alerts/release", release, 200);
    g_assert_cmpint(int_at(again, "/changed"), ==, 0);
    json_auto_t *one = world_ok(world, "GET", "/api/v1/alerts/2", NULL, 200);
    g_assert_cmpstr(text_at(one, "/decision"), ==, "hold");
    g_assert_cmpstr(text_at(one, "/state"), ==, "queued");
    json_auto_t *cancelled = world_ok(world, "POST", "/api/v1/alerts/cancel",
                                      "{\"state\":\"queued\",\"ticket\":2}", 200);
    g_assert_cmpint(int_at(cancelled, "/changed"), ==, 2);
    json_auto_t *retried =
        world_ok(world, "POST", "/api/v1/alerts/retry", "{\"state\":\"cancelled\"}", 200);
    g_assert_cmpint(int_at(retried, "/changed"), ==, 2);
}

static int64_t retry_waiting(World *world, const char *filter)
{
    json_auto_t *done = world_ok(world, "POST", "/api/v1/alerts/retry", filter, 200);
    return int_at(done, "/changed");
}

/* "Retry now" for all that waits, whatever for, and for nothing else. */
static void test_retry_all(void)
{
    static const char *const states[] = {"queued",   "deferred", "uncertain", "held",
                                         "accepted", "rejected", "cancelled"};
    g_autoptr(World) world = make_world();
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        world_open_ticket(world, "");
        g_autofree char *sql = g_strdup_printf("UPDATE outbox SET state = '%s', stamp = NULL,"
                                               " due_at = 9000000000000000 WHERE id = %zu",
                                               states[i], i + 1);
        world_sql(world, sql);
    }
    g_assert_cmpint(retry_waiting(world, "{\"state\":\"waiting\",\"ticket\":2}"), ==, 1);
    g_assert_cmpint(retry_waiting(world, "{\"state\":\"waiting\",\"account\":77}"), ==, 0);
    g_assert_cmpint(
        world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE due_at = 9000000000000000"), ==, 6);
    g_assert_cmpint(retry_waiting(world, "{\"state\":\"waiting\"}"), ==, 3);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE id > 3"
                                         " AND due_at = 9000000000000000"),
                    ==, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *target = g_strdup_printf("/api/v1/alerts/%zu", i + 1);
        json_auto_t *alert = world_ok(world, "GET", target, NULL, 200);
        g_assert_cmpstr(text_at(alert, "/state"), ==, states[i]);
    }
    g_autoptr(Answer) refused =
        world_call(world, "POST", "/api/v1/alerts/cancel", "{\"state\":\"waiting\"}");
    assert_problem(refused, 422, "invalid");
}

/* Opened and closed in one step: two events, New then Closed. */
static void test_opened_as_completed(void)
{
    g_autoptr(World) world = make_world();
    world_open_ticket(world, "\"status\":\"Completed\"");
    json_auto_t *alerts = world_ok(world, "GET", "/api/v1/tickets/1/alerts", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(alerts, "/items")), ==, 2);
    g_assert_cmpstr(text_at(alerts, "/items/0/kind"), ==, "new_ticket");
    g_assert_cmpstr(text_at(alerts, "/items/1/kind"), ==, "ticket_closed");
    /* Saving what is completed already is no closing; reopening and completing again is. */
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":1000}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"New\"}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"900\"}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"1000\"}", 200));
    json_auto_t *more = world_ok(world, "GET", "/api/v1/tickets/1/alerts", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(more, "/items")), ==, 3);
    g_assert_cmpstr(text_at(more, "/items/2/kind"), ==, "ticket_closed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/alerts/message", test_message);
    g_test_add_func("/api/alerts/cannot reproduce", test_cannot_reproduce);
    g_test_add_func("/api/alerts/actions", test_actions);
    g_test_add_func("/api/alerts/list", test_list);
    g_test_add_func("/api/alerts/log", test_log);
    g_test_add_func("/api/alerts/recipients", test_recipients);
    g_test_add_func("/api/alerts/brake", test_brake);
    g_test_add_func("/api/alerts/retry all", test_retry_all);
    g_test_add_func("/api/alerts/opened as completed", test_opened_as_completed);
    return g_test_run();
}
