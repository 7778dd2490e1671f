/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulation against what really happened. A desk is driven at random (always the same) by the use
 * cases: tickets by all kinds of actors through all doors, closings, reopenings, mutings, removals,
 * suppressions, mails by hand, and changes of the options in between. Then
 *   without changes a simulation must give every decision as it was made, and
 *   with changes it must give what a second desk decided, on which the same happened while the
 *   changed options were in force.
 * TICKETS in the environment says how many tickets.
 */
#include "alerts/simulate.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "desk/options.h"
#include "desk/recipients.h"
#include "desk/suppressions.h"
#include "mail/address.h"
#include "records/settings.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

#define STEPS_PER_WRITE 100
#define ADDRESSES       60
#define FOREVER         INT64_MAX

static const char *engine;

/* ---- a desk driven at random ---- */

typedef struct {
    TestDesk *desk;
    GRand *rand;
    const char *fixed; /* options to be in force all the time, JSON by section; NULL: none */
    int64_t tickets;
    int64_t at_us;
    int64_t wanted;
} Driver;

typedef struct {
    ActorKind kind;
    Channel channel;
    int weight;
} Door;

static const Door doors[] = {
    {ACTOR_EMPLOYEE, CHANNEL_CONSOLE, 30}, {ACTOR_EMPLOYEE, CHANNEL_EMAIL, 5},
    {ACTOR_API, CHANNEL_API, 30},          {ACTOR_CUSTOMER, CHANNEL_EMAIL, 15},
    {ACTOR_CUSTOMER, CHANNEL_WEB, 10},     {ACTOR_SYSTEM, CHANNEL_AUTOMATED_EMAIL, 7},
    {ACTOR_SYSTEM, CHANNEL_IMPORT, 3},
};

static int below(Driver *driver, int n)
{
    return g_rand_int_range(driver->rand, 0, n);
}

static bool one_in(Driver *driver, int n)
{
    return below(driver, n) == 0;
}

static Actor random_actor(Driver *driver)
{
    int pick = below(driver, 100);
    size_t i = 0;
    while (pick >= doors[i].weight)
        pick -= doors[i++].weight;
    int64_t id = doors[i].kind == ACTOR_SYSTEM ? 0 : 1 + below(driver, 3);
    return (Actor){doors[i].kind, id, (char *)"Somebody", doors[i].channel};
}

/* Letters stand for customers; a few are the desk's own, in one spelling or another. */
static RecipientDraft *random_recipient(Driver *driver)
{
    g_autofree char *text =
        one_in(driver, 30)   ? g_strdup("Support@Desk.example")
        : one_in(driver, 60) ? g_strdup("replies@desk.example")
                             : g_strdup_printf("c%d@customers.example", below(driver, ADDRESSES));
    RecipientDraft *draft = g_new0(RecipientDraft, 1);
    g_assert_true(address_parse(text, NULL, &draft->email, &draft->email_key, NULL));
    return draft;
}

static bool open_ticket(Driver *driver, DeskTx *tx, GError **error)
{
    g_auto(TicketDraft) draft = {.account = driver->desk->account,
                                 .contact = one_in(driver, 2) ? driver->desk->contact : 0,
                                 .title = g_strdup("Printer"),
                                 .status = one_in(driver, 20) ? STATUS_COMPLETED : 0,
                                 .notify = !one_in(driver, 15)};
    draft.recipients = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    for (int n = below(driver, 4); n > 0; n--)
        g_ptr_array_add(draft.recipients, random_recipient(driver));
    g_autoptr(Ticket) ticket = ticket_open(tx, &draft, error);
    if (ticket != NULL)
        driver->tickets = ticket->number;
    return ticket != NULL;
}

static int64_t random_ticket(Driver *driver)
{
    return 1 + below(driver, (int)driver->tickets);
}

static bool set_status(Driver *driver, DeskTx *tx, GError **error)
{
    TicketChange change = {.fields = TICKET_SET_STATUS,
                           .status = one_in(driver, 4) ? STATUS_PENDING : STATUS_COMPLETED,
                           .notify = !one_in(driver, 15)};
    g_autoptr(Ticket) ticket = ticket_change(tx, random_ticket(driver), &change, error);
    return ticket != NULL;
}

