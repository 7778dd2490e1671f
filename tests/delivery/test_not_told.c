/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Customers not told": the flag through deciding, settling, giving up and what people do, on
 * either engine. A mail is made unsendable by pointing its alert at a version that its template
 * never had.
 */
#include "alerts/closing.h"
#include "delivery/delivery.h"
#include "desk/alerts.h"
#include "desk/recipients.h"
#include "mail/transport.h"
#include "outbox/claim.h"
#include "records/status.h"
#include "support/test_claim.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

#define FLAGGED "SELECT number FROM ticket WHERE not_told_at IS NOT NULL ORDER BY number"
#define CLOSING                                                                                    \
    "SELECT o.state FROM outbox o JOIN alert a ON a.id = o.ref WHERE a.kind = 'ticket_closed'"     \
    " ORDER BY o.id"

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
} Fixture;

static void start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = {
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .maildir = "/nowhere",
        .memory = "yes",
    };
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

static void stop(Fixture *fixture)
{
    delivery_stop(g_steal_pointer(&fixture->delivery), 2000);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_ptr_array_unref(transport_memory_take());
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    stop(fixture);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
    g_ptr_array_unref(transport_memory_take());
}

static void assert_rows(Fixture *fixture, const char *sql, const char *want)
{
    g_autofree char *rows = test_desk_ask(fixture->desk, sql);
    g_assert_cmpstr(rows, ==, want);
}

/* Lets the Alerts Server work until the closing's mails are so. */
static void serve_until(Fixture *fixture, const char *states)
{
    start(fixture);
    test_desk_wait(fixture->desk, CLOSING, 1, states);
    stop(fixture);
}

static void set_status(Fixture *fixture, int64_t ticket, int status)
{
    test_desk_set_status(fixture->desk, &fixture->desk->employee, ticket, status, true);
}

/* A ticket with anna@ and, where `two`, boss@ on its list, closed; nothing has left yet. */
static int64_t closed_ticket(Fixture *fixture, bool two)
{
    const char *boss[] = {"boss@bluebird.example", NULL};
    int64_t ticket =
        test_desk_open(fixture->desk, &fixture->desk->employee, two ? boss : NULL, true);
    set_status(fixture, ticket, STATUS_COMPLETED);
    return ticket;
}

#define BREAK_CLOSINGS "UPDATE alert SET template_version = 99 WHERE kind = 'ticket_closed'"
#define MEND_CLOSINGS  "UPDATE alert SET template_version = 1 WHERE kind = 'ticket_closed'"

/* ---- what people do ---- */

typedef struct {
    bool (*fn)(DeskTx *tx, int64_t alert, GError **error);
    int64_t alert;
} Act;

static bool act_on_it(DeskTx *tx, void *data, GError **error)
{
    const Act *act = data;
    return act->fn(tx, act->alert, error);
}

/* On the `nth` alert of the closing. */
static void act(Fixture *fixture, bool (*fn)(DeskTx *, int64_t, GError **), int nth)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sql = g_strdup_printf(
        "SELECT id FROM alert WHERE kind = 'ticket_closed' ORDER BY id LIMIT 1 OFFSET %d", nth);
    g_autofree char *id = test_desk_ask(fixture->desk, sql);
    Act acting = {fn, g_ascii_strtoll(id, NULL, 10)};
    desk_write(fixture->desk->desk, &fixture->desk->employee, act_on_it, &acting, &error);
    g_assert_no_error(error);
}

typedef struct {
    int64_t ticket;
    const char *email;
} Person;

static bool add_and_tell(DeskTx *tx, void *data, GError **error)
{
    const Person *person = data;
    RecipientDraft draft = {(char *)person->email, (char *)person->email, NULL};
    g_autoptr(Recipient) recipient = recipients_add(tx, person->ticket, &draft, error);
    g_autoptr(Alert) alert =
        recipient != NULL ? recipients_send_latest(tx, person->ticket, recipient->id, error) : NULL;
    return alert != NULL;
}

static bool empty_list(DeskTx *tx, void *data, GError **error)
{
    const Person *person = data;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) left = recipients_replace(tx, person->ticket, none, error);
    return left != NULL;
}

static void use(Fixture *fixture, DeskFn fn, int64_t ticket, const char *email)
{
    g_autoptr(GError) error = NULL;
    Person person = {ticket, email};
    desk_write(fixture->desk->desk, &fixture->desk->employee, fn, &person, &error);
    g_assert_no_error(error);
}

/* ---- the cases ---- */

static void test_all_rejected(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, true);
    closed_ticket(fixture, false);
    test_desk_run(fixture->desk, BREAK_CLOSINGS " AND ticket = 1");
    assert_rows(fixture, FLAGGED, "");
    serve_until(fixture, "rejected; rejected; accepted");
    assert_rows(fixture, FLAGGED, "1");
    assert_rows(fixture, "SELECT not_told_at FROM ticket WHERE number = 1", "1795458600000000");
}

