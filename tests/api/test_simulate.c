/* SPDX-License-Identifier: Apache-2.0 */
/* Simulation through the API: the summary, the list in pages, one of the mails, and bad input. That
 * the decisions are right is the business of tests/desk/test_simulate.c. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define SIMULATE "/api/v1/simulate"
#define MESSAGE  "/api/v1/simulate/message"

/* Two tickets told, the second closed with the alert switched off; then two days pass. */
static World *world_with_a_past(void)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "\"recipients\":[{\"email\":\"boss@x.example\",\"name\":\"Boss\"}]");
    world_open_ticket(world, "\"contact\":1");
    world_set_alerts(world, true, true, false);
    manual_clock_advance(&world->clock, US_PER_HOUR);
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/2", "{\"status\":\"Completed\"}", 200));
    manual_clock_advance(&world->clock, 2 * US_PER_DAY);
    return world;
}

/* The row of the summary with this kind and reason: "count/was"; "" where there is none. */
static char *summary_of(json_t *result, const char *kind, const char *reason)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_at(result, "/summary"), i, row)
    {
        if (strcmp(text_at(row, "/kind"), kind) == 0 &&
            strcmp(text_at(row, "/reason"), reason) == 0)
            return g_strdup_printf("%s %d/%d", text_at(row, "/decision"),
                                   (int)int_at(row, "/count"), (int)int_at(row, "/was"));
    }
    return g_strdup("");
}

static void assert_summary(json_t *result, const char *kind, const char *reason, const char *want)
{
    g_autofree char *got = summary_of(result, kind, reason);
    g_assert_cmpstr(got, ==, want);
}

static void test_unchanged(void)
{
    g_autoptr(World) world = world_with_a_past();
    json_auto_t *result = world_ok(world, "POST", SIMULATE, "{\"days\":30}", 200);
    g_assert_cmpint(int_at(result, "/events"), ==, 3);
    g_assert_cmpint(int_at(result, "/decisions"), ==, 4);
    g_assert_cmpint(int_at(result, "/changed"), ==, 0);
    g_assert_cmpuint(json_array_size(json_at(result, "/changes")), ==, 0);
    assert_summary(result, "new_ticket", "new_ticket", "send 3/3");
    assert_summary(result, "ticket_closed", "alert_disabled", "suppress 1/1");
    assert_summary(result, "ticket_closed", "ticket_closed", "");
    g_assert_cmpuint(json_array_size(json_at(result, "/items")), ==, 4);
    g_assert_true(json_is_null(json_at(result, "/next_cursor")));
    g_assert_cmpstr(text_at(result, "/items/3/recipient"), ==, "anna@bluebird.example");
    g_assert_cmpstr(text_at(result, "/items/3/at"), ==, "2026-11-24T19:32:08Z");
    g_assert_cmpstr(text_at(result, "/items/3/was/reason"), ==, "alert_disabled");
}

static void test_changed(void)
{
    g_autoptr(World) world = world_with_a_past();
    g_autofree char *before = world_rows(world);
    json_auto_t *result = world_ok(
        world, "POST", SIMULATE "?changed=true",
        "{\"days\":30,\"options\":{\"alerts_to_customers\":{\"ticket_closed\":{\"enabled\":true},"
        "\"brake\":{\"customers\":1}}}}",
        200);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpint(int_at(result, "/changed"), ==, 3);
    assert_summary(result, "new_ticket", "new_ticket", "send 1/3");
    assert_summary(result, "new_ticket", "brake", "hold 2/0");
    assert_summary(result, "ticket_closed", "ticket_closed", "send 1/0");
    g_assert_cmpuint(json_array_size(json_at(result, "/items")), ==, 3);
    g_assert_true(json_is_true(json_at(result, "/items/0/changed")));
    g_assert_cmpstr(text_at(result, "/items/0/decision"), ==, "hold");
    g_assert_cmpstr(text_at(result, "/items/0/was/decision"), ==, "send");
    g_assert_cmpuint(json_array_size(json_at(result, "/changes")), ==, 2);
    g_assert_cmpstr(text_at(result, "/changes/1/was/reason"), ==, "alert_disabled");
    g_assert_cmpstr(text_at(result, "/changes/1/reason"), ==, "ticket_closed");
    g_assert_cmpint(int_at(result, "/changes/1/count"), ==, 1);
}

