/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several relays: their order, what is known of each, and where their secrets go when the list is
 * put back without them.
 */
#include "base/json.h"
#include "delivery/settings.h"
#include "support/test_desk.h"
#include "tests/mail/fault_server.h"
#include "tests/mail/token_server.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
    DeliverySetup setup;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    fixture->setup = (DeliverySetup){
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .maildir = "/nowhere",
    };
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void put(Fixture *fixture, const char *patch)
{
    test_desk_options(fixture->desk, "alerts-server", patch);
}

/* "a:25 first; b:587 second": the relays with their passwords. */
static char *relays(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_auto(DeliverySettings) settings = {0};
    delivery_settings_load(&fixture->setup, &settings, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < settings.routes->len; i++) {
        const DeliveryRoute *route = delivery_settings_route(&settings, i);
        const char *password = route->transport.password;
        g_string_append_printf(text, "%s%s %s", i > 0 ? "; " : "", route->name,
                               password != NULL ? password : "-");
    }
    return g_string_free(text, FALSE);
}

/* ---- where the secrets go ---- */

#define SMTP  "{\"transport\":\"smtp\",\"host\":\"a\",\"password\":\"pa\",\"fallback_relays\":"
#define B     "{\"host\":\"b\",\"port\":587,\"username\":\"desk\""
#define C     "{\"host\":\"c\""
#define THREE SMTP "[" B ",\"password\":\"pb\"}," C ",\"password\":\"pc\"}]}"

static const struct {
    const char *name;
    const char *patch; /* onto THREE */
    const char *want;
    int secrets; /* rows that are left */
} moves[] = {
    {"as given", "{}", "a:25 pa; b:587 pb; c:25 pc", 3},
    {"put back without", "{\"fallback_relays\":[" B "}," C "}]}", "a:25 pa; b:587 pb; c:25 pc", 3},
    {"other order", "{\"fallback_relays\":[" C "}," B "}]}", "a:25 pa; c:25 pc; b:587 pb", 3},
    {"host in capitals", "{\"fallback_relays\":[{\"host\":\"C\"}]}", "a:25 pa; C:25 pc", 2},
    {"with another security", "{\"fallback_relays\":[" C ",\"security\":\"tls\"}]}",
     "a:25 pa; c:25 pc", 2},
    {"another host", "{\"fallback_relays\":[{\"host\":\"d\"}]}", "a:25 pa; d:25 -", 1},
    {"another port", "{\"fallback_relays\":[" C ",\"port\":26}]}", "a:25 pa; c:26 -", 1},
    {"another user", "{\"fallback_relays\":[" C ",\"username\":\"x\"}]}", "a:25 pa; c:25 -", 1},
    {"new password", "{\"fallback_relays\":[" C ",\"password\":\"new\"}]}", "a:25 pa; c:25 new", 2},
    {"password away", "{\"fallback_relays\":[" C ",\"password\":null}]}", "a:25 pa; c:25 -", 1},
    {"none left", "{\"fallback_relays\":[]}", "a:25 pa", 1},
    {"first to the back", "{\"host\":\"c\",\"fallback_relays\":[" B "},{\"host\":\"a\"}]}",
     "c:25 pc; b:587 pb; a:25 pa", 3},
    {"another in front", "{\"host\":\"z\",\"fallback_relays\":[{\"host\":\"a\"}]}",
     "z:25 -; a:25 pa", 1},
    {"first somewhere else", "{\"host\":\"z\"}", "z:25 pa; b:587 pb; c:25 pc", 3},
    {"first without", "{\"password\":null}", "a:25 -; b:587 pb; c:25 pc", 2},
    {"only smtp falls back", "{\"transport\":\"maildir\"}", "maildir pa", 3},
};

