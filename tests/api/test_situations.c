/* SPDX-License-Identifier: Apache-2.0 */
/* In which situations customers would be told: the policy's answer for options that are not saved.
 */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define TARGET "/api/v1/options/alerts-to-customers/situations"

/* What the table says of one situation: "opened/closed" by their reasons. */
static char *said(World *world, const char *body, const char *situation)
{
    json_auto_t *answer = world_ok(world, "POST", TARGET, body, 200);
    size_t i;
    json_t *one;
    json_array_foreach(json_at(answer, "/items"), i, one)
    {
        if (strcmp(text_at(one, "/situation"), situation) == 0)
            return g_strdup_printf("%s/%s", text_at(one, "/new_ticket/reason"),
                                   text_at(one, "/ticket_closed/reason"));
    }
    return NULL;
}

static void test_options(void)
{
    static const struct {
        bool server, opened, closed;
        const char *body, *situation, *want;
    } cases[] = {
        {true, true, true, "{}", "employee_console", "new_ticket/ticket_closed"},
        {true, true, true, "{\"new_ticket\":{\"enabled\":false}}", "employee_console",
         "alert_disabled/ticket_closed"},
        {true, false, false, "{\"ticket_closed\":{\"enabled\":true}}", "customer_web",
         "alert_disabled/ticket_closed"},
        {true, true, true, "{}", "customer_web", "created_by_customer_web/ticket_closed"},
        {false, false, false, "{\"new_ticket\":{\"enabled\":true}}", "api",
         "alerts_server_inactive/alerts_server_inactive"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new(engine);
        world_set_alerts(world, cases[i].server, cases[i].opened, cases[i].closed);
        g_autofree char *before = world_rows(world);
        g_autofree char *text = said(world, cases[i].body, cases[i].situation);
        g_autofree char *after = world_rows(world);
        g_assert_cmpstr(text, ==, cases[i].want);
        g_assert_cmpstr(after, ==, before);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *body, *problem;
    } cases[] = {
        {"{\"nix\":1}", "unknown-field"},
        {"{\"new_ticket\":{\"enabled\":\"yes\"}}", "wrong-type"},
        {"{\"new_ticket\":{\"template\":4711}}", "unknown-template"},
        {"{\"brake\":{\"customers\":0}}", "out-of-range"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", TARGET, cases[i].body);
        assert_problem(answer, 422, cases[i].problem);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/situations/options", test_options);
    g_test_add_func("/api/situations/refused", test_refused);
    return g_test_run();
}