static void test_server_active(void)
{
    g_autoptr(World) world = world_new(engine);
    world_open_ticket(world, "");
    json_auto_t *result = world_ok(world, "POST", SIMULATE,
                                   "{\"days\":1,\"options\":{\"alerts_server\":{\"active\":true},"
                                   "\"alerts_to_customers\":{\"new_ticket\":{\"enabled\":true}}}}",
                                   200);
    assert_summary(result, "new_ticket", "new_ticket", "send 1/0");
    assert_summary(result, "new_ticket", "alerts_server_inactive", "suppress 0/1");
}

static void test_time(void)
{
    static const struct {
        const char *body;
        int events;
    } cases[] = {
        {"{\"days\":1}", 0},
        {"{\"days\":3}", 3},
        {"{\"from\":\"2026-11-24T18:32:08Z\"}", 3},
        {"{\"from\":\"2026-11-24T18:32:09Z\"}", 1},
        {"{\"from\":\"2026-11-24T18:32:08Z\",\"to\":\"2026-11-24T19:32:08Z\"}", 2},
        {"{\"days\":1,\"to\":\"2026-11-24T19:32:09Z\"}", 3},
        {"{\"days\":3660}", 3},
    };
    g_autoptr(World) world = world_with_a_past();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].body);
        json_auto_t *result = world_ok(world, "POST", SIMULATE, cases[i].body, 200);
        g_assert_cmpint(int_at(result, "/events"), ==, cases[i].events);
    }
}

static void test_pages(void)
{
    g_autoptr(World) world = world_with_a_past();
    json_auto_t *whole = world_ok(world, "POST", SIMULATE, "{\"days\":30}", 200);
    json_auto_t *found = json_array();
    g_autofree char *cursor = g_strdup("");
    int pages = 0;
    do {
        g_autofree char *target =
            g_strdup_printf(SIMULATE "?limit=3%s%s", *cursor != '\0' ? "&cursor=" : "", cursor);
        json_auto_t *page = world_ok(world, "POST", target, "{\"days\":30}", 200);
        g_assert_cmpint(int_at(page, "/decisions"), ==, 4);
        json_array_extend(found, json_at(page, "/items"));
        g_free(cursor);
        cursor = g_strdup(text_at(page, "/next_cursor"));
        pages++;
    } while (*cursor != '\0');
    g_assert_cmpint(pages, ==, 2);
    g_assert_true(json_equal(found, json_at(whole, "/items")));
    json_auto_t *none = world_ok(world, "POST", SIMULATE "?limit=0", "{\"days\":30}", 200);
    g_assert_cmpuint(json_array_size(json_at(none, "/items")), ==, 0);
    g_assert_cmpint(int_at(none, "/decisions"), ==, 4);
    g_assert_true(json_is_null(json_at(none, "/next_cursor")));
}