static bool remove_all(DeskTx *tx, int64_t number, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) left = recipients_replace(tx, number, none, error);
    return left != NULL;
}

/* Mutes, unmutes, removes, lets leave, or sends the latest alert to one of a ticket's list. */
static bool touch_recipient(Driver *driver, DeskTx *tx, GError **error)
{
    int64_t number = random_ticket(driver);
    int what = below(driver, 6);
    g_autoptr(GPtrArray) list = recipient_list(tx->db, number, error);
    if (list == NULL || list->len == 0)
        return list != NULL;
    Recipient *recipient = list->pdata[below(driver, (int)list->len)];
    RecipientChange change = {.set_muted = true, .muted = what == 0};
    g_autoptr(Recipient) changed = NULL;
    g_autoptr(Alert) alert = NULL;
    switch (what) {
    case 0:
    case 1:
        changed = recipients_change(tx, number, recipient->id, &change, error);
        return changed != NULL;
    case 2:
        return recipients_remove(tx, number, recipient->id, error);
    case 3:
        recipient->left_at = tx->now_us;
        return recipient_update(tx->db, recipient, error);
    case 4:
        return remove_all(tx, number, error);
    default:
        alert = recipients_send_latest(tx, number, recipient->id, error);
        return alert != NULL;
    }
}

static bool touch_suppression(Driver *driver, DeskTx *tx, GError **error)
{
    g_autofree char *email =
        g_strdup_printf("c%d@customers.example", below(driver, ADDRESSES / 10));
    Suppression suppression = {email, email, (char *)SUPPRESSION_BY_PERSON, (char *)"{}",
                               tx->now_us};
    bool done;
    return one_in(driver, 2) ? suppression_add(tx->db, &suppression, &done, error)
                             : suppression_remove(tx->db, email, &done, error);
}

/* ---- options ---- */

/* Takes out of `patch` what `fixed` says. */
static void remove_fixed(json_t *patch, const json_t *fixed)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)fixed, name, value)
    {
        json_t *mine = json_object_get(patch, name);
        if (json_is_object(mine) && json_is_object(value))
            remove_fixed(mine, value);
        else
            json_object_del(patch, name);
    }
}

static bool put_options(Driver *driver, DeskTx *tx, const char *section, const char *text,
                        GError **error)
{
    json_auto_t *patch = json_loads(text, 0, NULL);
    json_auto_t *fixed = driver->fixed != NULL ? json_loads(driver->fixed, 0, NULL) : NULL;
    g_assert_nonnull(patch);
    remove_fixed(patch, json_object_get(fixed, section));
    json_auto_t *after = options_put(tx, section, patch, error);
    return after != NULL;
}

static bool touch_options(Driver *driver, DeskTx *tx, GError **error)
{
    static const struct {
        const char *section, *patch;
    } changes[] = {
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"new_ticket\":{\"enabled\":false}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"ticket_closed\":{\"enabled\":false}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"brake\":{\"customers\":5}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"brake\":{\"customers\":40,\"minutes\":30}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"brake\":{\"customers\":20,\"minutes\":5}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"brake\":{\"enabled\":false}}"},
        {OPTIONS_ALERTS_TO_CUSTOMERS, "{\"brake\":{\"enabled\":true}}"},
        {OPTIONS_ALERTS_SERVER, "{\"active\":false}"},
        {OPTIONS_TICKETS, "{\"desk_recipient\":\"c1@customers.example\"}"},
        {OPTIONS_TICKETS, "{\"desk_recipient\":null}"},
    };
    int i = below(driver, 2 * (int)G_N_ELEMENTS(changes));
    /* At a moment of their own: then the history alone tells what was in force when. */
    tx->now_us += US_PER_SECOND;
    driver->at_us += 2 * US_PER_SECOND;
    if (i < (int)G_N_ELEMENTS(changes))
        return put_options(driver, tx, changes[i].section, changes[i].patch, error);
    return put_options(driver, tx, OPTIONS_ALERTS_SERVER, "{\"active\":true}", error) &&
           put_options(driver, tx, OPTIONS_ALERTS_TO_CUSTOMERS,
                       "{\"new_ticket\":{\"enabled\":true},\"ticket_closed\":{\"enabled\":true}}",
                       error);
}

