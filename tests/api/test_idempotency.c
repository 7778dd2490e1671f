/* SPDX-License-Identifier: Apache-2.0 */
/* The same POST twice makes one thing. */
#include "api/world.h"

#include "base/error.h"

#include <string.h>

static const char *engine;

#define TICKETS "/api/v1/tickets"
#define TICKET  "{\"account\":1,\"title\":\"x\"}"

static bool replayed(const Answer *answer)
{
    return g_strcmp0(http_response_header(answer->response, "Idempotency-Replayed"), "true") == 0;
}

static void test_replay(void)
{
    g_autoptr(World) world = world_new(engine);
    CallOptions keyed = {.key = "order 66"};
    g_autoptr(Answer) first = world_call_with(world, "POST", TICKETS, TICKET, &keyed);
    g_assert_cmpint(first->status, ==, 201);
    g_assert_false(replayed(first));
    json_decref(world_ok(world, "PATCH", TICKETS "/1", "{\"title\":\"y\"}", 200));
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) again = world_call_with(world, "POST", TICKETS, TICKET, &keyed);
    g_assert_cmpint(again->status, ==, 201);
    g_assert_true(replayed(again));
    g_assert_cmpstr(http_response_header(again->response, "Content-Type"), ==, "application/json");
    g_assert_true(json_equal(first->json, again->json));
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_other_request(void)
{
    static const char *const others[][2] = {
        {TICKETS, "{\"account\":1,\"title\":\"y\"}"},
        {"/api/v1/accounts", TICKET},
        {TICKETS "/1/recipients", "{\"email\":\"a@b.example\"}"},
    };
    g_autoptr(World) world = world_new(engine);
    CallOptions keyed = {.key = "k"};
    answer_free(world_call_with(world, "POST", TICKETS, TICKET, &keyed));
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) other = world_call_with(world, "POST", others[0][0], others[0][1], &keyed);
    assert_problem(other, 422, "idempotency-key-reused");
    g_autoptr(Answer) elsewhere =
        world_call_with(world, "POST", others[2][0], others[2][1], &keyed);
    assert_problem(elsewhere, 422, "idempotency-key-reused");
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
    /* Every token has keys of its own, and so has the socket. */
    json_auto_t *token = world_ok(world, "POST", "/api/v1/tokens",
                                  "{\"name\":\"b\",\"scopes\":[\"tickets:write\"]}", 201);
    CallOptions as_b = {.key = "k", .token = text_at(token, "/token")};
    CallOptions local = {.key = "k", .local = true};
    g_autoptr(Answer) b = world_call_with(world, "POST", TICKETS, others[0][1], &as_b);
    g_assert_cmpint(int_at(b->json, "/number"), ==, 2);
    g_autoptr(Answer) socket = world_call_with(world, "POST", TICKETS, others[0][1], &local);
    g_assert_cmpint(int_at(socket->json, "/number"), ==, 3);
}

static void test_failure_leaves_nothing(void)
{
    g_autoptr(World) world = world_new(engine);
    CallOptions keyed = {.key = "k"};
    /* Refused before the transaction, and inside it. */
    g_autoptr(Answer) early = world_call_with(world, "POST", TICKETS, "{}", &keyed);
    g_assert_cmpint(early->status, ==, 422);
    g_autoptr(Answer) late =
        world_call_with(world, "POST", TICKETS, "{\"account\":99,\"title\":\"x\"}", &keyed);
    g_assert_cmpint(late->status, ==, 422);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM idempotency"), ==, 0);
    g_autoptr(Answer) good = world_call_with(world, "POST", TICKETS, TICKET, &keyed);
    g_assert_cmpint(good->status, ==, 201);
    g_assert_false(replayed(good));
}

static void test_age(void)
{
    g_autoptr(World) world = world_new(engine);
    CallOptions keyed = {.key = "k"};
    answer_free(world_call_with(world, "POST", TICKETS, TICKET, &keyed));
    manual_clock_advance(&world->clock, US_PER_DAY);
    g_autoptr(Answer) kept = world_call_with(world, "POST", TICKETS, TICKET, &keyed);
    g_assert_true(replayed(kept));
    manual_clock_advance(&world->clock, 1);
    g_autoptr(Answer) fresh =
        world_call_with(world, "POST", TICKETS, "{\"account\":1,\"title\":\"y\"}", &keyed);
    g_assert_cmpint(fresh->status, ==, 201);
    g_assert_cmpint(int_at(fresh->json, "/number"), ==, 2);
    g_autoptr(Answer) again =
        world_call_with(world, "POST", TICKETS, "{\"account\":1,\"title\":\"y\"}", &keyed);
    g_assert_true(replayed(again));
}

/* Old keys go away in time, a hundred at once. One call in 64 looks for them. */
static void test_forgetting(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int i = 0; i < 150; i++) {
        g_autofree char *sql = g_strdup_printf("INSERT INTO idempotency (token, key, request_hash,"
                                               " status, response, created_at)"
                                               " VALUES (1, 'old %d', '', 201, '', %d)",
                                               i, i);
        world_sql(world, sql);
    }
    int64_t old = 150;
    for (int i = 0; i < 3000 && old == 150; i++) {
        g_autofree char *key = g_strdup_printf("new %d", i);
        CallOptions keyed = {.key = key};
        answer_free(world_call_with(world, "POST", TICKETS, TICKET, &keyed));
        old = world_sql_int(world, "SELECT COUNT(*) FROM idempotency WHERE created_at < 1000");
    }
    g_assert_cmpint(old, ==, 50);
    CallOptions keyed = {.key = "new 0"};
    g_autoptr(Answer) kept = world_call_with(world, "POST", TICKETS, TICKET, &keyed);
    g_assert_true(replayed(kept));
}