static void test_one_of_two_accepted(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, true);
    test_desk_run(fixture->desk, BREAK_CLOSINGS " AND recipient_key LIKE 'boss%'");
    start(fixture);
    test_desk_wait(fixture->desk,
                   "SELECT COUNT(*) FROM outbox WHERE state IN ('accepted', 'rejected')"
                   " AND order_seq = 2",
                   1, "2");
    stop(fixture);
    assert_rows(fixture, FLAGGED, "");
}

static void test_no_recipients(Fixture *fixture, gconstpointer data)
{
    test_desk_options(fixture->desk, "alerts-to-customers",
                      "{\"default_recipients\":{\"contact\":false}}");
    int64_t ticket = closed_ticket(fixture, false);
    assert_rows(fixture, "SELECT reason FROM alert WHERE kind = 'ticket_closed'", "no_recipients");
    assert_rows(fixture, FLAGGED, "1");
    set_status(fixture, ticket, STATUS_PENDING);
    assert_rows(fixture, FLAGGED, "");
    set_status(fixture, ticket, STATUS_COMPLETED);
    assert_rows(fixture, FLAGGED, "1");
    /* A later change of another kind leaves it. */
    use(fixture, empty_list, ticket, NULL);
    assert_rows(fixture, FLAGGED, "1");
}

static void test_chosen(Fixture *fixture, gconstpointer data)
{
    TestDesk *desk = fixture->desk;
    int64_t quiet = test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_set_status(desk, &desk->employee, quiet, STATUS_COMPLETED, false);
    test_desk_options(desk, "alerts-to-customers", "{\"ticket_closed\":{\"enabled\":false}}");
    closed_ticket(fixture, false);
    test_desk_options(desk, "alerts-server", "{\"active\":false}");
    closed_ticket(fixture, false);
    assert_rows(fixture, "SELECT reason FROM alert WHERE kind = 'ticket_closed' ORDER BY id",
                "not_wanted; alert_disabled; alerts_server_inactive");
    assert_rows(fixture, FLAGGED, "");
}

static void test_uncertain_is_on_its_way(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, true);
    test_desk_run(fixture->desk, BREAK_CLOSINGS);
    test_desk_run(fixture->desk, "UPDATE outbox SET state = 'uncertain', uncertain = 1,"
                                 " due_at = due_at + 3600000000 WHERE order_seq = 2 AND id ="
                                 " (SELECT MAX(id) FROM outbox)");
    serve_until(fixture, "rejected; uncertain");
    assert_rows(fixture, FLAGGED, "");
    manual_clock_advance(&fixture->desk->clock, 2 * US_PER_HOUR);
    serve_until(fixture, "rejected; rejected");
    assert_rows(fixture, FLAGGED, "1");
}

static bool retry_alert(DeskTx *tx, int64_t alert, GError **error)
{
    return alert_retry(tx, alert, false, error);
}

static void test_retried(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, false);
    test_desk_run(fixture->desk, BREAK_CLOSINGS);
    serve_until(fixture, "rejected");
    manual_clock_advance(&fixture->desk->clock, US_PER_HOUR);
    /* It fails again: the flag and its time stay. */
    act(fixture, retry_alert, 0);
    assert_rows(fixture, FLAGGED, "1");
    serve_until(fixture, "rejected");
    assert_rows(fixture, "SELECT not_told_at FROM ticket", "1795458600000000");
    test_desk_run(fixture->desk, MEND_CLOSINGS);
    act(fixture, retry_alert, 0);
    assert_rows(fixture, FLAGGED, "1");
    serve_until(fixture, "accepted");
    assert_rows(fixture, FLAGGED, "");
}

static void test_cancelled_by_hand(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, false);
    act(fixture, alert_cancel, 0);
    assert_rows(fixture, CLOSING, "cancelled");
    assert_rows(fixture, FLAGGED, "");
}

/* One was refused, and a person cancels the other: now it is certain that nobody was told. */
static void test_last_hope_cancelled(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, true);
    test_desk_run(fixture->desk, BREAK_CLOSINGS);
    test_desk_run(fixture->desk, "UPDATE outbox SET state = 'held' WHERE id ="
                                 " (SELECT MAX(id) FROM outbox)");
    serve_until(fixture, "rejected; held");
    assert_rows(fixture, FLAGGED, "");
    act(fixture, alert_cancel, 1);
    assert_rows(fixture, FLAGGED, "1");
}

