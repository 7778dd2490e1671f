/* SPDX-License-Identifier: Apache-2.0 */
/* The brake: who is held, for how long it remembers, and what a person does with what it holds. */
#include "base/clock.h"
#include "desk/alerts.h"
#include "desk/recipients.h"
#include "outbox/claim.h"
#include "records/status.h"
#include "support/test_claim.h"
#include "support/test_desk.h"

static const char *engine;

typedef TestDesk *Fixture;

/* At most three customers in five minutes; a ticket's recipients are those that a test names. */
static void set_up(Fixture *desk, gconstpointer data)
{
    *desk = test_desk_new(engine, true);
    test_desk_options(
        *desk, "alerts-to-customers",
        "{\"default_recipients\":{\"contact\":false},\"brake\":{\"customers\":3,\"minutes\":5}}");
}

static void tear_down(Fixture *desk, gconstpointer data)
{
    test_desk_free(*desk);
}

static void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

/* Opens a ticket for "a b c" (letters stand for addresses) and tells what was decided for each, in
 * the order of their names: "send hold". */
static void assert_told(TestDesk *desk, const Actor *actor, const char *letters, const char *want)
{
    g_auto(GStrv) names = g_strsplit(letters, " ", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **name = names; *name != NULL; name++) {
        g_autofree char *address = g_strdup_printf("%s@x.example", *name);
        g_strv_builder_add(builder, address);
    }
    g_auto(GStrv) addresses = g_strv_builder_end(builder);
    int64_t ticket = test_desk_open(desk, actor, (const char *const *)addresses, true);
    g_autofree char *sql = g_strdup_printf("SELECT decision FROM alert WHERE ticket = %d"
                                           " ORDER BY recipient_key",
                                           (int)ticket);
    g_autofree char *rows = test_desk_rows(desk, sql, 1);
    g_test_message("%s: %s", letters, rows);
    g_assert_cmpstr(rows, ==, want);
}

static void test_limit(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a", "send");
    assert_told(*desk, actor, "b", "send");
    assert_told(*desk, actor, "c", "send"); /* the limit is reached, not passed */
    assert_told(*desk, actor, "d", "hold");
    assert_told(*desk, actor, "a", "send"); /* told already */
    assert_told(*desk, actor, "a b c", "send; send; send");
    assert_told(*desk, actor, "a d", "hold; hold");
    assert_told(*desk, actor, "d", "hold"); /* to be held is not to be told */
    assert_rows(*desk, "SELECT DISTINCT reason FROM alert WHERE decision = 'hold'", 1, "brake");
    assert_rows(*desk,
                "SELECT o.state, o.state_reason FROM outbox o JOIN alert a ON a.id = o.ref"
                " WHERE a.decision = 'hold' GROUP BY o.state, o.state_reason",
                2, "held brake");
}

/* A limit beyond the first look. */
static void test_larger_limit(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"customers\":12}}");
    for (char letter = 'a'; letter < 'k'; letter++) {
        const char name[] = {letter, '\0'};
        assert_told(*desk, actor, name, "send");
    }
    assert_told(*desk, actor, "k l m", "hold; hold; hold");
    assert_told(*desk, actor, "a k l", "send; send; send");
    assert_told(*desk, actor, "m", "hold");
    assert_told(*desk, actor, "b", "send");
}

static void test_whole_event(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a b c d", "hold; hold; hold; hold");
    assert_told(*desk, actor, "a", "send");
    assert_told(*desk, actor, "b c d", "hold; hold; hold");
    assert_told(*desk, actor, "a b c", "send; send; send");
}

/* Who is not told for another reason does not count and is not held. */
static void test_suppressed_do_not_count(Fixture *desk, gconstpointer data)
{
    const char *recipients[] = {"a@x.example", "b@x.example", "c@x.example", "support@desk.example",
                                NULL};
    test_desk_open(*desk, &(*desk)->employee, recipients, true);
    assert_rows(*desk, "SELECT decision FROM alert ORDER BY recipient_key", 1,
                "send; send; send; suppress");
    test_desk_open(*desk, &(*desk)->employee, recipients, false);
    assert_rows(*desk, "SELECT DISTINCT reason FROM alert WHERE ticket = 2", 1, "not_wanted");
}