/* What is shown once is not kept for a repetition, and a password not even as a quick hash. */
static void test_secrets(void)
{
    g_autoptr(World) world = world_new(engine);
    static const char token[] = "{\"name\":\"b\",\"scopes\":[\"alerts\"]}";
    CallOptions keyed = {.key = "k"};
    g_autoptr(Answer) made = world_call_with(world, "POST", "/api/v1/tokens", token, &keyed);
    g_assert_true(json_is_string(json_at(made->json, "/token")));
    g_autoptr(Answer) again = world_call_with(world, "POST", "/api/v1/tokens", token, &keyed);
    g_assert_true(json_is_null(json_at(again->json, "/token")));
    g_assert_cmpint(int_at(again->json, "/id"), ==, int_at(made->json, "/id"));
    g_assert_cmpint(world_sql_int(world,
                                  "SELECT COUNT(*) FROM idempotency WHERE response LIKE '%td!_%'"
                                  " ESCAPE '!'"),
                    ==, 0);
    static const char *const tom[] = {
        "{\"name\":\"T\",\"login\":\"t\",\"email\":\"t@t.example\",\"password\":\"password 1\"}",
        "{\"name\":\"T\",\"login\":\"t\",\"email\":\"t@t.example\",\"password\":\"password 2\"}",
        "{\"name\":\"U\",\"login\":\"t\",\"email\":\"t@t.example\",\"password\":\"password 1\"}",
    };
    keyed.key = "tom";
    answer_free(world_call_with(world, "POST", "/api/v1/employees", tom[0], &keyed));
    g_autoptr(Answer) other_password =
        world_call_with(world, "POST", "/api/v1/employees", tom[1], &keyed);
    g_assert_true(replayed(other_password));
    g_autoptr(Answer) other_name =
        world_call_with(world, "POST", "/api/v1/employees", tom[2], &keyed);
    assert_problem(other_name, 422, "idempotency-key-reused");
}

/* ---- at once ---- */

typedef struct {
    World *world;
    const char *key;
    Answer *answer;
} Racer;

static void *race(void *data)
{
    Racer *racer = data;
    CallOptions keyed = {.key = racer->key};
    racer->answer = world_call_with(racer->world, "POST", TICKETS, TICKET, &keyed);
    return NULL;
}

static void test_at_once(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int round = 1; round <= 20; round++) {
        g_autofree char *key = g_strdup_printf("round %d", round);
        Racer racers[4];
        GThread *threads[G_N_ELEMENTS(racers)];
        for (size_t i = 0; i < G_N_ELEMENTS(racers); i++) {
            racers[i] = (Racer){.world = world, .key = key};
            threads[i] = g_thread_new("racer", race, &racers[i]);
        }
        int first = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(racers); i++) {
            g_thread_join(threads[i]);
            first += !replayed(racers[i].answer);
            g_assert_cmpint(racers[i].answer->status, ==, 201);
            g_assert_cmpint(int_at(racers[i].answer->json, "/number"), ==,
                            int_at(racers[0].answer->json, "/number"));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(racers); i++)
            answer_free(racers[i].answer);
        g_assert_cmpint(first, ==, 1);
        g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, round);
        g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM event"), ==, round);
    }
}

/* ---- work that is no transaction ---- */

#define TEST_SEND "/api/v1/options/alerts-server/test"
#define TO        "{\"to\":\"erika@harbour-it.example\"}"

typedef struct {
    World *world;
    int calls;
    bool fails;
} Sending;

/* While it runs, the same request comes a second time. */
static json_t *test_send(const char *to, int relay, void *data, GError **error)
{
    Sending *sending = data;
    CallOptions keyed = {.key = "k"};
    g_autoptr(Answer) second = world_call_with(sending->world, "POST", TEST_SEND, TO, &keyed);
    assert_problem(second, 409, "still-running");
    sending->calls++;
    if (sending->fails) {
        error_set(error, TD_ERROR_TIMEOUT, "It took too long");
        return NULL;
    }
    return json_pack("{s:b,s:[]}", "ok", 1, "steps");
}

static void test_work(void)
{
    g_autoptr(World) world = world_new(engine);
    Sending sending = {.world = world, .fails = true};
    api_set_test_send(world->api, test_send, &sending);
    CallOptions keyed = {.key = "k"};
    g_autoptr(Answer) failed = world_call_with(world, "POST", TEST_SEND, TO, &keyed);
    assert_problem(failed, 504, "timeout");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM idempotency"), ==, 0);
    sending.fails = false;
    g_autoptr(Answer) sent = world_call_with(world, "POST", TEST_SEND, TO, &keyed);
    g_assert_cmpint(sent->status, ==, 200);
    g_autoptr(Answer) again = world_call_with(world, "POST", TEST_SEND, TO, &keyed);
    g_assert_true(replayed(again));
    g_assert_cmpint(sending.calls, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/idempotency/replay", test_replay);
    g_test_add_func("/api/idempotency/other request", test_other_request);
    g_test_add_func("/api/idempotency/failure leaves nothing", test_failure_leaves_nothing);
    g_test_add_func("/api/idempotency/age", test_age);
    g_test_add_func("/api/idempotency/forgetting", test_forgetting);
    g_test_add_func("/api/idempotency/secrets", test_secrets);
    g_test_add_func("/api/idempotency/at once", test_at_once);
    g_test_add_func("/api/idempotency/work", test_work);
    return g_test_run();
}
