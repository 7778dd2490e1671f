/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: tokens, scopes, and the desk's own socket. */
#include "api/world.h"

#include <string.h>

static const char *engine;

static char *make_token(World *world, const char *scope)
{
    g_autofree char *body =
        g_strdup_printf("{\"name\":\"only %s\",\"scopes\":[\"%s\"]}", scope, scope);
    json_auto_t *made = world_ok(world, "POST", "/api/v1/tokens", body, 201);
    return g_strdup(text_at(made, "/token"));
}

static void test_tokens(void)
{
    static const char *const bad[] = {"", "td_nothing", "x", "td_\xc3\xbc"};
    g_autoptr(World) world = world_new(engine);
    g_autofree char *before = world_rows(world);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        CallOptions options = {.token = bad[i]};
        g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/tickets",
                                                   "{\"account\":1,\"title\":\"x\"}", &options);
        assert_problem(answer, 401, "unauthenticated");
        g_assert_cmpstr(http_response_header(answer->response, "WWW-Authenticate"), ==, "Bearer");
    }
    g_autoptr(HttpRequest) basic = http_request_new("GET", "/api/v1/tickets", NULL, 0);
    http_request_set_header(basic, "Authorization", "Basic ZXJpa2E6eA==");
    g_autoptr(HttpResponse) refused = http_router_run(world->router, basic);
    g_assert_cmpint(http_response_status(refused), ==, 401);
    /* RFC 9110 §11.1: a scheme has no letter case. */
    g_autoptr(HttpRequest) lower = http_request_new("GET", "/api/v1/tickets", NULL, 0);
    g_autofree char *header = g_strconcat("bearer ", world->token, NULL);
    http_request_set_header(lower, "Authorization", header);
    g_autoptr(HttpResponse) welcome = http_router_run(world->router, lower);
    g_assert_cmpint(http_response_status(welcome), ==, 200);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

/* Every route but the open ones: which scope opens it. Written down here a second time, on purpose.
 */