static void test_message(void)
{
    g_autoptr(World) world = world_with_a_past();
    json_auto_t *mail =
        world_ok(world, "POST", MESSAGE, "{\"event\":1,\"recipient\":\" BOSS@x.example\"}", 200);
    g_assert_cmpstr(text_at(mail, "/kind"), ==, "new_ticket");
    g_assert_nonnull(strstr(text_at(mail, "/text"), "Hello Boss"));
    g_assert_nonnull(strstr(text_at(mail, "/subject"), "Printer offline"));
    g_assert_cmpstr(text_at(mail, "/from_address"), ==, "support@harbour-it.example");
    g_assert_cmpstr(text_at(mail, "/from_name"), ==, "Harbour IT");
    g_assert_cmpint(int_at(mail, "/template"), ==, 1);
    /* One that was not told has a mail all the same, with the options that are asked for. */
    json_auto_t *closing = world_ok(
        world, "POST", MESSAGE,
        "{\"event\":4,\"recipient\":\"anna@bluebird.example\",\"options\":{\"alerts_to_customers\":"
        "{\"ticket_closed\":{\"sender_name\":\"Closings\",\"reply_to\":\"done@x.example\"}}}}",
        404);
    json_auto_t *closed = world_ok(
        world, "POST", MESSAGE,
        "{\"event\":3,\"recipient\":\"anna@bluebird.example\",\"options\":{\"alerts_to_customers\":"
        "{\"ticket_closed\":{\"sender_name\":\"Closings\",\"reply_to\":\"done@x.example\"}}}}",
        200);
    g_assert_cmpstr(text_at(closing, "/type"), ==, "/problems/unknown-event");
    g_assert_cmpstr(text_at(closed, "/kind"), ==, "ticket_closed");
    g_assert_cmpstr(text_at(closed, "/from_name"), ==, "Closings");
    g_assert_cmpstr(text_at(closed, "/reply_to"), ==, "done@x.example");
    /* Another template, by its number. */
    json_auto_t *other = world_ok(
        world, "POST", MESSAGE,
        "{\"event\":1,\"recipient\":\"boss@x.example\",\"options\":{\"alerts_to_customers\":"
        "{\"new_ticket\":{\"template\":2}}}}",
        200);
    g_assert_cmpint(int_at(other, "/template"), ==, 2);
    g_assert_cmpstr(text_at(other, "/subject"), !=, text_at(mail, "/subject"));
}

/* What was sent is shown with the version that was used; a template that is named, as it is now. */
static void test_template_version(void)
{
    g_autoptr(World) world = world_with_a_past();
    json_decref(
        world_ok(world, "PATCH", "/api/v1/templates/1", "{\"subject\":\"Another subject\"}", 200));
    json_auto_t *was =
        world_ok(world, "POST", MESSAGE, "{\"event\":1,\"recipient\":\"boss@x.example\"}", 200);
    g_assert_cmpint(int_at(was, "/template_version"), ==, 1);
    json_auto_t *now = world_ok(
        world, "POST", MESSAGE,
        "{\"event\":1,\"recipient\":\"boss@x.example\",\"options\":{\"alerts_to_customers\":"
        "{\"new_ticket\":{\"template\":1}}}}",
        200);
    g_assert_cmpint(int_at(now, "/template_version"), ==, 2);
    g_assert_cmpstr(text_at(now, "/subject"), ==, "Another subject");
}

#define OPTIONS(text) "{\"days\":1,\"options\":{\"alerts_to_customers\":{" text "}}}"

