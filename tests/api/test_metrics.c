/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics and /readyz say after known traffic. */
#include "api/ready.h"
#include "api/world.h"
#include "records/metric.h"

#include <string.h>

static const char *engine;

#define NEW_SENT                                                                                   \
    "tidings_decisions_total{kind=\"new_ticket\",decision=\"send\",reason=\"new_ticket\"}"
#define NEW_OFF                                                                                    \
    "tidings_decisions_total{kind=\"new_ticket\",decision=\"suppress\",reason=\"not_wanted\"}"
#define CLOSED                                                                                     \
    "tidings_decisions_total{kind=\"ticket_closed\",decision=\"send\",reason=\"ticket_closed\"}"

static void assert_metric(Api *api, const char *name, int64_t value)
{
    static const ApiCaller nobody = {0};
    g_autoptr(HttpRequest) request = http_request_new("GET", "/metrics", NULL, 0);
    http_request_set_local(request, true);
    http_request_set_header(request, "Accept", "application/openmetrics-text; version=1.0.0");
    g_autoptr(HttpResponse) answer = api_call_as(api, &nobody, request);
    g_assert_cmpint(http_response_status(answer), ==, 200);
    g_autofree char *line = g_strdup_printf("\n%s %" G_GINT64_FORMAT "\n", name, value);
    const char *text = http_response_body(answer, NULL);
    if (strstr(text, line) == NULL)
        g_test_message("%s is not in\n%s", line, text);
    g_assert_nonnull(strstr(text, line));
    g_assert_true(g_str_has_suffix(text, "\n# EOF\n"));
}

static void work(World *world)
{
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    world_open_ticket(world, "\"notify\":false");
    g_autoptr(Answer) refused = world_call(world, "POST", "/api/v1/tickets", "{\"account\":99}");
    g_assert_cmpint(refused->status, >=, 400);
    json_auto_t *closed =
        world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"status\":\"Completed\"}", 200);
    json_auto_t *tried =
        world_ok(world, "POST", "/api/v1/tickets/2/preview", "{\"status\":\"Completed\"}", 200);
}

/* Only what was committed counts: neither what was refused nor what was tried and undone. */
static void test_decisions(void)
{
    g_autoptr(World) world = world_new(engine);
    assert_metric(world->api, NEW_SENT, 0);
    work(world);
    assert_metric(world->api, NEW_SENT, 1);
    assert_metric(world->api, NEW_OFF, 1);
    assert_metric(world->api, CLOSED, 1);
    assert_metric(world->api, "tidings_outbox_messages{state=\"queued\"}", 2);
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 0);
    manual_clock_advance(&world->clock, 20 * US_PER_MINUTE);
    assert_metric(world->api, "tidings_outbox_oldest_waiting_seconds", 1200);
    assert_metric(world->api, "tidings_suppressions", 0);
    json_decref(
        world_ok(world, "POST", "/api/v1/suppressions", "{\"email\":\"gone@x.example\"}", 201));
    assert_metric(world->api, "tidings_suppressions", 1);
    assert_metric(world->api, "tidings_ready{condition=\"database\"}", 1);
    assert_metric(world->api, "tidings_database_up", 1);
}

static void fold(Metrics *metrics, World *world)
{
    g_autoptr(GError) error = NULL;
    metric_fold(metrics, test_db_handle(world->db), &error);
    g_assert_no_error(error);
}

/* Another process of the same desk, and one that is started after both were. */
static void test_processes(void)
{
    g_autoptr(World) world = world_new(engine);
    Db *db = test_db_handle(world->db);
    g_autoptr(Metrics) other = metrics_new();
    g_autoptr(Desk) desk = desk_new(db, &world->clock.clock, random_system());
    desk_set_metrics(desk, other);
    g_autoptr(Api) api = api_new(desk, world->composer);
    api_set_metrics(api, other, NULL, NULL);
    work(world);
    assert_metric(world->api, NEW_SENT, 1);
    assert_metric(api, NEW_SENT, 0); /* it learns of it within seconds */
    fold(world->metrics, world);
    fold(world->metrics, world);
    assert_metric(world->api, NEW_SENT, 1);
    assert_metric(api, NEW_SENT, 1);
    static const Actor system = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_API};
    const ApiCaller caller = {system, "admin"};
    g_autoptr(HttpRequest) open =
        http_request_new("POST", "/api/v1/tickets", "{\"account\":1,\"title\":\"x\"}",
                         strlen("{\"account\":1,\"title\":\"x\"}"));
    g_autoptr(HttpResponse) opened = api_call_as(api, &caller, open);
    g_assert_cmpint(http_response_status(opened), ==, 201);
    assert_metric(api, NEW_SENT, 2);
    fold(other, world);
    assert_metric(api, NEW_SENT, 2);
    assert_metric(world->api, NEW_SENT, 2);
    g_autoptr(Metrics) later = metrics_new();
    g_autoptr(Desk) third = desk_new(db, &world->clock.clock, random_system());
    desk_set_metrics(third, later);
    g_autoptr(Api) restarted = api_new(third, world->composer);
    api_set_metrics(restarted, later, NULL, NULL);
    assert_metric(restarted, NEW_SENT, 2);
    assert_metric(restarted, CLOSED, 1);
}