static const char *const wanted[][3] = {
    {"GET", "/api/v1/tickets/counts", "tickets:read"},
    {"POST", "/api/v1/tickets/bulk", "tickets:write"},
    {"POST", "/api/v1/tickets/bulk/preview", "tickets:write"},
    {"POST", "/api/v1/tickets/preview", "tickets:write"},
    {"POST", "/api/v1/tickets/1/preview", "tickets:write"},
    {"POST", "/api/v1/tickets/1/merge", "tickets:write"},
    {"GET", "/api/v1/alerts/failures", "alerts"},
    {"GET", "/api/v1/alerts-server/history", "alerts"},
    {"POST", "/api/v1/imports", "tickets:write"},
    {"POST", "/api/v1/imports/preview", "tickets:write"},
    {"POST", "/api/v1/tickets", "tickets:write"},
    {"GET", "/api/v1/tickets", "tickets:read"},
    {"GET", "/api/v1/tickets/1", "tickets:read"},
    {"PATCH", "/api/v1/tickets/1", "tickets:write"},
    {"GET", "/api/v1/tickets/1/events", "tickets:read"},
    {"GET", "/api/v1/tickets/1/alerts", "tickets:read"},
    {"GET", "/api/v1/tickets/1/explain", "tickets:read"},
    {"GET", "/api/v1/tickets/1/recipients", "tickets:read"},
    {"PUT", "/api/v1/tickets/1/recipients", "tickets:write"},
    {"POST", "/api/v1/tickets/1/recipients", "tickets:write"},
    {"PATCH", "/api/v1/tickets/1/recipients/9", "tickets:write"},
    {"DELETE", "/api/v1/tickets/1/recipients/9", "tickets:write"},
    {"POST", "/api/v1/tickets/1/recipients/9/send-latest", "tickets:write"},
    {"GET", "/api/v1/tickets/1/employee-recipients", "tickets:read"},
    {"PUT", "/api/v1/tickets/1/employee-recipients", "tickets:write"},
    {"GET", "/api/v1/tickets/1/messages", "tickets:read"},
    {"POST", "/api/v1/tickets/1/messages", "tickets:write"},
    {"GET", "/api/v1/tickets/1/messages/9", "tickets:read"},
    {"GET", "/api/v1/tickets/1/attachments/9", "tickets:read"},
    {"GET", "/api/v1/tickets/1/copies/9/message", "alerts"},
    {"POST", "/api/v1/tickets/1/copies/9/retry", "alerts"},
    {"POST", "/api/v1/tickets/1/copies/9/cancel", "alerts"},
    {"POST", "/api/v1/tickets/1/copies/9/release", "alerts"},
    {"GET", "/api/v1/alerts", "alerts"},
    {"GET", "/api/v1/alerts/9", "alerts"},
    {"GET", "/api/v1/alerts/9/message", "alerts"},
    {"POST", "/api/v1/alerts/retry", "alerts"},
    {"POST", "/api/v1/alerts/cancel", "alerts"},
    {"POST", "/api/v1/alerts/release", "alerts"},
    {"POST", "/api/v1/alerts/9/retry", "alerts"},
    {"POST", "/api/v1/alerts/9/cancel", "alerts"},
    {"POST", "/api/v1/alerts/9/release", "alerts"},
    {"GET", "/api/v1/suppressions", "alerts"},
    {"POST", "/api/v1/suppressions", "alerts"},
    {"GET", "/api/v1/suppressions/a@b.example", "alerts"},
    {"DELETE", "/api/v1/suppressions/a@b.example", "alerts"},
    {"POST", "/api/v1/simulate", "alerts"},
    {"POST", "/api/v1/simulate/message", "alerts"},
    {"POST", "/api/v1/inbox", "admin"},
    {"GET", "/api/v1/inbox", "tickets:read"},
    {"GET", "/api/v1/inbox/counts", "tickets:read"},
    {"GET", "/api/v1/inbox/9", "tickets:read"},
    {"GET", "/api/v1/inbox/9/content", "tickets:read"},
    {"GET", "/api/v1/inbox/9/explain", "tickets:read"},
    {"GET", "/api/v1/inbox/9/message", "tickets:read"},
    {"GET", "/api/v1/mailboxes", "tickets:read"},
    {"POST", "/api/v1/inbox/9/open", "tickets:write"},
    {"POST", "/api/v1/inbox/9/attach", "tickets:write"},
    {"POST", "/api/v1/inbox/9/discard", "tickets:write"},
    {"GET", "/api/v1/inbox/9/forward/message", "alerts"},
    {"POST", "/api/v1/inbox/9/forward/retry", "alerts"},
    {"POST", "/api/v1/inbox/9/forward/cancel", "alerts"},
    {"POST", "/api/v1/inbox/9/forward/release", "alerts"},
    {"GET", "/api/v1/alerts-server", "alerts"},
    {"POST", "/api/v1/alerts-server/resume", "alerts"},
    {"GET", "/api/v1/accounts", "tickets:read"},
    {"POST", "/api/v1/accounts", "tickets:write"},
    {"GET", "/api/v1/accounts/1", "tickets:read"},
    {"PATCH", "/api/v1/accounts/1", "tickets:write"},
    {"GET", "/api/v1/contacts", "tickets:read"},
    {"POST", "/api/v1/contacts", "tickets:write"},
    {"GET", "/api/v1/contacts/1", "tickets:read"},
    {"PATCH", "/api/v1/contacts/1", "tickets:write"},
    {"GET", "/api/v1/employees", "admin"},
    {"POST", "/api/v1/employees", "admin"},
    {"GET", "/api/v1/employees/1", "admin"},
    {"PATCH", "/api/v1/employees/1", "admin"},
    {"GET", "/api/v1/tokens", "admin"},
    {"POST", "/api/v1/tokens", "admin"},
    {"DELETE", "/api/v1/tokens/99", "admin"},
    {"GET", "/api/v1/options/desk", "options"},
    {"PUT", "/api/v1/options/desk", "options"},
    {"GET", "/api/v1/options/alerts-server", "options"},
    {"PUT", "/api/v1/options/alerts-server", "options"},
    {"GET", "/api/v1/options/alerts-server/test", "options"},
    {"POST", "/api/v1/options/alerts-server/test", "options"},
    {"GET", "/api/v1/options/alerts-to-customers", "options"},
    {"PUT", "/api/v1/options/alerts-to-customers", "options"},
    {"POST", "/api/v1/options/alerts-to-customers/situations", "options"},
    {"GET", "/api/v1/options/tickets", "options"},
    {"PUT", "/api/v1/options/tickets", "options"},
    {"GET", "/api/v1/options/email-connector", "options"},
    {"PUT", "/api/v1/options/email-connector", "options"},
    {"GET", "/api/v1/options/web-interface", "options"},
    {"PUT", "/api/v1/options/web-interface", "options"},
    {"POST", "/api/v1/options/email-connector/dry-run", "options"},
    {"GET", "/api/v1/doctor", "admin"},
    {"GET", "/api/v1/options/retention", "admin"},
    {"PUT", "/api/v1/options/retention", "admin"},
    {"GET", "/api/v1/retention", "admin"},
    {"POST", "/api/v1/retention/preview", "admin"},
    {"GET", "/api/v1/retention/decisions", "admin"},
    {"POST", "/api/v1/people/export", "admin"},
    {"POST", "/api/v1/people/erase", "admin"},
    {"GET", "/api/v1/people/erasures/1", "admin"},
    {"GET", "/api/v1/options/desk/changes", "options"},
    {"GET", "/api/v1/templates", "templates"},
    {"GET", "/api/v1/templates/1", "templates"},
    {"POST", "/api/v1/templates", "templates"},
    {"PATCH", "/api/v1/templates/1", "templates"},
    {"DELETE", "/api/v1/templates/1", "templates"},
    {"POST", "/api/v1/templates/1/copy", "templates"},
    {"POST", "/api/v1/templates/1/restore", "templates"},
    {"GET", "/api/v1/templates/1/versions", "templates"},
    {"GET", "/api/v1/templates/1/versions/1", "templates"},
    {"GET", "/api/v1/templates/1/diff", "templates"},
    {"POST", "/api/v1/templates/1/preview", "templates"},
    {"POST", "/api/v1/templates/1/test-send", "templates"},
    {"GET", "/api/v1/audit", "admin"},
    {"GET", "/api/v1/merge-fields", "templates"},
};