static void test_window(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a b c", "send; send; send");
    manual_clock_advance(&(*desk)->clock, 5 * US_PER_MINUTE - 1);
    assert_told(*desk, actor, "d", "hold");
    manual_clock_advance(&(*desk)->clock, 1);
    assert_told(*desk, actor, "d", "send");
    assert_told(*desk, actor, "e f", "send; send");
    assert_told(*desk, actor, "a", "hold");
}

static void test_other_actors(Fixture *desk, gconstpointer data)
{
    const Actor other = {ACTOR_EMPLOYEE, 2, (char *)"Other", CHANNEL_CONSOLE};
    const Actor token = {ACTOR_API, 1, (char *)"Token", CHANNEL_API};
    const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"System", CHANNEL_CONSOLE};
    /* The door does not matter, the actor does. */
    const Actor elsewhere = {ACTOR_EMPLOYEE, 1, (char *)"Erika", CHANNEL_CONSOLE};
    const Actor *actors[] = {&(*desk)->employee, &other, &token, &nobody};
    for (size_t i = 0; i < G_N_ELEMENTS(actors); i++) {
        assert_told(*desk, actors[i], "a b c", "send; send; send");
        assert_told(*desk, actors[i], "d", "hold");
    }
    assert_told(*desk, &elsewhere, "d", "hold");
}

static void test_off(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a b c", "send; send; send");
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"enabled\":false}}");
    assert_told(*desk, actor, "d e f g", "send; send; send; send");
    /* Switched on again it counts what was told meanwhile; whom it knows it lets through. */
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"enabled\":true}}");
    assert_told(*desk, actor, "h", "hold");
    assert_told(*desk, actor, "a", "send");
}

static void test_closings_count(Fixture *desk, gconstpointer data)
{
    const Actor customer = {ACTOR_CUSTOMER, 1, (char *)"Anna", CHANNEL_EMAIL};
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, &customer, "a b c", "suppress; suppress; suppress");
    test_desk_set_status(*desk, actor, 1, STATUS_COMPLETED, true);
    assert_told(*desk, actor, "d", "hold");
    /* Its closing is held, too. */
    test_desk_set_status(*desk, actor, 2, STATUS_COMPLETED, true);
    assert_rows(*desk, "SELECT decision FROM alert WHERE ticket = 2 ORDER BY id", 1, "hold; hold");
}

static bool do_latest(DeskTx *tx, void *data, GError **error)
{
    g_autoptr(Alert) alert = recipients_send_latest(tx, 1, 1, error);
    return alert != NULL;
}

static void test_by_hand(Fixture *desk, gconstpointer data)
{
    const Actor other = {ACTOR_EMPLOYEE, 2, (char *)"Other", CHANNEL_CONSOLE};
    const Actor *actor = &(*desk)->employee;
    g_autoptr(GError) error = NULL;
    assert_told(*desk, &other, "a", "send");
    desk_write((*desk)->desk, actor, do_latest, NULL, &error);
    g_assert_no_error(error);
    assert_told(*desk, actor, "b c d", "hold; hold; hold");
    assert_told(*desk, actor, "b c", "send; send");
    assert_told(*desk, &other, "b c d", "hold; hold; hold");
    /* And is held. */
    const Actor third = {ACTOR_EMPLOYEE, 3, (char *)"Third", CHANNEL_CONSOLE};
    assert_told(*desk, &third, "x y z", "send; send; send");
    desk_write((*desk)->desk, &third, do_latest, NULL, &error);
    g_assert_no_error(error);
    assert_rows(*desk, "SELECT decision, reason FROM alert ORDER BY id DESC LIMIT 1", 2,
                "hold brake");
}

/* ---- far back ---- */

/* So many events of the employee that each tell a@x.example again. */
static void add_events(TestDesk *desk, int n)
{
    g_autofree char *events = g_strdup_printf(
        "INSERT INTO event (ticket, version, kind, actor_kind, actor_id, actor_name, channel, at,"
        " notify, facts) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
        " i < %d) SELECT 1, (SELECT MAX(version) FROM event) + i, 'closed', 'employee', 1, "
        "'Erika', 'cli', %" G_GINT64_FORMAT ", 1, '{}' FROM n",
        n, TEST_NOW_US + 1);
    test_desk_run(desk, events);
    test_desk_run(desk, "INSERT INTO alert (ticket, event, kind, recipient, recipient_key,"
                        " decision, reason, decided_at, actor_kind, actor_id) SELECT 1, id,"
                        " 'ticket_closed', 'a@x.example', 'a@x.example', 'send',"
                        " 'ticket_closed', at, 'employee', 1 FROM event e"
                        " WHERE NOT EXISTS (SELECT 1 FROM alert WHERE event = e.id)");
    manual_clock_advance(&desk->clock, 2);
}

