/* SPDX-License-Identifier: Apache-2.0 */
/* The desk's mail to itself: out, back in, and what is said where it stops; on either engine. */
#include "alerts/canary.h"
#include "delivery/delivery.h"
#include "mail/transport.h"
#include "tests/connector/mail_desk.h"
#include "tests/mail/fault_server.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
    DeliverySetup setup;
    Delivery *delivery;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = mail_desk_new(engine);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    fixture->setup = (DeliverySetup){
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .memory = "yes",
    };
    g_ptr_array_unref(transport_memory_take());
    /* The log says when a relay goes. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    delivery_stop(fixture->delivery, 2000);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void switch_on(Fixture *fixture)
{
    test_desk_options(fixture->desk, "alerts-server",
                      "{\"canary\":{\"enabled\":true,\"to\":\"Support@desk.example\"}}");
}

static void start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->delivery = delivery_start(&fixture->setup, &error);
    g_assert_no_error(error);
}

static void pass_seconds(Fixture *fixture, int seconds)
{
    manual_clock_advance(&fixture->desk->clock, seconds * US_PER_SECOND);
    if (fixture->delivery != NULL)
        delivery_wake(fixture->delivery);
}

static void until_states(Fixture *fixture, const char *want)
{
    test_desk_wait(fixture->desk, "SELECT state FROM outbox WHERE kind = 'canary' ORDER BY id", 1,
                   want);
}

/* Asks as /readyz does. */
typedef struct {
    int64_t now_us;
    CanaryCondition condition;
} Asking;

static bool ask(DbTx *tx, void *data, GError **error)
{
    Asking *asking = data;
    return canary_condition(tx, asking->now_us, &asking->condition, error);
}

static CanaryCondition condition_of(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Asking asking = {.now_us = clock_wall_us(&fixture->desk->clock.clock)};
    db_read(test_db_handle(fixture->desk->db), ask, &asking, &error);
    g_assert_no_error(error);
    return asking.condition;
}

static void assert_well(Fixture *fixture)
{
    g_auto(CanaryCondition) condition = condition_of(fixture);
    g_test_message("%s", condition.text);
    g_assert_true(condition.ok);
    g_assert_null(condition.text);
}

static void assert_broken(Fixture *fixture, const char *words)
{
    g_auto(CanaryCondition) condition = condition_of(fixture);
    g_assert_false(condition.ok);
    g_test_message("%s", condition.text);
    g_assert_nonnull(strstr(condition.text, words));
}

/* The one mail that left since. */
static GBytes *take_mail(void)
{
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 1);
    const MemoryMail *mail = mails->pdata[0];
    g_assert_cmpstr(mail->envelope_from, ==, "");
    g_assert_cmpstr(mail->envelope_to, ==, "Support@desk.example");
    return g_bytes_ref(mail->message);
}

static void receive(Fixture *fixture, GBytes *raw)
{
    g_auto(Filed) filed = mail_desk_file_bytes(fixture->desk, raw);
    g_assert_true(filed.canary);
    g_assert_cmpint(filed.id, ==, 0);
}

static bool tick(DbTx *tx, void *data, GError **error)
{
    return canary_tick(tx, *(int64_t *)data, error) && canary_tidy(tx, *(int64_t *)data, error);
}

static void tick_at(Fixture *fixture, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    db_write(test_db_handle(fixture->desk->db), tick, &now_us, &error);
    g_assert_no_error(error);
}

static void test_off(Fixture *fixture, gconstpointer data)
{
    for (int i = 0; i < 5; i++)
        tick_at(fixture, TEST_NOW_US + i * US_PER_MINUTE);
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM canary", 1, "0");
    pass_seconds(fixture, 3600);
    g_auto(CanaryCondition) condition = condition_of(fixture);
    g_assert_true(condition.ok && !condition.enabled);
    /* Nor while the Alerts Server is off. */
    switch_on(fixture);
    test_desk_options(fixture->desk, "alerts-server", "{\"active\":false}");
    tick_at(fixture, TEST_NOW_US + US_PER_HOUR);
    pass_seconds(fixture, 3600);
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM canary", 1, "0");
    assert_well(fixture);
}

static void test_round_trip(Fixture *fixture, gconstpointer data)
{
    switch_on(fixture);
    start(fixture);
    until_states(fixture, "accepted");
    assert_well(fixture);
    g_autoptr(GBytes) raw = take_mail();
    pass_seconds(fixture, 3);
    receive(fixture, raw);
    pass_seconds(fixture, 10);
    receive(fixture, raw); /* once more: the first time counts */
    g_auto(CanaryCondition) condition = condition_of(fixture);
    g_assert_true(condition.ok && condition.enabled && condition.came_back);
    g_assert_cmpint(condition.round_trip_us, ==, 3 * US_PER_SECOND);
    g_assert_cmpint(condition.last_success, ==, TEST_NOW_US + 3 * US_PER_SECOND);
    /* Nothing is kept of it, and nothing followed. */
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM inbound_mail", 1, "0");
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM outbox", 1, "1");
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM event", 1, "0");
}

/* The mailbox is broken, then mended. */
static void test_not_back(Fixture *fixture, gconstpointer data)
{
    switch_on(fixture);
    start(fixture);
    until_states(fixture, "accepted");
    g_autoptr(GBytes) first = take_mail();
    receive(fixture, first);
    pass_seconds(fixture, 60);
    until_states(fixture, "accepted; accepted");
    g_autoptr(GBytes) lost = take_mail();
    pass_seconds(fixture, 50);
    assert_well(fixture);
    pass_seconds(fixture, 6);
    assert_broken(fixture, "is not back in Support@desk.example");
    pass_seconds(fixture, 10);
    until_states(fixture, "accepted; accepted; accepted");
    g_autoptr(GBytes) third = take_mail();
    assert_broken(fixture, "is not back");
    receive(fixture, third);
    assert_well(fixture);
}