static void check_scope(World *world, const char *const *route, const char *scope,
                        const char *token)
{
    CallOptions as = {.token = token};
    bool allowed = strcmp(scope, "admin") == 0 || strcmp(scope, route[2]) == 0;
    g_test_message("%s %s with %s", route[0], route[1], scope);
    g_autoptr(Answer) answer = world_call_with(world, route[0], route[1], NULL, &as);
    if (allowed) {
        g_assert_cmpint(answer->status, !=, 401);
        g_assert_cmpint(answer->status, !=, 403);
    } else {
        assert_problem(answer, 403, "missing-scope");
        g_assert_nonnull(strstr(text_at(answer->json, "/detail"), route[2]));
    }
}

static void test_scopes(void)
{
    static const char *const scopes[] = {"tickets:read", "tickets:write", "alerts",
                                         "options",      "templates",     "admin"};
    static const int open_routes = 4;
    g_autoptr(World) world = world_new(engine);
    g_autoptr(GPtrArray) routes = http_router_list(world->router);
    g_assert_cmpuint(routes->len, ==, G_N_ELEMENTS(wanted) + open_routes);
    for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
        g_autofree char *token = make_token(world, scopes[i]);
        g_autofree char *before = world_rows(world);
        for (size_t j = 0; j < G_N_ELEMENTS(wanted); j++)
            check_scope(world, wanted[j], scopes[i], token);
        g_autofree char *after = world_rows(world);
        g_assert_cmpstr(before, ==, after);
    }
}

