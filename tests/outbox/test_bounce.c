/* SPDX-License-Identifier: Apache-2.0 */
/* What a report about a message moves, in every state; and one that overtakes its settlement. */
#include "outbox/bounce.h"
#include "support/test_desk.h"

static const char *engine;

typedef struct {
    bool bounced; /* else: delivered */
    OutboxReport report;
    guint applied;
} Step;

static bool report(DeskTx *tx, void *data, GError **error)
{
    Step *step = data;
    return step->bounced ? outbox_bounce(tx->db, 1, "550 gone", 77, &step->report, error)
                         : outbox_delivered(tx->db, 1, "250 there", 77, &step->report, error);
}

static bool apply_early(DeskTx *tx, void *data, GError **error)
{
    Step *step = data;
    g_autoptr(GPtrArray) bounced = outbox_apply_early(tx->db, 10, 88, error);
    step->applied = bounced != NULL ? bounced->len : 0;
    return bounced != NULL;
}

static void run(TestDesk *desk, DeskFn fn, Step *step)
{
    g_autoptr(GError) error = NULL;
    desk_write(desk->desk, &desk->employee, fn, step, &error);
    g_assert_no_error(error);
}

static void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

static TestDesk *desk_with_mail(const char *state)
{
    TestDesk *desk = test_desk_new(engine, true);
    test_desk_open(desk, &desk->employee, NULL, true);
    g_autofree char *sql = g_strdup_printf("UPDATE outbox SET state = '%s', stamp = NULL", state);
    test_desk_run(desk, sql);
    return desk;
}

typedef struct {
    const char *state;
    OutboxReport bounce, delivered;
    const char *after_bounce, *after_delivered;
} Case;

#define NO OUTBOX_REPORT_LATE
static const Case cases[] = {
    {"accepted", OUTBOX_REPORT_APPLIED, NO, "bounced", "accepted"},
    {"uncertain", OUTBOX_REPORT_APPLIED, OUTBOX_REPORT_APPLIED, "bounced", "accepted"},
    {"sending", OUTBOX_REPORT_KEPT, NO, "sending", "sending"},
    {"held", NO, NO, "held", "held"},
    {"queued", NO, NO, "queued", "queued"},
    {"deferred", NO, NO, "deferred", "deferred"},
    {"rejected", NO, NO, "rejected", "rejected"},
    {"expired", NO, NO, "expired", "expired"},
    {"bounced", NO, NO, "bounced", "bounced"},
    {"cancelled", NO, NO, "cancelled", "cancelled"},
};

static void test_states(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].state);
        g_autoptr(TestDesk) bounced = desk_with_mail(cases[i].state);
        Step bounce = {.bounced = true};
        run(bounced, report, &bounce);
        g_assert_cmpint(bounce.report, ==, cases[i].bounce);
        assert_rows(bounced, "SELECT state FROM outbox", 1, cases[i].after_bounce);
        g_autoptr(TestDesk) delivered = desk_with_mail(cases[i].state);
        Step deliver = {0};
        run(delivered, report, &deliver);
        g_assert_cmpint(deliver.report, ==, cases[i].delivered);
        assert_rows(delivered, "SELECT state FROM outbox", 1, cases[i].after_delivered);
    }
}

/* Kept while it is being sent, applied once that is over, and only once. */
static void test_early(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("sending");
    Step step = {.bounced = true};
    run(desk, report, &step);
    run(desk, report, &step);
    run(desk, apply_early, &step);
    g_assert_cmpuint(step.applied, ==, 0);
    assert_rows(desk, "SELECT state FROM outbox", 1, "sending");
    test_desk_run(desk, "UPDATE outbox SET state = 'accepted'");
    run(desk, apply_early, &step);
    g_assert_cmpuint(step.applied, ==, 1);
    assert_rows(desk, "SELECT state, last_reply, updated_at FROM outbox", 3, "bounced 550 gone 88");
    run(desk, apply_early, &step);
    g_assert_cmpuint(step.applied, ==, 0);
    assert_rows(desk, "SELECT COUNT(*) FROM outbox_early_bounce", 1, "0");
}

/* It was refused in the end: the report has nothing to say. */
static void test_early_and_late(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("sending");
    Step step = {.bounced = true};
    run(desk, report, &step);
    test_desk_run(desk, "UPDATE outbox SET state = 'rejected'");
    run(desk, apply_early, &step);
    g_assert_cmpuint(step.applied, ==, 0);
    assert_rows(desk, "SELECT state FROM outbox", 1, "rejected");
    assert_rows(desk, "SELECT COUNT(*) FROM outbox_early_bounce", 1, "0");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/outbox/bounce/states", test_states);
    g_test_add_func("/outbox/bounce/early", test_early);
    g_test_add_func("/outbox/bounce/early and late", test_early_and_late);
    return g_test_run();
}