static void use_relay(Fixture *fixture, uint16_t port)
{
    g_autofree char *patch =
        g_strdup_printf("{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":%d,"
                        "\"security\":\"none\"}",
                        port);
    test_desk_options(fixture->desk, "alerts-server", patch);
}

/* The relay is broken, then mended; what is old is given up, and none of it goes afterwards. */
static void test_relay(Fixture *fixture, gconstpointer data)
{
    const FaultServerPlan plan = {0};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    fixture->setup.memory = NULL;
    switch_on(fixture);
    test_desk_options(fixture->desk, "email-connector", "{\"enabled\":false}");
    use_relay(fixture, fault_server_unused_port());
    start(fixture);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "down");
    pass_seconds(fixture, 56);
    assert_broken(fixture, "was not accepted, the relay is down: ");
    pass_seconds(fixture, 130);
    test_desk_wait(fixture->desk, "SELECT state_reason FROM outbox ORDER BY id LIMIT 1", 1,
                   "canary_over");
    use_relay(fixture, fault_server_port(server));
    pass_seconds(fixture, 60);
    test_desk_wait(fixture->desk, "SELECT COUNT(*) > 0 FROM outbox WHERE state = 'accepted'", 1,
                   "1");
    assert_well(fixture);
    assert_rows(fixture->desk, "SELECT state FROM outbox ORDER BY id LIMIT 1", 1, "cancelled");
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    const FaultServerPlan plan = {
        .fault = {.stage = "rcpt", .kind = FAULT_REPLY, .reply = "550 5.1.1 User unknown"}};
    g_autoptr(FaultServer) server = fault_server_start(&plan);
    fixture->setup.memory = NULL;
    switch_on(fixture);
    use_relay(fixture, fault_server_port(server));
    start(fixture);
    until_states(fixture, "rejected");
    pass_seconds(fixture, 56);
    assert_broken(fixture, "was not accepted by the mail server: 550 5.1.1 User unknown");
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM suppression", 1, "0");
}

/* Nobody sends at all. */
static void test_nobody(Fixture *fixture, gconstpointer data)
{
    switch_on(fixture);
    pass_seconds(fixture, 100);
    assert_well(fixture);
    pass_seconds(fixture, 20);
    assert_broken(fixture, "no process of this desk sends");
    tick_at(fixture, TEST_NOW_US + 120 * US_PER_SECOND);
    pass_seconds(fixture, 56);
    assert_broken(fixture, "was not claimed by a process that sends");
}

/* Whoever comes second in one slot of the schedule makes none; what is long past is forgotten. */
static void test_schedule(Fixture *fixture, gconstpointer data)
{
    switch_on(fixture);
    for (int i = 0; i < 200; i++)
        tick_at(fixture, TEST_NOW_US + i * 30 * US_PER_SECOND);
    assert_rows(fixture->desk, "SELECT COUNT(*) BETWEEN 55 AND 65 FROM canary", 1, "1");
    tick_at(fixture, TEST_NOW_US + 5 * US_PER_HOUR);
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM canary", 1, "20");
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM outbox", 1, "20");
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM outbox WHERE state = 'queued'", 1, "1");
}

/* A stranger's is a mail like any other. */
static void test_forged(Fixture *fixture, gconstpointer data)
{
    static const char *const changes[][2] = {
        {"Message-ID: <canary.1@", "Message-ID: <canary.2@"},
        {"Message-ID: <canary.1@", "Message-ID: <canary.01@"},
        {"X-Tidings-Hop: 1.", "X-Tidings-Hop: 2."},
        {"X-Tidings-Hop: 1.", "X-Not-Hop: 1."},
        {".tidings>", ".other>"},
    };
    switch_on(fixture);
    start(fixture);
    until_states(fixture, "accepted");
    g_autoptr(GBytes) raw = take_mail();
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GString) text =
            g_string_new_len(g_bytes_get_data(raw, NULL), (gssize)g_bytes_get_size(raw));
        g_assert_cmpuint(g_string_replace(text, changes[i][0], changes[i][1], 1), ==, 1);
        g_autoptr(GBytes) forged = g_bytes_new(text->str, text->len);
        g_auto(Filed) filed = mail_desk_file_bytes(fixture->desk, forged);
        g_test_message("%s: %s %s", changes[i][1], inbox_state_name(filed.state), filed.reason);
        g_assert_false(filed.canary);
        g_assert_cmpint(filed.id, >, 0);
    }
    assert_rows(fixture->desk, "SELECT COUNT(*) FROM canary WHERE received_at IS NOT NULL", 1, "0");
    receive(fixture, raw);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add("/canary/off", Fixture, NULL, set_up, test_off, tear_down);
    g_test_add("/canary/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
    g_test_add("/canary/not-back", Fixture, NULL, set_up, test_not_back, tear_down);
    g_test_add("/canary/relay", Fixture, NULL, set_up, test_relay, tear_down);
    g_test_add("/canary/refused", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/canary/nobody", Fixture, NULL, set_up, test_nobody, tear_down);
    g_test_add("/canary/schedule", Fixture, NULL, set_up, test_schedule, tear_down);
    g_test_add("/canary/forged", Fixture, NULL, set_up, test_forged, tear_down);
    return g_test_run();
}