static bool one_step(Driver *driver, DeskTx *tx, GError **error)
{
    Actor actor = random_actor(driver);
    driver->at_us += one_in(driver, 200) ? 10 * US_PER_MINUTE
                     : one_in(driver, 3) ? 0
                                         : below(driver, 3000) * US_PER_MS;
    tx->actor = &actor;
    tx->now_us = driver->at_us;
    int what = below(driver, 1000);
    if (what < 500 || driver->tickets == 0)
        return open_ticket(driver, tx, error);
    if (what < 850)
        return set_status(driver, tx, error);
    if (what < 970)
        return touch_recipient(driver, tx, error);
    return what < 980 ? touch_suppression(driver, tx, error) : touch_options(driver, tx, error);
}

/* A transaction may run more than once: it starts from a copy of where the last one has ended. */
typedef struct {
    Driver *start;
    Driver end;
} Steps;

static bool some_steps(DeskTx *tx, void *data, GError **error)
{
    Steps *steps = data;
    g_clear_pointer(&steps->end.rand, g_rand_free);
    steps->end = *steps->start;
    steps->end.rand = g_rand_copy(steps->start->rand);
    Driver *driver = &steps->end;
    for (int i = 0; i < STEPS_PER_WRITE && driver->tickets < driver->wanted; i++)
        if (!one_step(driver, tx, error))
            return false;
    return true;
}

static bool fix_options(DeskTx *tx, void *data, GError **error)
{
    json_auto_t *fixed = json_loads(data, 0, NULL);
    const char *section;
    json_t *patch;
    json_object_foreach(fixed, section, patch)
    {
        json_auto_t *after = options_put(tx, section, patch, error);
        if (after == NULL)
            return false;
    }
    return true;
}

static int64_t wanted_tickets(void)
{
    const char *text = g_getenv("TICKETS");
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : 1500;
}

static TestDesk *drive(const char *fixed)
{
    g_autoptr(GError) error = NULL;
    Driver driver = {.desk = test_desk_new(engine, true),
                     .rand = g_rand_new_with_seed(20261123),
                     .fixed = fixed,
                     .at_us = TEST_NOW_US,
                     .wanted = wanted_tickets()};
    test_desk_options(driver.desk, "alerts-to-customers",
                      "{\"brake\":{\"customers\":20,\"minutes\":5}}");
    if (fixed != NULL)
        desk_write(driver.desk->desk, &driver.desk->employee, fix_options, (void *)fixed, &error);
    while (driver.tickets < driver.wanted && error == NULL) {
        Steps steps = {.start = &driver};
        desk_write(driver.desk->desk, &driver.desk->employee, some_steps, &steps, &error);
        g_rand_free(driver.rand);
        driver = steps.end;
    }
    g_assert_no_error(error);
    manual_clock_advance(&driver.desk->clock, driver.at_us - TEST_NOW_US);
    g_rand_free(driver.rand);
    return driver.desk;
}

/* ---- what was decided, and what is simulated ---- */

/* Reasons by alert id, 1 to n. */
static GByteArray *decided(TestDesk *desk)
{
    g_autofree char *rows = test_desk_rows(desk, "SELECT id, reason FROM alert ORDER BY id", 2);
    g_auto(GStrv) lines = g_strsplit(rows, "; ", -1);
    GByteArray *all = g_byte_array_new();
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 2);
        AlertReason reason;
        g_assert_cmpint(g_ascii_strtoll(words[0], NULL, 10), ==, i + 1);
        g_assert_true(alert_reason_from_name(words[1], &reason));
        g_byte_array_append(all, &(guint8){(guint8)reason}, 1);
    }
    return all;
}

