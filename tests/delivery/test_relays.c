/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several relays: their order, what is known of each, and where their secrets go when the list is
 * put back without them.
 */
#include "base/json.h"
#include "delivery/settings.h"
#include "support/test_desk.h"
#include "tests/mail/fault_server.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    DeliverySetup setup;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    fixture->setup = (DeliverySetup){
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .maildir = "/nowhere",
    };
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
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
    return g_test_run();
}