static void test_far_back(Fixture *desk, gconstpointer data)
{
    static const struct {
        int events;
        const char *decision;
    } cases[] = {{100, "hold"}, {1000, "hold"}, {5000, "send"}};
    const int i = GPOINTER_TO_INT(data);
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a b c", "send; send; send");
    add_events(*desk, cases[i].events);
    assert_told(*desk, actor, "a", "send");
    assert_told(*desk, actor, "d", cases[i].decision);
}

/* Who has sent more than is looked at, and was held, goes on being held; the held ones themselves
 * are not looked at. */
static void test_a_stream_stays_held(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    assert_told(*desk, actor, "a b c", "send; send; send");
    add_events(*desk, 4990);
    for (int i = 0; i < 20; i++)
        assert_told(*desk, actor, "d", "hold");
    add_events(*desk, 20);
    assert_told(*desk, actor, "e", "hold");
    assert_told(*desk, actor, "a", "send");
    manual_clock_advance(&(*desk)->clock, 5 * US_PER_MINUTE);
    assert_told(*desk, actor, "e", "send");
}

/* What another actor was held for is no reason. */
static void test_others_are_held(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    const Actor token = {ACTOR_API, 1, (char *)"Token", CHANNEL_API};
    assert_told(*desk, &token, "a b c d", "hold; hold; hold; hold");
    assert_told(*desk, actor, "a b c", "send; send; send");
    add_events(*desk, 5000);
    assert_told(*desk, actor, "d", "send");
}

/* ---- what a person does ---- */

static int64_t act(TestDesk *desk, AlertVerb verb, AlertFilter filter)
{
    g_autoptr(GError) error = NULL;
    int64_t changed;
    alerts_act_on_all(desk->desk, &desk->employee, verb, &filter, &changed, &error);
    g_assert_no_error(error);
    return changed;
}

#define STATES "SELECT o.state FROM outbox o ORDER BY o.id"

static void test_release_and_cancel(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    const AlertFilter braked = {.state = "held", .reason = "brake"};
    assert_told(*desk, actor, "a b c", "send; send; send");
    assert_told(*desk, actor, "d e", "hold; hold");
    g_assert_cmpint(act(*desk, ALERT_RELEASE, (AlertFilter){.state = "held", .ticket = 1}), ==, 0);
    g_assert_cmpint(act(*desk, ALERT_RELEASE, (AlertFilter){.state = "held", .account = 9}), ==, 0);
    g_assert_cmpint(act(*desk, ALERT_RELEASE,
                        (AlertFilter){.state = "held", .reason = "alerts_server_inactive"}),
                    ==, 0);
    g_assert_cmpint(act(*desk, ALERT_RELEASE, braked), ==, 2);
    g_assert_cmpint(act(*desk, ALERT_RELEASE, braked), ==, 0);
    assert_rows(*desk, STATES, 1, "queued; queued; queued; queued; queued");
    /* The decision stays, and who was released is not counted as told by the actor. */
    assert_rows(*desk, "SELECT decision FROM alert WHERE ticket = 2", 1, "hold; hold");
    assert_told(*desk, actor, "d", "hold");
    g_assert_cmpint(act(*desk, ALERT_CANCEL,
                        (AlertFilter){.state = "held", .ticket = 3, .account = (*desk)->account}),
                    ==, 1);
    assert_rows(*desk, STATES, 1, "queued; queued; queued; queued; queued; cancelled");
    g_assert_cmpint(act(*desk, ALERT_RETRY, (AlertFilter){.state = "cancelled"}), ==, 1);
    g_assert_cmpint(act(*desk, ALERT_RETRY, (AlertFilter){.state = "queued"}), ==, 6);
}