typedef struct {
    const GByteArray *was; /* may be NULL */
    GByteArray *is;
    int64_t n, last_at, changed;
} Seen;

static void see(const SimulatedDecision *decision, void *data)
{
    Seen *seen = data;
    g_assert_cmpint(decision->at_us, >=, seen->last_at);
    seen->last_at = decision->at_us;
    seen->n++;
    seen->changed += decision->is.reason != decision->was.reason;
    if (decision->alert > seen->is->len)
        g_byte_array_set_size(seen->is, (guint)decision->alert);
    seen->is->data[decision->alert - 1] = (guint8)decision->is.reason;
    if (seen->was != NULL)
        g_assert_cmpint(seen->was->data[decision->alert - 1], ==, decision->was.reason);
    g_assert_cmpint(decision->is.decision, ==, alert_decision_of(decision->is.reason));
}

static Seen simulate(TestDesk *desk, const GByteArray *was, const json_t *options, int64_t *events)
{
    g_autoptr(GError) error = NULL;
    Seen seen = {.was = was, .is = g_byte_array_new()};
    Simulation simulation = {
        .from_us = TEST_NOW_US,
        .to_us = FOREVER,
        .options = {json_object_get(options, OPTIONS_ALERTS_SERVER),
                    json_object_get(options, OPTIONS_ALERTS_TO_CUSTOMERS)},
    };
    int64_t started = g_get_monotonic_time();
    alerts_simulate(test_db_handle(desk->db), &simulation, see, &seen, events, &error);
    g_assert_no_error(error);
    g_test_message("%d decisions of %d events simulated in %.2f s", (int)seen.n, (int)*events,
                   (double)(g_get_monotonic_time() - started) / US_PER_SECOND);
    return seen;
}

static void count_reasons(const GByteArray *reasons, int counts[REASON_N])
{
    memset(counts, 0, REASON_N * sizeof counts[0]);
    for (guint i = 0; i < reasons->len; i++)
        counts[reasons->data[i]]++;
}

static void assert_same(const GByteArray *want, const GByteArray *got)
{
    g_assert_cmpuint(got->len, ==, want->len);
    for (guint i = 0; i < want->len; i++)
        if (got->data[i] != want->data[i]) {
            g_test_message("alert %u: %s, not %s", i + 1,
                           alert_reason_name((AlertReason)got->data[i]),
                           alert_reason_name((AlertReason)want->data[i]));
            g_assert_cmpint(got->data[i], ==, want->data[i]);
        }
}

/* The random story must have something of everything, else the comparison says little. */
static void assert_rich(const GByteArray *reasons)
{
    int counts[REASON_N];
    count_reasons(reasons, counts);
    for (int reason = 0; reason < REASON_N; reason++) {
        g_test_message("%-26s %d", alert_reason_name((AlertReason)reason), counts[reason]);
        g_assert_cmpint(counts[reason], >, 0);
    }
}

static TestDesk *desk; /* shared: nothing is written to it */
static GByteArray *real;

static void test_unchanged(void)
{
    int64_t events;
    g_autofree char *told = test_desk_ask(
        desk, "SELECT COUNT(*) FROM event WHERE kind IN ('opened', 'closed', 'latest_alert_sent')");
    Seen seen = simulate(desk, real, NULL, &events);
    g_assert_cmpint(seen.n, ==, real->len);
    g_assert_cmpint(seen.changed, ==, 0);
    g_assert_cmpint(events, ==, g_ascii_strtoll(told, NULL, 10));
    assert_same(real, seen.is);
    g_byte_array_unref(seen.is);
}

static bool is_set(const GByteArray *reasons, guint i)
{
    return i < reasons->len && reasons->data[i] != 0xff;
}

