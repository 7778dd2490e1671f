/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several relays in order of preference, one that wants fewer connections, and one that refuses
 * everybody: the breaker.
 */
#include "delivery/delivery.h"
#include "support/test_desk.h"
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
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    fixture->setup = (DeliverySetup){
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
    };
    /* The log says when a relay goes. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    delivery_stop(fixture->delivery, 2000);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->delivery = delivery_start(&fixture->setup, &error);
    g_assert_no_error(error);
}

/* As test_desk_wait(), while a minute passes at each look: a try that was under way when the clock
 * moved may end after it. */
static void pass_time_until(Fixture *fixture, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = NULL;
    for (int i = 0; i < 400; i++) {
        g_free(rows);
        rows = test_desk_rows(fixture->desk, sql, columns);
        if (g_strcmp0(rows, want) == 0)
            return;
        manual_clock_advance(&fixture->desk->clock, US_PER_MINUTE);
        delivery_wake(fixture->delivery);
        g_usleep(50000);
    }
    g_assert_cmpstr(rows, ==, want);
}

#define COUNTS "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state"
#define RELAYS "SELECT state FROM relay ORDER BY since, state"

static void use_relays(Fixture *fixture, uint16_t first, uint16_t second)
{
    g_autofree char *patch = g_strdup_printf(
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\","
        "\"fallback_relays\":[{\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\"}]}",
        first, second);
    test_desk_options(fixture->desk, "alerts-server", patch);
}

static void use_relay(Fixture *fixture, uint16_t port, int connections)
{
    g_autofree char *patch = g_strdup_printf(
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\","
        "\"concurrency\":%d}",
        port, connections);
    test_desk_options(fixture->desk, "alerts-server", patch);
}

static void open_ticket(Fixture *fixture)
{
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    if (fixture->delivery != NULL)
        delivery_wake(fixture->delivery);
}

/* The second takes over while the first is away; the first is probed, without a mail, and gets the
 * next one when it is back. */
static void test_failover(Fixture *fixture, gconstpointer data)
{
    FaultServerPlan away = {
        .fault = {.stage = "banner", .kind = FAULT_REPLY, .reply = "554 5.3.2 not today"}};
    FaultServerPlan well = {0};
    g_autoptr(FaultServer) first = fault_server_start(&away);
    g_autoptr(FaultServer) second = fault_server_start(&well);
    use_relays(fixture, fault_server_port(first), fault_server_port(second));
    start(fixture);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, COUNTS, 2, "accepted 1");
    test_desk_wait(fixture->desk, RELAYS, 1, "down");
    g_assert_cmpuint(fault_server_accepted(second), ==, 1);
    test_desk_wait(fixture->desk, "SELECT attempts FROM outbox", 1, "1");
    /* Still away: nobody's mail waits for the probe. */
    manual_clock_advance(&fixture->desk->clock, 6 * US_PER_SECOND);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, COUNTS, 2, "accepted 2");
    g_assert_cmpuint(fault_server_accepted(second), ==, 2);
    Fault none = {0};
    fault_server_set_fault(first, &none);
    pass_time_until(fixture, RELAYS, 1, "up");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, COUNTS, 2, "accepted 3");
    g_assert_cmpuint(fault_server_accepted(first), ==, 1);
}

/* Both away: nothing is lost, and whichever comes back first takes it. */
static void test_all_away(Fixture *fixture, gconstpointer data)
{
    FaultServerPlan away = {.fault = {.stage = "ehlo", .kind = FAULT_CLOSE}};
    g_autoptr(FaultServer) second = fault_server_start(&away);
    use_relays(fixture, fault_server_unused_port(), fault_server_port(second));
    start(fixture);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, RELAYS, 1, "down; down");
    test_desk_wait(fixture->desk, "SELECT state, attempts FROM outbox", 2, "queued 0");
    Fault none = {0};
    fault_server_set_fault(second, &none);
    pass_time_until(fixture, COUNTS, 2, "accepted 1");
}

