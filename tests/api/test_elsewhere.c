/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept in memory between calls (the options, tokens) must never be what counts: another
 * process's change is heeded by the very next ticket. A second handle of the same database stands
 * for that process; there is nothing that it could tell this one.
 */
#include "api/world.h"
#include "base/error.h"
#include "desk/ticket.h"
#include "records/settings.h"

#include <string.h>

static const char *engine;

static bool run(DbTx *tx, void *sql, GError **error)
{
    return db_exec(tx, NULL, error, sql, "");
}

/* In a process of its own, as far as the world can know. */
static void elsewhere(World *world, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) other = db_open(test_db_url(world->db), NULL, &error);
    g_assert_no_error(error);
    db_write(other, run, (void *)sql, &error);
    g_assert_no_error(error);
}

static json_t *open_ticket(World *world)
{
    g_autofree char *body =
        g_strdup_printf("{\"account\":%d,\"title\":\"Printer\"}", (int)world->account);
    return world_ok(world, "POST", "/api/v1/tickets", body, 201);
}

/* Opens one; the label of its status and what was decided: "New alert_disabled". */
static void assert_next(World *world, const char *want)
{
    json_auto_t *ticket = open_ticket(world);
    g_autofree char *target = target_new("/tickets/%d/alerts", (int)int_at(ticket, "/number"));
    json_auto_t *alerts = world_ok(world, "GET", target, NULL, 200);
    g_autofree char *got = g_strdup_printf("%s %s", text_at(ticket, "/status_label"),
                                           text_at(alerts, "/items/0/reason"));
    g_assert_cmpstr(got, ==, want);
}

/* ---- options ---- */

#define SET_OPTION(section, value)                                                                 \
    "UPDATE option_section SET value = '" value "', version = version + 1 WHERE section = "        \
    "'" section "'"
#define ALERTS(on) "{\"new_ticket\":{\"enabled\":" on "}}"

static void test_options(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/tickets",
                         "{\"status_labels\":{\"100\":\"Neu\"}}", 200));
    assert_next(world, "Neu new_ticket");
    elsewhere(world, SET_OPTION("alerts-to-customers", ALERTS("false")));
    assert_next(world, "Neu alert_disabled");
    elsewhere(world, SET_OPTION("alerts-to-customers", ALERTS("true")));
    assert_next(world, "Neu new_ticket");
    elsewhere(world, SET_OPTION("tickets", "{\"status_labels\":{\"100\":\"Frisch\"}}"));
    assert_next(world, "Frisch new_ticket");
    elsewhere(world, "DELETE FROM option_section WHERE section = 'tickets'");
    assert_next(world, "New new_ticket");
    elsewhere(world, "DELETE FROM option_section");
    assert_next(world, "New alerts_server_inactive");
}

/* The same texts with another version, as after a change there and back, are no other options; a
 * version that did not move hides no change. */
static void test_versions(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    assert_next(world, "New new_ticket");
    elsewhere(world, "UPDATE option_section SET version = version + 7");
    assert_next(world, "New new_ticket");
    elsewhere(world, "UPDATE option_section SET value = '" ALERTS(
                         "false") "'"
                                  " WHERE section = 'alerts-to-customers'");
    assert_next(world, "New alert_disabled");
}

/* A changes the options, opens a ticket by them, and fails: nobody else may go by what A saw. */
typedef struct {
    World *world;
    bool fail;
} Attempt;

static bool change_and_open(DeskTx *tx, void *data, GError **error)
{
    const Attempt *attempt = data;
    g_auto(TicketDraft)
        draft = {.account = attempt->world->account, .title = g_strdup("x"), .notify = true};
    if (!db_exec(tx->db, NULL, error, SET_OPTION("alerts-to-customers", ALERTS("false")), ""))
        return false;
    g_autoptr(Ticket) ticket = ticket_open(tx, &draft, error);
    if (ticket == NULL)
        return false;
    if (attempt->fail)
        error_set(error, TD_ERROR_DENIED, "on second thoughts");
    return !attempt->fail;
}

static void test_uncommitted(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(GError) error = NULL;
    Actor actor = {ACTOR_SYSTEM, 0, (char *)"Test", CHANNEL_CLI};
    world_set_alerts(world, true, true, true);
    assert_next(world, "New new_ticket");
    Attempt attempt = {world, true};
    g_assert_false(desk_write(world->desk, &actor, change_and_open, &attempt, &error));
    g_assert_error(error, TD_ERROR, TD_ERROR_DENIED);
    g_clear_error(&error);
    assert_next(world, "New new_ticket");
    /* The same version again, this time in earnest. */
    attempt.fail = false;
    desk_write(world->desk, &actor, change_and_open, &attempt, &error);
    g_assert_no_error(error);
    assert_next(world, "New alert_disabled");
}