/* The count of all rows is remembered, and right all the same. */
static void test_census(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_sql(world, "INSERT INTO outbox (id, kind, ref, recipient, lane, urgent, order_key,"
                     " order_seq, state, due_at, attempts, uncertain, queued_at, updated_at)"
                     " VALUES (5000, 'old', 1, 'a@x.example', 1, 0, '', 1, 'accepted', 0, 1, 0, 0,"
                     " 0)");
    world_sql(world, "INSERT INTO outbox (id, kind, ref, recipient, lane, urgent, order_key,"
                     " order_seq, state, due_at, attempts, uncertain, queued_at, updated_at)"
                     " VALUES (9000, 'old', 2, 'a@x.example', 1, 0, '', 1, 'accepted', 0, 1, 0, 0,"
                     " 0)");
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 2);
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 2);
    world_sql(world, "UPDATE outbox SET state = 'bounced' WHERE id = 5000");
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 1);
    assert_metric(world->api, "tidings_outbox_messages{state=\"bounced\"}", 1);
    world_sql(world, "INSERT INTO outbox (id, kind, ref, recipient, lane, urgent, order_key,"
                     " order_seq, state, due_at, attempts, uncertain, queued_at, updated_at)"
                     " VALUES (9001, 'old', 3, 'a@x.example', 1, 0, '', 1, 'accepted', 0, 1, 0, 0,"
                     " 0)");
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 2);
    world_sql(world, "DELETE FROM outbox WHERE id >= 9000");
    assert_metric(world->api, "tidings_outbox_messages{state=\"accepted\"}", 0);
}

/* ---- readiness ---- */

static json_t *server_of(const char *state, bool sends)
{
    json_t *senders = json_array();
    if (sends)
        json_array_append_new(senders, json_pack("{s:s}", "name", "here"));
    return json_pack("{s:b, s:[{s:s, s:s}, {s:s, s:s}], s:o}", "active", 1, "relays", "name", "one",
                     "state", state, "name", "two", "state", "down", "senders", senders);
}

static json_t *all_well(int64_t timeout_ms, void *data, GError **error)
{
    g_assert_cmpint(timeout_ms, >, 0);
    return server_of("up", true);
}

static json_t *relays_down(int64_t timeout_ms, void *data, GError **error)
{
    return server_of("stopped", true);
}

static json_t *nobody_sends(int64_t timeout_ms, void *data, GError **error)
{
    return server_of("up", false);
}

static void add_canary(ReadyList *list, void *data)
{
    bool *sings = data;
    ready_add(list, "canary", *sings, g_strdup("Look at the canary."));
}

static void test_ready(void)
{
    static const struct {
        const char *name;
        ApiAlertsServer server;
        bool canary;
        const char *red; /* NULL: none */
    } cases[] = {
        {"all is well, though one relay is down", all_well, true, NULL},
        {"no relay takes mail", relays_down, true, "relay"},
        {"nobody sends", nobody_sends, true, "senders"},
        {"another part says no", all_well, false, "canary"},
    };
    g_autoptr(World) world = world_new(engine);
    bool sings = true;
    api_add_condition(world->api, add_canary, &sings);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        sings = cases[i].canary;
        api_set_alerts_server(world->api, cases[i].server, NULL);
        CallOptions nobody = {.token = ""};
        g_autoptr(Answer) answer = world_call_with(world, "GET", "/readyz", NULL, &nobody);
        g_assert_cmpint(answer->status, ==, cases[i].red == NULL ? 200 : 503);
        g_assert_cmpstr(text_at(answer->json, "/status"), ==,
                        cases[i].red == NULL ? "ready" : "not ready");
        size_t k;
        json_t *one;
        json_array_foreach(json_at(answer->json, "/conditions"), k, one)
        {
            bool ok = json_is_true(json_object_get(one, "ok"));
            g_assert_cmpint(ok, ==, g_strcmp0(text_at(one, "/name"), cases[i].red) != 0);
            g_assert_cmpint(strlen(text_at(one, "/text")), >, 10);
        }
        g_assert_cmpint(k, ==, 4);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/metrics/decisions", test_decisions);
    g_test_add_func("/api/metrics/processes", test_processes);
    g_test_add_func("/api/metrics/census", test_census);
    g_test_add_func("/api/metrics/ready", test_ready);
    return g_test_run();
}