/* A relay that takes two connections at a time is not "down" for the others. */
static void test_fewer_connections(Fixture *fixture, gconstpointer data)
{
    FaultServerPlan plan = {.max_open = 2};
    g_autoptr(FaultServer) relay = fault_server_start(&plan);
    use_relay(fixture, fault_server_port(relay), 8);
    for (int i = 0; i < 60; i++)
        open_ticket(fixture);
    start(fixture);
    test_desk_wait(fixture->desk, COUNTS, 2, "accepted 60");
    g_assert_cmpuint(fault_server_accepted(relay), ==, 60);
    test_desk_wait(fixture->desk,
                   "SELECT COUNT(*) FROM outbox WHERE attempts <> 1 OR uncertain = 1", 1, "0");
}

/* ---- the breaker ---- */

/* One mail each to so many addresses in five domains. */
static void open_many(Fixture *fixture, int n)
{
    for (int i = 0; i < n; i++) {
        g_autofree char *email = g_strdup_printf("u%d@d%d.example", i, i % 5);
        const char *recipients[] = {email, NULL};
        test_desk_open(fixture->desk, &fixture->desk->employee, recipients, true);
    }
}

static void test_breaker(Fixture *fixture, gconstpointer data)
{
    FaultServerPlan plan = {
        .fault = {.stage = "rcpt", .kind = FAULT_REPLY, .reply = "550 5.1.1 nobody here"}};
    g_autoptr(FaultServer) relay = fault_server_start(&plan);
    test_desk_options(fixture->desk, "alerts-to-customers", "{\"brake\":{\"enabled\":false}}");
    use_relay(fixture, fault_server_port(relay), 1);
    open_many(fixture, 60); /* each to anna@ too */
    start(fixture);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "stopped");
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM outbox WHERE state = 'sending'", 1, "0");
    /* Nobody is on the suppression list for it, and most of the queue was spared. */
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM suppression", 1, "0");
    g_autofree char *rejected =
        test_desk_ask(fixture->desk, "SELECT COUNT(*) FROM outbox WHERE state = 'rejected'");
    g_assert_cmpint(atoi(rejected), >=, 20);
    g_assert_cmpint(atoi(rejected), <, 120);
    /* Time alone does not end it; a person does. */
    Fault none = {0};
    fault_server_set_fault(relay, &none);
    manual_clock_advance(&fixture->desk->clock, US_PER_HOUR);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "stopped");
    int64_t resumed;
    g_autoptr(GError) error = NULL;
    g_assert_true(delivery_resume(&fixture->setup, &resumed, &error));
    g_assert_cmpint(resumed, ==, 1);
    pass_time_until(fixture, "SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending')", 1,
                    "0");
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "up");
}

/* ---- uncertain ---- */

static void test_ask(Fixture *fixture, gconstpointer data)
{
    FaultServerPlan plan = {.fault = {.stage = "dot", .kind = FAULT_CLOSE}};
    g_autoptr(FaultServer) relay = fault_server_start(&plan);
    test_desk_options(fixture->desk, "alerts-server", "{\"uncertain\":\"ask\"}");
    use_relay(fixture, fault_server_port(relay), 1);
    start(fixture);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, "SELECT state, state_reason FROM outbox", 2,
                   "uncertain sent_or_not");
    Fault none = {0};
    fault_server_set_fault(relay, &none);
    manual_clock_advance(&fixture->desk->clock, US_PER_DAY);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, "SELECT state FROM outbox ORDER BY id", 1, "uncertain; accepted");
    test_desk_run(fixture->desk, "UPDATE outbox SET due_at = 0, state_reason = NULL WHERE id = 1");
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT state, uncertain FROM outbox ORDER BY id", 2,
                   "accepted 1; accepted 0");
}

#define ADD(name, function)                                                                        \
    g_test_add("/delivery/relays/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("failover", test_failover);
    ADD("all-away", test_all_away);
    ADD("fewer-connections", test_fewer_connections);
    ADD("breaker", test_breaker);
    ADD("ask", test_ask);
    return g_test_run();
}