static void test_recipient_removed_another_told(Fixture *fixture, gconstpointer data)
{
    int64_t ticket = closed_ticket(fixture, true);
    use(fixture, empty_list, ticket, NULL);
    assert_rows(fixture, CLOSING, "cancelled; cancelled");
    assert_rows(fixture, FLAGGED, "1");
    use(fixture, add_and_tell, ticket, "new@bluebird.example");
    assert_rows(fixture, FLAGGED, "1");
    serve_until(fixture, "cancelled; cancelled; accepted");
    assert_rows(fixture, FLAGGED, "");
}

static void test_expired(Fixture *fixture, gconstpointer data)
{
    closed_ticket(fixture, true);
    manual_clock_advance(&fixture->desk->clock, 6 * US_PER_DAY);
    serve_until(fixture, "expired; expired");
    assert_rows(fixture, FLAGGED, "1");
}

/* What was on its way from an earlier closing says nothing about the newest. */
static void test_of_an_earlier_closing(Fixture *fixture, gconstpointer data)
{
    int64_t ticket = closed_ticket(fixture, false);
    test_desk_run(fixture->desk, "UPDATE outbox SET state = 'held' WHERE order_seq = 2");
    set_status(fixture, ticket, STATUS_PENDING);
    test_desk_run(fixture->desk, "DELETE FROM recipient");
    set_status(fixture, ticket, STATUS_COMPLETED);
    assert_rows(fixture, FLAGGED, "1");
    act(fixture, alert_release, 0);
    serve_until(fixture, "accepted");
    assert_rows(fixture, FLAGGED, "1");
}

/* ---- two settlers at once ---- */

typedef struct {
    Fixture *fixture;
    const char *lease;
    gint *settled; /* how many transactions have written their outbox row */
} Settler;

static bool claim_one(DbTx *tx, void *data, GError **error)
{
    OutboxClaim claim = {.lease = data, .sender = "{}", .now_us = TEST_NOW_US, .limit = 1};
    g_autoptr(GPtrArray) claimed = test_claim(tx, &claim, US_PER_HOUR, error);
    g_assert_true(claimed == NULL || claimed->len == 1);
    return claimed != NULL;
}

static bool reject_and_review(DbTx *tx, void *data, GError **error)
{
    Settler *settler = data;
    bool found, settled;
    int64_t id;
    if (!db_query_int(tx, &found, &id, error, "SELECT id FROM outbox WHERE lease = $1", "s",
                      settler->lease))
        return false;
    OutboxSettlement settlement = {.id = id,
                                   .lease = settler->lease,
                                   .order_key = "",
                                   .state = OUTBOX_REJECTED,
                                   .now_us = TEST_NOW_US};
    if (!outbox_settle(tx, &settlement, &settled, error))
        return false;
    g_assert_true(settled);
    g_atomic_int_inc(settler->settled);
    for (int i = 0; i < 4000 && g_atomic_int_get(settler->settled) < 2; i++)
        g_usleep(5000);
    return closing_review(tx, 1, TEST_NOW_US, NULL, error);
}

static gpointer settle(gpointer data)
{
    g_autoptr(GError) error = NULL;
    Settler *settler = data;
    db_write(test_db_handle(settler->fixture->desk->db), reject_and_review, settler, &error);
    g_assert_no_error(error);
    return NULL;
}

/* Neither transaction sees the other's row when it writes its own. */
static void test_two_settlers(Fixture *fixture, gconstpointer data)
{
    gint settled = 0;
    closed_ticket(fixture, true);
    test_desk_run(fixture->desk,
                  "UPDATE outbox SET state = 'accepted', stamp = NULL WHERE order_seq = 1");
    Settler settlers[2] = {{fixture, "first", &settled}, {fixture, "second", &settled}};
    GThread *threads[2];
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        db_write(test_db_handle(fixture->desk->db), claim_one, (void *)settlers[i].lease, &error);
        g_assert_no_error(error);
    }
    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new(settlers[i].lease, settle, &settlers[i]);
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(settled, ==, 2);
    assert_rows(fixture, CLOSING, "rejected; rejected");
    assert_rows(fixture, FLAGGED, "1");
}

#define ADD(name, function)                                                                        \
    g_test_add("/not-told/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("all-rejected", test_all_rejected);
    ADD("one-of-two", test_one_of_two_accepted);
    ADD("no-recipients", test_no_recipients);
    ADD("chosen", test_chosen);
    ADD("uncertain", test_uncertain_is_on_its_way);
    ADD("retried", test_retried);
    ADD("cancelled", test_cancelled_by_hand);
    ADD("last-hope-cancelled", test_last_hope_cancelled);
    ADD("removed", test_recipient_removed_another_told);
    ADD("expired", test_expired);
    ADD("earlier-closing", test_of_an_earlier_closing);
    if (strcmp(engine, "postgresql") == 0) /* SQLite has one writer */
        ADD("two-settlers", test_two_settlers);
    return g_test_run();
}