/* Two desks of one process do not mix. */
static void test_two_desks(void)
{
    g_autoptr(World) one = world_new(engine);
    g_autoptr(World) two = world_new(engine);
    world_set_alerts(one, true, true, true);
    world_set_alerts(two, true, false, false);
    for (int i = 0; i < 2; i++) {
        assert_next(one, "New new_ticket");
        assert_next(two, "New alert_disabled");
    }
}

static void test_unreadable(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    assert_next(world, "New new_ticket");
    elsewhere(world, SET_OPTION("alerts-server", "{"));
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer =
        world_call(world, "POST", "/api/v1/tickets", "{\"account\":1,\"title\":\"x\"}");
    g_assert_cmpint(answer->status, >=, 500);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

/* ---- tokens ---- */

static void assert_refused(World *world, const char *token, const char *body, const char *key)
{
    CallOptions options = {.token = token, .key = key};
    g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/tickets", body, &options);
    assert_problem(answer, 401, "unauthenticated");
}

/* Whatever else is wrong with the call. */
static void test_revoked(void)
{
    static const char *const bodies[] = {"{\"account\":1,\"title\":\"x\"}",
                                         "{\"account\":99,\"title\":\"x\"}", "{", "[]",
                                         "{\"account\":1,\"title\":\"x\",\"status\":\"no such\"}"};
    for (int where = 0; where < 2; where++) {
        g_autoptr(World) world = world_new(engine);
        json_auto_t *made =
            world_ok(world, "POST", "/api/v1/tokens",
                     "{\"name\":\"Monitoring\",\"scopes\":[\"tickets:write\"]}", 201);
        const char *token = text_at(made, "/token");
        CallOptions options = {.token = token};
        for (int i = 0; i < 2; i++) {
            g_autoptr(Answer) opened =
                world_call_with(world, "POST", "/api/v1/tickets", bodies[0], &options);
            g_assert_cmpint(opened->status, ==, 201);
            g_assert_cmpstr(text_at(opened->json, "/opened_by/name"), ==, "Monitoring");
            g_assert_cmpint(int_at(opened->json, "/opened_by/id"), ==, int_at(made, "/id"));
        }
        g_autofree char *target = target_new("/tokens/%d", (int)int_at(made, "/id"));
        if (where == 0)
            json_decref(world_ok(world, "DELETE", target, NULL, 204));
        else
            elsewhere(world, "DELETE FROM api_token WHERE name = 'Monitoring'");
        g_autofree char *before = world_rows(world);
        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
            g_test_message("%d: %s", where, bodies[i]);
            assert_refused(world, token, bodies[i], NULL);
            assert_refused(world, token, bodies[i], "key");
        }
        g_autofree char *after = world_rows(world);
        g_assert_cmpstr(before, ==, after);
        world_open_ticket(world, "");
    }
}

/* The first call after it was revoked elsewhere, for each thing that can be wrong: then what this
 * process knows of it has not been forgotten yet. */
static void test_revoked_at_once(void)
{
    static const char *const bodies[] = {"{\"account\":1,\"title\":\"x\"}",
                                         "{\"account\":99,\"title\":\"x\"}", "{",
                                         "{\"account\":1,\"title\":\"x\",\"status\":\"no such\"}"};
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        json_auto_t *made =
            world_ok(world, "POST", "/api/v1/tokens",
                     "{\"name\":\"Monitoring\",\"scopes\":[\"tickets:write\"]}", 201);
        const char *token = text_at(made, "/token");
        CallOptions options = {.token = token};
        g_autoptr(Answer) opened =
            world_call_with(world, "POST", "/api/v1/tickets", bodies[0], &options);
        g_assert_cmpint(opened->status, ==, 201);
        elsewhere(world, "DELETE FROM api_token WHERE name = 'Monitoring'");
        g_autofree char *before = world_rows(world);
        assert_refused(world, token, bodies[i], i % 2 == 0 ? NULL : "key");
        g_autofree char *after = world_rows(world);
        g_assert_cmpstr(before, ==, after);
    }
}

/* A token that is known does not get more than its scopes. */
static void test_scope(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *made = world_ok(world, "POST", "/api/v1/tokens",
                                 "{\"name\":\"Reader\",\"scopes\":[\"tickets:read\"]}", 201);
    CallOptions options = {.token = text_at(made, "/token")};
    for (int i = 0; i < 2; i++) {
        g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/tickets",
                                                   "{\"account\":1,\"title\":\"x\"}", &options);
        assert_problem(answer, 403, "missing-scope");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/elsewhere/options", test_options);
    g_test_add_func("/api/elsewhere/versions", test_versions);
    g_test_add_func("/api/elsewhere/uncommitted", test_uncommitted);
    g_test_add_func("/api/elsewhere/two-desks", test_two_desks);
    g_test_add_func("/api/elsewhere/unreadable", test_unreadable);
    g_test_add_func("/api/elsewhere/revoked", test_revoked);
    g_test_add_func("/api/elsewhere/revoked-at-once", test_revoked_at_once);
    g_test_add_func("/api/elsewhere/scope", test_scope);
    return g_test_run();
}