static void test_secrets(Fixture *fixture, gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(moves); i++) {
        g_test_message("%s", moves[i].name);
        put(fixture, THREE);
        put(fixture, moves[i].patch);
        g_autofree char *found = relays(fixture);
        g_assert_cmpstr(found, ==, moves[i].want);
        g_autofree char *n = test_desk_ask(fixture->desk, "SELECT COUNT(*) FROM secret");
        g_assert_cmpint(atoi(n), ==, moves[i].secrets);
    }
}

static void test_history_shows_no_secret(Fixture *fixture, gconstpointer data)
{
    put(fixture, THREE);
    g_autofree char *list = test_desk_rows(
        fixture->desk, "SELECT before, after FROM option_change ORDER BY id DESC LIMIT 1", 2);
    g_autofree char *now = test_desk_ask(fixture->desk, "SELECT value FROM option_section"
                                                        " WHERE section = 'alerts-server'");
    static const char *const secrets[] = {"\"pa\"", "\"pb\"", "\"pc\""};
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_assert_null(strstr(list, secrets[i]));
        g_assert_null(strstr(now, secrets[i]));
    }
    json_auto_t *stored = json_loads(now, 0, NULL);
    const json_t *second = json_array_get(json_object_get(stored, "fallback_relays"), 0);
    g_assert_cmpstr(json_get_text(second, "password_changed"), ==, "2026-11-23T18:30:00Z");
}

/* ---- what is known of each ---- */

static bool second_is_down(DbTx *tx, void *data, GError **error)
{
    const DeliverySettings *settings = data;
    return relay_store_trouble(tx, delivery_settings_route(settings, 1)->fingerprint, "down",
                               "Connection refused", TEST_NOW_US + US_PER_MINUTE, TEST_NOW_US,
                               error);
}

static void test_each_has_its_state(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_auto(DeliverySettings) settings = {0};
    put(fixture, THREE);
    delivery_settings_load(&fixture->setup, &settings, &error);
    g_assert_no_error(error);
    db_write(fixture->setup.db, second_is_down, &settings, &error);
    g_assert_no_error(error);
    json_auto_t *status = delivery_status(&fixture->setup, &error);
    g_assert_no_error(error);
    const json_t *all = json_object_get(status, "relays");
    g_assert_cmpuint(json_array_size(all), ==, 3);
    const json_t *second = json_array_get(all, 1);
    g_assert_cmpstr(json_get_text(json_array_get(all, 0), "state"), ==, "up");
    g_assert_cmpstr(json_get_text(second, "name"), ==, "b:587");
    g_assert_cmpstr(json_get_text(second, "state"), ==, "down");
    g_assert_cmpstr(json_get_text(second, "reason"), ==, "Connection refused");
    g_assert_cmpstr(json_get_text(second, "retry_at"), ==, "2026-11-23T18:31:00Z");
    g_assert_cmpstr(json_get_text(json_array_get(all, 2), "state"), ==, "up");
    g_assert_true(json_equal(json_object_get(status, "relay"), json_array_get(all, 0)));
    /* a corrected password is another relay, whose neighbours stay what they were */
    put(fixture, "{\"fallback_relays\":[" B "}," C ",\"password\":\"x\"}]}");
    json_auto_t *later = delivery_status(&fixture->setup, &error);
    g_assert_cmpstr(json_get_text(json_array_get(json_object_get(later, "relays"), 1), "state"), ==,
                    "down");
    put(fixture, "{\"fallback_relays\":[" B ",\"password\":\"x\"}," C "}]}");
    json_auto_t *corrected = delivery_status(&fixture->setup, &error);
    g_assert_cmpstr(json_get_text(json_array_get(json_object_get(corrected, "relays"), 1), "state"),
                    ==, "up");
}

/* ---- access tokens ---- */

#define REFRESH_TOKENS                                                                             \
    "SELECT name, value FROM secret WHERE name LIKE '%refresh_token' ORDER BY name"

typedef struct {
    FaultServer *relay;
    TokenServer *tokens;
    char *relay_json; /* the relay's fields, without a bracket */
    DeliveryTokens *kept;
} Peers;

