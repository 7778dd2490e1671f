/* SPDX-License-Identifier: Apache-2.0 */
/* Who will be told, before saving: the preview says what the change then does, and leaves no trace.
 */
#include "api/world.h"

#include <string.h>

static const char *engine;

/* "kind: address decision reason state; ..." */
static char *decisions(json_t *preview)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i, j;
    json_t *event, *decision;
    json_array_foreach(json_at(preview, "/events"), i, event)
    {
        g_string_append_printf(text, "%s%s:", i > 0 ? " " : "", text_at(event, "/kind"));
        json_array_foreach(json_at(event, "/decisions"), j, decision)
        {
            const char *email = json_string_value(json_at(decision, "/email"));
            const char *state = json_string_value(json_at(decision, "/state"));
            g_string_append_printf(text, " %s %s %s %s;", email != NULL ? email : "-",
                                   text_at(decision, "/decision"), text_at(decision, "/reason"),
                                   state != NULL ? state : "-");
        }
    }
    return g_strdup(text->str);
}

static void assert_preview(World *world, const char *target, const char *body, const char *want)
{
    g_autofree char *before = world_rows(world);
    json_auto_t *preview = world_ok(world, "POST", target, body, 200);
    g_autofree char *text = decisions(preview);
    g_test_message("%s", body);
    g_assert_cmpstr(text, ==, want);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
}

static char *opening(World *world, const char *more)
{
    return g_strdup_printf("{\"account\":%" G_GINT64_FORMAT ",\"title\":\"X\"%s}", world->account,
                           more);
}

#define PREVIEW "/api/v1/tickets/preview"

static void test_opening(void)
{
    static const struct {
        const char *more, *want;
    } cases[] = {
        {"", "new_ticket: office@bluebird.example send new_ticket queued;"},
        {",\"notify\":false", "new_ticket: office@bluebird.example suppress not_wanted -;"},
        {",\"recipients\":[{\"email\":\"a@b.example\",\"name\":\"A\"}]",
         "new_ticket: a@b.example send new_ticket queued; office@bluebird.example send new_ticket"
         " queued;"},
        {",\"status\":\"Completed\"",
         "new_ticket: office@bluebird.example send new_ticket queued; ticket_closed:"
         " office@bluebird.example send ticket_closed queued;"},
    };
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = opening(world, cases[i].more);
        assert_preview(world, PREVIEW, body, cases[i].want);
    }
    /* No number was taken. */
    g_assert_cmpint(world_open_ticket(world, ""), ==, 1);
    g_autofree char *plain = opening(world, "");
    assert_preview(world, PREVIEW, plain, cases[0].want);
    g_assert_cmpint(world_open_ticket(world, ""), ==, 2);
}

static void test_nobody(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"default_recipients\":{\"contact\":false}}", 200));
    g_autofree char *body = opening(world, "");
    assert_preview(world, PREVIEW, body, "new_ticket: - suppress no_recipients -;");
    json_auto_t *preview = world_ok(world, "POST", PREVIEW, body, 200);
    g_assert_cmpstr(text_at(preview, "/events/0/decisions/0/sentence"), ==,
                    "Nobody will be told: the ticket has no external recipients.");
}

static void test_merged(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"merge_open_and_close\":true}", 200));
    g_autofree char *body = opening(world, ",\"status\":1000");
    json_auto_t *preview = world_ok(world, "POST", PREVIEW, body, 200);
    g_assert_cmpstr(text_at(preview, "/events/0/decisions/0/state"), ==, "cancelled");
    g_assert_nonnull(strstr(text_at(preview, "/events/0/decisions/0/sentence"), "tells of both"));
    g_assert_cmpstr(text_at(preview, "/events/1/decisions/0/sentence"), ==,
                    "Will be told that the ticket is closed.");
}

static void test_change(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    const char *target = "/api/v1/tickets/1/preview";
    assert_preview(world, target, "{\"status\":1000}",
                   "ticket_closed: office@bluebird.example send ticket_closed queued;");
    assert_preview(world, target, "{\"status\":\"Hold\",\"title\":\"Y\"}", "");
    assert_preview(world, target, "{}", "");
    world_sql(world, "UPDATE recipient SET muted = 1");
    assert_preview(world, target, "{\"status\":1000}",
                   "ticket_closed: office@bluebird.example suppress muted -;");
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":1000}", 200));
    assert_preview(world, target, "{\"status\":1000}", "");
}

static void test_brake(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"brake\":{\"customers\":1}}", 200));
    g_autofree char *body =
        opening(world, ",\"recipients\":[{\"email\":\"a@b.example\"},{\"email\":\"c@d.example\"}]");
    json_auto_t *preview = world_ok(world, "POST", PREVIEW, body, 200);
    g_assert_cmpstr(text_at(preview, "/events/0/decisions/0/decision"), ==, "hold");
    g_assert_cmpstr(text_at(preview, "/events/0/decisions/0/state"), ==, "held");
}

static void test_refused(void)
{
    static const struct {
        const char *target, *body;
        int status;
        const char *problem;
    } cases[] = {
        {PREVIEW, "{\"title\":\"X\"}", 422, "missing-field"},
        {PREVIEW, "{\"account\":99,\"title\":\"X\"}", 422, "unknown-account"},
        {PREVIEW, "{\"account\":1,\"title\":\"X\",\"status\":\"Nix\"}", 422, "unknown-status"},
        {"/api/v1/tickets/9/preview", "{}", 404, "unknown-ticket"},
        {"/api/v1/tickets/9/preview", "{\"nix\":1}", 422, "unknown-field"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", cases[i].target, cases[i].body);
        assert_problem(answer, cases[i].status, cases[i].problem);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/preview/opening", test_opening);
    g_test_add_func("/api/preview/nobody", test_nobody);
    g_test_add_func("/api/preview/merged", test_merged);
    g_test_add_func("/api/preview/change", test_change);
    g_test_add_func("/api/preview/brake", test_brake);
    g_test_add_func("/api/preview/refused", test_refused);
    return g_test_run();
}