/* A part of the time gives the same decisions for its events, and no others. */
static void test_part(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *span = test_desk_rows(desk, "SELECT MIN(at), MAX(at) FROM event", 2);
    g_auto(GStrv) times = g_strsplit(span, " ", 2);
    int64_t first = g_ascii_strtoll(times[0], NULL, 10);
    int64_t last = g_ascii_strtoll(times[1], NULL, 10);
    Simulation part = {.from_us = first + (last - first) / 3, .to_us = last - (last - first) / 3};
    Seen seen = {.was = real, .is = g_byte_array_new()};
    g_byte_array_set_size(seen.is, real->len);
    memset(seen.is->data, 0xff, real->len);
    int64_t events;
    alerts_simulate(test_db_handle(desk->db), &part, see, &seen, &events, &error);
    g_assert_no_error(error);
    g_autofree char *sql =
        g_strdup_printf("SELECT COUNT(*) FROM alert WHERE decided_at >= %" G_GINT64_FORMAT
                        " AND decided_at < %" G_GINT64_FORMAT,
                        part.from_us, part.to_us);
    g_autofree char *within = test_desk_ask(desk, sql);
    g_assert_cmpint(seen.n, ==, g_ascii_strtoll(within, NULL, 10));
    g_assert_cmpint(seen.n, <, real->len);
    g_assert_cmpint(seen.changed, ==, 0);
    for (guint i = 0; i < real->len; i++)
        if (is_set(seen.is, i))
            g_assert_cmpint(seen.is->data[i], ==, real->data[i]);
    g_byte_array_unref(seen.is);
}

/* What was decided before the facts were kept tells them by its reason, and the options by their
 * history. */
static void test_before_the_facts(void)
{
    g_autoptr(TestDesk) old = drive(NULL);
    int64_t events;
    test_desk_run(old, "UPDATE event SET server_options = NULL, alerts_options = NULL");
    test_desk_run(old, "UPDATE alert SET recipient_facts = NULL");
    Seen seen = simulate(old, real, NULL, &events);
    assert_same(real, seen.is);
    g_byte_array_unref(seen.is);
    /* An alert that was off is on; whoever was muted still is, as far as the reason told. */
    json_auto_t *options = json_loads("{\"alerts-to-customers\":{\"ticket_closed\":{\"enabled\":"
                                      "true}}}",
                                      0, NULL);
    Seen changed = simulate(old, real, options, &events);
    g_assert_cmpint(changed.changed, >, 0);
    for (guint i = 0; i < real->len; i++)
        if (real->data[i] == REASON_MUTED)
            g_assert_cmpint(changed.is->data[i], ==, REASON_MUTED);
    g_byte_array_unref(changed.is);
}

static const char *const changes[] = {
    "{\"alerts-to-customers\":{\"brake\":{\"enabled\":false}}}",
    "{\"alerts-to-customers\":{\"brake\":{\"enabled\":true,\"customers\":3,\"minutes\":60}}}",
    "{\"alerts-to-customers\":{\"brake\":{\"enabled\":true,\"customers\":45,\"minutes\":1440}}}",
    "{\"alerts-server\":{\"active\":true}}",
    "{\"alerts-to-customers\":{\"new_ticket\":{\"enabled\":false}}}",
    "{\"alerts-server\":{\"active\":true},\"alerts-to-customers\":{\"new_ticket\":{\"enabled\":"
    "true},\"ticket_closed\":{\"enabled\":true,\"reply_to\":\"replies@desk.example\"},"
    "\"brake\":{\"enabled\":true,\"customers\":30,\"minutes\":10}}}",
};

/* What the second desk decided, under the changed options, is what the first one's simulation says
 * of them. */
static void test_changed(gconstpointer data)
{
    const char *change = data;
    int64_t events;
    g_autoptr(TestDesk) other = drive(change);
    g_autoptr(GByteArray) want = decided(other);
    json_auto_t *options = json_loads(change, 0, NULL);
    Seen seen = simulate(desk, real, options, &events);
    g_assert_cmpint(seen.changed, >, 0);
    assert_same(want, seen.is);
    g_byte_array_unref(seen.is);
}

/* Events that ran at the same moment did not see each other and told more than the limit: that was
 * so, and is no difference. A changed brake is asked, of course. */
