/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relay that refuses: what it says decides whether the address is told anything more. And a
 * forced mail: the word stays with it through every try, until one is accepted.
 */
#include "delivery/delivery.h"
#include "desk/alerts.h"
#include "desk/suppressions.h"
#include "support/test_desk.h"
#include "tests/mail/fault_server.h"

#include <string.h>

static const char *engine;

#define ANNA "anna@bluebird.example"

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
    FaultServer *relay;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
}

/* Mail leaves through a relay that gives this answer at this stage; NULL: one that takes all. */
static void use_relay(Fixture *fixture, const char *stage, const char *reply)
{
    FaultServerPlan plan = {0};
    if (stage != NULL)
        plan.fault = (Fault){.stage = stage, .kind = FAULT_REPLY, .reply = reply};
    FaultServer *before = g_steal_pointer(&fixture->relay);
    fixture->relay = fault_server_start(&plan);
    g_autofree char *patch = g_strdup_printf(
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":%d,\"security\":\"none\"}",
        (int)fault_server_port(fixture->relay));
    test_desk_options(fixture->desk, "alerts-server", patch);
    g_clear_pointer(&before, fault_server_stop);
    if (fixture->delivery != NULL) {
        delivery_wake(fixture->delivery);
        return;
    }
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = {
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
    };
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    delivery_stop(fixture->delivery, 2000);
    fault_server_stop(fixture->relay);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void assert_rows(Fixture *fixture, const char *sql, const char *want)
{
    g_autofree char *rows = test_desk_rows(fixture->desk, sql, 1);
    g_assert_cmpstr(rows, ==, want);
}

#define STATES "SELECT state FROM outbox ORDER BY id"
#define LISTED "SELECT email_key FROM suppression ORDER BY email_key"

static void open_ticket(Fixture *fixture)
{
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    delivery_wake(fixture->delivery);
}

typedef struct {
    int64_t alert;
    bool force;
} Retry;

static bool do_retry(DeskTx *tx, void *data, GError **error)
{
    const Retry *retry = data;
    return alert_retry(tx, retry->alert, retry->force, error);
}

static void retry(Fixture *fixture, int64_t alert, bool force)
{
    g_autoptr(GError) error = NULL;
    Retry retrying = {alert, force};
    desk_write(fixture->desk->desk, &fixture->desk->employee, do_retry, &retrying, &error);
    g_assert_no_error(error);
    delivery_wake(fixture->delivery);
}

static bool do_remove(DeskTx *tx, void *data, GError **error)
{
    return suppression_remove_by_hand(tx, ANNA, error);
}

static void remove_anna(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    desk_write(fixture->desk->desk, &fixture->desk->employee, do_remove, NULL, &error);
    g_assert_no_error(error);
}

static void test_no_such_mailbox(Fixture *fixture, gconstpointer data)
{
    use_relay(fixture, data, "550 5.1.1 <" ANNA ">: Recipient address rejected: User unknown");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected");
    test_desk_wait(fixture->desk, "SELECT email_key, email, reason, since FROM suppression", 4,
                   ANNA " " ANNA " no_such_mailbox 1795458600000000");
    assert_rows(fixture, "SELECT evidence FROM suppression",
                "{\"alert\":1,\"reply\":\"550 5.1.1 <" ANNA
                ">: Recipient address rejected: User unknown\"}");
    open_ticket(fixture);
    assert_rows(fixture, "SELECT reason FROM alert ORDER BY id", "new_ticket; address_suppressed");
    remove_anna(fixture);
    use_relay(fixture, NULL, NULL);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected; accepted");
    assert_rows(fixture, LISTED, "");
}

static void test_other_refusal(Fixture *fixture, gconstpointer data)
{
    use_relay(fixture, "rcpt", data);
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected");
    assert_rows(fixture, LISTED, "");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected; rejected");
}

/* What a person has put there is not explained away by a refusal. */
static void test_first_evidence_stays(Fixture *fixture, gconstpointer data)
{
    use_relay(fixture, "rcpt", "550 5.1.1 gone");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected");
    test_desk_run(fixture->desk, "UPDATE suppression SET evidence = '{\"by\":\"Erika\"}'");
    retry(fixture, 1, true);
    test_desk_wait(fixture->desk, "SELECT state, attempts FROM outbox", 2, "rejected 2");
    assert_rows(fixture, "SELECT evidence FROM suppression", "{\"by\":\"Erika\"}");
    assert_rows(fixture, "SELECT COALESCE(state_reason, 'none') FROM outbox", "none");
}

static void test_forced_and_accepted(Fixture *fixture, gconstpointer data)
{
    use_relay(fixture, "rcpt", "550 5.1.1 gone");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "rejected");
    /* It is put off first, then the relay goes: the word is kept. */
    use_relay(fixture, "dot", "451 4.3.0 later");
    retry(fixture, 1, true);
    test_desk_wait(fixture->desk, "SELECT state, state_reason FROM outbox", 2, "deferred forced");
    assert_rows(fixture, LISTED, ANNA);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    use_relay(fixture, "banner", "421 4.3.2 too busy");
    retry(fixture, 1, false);
    test_desk_wait(fixture->desk, "SELECT state FROM relay WHERE state = 'down'", 1, "down");
    test_desk_wait(fixture->desk, "SELECT state, state_reason FROM outbox", 2, "queued forced");
    use_relay(fixture, NULL, NULL);
    test_desk_wait(fixture->desk, STATES, 1, "accepted");
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    assert_rows(fixture, LISTED, "");
    assert_rows(fixture, "SELECT COALESCE(state_reason, 'none') FROM outbox", "none");
    open_ticket(fixture);
    test_desk_wait(fixture->desk, STATES, 1, "accepted; accepted");
}

/* Another mail that was on its way already says nothing: nobody forced it. */
static void test_other_acceptance(Fixture *fixture, gconstpointer data)
{
    use_relay(fixture, NULL, NULL);
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    test_desk_run(fixture->desk,
                  "INSERT INTO suppression (email_key, email, reason, evidence, since) VALUES"
                  " ('" ANNA "', '" ANNA "', 'added_by_person', '{}', 1)");
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, STATES, 1, "accepted");
    assert_rows(fixture, LISTED, ANNA);
}

#define ADD(name, data, function)                                                                  \
    g_test_add("/delivery/suppression/" name, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("no such mailbox", "rcpt", test_no_such_mailbox);
    ADD("no such mailbox after the dot", "dot", test_no_such_mailbox);
    ADD("policy", "550 5.7.1 Not from you", test_other_refusal);
    ADD("full", "552 5.2.2 Mailbox full", test_other_refusal);
    ADD("unclear", "550 Requested action not taken: mailbox unavailable", test_other_refusal);
    ADD("first evidence", NULL, test_first_evidence_stays);
    ADD("forced", NULL, test_forced_and_accepted);
    ADD("not forced", NULL, test_other_acceptance);
    return g_test_run();
}