static void test_bad_input(void)
{
    static const struct {
        const char *target, *body;
        int status;
        const char *problem, *field;
    } cases[] = {
        {SIMULATE, "{}", 422, "missing-field", "/days"},
        {SIMULATE, "{\"days\":0}", 422, "out-of-range", "/days"},
        {SIMULATE, "{\"days\":-1}", 422, "out-of-range", "/days"},
        {SIMULATE, "{\"days\":3661}", 422, "out-of-range", "/days"},
        {SIMULATE, "{\"days\":99999999999999999999}", 400, "bad-json", NULL},
        {SIMULATE, "{\"days\":\"7\"}", 422, "wrong-type", "/days"},
        {SIMULATE, "{\"days\":1.5}", 422, "wrong-type", "/days"},
        {SIMULATE, "{\"days\":1,\"weeks\":2}", 422, "unknown-field", "/weeks"},
        {SIMULATE, "{\"days\":1,\"from\":\"2026-11-24T00:00:00Z\"}", 422, "invalid", "/from"},
        {SIMULATE, "{\"from\":\"2030-01-01T00:00:00Z\"}", 422, "invalid", "/from"},
        {SIMULATE, "{\"from\":\"2026-01-02T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\"}", 422,
         "invalid", "/from"},
        {SIMULATE, "{\"from\":\"yesterday\"}", 422, "bad-time", "/from"},
        {SIMULATE, "{\"days\":1,\"options\":[]}", 422, "wrong-type", "/options"},
        {SIMULATE, "{\"days\":1,\"options\":{\"desk\":{}}}", 422, "unknown-field", "/options/desk"},
        {SIMULATE, "{\"days\":1,\"options\":{\"alerts_server\":{\"host\":\"x\"}}}", 422,
         "unknown-field", "/options/alerts_server/host"},
        {SIMULATE, OPTIONS("\"brakes\":{}"), 422, "unknown-field",
         "/options/alerts_to_customers/brakes"},
        {SIMULATE, OPTIONS("\"brake\":{\"customers\":0}"), 422, "out-of-range",
         "/options/alerts_to_customers/brake/customers"},
        {SIMULATE, OPTIONS("\"new_ticket\":{\"enabled\":1}"), 422, "wrong-type",
         "/options/alerts_to_customers/new_ticket/enabled"},
        {SIMULATE, OPTIONS("\"new_ticket\":{\"template\":99}"), 422, "unknown-template",
         "/options/alerts_to_customers/new_ticket/template"},
        {SIMULATE, OPTIONS("\"merge_open_and_close\":true"), 422, "not-simulated",
         "/options/alerts_to_customers/merge_open_and_close"},
        {SIMULATE, OPTIONS("\"default_recipients\":{\"contact\":false}"), 422, "not-simulated",
         "/options/alerts_to_customers/default_recipients"},
        {SIMULATE "?limit=10001", "{\"days\":1}", 422, "out-of-range", NULL},
        {SIMULATE "?limit=-1", "{\"days\":1}", 422, "out-of-range", NULL},
        {SIMULATE "?cursor=7", "{\"days\":1}", 422, "bad-cursor", NULL},
        {SIMULATE "?cursor=1-2-x", "{\"days\":1}", 422, "bad-cursor", NULL},
        {SIMULATE "?changed=yes", "{\"days\":1}", 422, "invalid", NULL},
        {SIMULATE "?change=true", "{\"days\":1}", 422, "unknown-parameter", NULL},
        {MESSAGE, "{\"event\":1}", 422, "missing-field", "/recipient"},
        {MESSAGE, "{\"recipient\":\"boss@x.example\"}", 422, "missing-field", "/event"},
        {MESSAGE, "{\"event\":0,\"recipient\":\"boss@x.example\"}", 422, "out-of-range", "/event"},
        {MESSAGE, "{\"event\":1,\"recipient\":\"boss\"}", 422, "bad-address", "/recipient"},
        {MESSAGE, "{\"event\":99,\"recipient\":\"boss@x.example\"}", 404, "unknown-event",
         "/event"},
        {MESSAGE, "{\"event\":1,\"recipient\":\"nobody@x.example\"}", 404, "unknown-alert", NULL},
    };
    g_autoptr(World) world = world_with_a_past();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].target, cases[i].body);
        g_autoptr(Answer) answer = world_call(world, "POST", cases[i].target, cases[i].body);
        assert_problem(answer, cases[i].status, cases[i].problem);
        g_assert_cmpstr(json_string_value(json_at(answer->json, "/field")), ==, cases[i].field);
    }
    /* What is as it is now changes nothing, and may be named. */
    json_decref(world_ok(world, "POST", SIMULATE,
                         OPTIONS("\"merge_open_and_close\":false,"
                                 "\"default_recipients\":{\"contact\":true}"),
                         200));
}

static void test_stopping(void)
{
    g_autoptr(World) world = world_with_a_past();
    api_stop(world->api);
    g_autoptr(Answer) answer = world_call(world, "POST", SIMULATE, "{\"days\":30}");
    g_assert_cmpint(answer->status, ==, 503);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/simulate/unchanged", test_unchanged);
    g_test_add_func("/api/simulate/changed", test_changed);
    g_test_add_func("/api/simulate/server-active", test_server_active);
    g_test_add_func("/api/simulate/time", test_time);
    g_test_add_func("/api/simulate/pages", test_pages);
    g_test_add_func("/api/simulate/message", test_message);
    g_test_add_func("/api/simulate/template-version", test_template_version);
    g_test_add_func("/api/simulate/bad-input", test_bad_input);
    g_test_add_func("/api/simulate/stopping", test_stopping);
    return g_test_run();
}