static void test_really_told(void)
{
    g_autoptr(TestDesk) small = test_desk_new(engine, true);
    const char *three[] = {"a@x.example", "b@x.example", "c@x.example", NULL};
    int64_t events;
    test_desk_options(small, "alerts-to-customers",
                      "{\"default_recipients\":{\"contact\":false},\"brake\":{\"customers\":2}}");
    test_desk_open(small, &small->employee, three, true);
    test_desk_run(small, "UPDATE alert SET decision = 'send', reason = 'new_ticket'");
    Seen seen = simulate(small, NULL, NULL, &events);
    g_assert_cmpint(seen.n, ==, 3);
    g_assert_cmpint(seen.changed, ==, 0);
    g_byte_array_unref(seen.is);
    json_auto_t *minutes =
        json_loads("{\"alerts-to-customers\":{\"brake\":{\"minutes\":6}}}", 0, NULL);
    Seen changed = simulate(small, NULL, minutes, &events);
    g_assert_cmpint(changed.changed, ==, 3);
    g_byte_array_unref(changed.is);
}

/* What was told before the time that is simulated counts for the brake, as long as its window
 * reaches. */
static void test_brake_before(void)
{
    static const struct {
        int64_t minutes; /* between the three and the fourth */
        AlertReason reason;
    } cases[] = {{4, REASON_BRAKE}, {5, REASON_NEW_TICKET}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDesk) small = test_desk_new(engine, true);
        const char *three[] = {"a@x.example", "b@x.example", "c@x.example", NULL};
        const char *fourth[] = {"d@x.example", NULL};
        test_desk_options(small, "alerts-to-customers",
                          "{\"default_recipients\":{\"contact\":false}}");
        test_desk_open(small, &small->employee, three, true);
        manual_clock_advance(&small->clock, cases[i].minutes * US_PER_MINUTE);
        test_desk_open(small, &small->employee, fourth, true);
        json_auto_t *brake = json_loads("{\"brake\":{\"customers\":3,\"minutes\":5}}", 0, NULL);
        Simulation simulation = {.from_us = TEST_NOW_US + 1,
                                 .to_us = FOREVER,
                                 .options = {.alerts_to_customers = brake}};
        g_autoptr(GError) error = NULL;
        Seen seen = {.is = g_byte_array_new()};
        int64_t events;
        alerts_simulate(test_db_handle(small->db), &simulation, see, &seen, &events, &error);
        g_assert_no_error(error);
        g_assert_cmpint(events, ==, 1);
        g_assert_cmpint(seen.is->data[3], ==, cases[i].reason);
        g_byte_array_unref(seen.is);
    }
}

/* A server that stops does not wait for a simulation. */
static void test_stopped(void)
{
    g_autoptr(GError) error = NULL;
    gint stop = 1;
    Simulation simulation = {.from_us = TEST_NOW_US, .to_us = FOREVER, .stop = &stop};
    Seen seen = {.is = g_byte_array_new()};
    int64_t events = -1;
    g_assert_false(
        alerts_simulate(test_db_handle(desk->db), &simulation, see, &seen, &events, &error));
    g_assert_true(error_is(error, TD_ERROR_UNAVAILABLE));
    g_assert_cmpint(seen.n, <, real->len);
    g_assert_cmpint(events, ==, -1);
    g_byte_array_unref(seen.is);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    desk = drive(NULL);
    real = decided(desk);
    g_test_add_func("/simulate/unchanged", test_unchanged);
    g_test_add_func("/simulate/part", test_part);
    g_test_add_func("/simulate/before-the-facts", test_before_the_facts);
    g_test_add_func("/simulate/brake-before", test_brake_before);
    g_test_add_func("/simulate/really-told", test_really_told);
    g_test_add_func("/simulate/stopped", test_stopped);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *name = g_strdup_printf("/simulate/changed/%zu", i + 1);
        g_test_add_data_func(name, changes[i], test_changed);
    }
    assert_rich(real);
    int failed = g_test_run();
    g_byte_array_unref(real);
    test_desk_free(desk);
    return failed;
}