static void peers_start(Peers *peers, Fixture *fixture, const TokenAnswer *answers)
{
    FaultServerPlan plan = {.offers = "AUTH XOAUTH2", .access_token = "t2"};
    peers->relay = fault_server_start(&plan);
    peers->tokens = token_server_start(answers, NULL);
    g_autofree char *url = token_server_url(peers->tokens, "127.0.0.1");
    peers->relay_json = g_strdup_printf(
        "\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\",\"username\":\"desk\","
        "\"auth\":\"xoauth2\",\"token_url\":\"%s\",\"client_id\":\"c\"",
        (int)fault_server_port(peers->relay), url);
    peers->kept = fixture->setup.tokens = delivery_tokens_new();
}

static void peers_stop(Peers *peers)
{
    delivery_tokens_free(peers->kept);
    fault_server_stop(peers->relay);
    token_server_stop(peers->tokens);
    g_free(peers->relay_json);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Peers, peers_stop)

static json_t *test_send(Fixture *fixture, int relay)
{
    g_autoptr(GError) error = NULL;
    json_t *result = delivery_test_send(&fixture->setup, "erika@desk.example", relay, &error);
    g_assert_no_error(error);
    return result;
}

static void put_secrets(Fixture *fixture, const Peers *peers, const char *secrets)
{
    g_autofree char *patch =
        g_strdup_printf("{\"transport\":\"smtp\",%s,%s}", peers->relay_json, secrets);
    put(fixture, patch);
}

/* The first token is refused; the second request goes with the refresh token that the first one
 * brought, and its own is stored. Then a token serves two mails, and another place in the order
 * changes nothing. */
static void test_tokens(Fixture *fixture, gconstpointer data)
{
    static const TokenAnswer answers[] = {
        {.body = "{\"access_token\":\"t1\",\"expires_in\":3600,\"refresh_token\":\"r1\"}"},
        {.body = "{\"access_token\":\"t2\",\"expires_in\":3600,\"refresh_token\":\"r2\"}"},
        {0}};
    g_auto(Peers) peers = {0};
    peers_start(&peers, fixture, answers);
    put_secrets(fixture, &peers, "\"client_secret\":\"s\",\"refresh_token\":\"r0\"");
    for (int i = 0; i < 2; i++) {
        json_auto_t *result = test_send(fixture, 1);
        g_assert_true(json_get_bool(result, "ok", false));
    }
    g_assert_cmpuint(token_server_requests(peers.tokens), ==, 2);
    g_autofree char *asked = token_server_text(peers.tokens);
    g_assert_nonnull(strstr(asked, "client_id=c&client_secret=s&refresh_token=r0"));
    g_assert_nonnull(strstr(asked, "client_id=c&client_secret=s&refresh_token=r1"));
    g_autofree char *kept = test_desk_rows(fixture->desk, REFRESH_TOKENS, 2);
    g_assert_cmpstr(kept, ==, "alerts-server.refresh_token r2");
    g_autofree char *moved = g_strdup_printf(
        "{\"host\":\"other\",\"auth\":\"password\",\"fallback_relays\":[{%s}]}", peers.relay_json);
    put(fixture, moved);
    g_autofree char *now = test_desk_rows(fixture->desk, REFRESH_TOKENS, 2);
    g_assert_cmpstr(now, ==, "alerts-server.2.refresh_token r2");
    json_auto_t *result = test_send(fixture, 2);
    g_assert_true(json_get_bool(result, "ok", false));
    g_assert_cmpuint(token_server_requests(peers.tokens), ==, 2);
}