static void assert_opened_by(World *world, const CallOptions *options, const char *kind,
                             const char *name, const char *channel)
{
    g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/tickets",
                                               "{\"account\":1,\"title\":\"x\"}", options);
    g_assert_cmpint(answer->status, ==, 201);
    g_assert_cmpstr(text_at(answer->json, "/opened_by/kind"), ==, kind);
    g_assert_cmpstr(text_at(answer->json, "/opened_by/name"), ==, name);
    g_assert_cmpstr(text_at(answer->json, "/channel"), ==, channel);
}

static void assert_refused(World *world, const CallOptions *options, int status,
                           const char *problem)
{
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/tickets",
                                               "{\"account\":1,\"title\":\"x\"}", options);
    assert_problem(answer, status, problem);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_socket(void)
{
    g_autoptr(World) world = world_new(engine);
    json_decref(world_ok(world, "POST", "/api/v1/employees",
                         "{\"name\":\"Tom\",\"login\":\"tom\",\"email\":\"t@t.example\"}", 201));
    CallOptions local = {.local = true};
    CallOptions tom = {.local = true, .employee = "TOM"};
    CallOptions with_token = {.local = true, .token = world->token};
    CallOptions nobody = {.local = true, .employee = "nobody"};
    CallOptions garbage = {.local = true, .employee = "t\xffm"};
    CallOptions both = {.local = true, .employee = "tom", .token = world->token};
    CallOptions remote = {.employee = "tom"};
    CallOptions remote_bare = {.employee = "tom", .token = ""};
    CallOptions wrong_token = {.local = true, .token = "td_wrong"};
    assert_opened_by(world, &local, "employee", "Erika Muster", "cli");
    assert_opened_by(world, &tom, "employee", "Tom", "cli");
    assert_opened_by(world, &with_token, "api", "first token", "api");
    assert_refused(world, &nobody, 401, "unauthenticated");
    assert_refused(world, &garbage, 401, "unauthenticated");
    assert_refused(world, &both, 403, "employee-header");
    assert_refused(world, &remote, 403, "employee-header");
    assert_refused(world, &remote_bare, 403, "employee-header");
    assert_refused(world, &wrong_token, 401, "unauthenticated");
    json_decref(world_ok(world, "PATCH", "/api/v1/employees/2", "{\"active\":false}", 200));
    assert_refused(world, &tom, 403, "employee-inactive");
}

static void test_open_routes(void)
{
    static const char *const targets[] = {"/api/v1/openapi.json", "/healthz", "/readyz"};
    g_autoptr(World) world = world_new(engine);
    CallOptions nobody = {.token = ""};
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autoptr(Answer) answer = world_call_with(world, "GET", targets[i], NULL, &nobody);
        g_assert_cmpint(answer->status, ==, 200);
        g_autofree char *with_query = g_strconcat(targets[i], "?x=1", NULL);
        g_autoptr(Answer) refused = world_call_with(world, "GET", with_query, NULL, &nobody);
        assert_problem(refused, 422, "unknown-parameter");
    }
    g_autofree char *alerts = make_token(world, "alerts");
    g_autofree char *reader = make_token(world, "tickets:read");
    CallOptions as_alerts = {.token = alerts};
    CallOptions as_reader = {.token = reader};
    g_autoptr(Answer) shown = world_call_with(world, "GET", "/metrics", NULL, &as_alerts);
    g_assert_cmpint(shown->status, ==, 200);
    g_autoptr(Answer) hidden = world_call_with(world, "GET", "/metrics", NULL, &as_reader);
    assert_problem(hidden, 403, "missing-scope");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/auth/tokens", test_tokens);
    g_test_add_func("/api/auth/scopes", test_scopes);
    g_test_add_func("/api/auth/socket", test_socket);
    g_test_add_func("/api/auth/open routes", test_open_routes);
    return g_test_run();
}