static bool do_claim(DbTx *tx, void *data, GError **error)
{
    const OutboxClaim claim = {"lease", "{}", TEST_NOW_US + US_PER_HOUR, 10};
    g_autoptr(GPtrArray) claimed = test_claim(tx, &claim, US_PER_DAY, error);
    return claimed != NULL;
}

/* The closing's alert waits behind the opening's, which is held, until a person decides. */
static void test_cancel_lets_the_next_go(Fixture *desk, gconstpointer data)
{
    const Actor *actor = &(*desk)->employee;
    const Actor other = {ACTOR_EMPLOYEE, 2, (char *)"Other", CHANNEL_CONSOLE};
    g_autoptr(GError) error = NULL;
    assert_told(*desk, actor, "a b c d", "hold; hold; hold; hold");
    test_desk_run(*desk, "DELETE FROM recipient WHERE email <> 'a@x.example'");
    test_desk_set_status(*desk, &other, 1, STATUS_COMPLETED, true);
    db_write(desk_db((*desk)->desk), do_claim, NULL, &error);
    g_assert_no_error(error);
    assert_rows(*desk, STATES, 1, "held; held; held; held; queued");
    g_assert_cmpint(act(*desk, ALERT_CANCEL, (AlertFilter){.state = "held"}), ==, 4);
    db_write(desk_db((*desk)->desk), do_claim, NULL, &error);
    g_assert_no_error(error);
    assert_rows(*desk, STATES, 1, "cancelled; cancelled; cancelled; cancelled; sending");
}

/* More than one transaction's worth, twice: nothing is left out and nothing is done again. */
static void test_many(Fixture *desk, gconstpointer data)
{
    assert_told(*desk, &(*desk)->employee, "a", "send");
    test_desk_run(*desk, "INSERT INTO alert (ticket, event, kind, recipient, recipient_key,"
                         " decision, reason, decided_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION"
                         " ALL SELECT i + 1 FROM n WHERE i < 1203) SELECT 1, 1, 'new_ticket',"
                         " 'm' || i, 'm' || i, 'hold', 'brake', 1 FROM n");
    test_desk_run(*desk, "INSERT INTO outbox (kind, ref, recipient, lane, urgent, order_key,"
                         " order_seq, state, due_at, attempts, uncertain, state_reason, queued_at,"
                         " updated_at) SELECT 'alert', id, recipient, 1, 0, recipient, 1, 'held',"
                         " 1, 0, 0, 'brake', 1, 1 FROM alert WHERE decision = 'hold' ORDER BY id");
    test_desk_run(*desk, "UPDATE outbox SET state = 'sending' WHERE recipient = 'm7'");
    g_assert_cmpint(act(*desk, ALERT_RELEASE, (AlertFilter){.state = "held"}), ==, 1202);
    assert_rows(*desk, "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state", 2,
                "queued 1203; sending 1");
    g_assert_cmpint(act(*desk, ALERT_RETRY, (AlertFilter){.state = "queued"}), ==, 1203);
    g_assert_cmpint(act(*desk, ALERT_CANCEL, (AlertFilter){.state = "queued"}), ==, 1203);
    g_assert_cmpint(act(*desk, ALERT_CANCEL, (AlertFilter){.state = "queued"}), ==, 0);
}

#define ADD(name, function, data)                                                                  \
    g_test_add("/brake/" name, Fixture, GINT_TO_POINTER(data), set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("limit", test_limit, 0);
    ADD("larger-limit", test_larger_limit, 0);
    ADD("whole-event", test_whole_event, 0);
    ADD("suppressed", test_suppressed_do_not_count, 0);
    ADD("window", test_window, 0);
    ADD("other-actors", test_other_actors, 0);
    ADD("off", test_off, 0);
    ADD("closings", test_closings_count, 0);
    ADD("by-hand", test_by_hand, 0);
    ADD("far-back-second-look", test_far_back, 0);
    ADD("far-back-last-look", test_far_back, 1);
    ADD("far-back-beyond", test_far_back, 2);
    ADD("stream", test_a_stream_stays_held, 0);
    ADD("others-held", test_others_are_held, 0);
    ADD("release-and-cancel", test_release_and_cancel, 0);
    ADD("cancel-lets-the-next-go", test_cancel_lets_the_next_go, 0);
    ADD("many", test_many, 0);
    return g_test_run();
}