/* What a person puts in counts, though a token of the former sign-in is still good. */
static void test_another_sign_in(Fixture *fixture, gconstpointer data)
{
    static const TokenAnswer answers[] = {{.body = "{\"access_token\":\"t2\",\"expires_in\":3600}"},
                                          {0}};
    g_auto(Peers) peers = {0};
    peers_start(&peers, fixture, answers);
    put_secrets(fixture, &peers, "\"refresh_token\":\"r0\"");
    json_decref(test_send(fixture, 1));
    manual_clock_advance(&fixture->desk->clock, US_PER_SECOND);
    put_secrets(fixture, &peers, "\"refresh_token\":\"new\"");
    json_decref(test_send(fixture, 1));
    g_autofree char *asked = token_server_text(peers.tokens);
    g_assert_nonnull(strstr(asked, "refresh_token=r0"));
    g_assert_nonnull(strstr(asked, "refresh_token=new"));
    put_secrets(fixture, &peers, "\"refresh_token\":null");
    manual_clock_advance(&fixture->desk->clock, US_PER_HOUR);
    json_decref(test_send(fixture, 1));
    g_autofree char *later = token_server_text(peers.tokens);
    g_assert_nonnull(strstr(later, "grant_type=client_credentials"));
}

/* No token: the relay is down, and its state says why. Alerts wait, and leave with the first token.
 */
static void test_no_token(Fixture *fixture, gconstpointer data)
{
    static const TokenAnswer answers[] = {
        {.status = 401,
         .body = "{\"error\":\"invalid_client\",\"error_description\":\"The secret expired.\"}"},
        {.body = "{\"access_token\":\"t2\",\"expires_in\":3600}"},
        {0}};
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL); /* the relay is down */
    g_auto(Peers) peers = {0};
    g_autoptr(GError) error = NULL;
    peers_start(&peers, fixture, answers);
    put_secrets(fixture, &peers, "\"client_secret\":\"s\"");
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    Delivery *delivery = delivery_start(&fixture->setup, &error);
    g_assert_no_error(error);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "down");
    g_autofree char *why = test_desk_ask(fixture->desk, "SELECT reason FROM relay");
    g_assert_nonnull(strstr(why, "at token: 127.0.0.1 gave no access token: it refused (HTTP 401):"
                                 " invalid_client: The secret expired."));
    g_autofree char *state = test_desk_ask(fixture->desk, "SELECT state FROM outbox");
    g_assert_cmpstr(state, ==, "queued");
    manual_clock_advance(&fixture->desk->clock, 10 * US_PER_SECOND);
    delivery_wake(delivery);
    test_desk_wait(fixture->desk, "SELECT state FROM outbox", 1, "accepted");
    delivery_stop(delivery, 2000);
}

/* ---- the test mail ---- */

static void test_one_relay_is_tested(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    FaultServerPlan plan = {0};
    g_autoptr(FaultServer) first = fault_server_start(&plan);
    g_autoptr(FaultServer) second = fault_server_start(&plan);
    g_autofree char *patch = g_strdup_printf(
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\","
        "\"fallback_relays\":[{\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\"}]}",
        (int)fault_server_port(first), (int)fault_server_port(second));
    put(fixture, patch);
    for (int relay = 1; relay <= 2; relay++) {
        json_auto_t *result =
            delivery_test_send(&fixture->setup, "erika@desk.example", relay, &error);
        g_assert_no_error(error);
        g_assert_true(json_get_bool(result, "ok", false));
        g_assert_cmpuint(fault_server_accepted(first), ==, 1);
        g_assert_cmpuint(fault_server_accepted(second), ==, relay == 2 ? 1 : 0);
    }
    g_assert_null(delivery_test_send(&fixture->setup, "erika@desk.example", 3, &error));
    g_assert_nonnull(strstr(error->message, "There is no relay 3: the options have 2"));
}

#define ADD(name, function)                                                                        \
    g_test_add("/delivery/relays/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("secrets", test_secrets);
    ADD("history", test_history_shows_no_secret);
    ADD("states", test_each_has_its_state);
    ADD("test-mail", test_one_relay_is_tested);
    ADD("tokens", test_tokens);
    ADD("another-sign-in", test_another_sign_in);
    ADD("no-token", test_no_token);
    return g_test_run();
}
