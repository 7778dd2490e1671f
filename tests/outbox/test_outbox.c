/* SPDX-License-Identifier: Apache-2.0 */
/* Claim, settle, recover, order: on either engine. */
#include "base/error.h"
#include "outbox/claim.h"
#include "records/schema.h"
#include "support/test_db.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDb *test;
    Db *db;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    fixture->test = test_db_new(engine);
    fixture->db = test_db_handle(fixture->test);
    db_migrate(fixture->db, schema_steps, schema_n_steps, 1, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    test_db_free(fixture->test);
}

/* Every step of a test is one of these, run in a transaction of its own. */
typedef struct {
    OutboxMessage insert;
    OutboxClaim claim;
    OutboxSettlement settlement;
    bool settled;
    bool everything;
    int64_t id, now_us, due_at, moved;
    const char *order_key;
    GPtrArray *claimed;
    OutboxMessage *loaded;
} Step;

static void run(Fixture *fixture, DbFn fn, Step *step)
{
    g_autoptr(GError) error = NULL;
    db_write(fixture->db, fn, step, &error);
    g_assert_no_error(error);
}

static bool do_insert(DbTx *tx, void *data, GError **error)
{
    return outbox_insert(tx, &((Step *)data)->insert, error);
}

/* Queued at 10, for recipient a of ticket 1 unless said otherwise; gives its id. */
static int64_t insert(Fixture *fixture, int64_t ref, const char *order_key, int64_t seq,
                      int64_t due_at)
{
    Step step = {.insert = {.kind = (char *)"alert",
                            .ref = ref,
                            .recipient = (char *)"a@example.com",
                            .lane = 1,
                            .order_key = (char *)order_key,
                            .order_seq = seq,
                            .state = OUTBOX_QUEUED,
                            .due_at = due_at,
                            .queued_at = 10}};
    run(fixture, do_insert, &step);
    return step.insert.id;
}

static bool do_claim(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    g_clear_pointer(&step->claimed, g_ptr_array_unref);
    step->claimed = outbox_claim(tx, &step->claim, error);
    return step->claimed != NULL;
}

/* The refs of what a claim at `now_us` gets, as "1 2 3". */
static char *claim(Fixture *fixture, const char *lease, int64_t now_us, int limit)
{
    Step step = {.claim = {.lease = lease,
                           .lease_until = now_us + 100,
                           .sender = "{}",
                           .now_us = now_us,
                           .limit = limit}};
    run(fixture, do_claim, &step);
    g_autoptr(GString) refs = g_string_new(NULL);
    for (int64_t ref = 0; ref < 100; ref++) /* RETURNING promises no order */
        for (guint i = 0; i < step.claimed->len; i++) {
            const OutboxMessage *message = step.claimed->pdata[i];
            if (message->ref == ref)
                g_string_append_printf(refs, "%s%d", refs->len > 0 ? " " : "", (int)ref);
            g_assert_cmpint(message->state, ==, OUTBOX_SENDING);
            g_assert_cmpstr(message->lease, ==, lease);
        }
    g_ptr_array_unref(step.claimed);
    return g_string_free(g_steal_pointer(&refs), FALSE);
}

static bool do_settle(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return outbox_settle(tx, &step->settlement, &step->settled, error);
}

static bool settle(Fixture *fixture, int64_t id, const char *lease, OutboxState state,
                   int64_t due_at)
{
    OutboxAttempt attempt = {.at = 50, .outcome = (char *)"x", .reply = (char *)"451 4.7.1 later"};
    Step step = {.settlement = {.id = id,
                                .lease = lease,
                                .state = state,
                                .due_at = due_at,
                                .counts = true,
                                .attempt = &attempt,
                                .now_us = 50}};
    run(fixture, do_settle, &step);
    return step.settled;
}

static bool do_load(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    g_clear_pointer(&step->loaded, outbox_message_free);
    step->loaded = outbox_load(tx, step->id, error);
    return step->loaded != NULL;
}

static OutboxMessage *load(Fixture *fixture, int64_t id)
{
    Step step = {.id = id};
    run(fixture, do_load, &step);
    return step.loaded;
}

static void assert_state(Fixture *fixture, int64_t id, const char *state)
{
    g_autoptr(OutboxMessage) message = load(fixture, id);
    g_assert_cmpstr(outbox_state_name(message->state), ==, state);
}

static void test_claims_what_is_due(Fixture *fixture, gconstpointer data)
{
    insert(fixture, 1, "", 0, 20);
    insert(fixture, 2, "", 0, 30);
    insert(fixture, 3, "", 0, 40);
    g_autofree char *none = claim(fixture, "l0", 19, 10);
    g_assert_cmpstr(none, ==, "");
    g_autofree char *two = claim(fixture, "l1", 30, 10);
    g_assert_cmpstr(two, ==, "1 2");
    g_autofree char *again = claim(fixture, "l2", 30, 10);
    g_assert_cmpstr(again, ==, "");
    g_autofree char *last = claim(fixture, "l3", 99, 10);
    g_assert_cmpstr(last, ==, "3");
}

static void test_limit_takes_the_oldest(Fixture *fixture, gconstpointer data)
{
    insert(fixture, 1, "", 0, 30);
    insert(fixture, 2, "", 0, 20);
    g_autofree char *first = claim(fixture, "l1", 99, 1);
    g_assert_cmpstr(first, ==, "2");
}

static void test_order(Fixture *fixture, gconstpointer data)
{
    int64_t opened = insert(fixture, 1, "7:a", 1, 20);
    insert(fixture, 2, "7:a", 2, 20);
    insert(fixture, 3, "7:b", 2, 20);
    g_autofree char *first = claim(fixture, "l1", 99, 10);
    g_assert_cmpstr(first, ==, "1 3");
    /* Deferred is not final: the closing still waits, even when it alone is due. */
    g_assert_true(settle(fixture, opened, "l1", OUTBOX_DEFERRED, 500));
    g_autofree char *none = claim(fixture, "l2", 99, 10);
    g_assert_cmpstr(none, ==, "");
    g_autofree char *later = claim(fixture, "l3", 600, 10);
    g_assert_cmpstr(later, ==, "1");
    g_assert_true(settle(fixture, opened, "l3", OUTBOX_ACCEPTED, 0));
    g_autofree char *next = claim(fixture, "l4", 600, 10);
    g_assert_cmpstr(next, ==, "2");
}

static void test_settle_needs_the_lease(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    g_autofree char *refs = claim(fixture, "mine", 99, 10);
    g_assert_cmpstr(refs, ==, "1");
    g_assert_false(settle(fixture, id, "yours", OUTBOX_ACCEPTED, 0));
    assert_state(fixture, id, "sending");
    g_assert_true(settle(fixture, id, "mine", OUTBOX_ACCEPTED, 0));
    assert_state(fixture, id, "accepted");
    g_assert_false(settle(fixture, id, "mine", OUTBOX_REJECTED, 0));
    assert_state(fixture, id, "accepted");
}

static bool do_recover(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return outbox_recover(tx, step->everything, step->now_us, step->due_at, 500, &step->moved,
                          error);
}

static int64_t recover(Fixture *fixture, bool everything, int64_t now_us)
{
    Step step = {.everything = everything, .now_us = now_us, .due_at = now_us};
    run(fixture, do_recover, &step);
    return step.moved;
}

static void test_recover(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    int64_t waiting = insert(fixture, 2, "", 0, 9000);
    g_autofree char *refs = claim(fixture, "l1", 100, 10);
    g_assert_cmpint(recover(fixture, false, 200), ==, 0); /* the lease runs until 200 */
    g_assert_cmpint(recover(fixture, false, 201), ==, 1);
    assert_state(fixture, id, "uncertain");
    assert_state(fixture, waiting, "queued");
    /* A late answer of the first sender wins over a repeat that has not begun. */
    g_assert_false(settle(fixture, id, "l1", OUTBOX_DEFERRED, 300));
    g_assert_true(settle(fixture, id, "l1", OUTBOX_ACCEPTED, 0));
    g_autoptr(OutboxMessage) message = load(fixture, id);
    g_assert_cmpint(message->state, ==, OUTBOX_ACCEPTED);
    g_assert_true(message->uncertain);
}

static void test_recover_everything(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    g_autofree char *refs = claim(fixture, "l1", 100, 10);
    g_assert_cmpint(recover(fixture, true, 101), ==, 1);
    g_autofree char *again = claim(fixture, "l2", 101, 10);
    g_assert_cmpstr(again, ==, "1");
    /* The repeat has begun: the late answer does not count. */
    g_assert_false(settle(fixture, id, "l1", OUTBOX_ACCEPTED, 0));
    g_assert_true(settle(fixture, id, "l2", OUTBOX_ACCEPTED, 0));
}

static void test_dated_once(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    g_autofree char *first = claim(fixture, "l1", 100, 10);
    g_assert_true(settle(fixture, id, "l1", OUTBOX_DEFERRED, 150));
    g_autofree char *second = claim(fixture, "l2", 200, 10);
    g_assert_cmpstr(second, ==, "1");
    g_autoptr(OutboxMessage) message = load(fixture, id);
    g_assert_cmpint(message->dated_at, ==, 100);
    g_assert_cmpint(message->attempts, ==, 1);
}

static bool do_cancel(DbTx *tx, void *data, GError **error)
{
    return outbox_cancel(tx, ((Step *)data)->id, "cancelled_by_hand", 60, error);
}

static bool do_retry(DbTx *tx, void *data, GError **error)
{
    return outbox_retry(tx, ((Step *)data)->id, NULL, 60, error);
}

static bool do_release(DbTx *tx, void *data, GError **error)
{
    return outbox_release(tx, ((Step *)data)->id, 60, error);
}

static bool refused(Fixture *fixture, DbFn fn, int64_t id)
{
    g_autoptr(GError) error = NULL;
    Step step = {.id = id};
    if (db_write(fixture->db, fn, &step, &error))
        return false;
    g_assert_cmpint(error_http_status(error), ==, 409);
    return true;
}

static void test_by_person(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    Step step = {.id = id};
    g_assert_true(refused(fixture, do_release, id));
    run(fixture, do_cancel, &step);
    assert_state(fixture, id, "cancelled");
    g_assert_true(refused(fixture, do_cancel, id));
    run(fixture, do_retry, &step);
    assert_state(fixture, id, "queued");
    g_autofree char *refs = claim(fixture, "l1", 100, 10);
    g_assert_true(refused(fixture, do_cancel, id));
    g_assert_true(refused(fixture, do_retry, id));
    g_assert_true(settle(fixture, id, "l1", OUTBOX_ACCEPTED, 0));
    g_assert_true(refused(fixture, do_retry, id));
}

static bool do_hold(DbTx *tx, void *data, GError **error)
{
    return outbox_hold_waiting(tx, "alerts_server_inactive", 500, 60, &((Step *)data)->moved,
                               error);
}

static void test_hold_and_release(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "7:a", 1, 20);
    insert(fixture, 2, "7:a", 2, 20);
    Step step = {.id = id};
    run(fixture, do_hold, &step);
    g_assert_cmpint(step.moved, ==, 2);
    g_autofree char *none = claim(fixture, "l1", 100, 10);
    g_assert_cmpstr(none, ==, "");
    run(fixture, do_release, &step);
    g_autofree char *one = claim(fixture, "l2", 100, 10);
    g_assert_cmpstr(one, ==, "1");
}

static bool do_cancel_waiting(DbTx *tx, void *data, GError **error)
{
    return outbox_cancel_waiting(tx, ((Step *)data)->order_key, "recipient_removed", 60, error);
}

static void test_cancel_waiting(Fixture *fixture, gconstpointer data)
{
    int64_t sending = insert(fixture, 1, "7:a", 1, 20);
    int64_t waiting = insert(fixture, 2, "7:a", 2, 20);
    int64_t other = insert(fixture, 3, "7:b", 2, 20);
    g_autofree char *refs = claim(fixture, "l1", 100, 1);
    g_assert_cmpstr(refs, ==, "1");
    Step step = {.order_key = "7:a"};
    run(fixture, do_cancel_waiting, &step);
    assert_state(fixture, sending, "sending");
    assert_state(fixture, waiting, "cancelled");
    assert_state(fixture, other, "queued");
}

static bool do_expire(DbTx *tx, void *data, GError **error)
{
    g_autoptr(GPtrArray) expired = outbox_expire(tx, 11, "gave_up", 500, 60, error);
    ((Step *)data)->moved = expired != NULL ? expired->len : 0;
    return expired != NULL;
}

static void test_expire(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "", 0, 20);
    Step step = {0};
    run(fixture, do_expire, &step);
    g_assert_cmpint(step.moved, ==, 1);
    g_autoptr(OutboxMessage) message = load(fixture, id);
    g_assert_cmpint(message->state, ==, OUTBOX_EXPIRED);
    g_assert_cmpstr(message->state_reason, ==, "gave_up");
}

static bool do_next_due(DbTx *tx, void *data, GError **error)
{
    return outbox_next_due(tx, &((Step *)data)->due_at, error);
}

static void test_next_due(Fixture *fixture, gconstpointer data)
{
    Step step = {0};
    run(fixture, do_next_due, &step);
    g_assert_cmpint(step.due_at, ==, INT64_MAX);
    insert(fixture, 1, "7:a", 1, 90);
    insert(fixture, 2, "7:a", 2, 20); /* blocked by the first */
    run(fixture, do_next_due, &step);
    g_assert_cmpint(step.due_at, ==, 90);
}

#define ADD(name, function) g_test_add("/outbox/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("claims-what-is-due", test_claims_what_is_due);
    ADD("limit", test_limit_takes_the_oldest);
    ADD("order", test_order);
    ADD("lease", test_settle_needs_the_lease);
    ADD("recover", test_recover);
    ADD("recover-everything", test_recover_everything);
    ADD("dated-once", test_dated_once);
    ADD("by-person", test_by_person);
    ADD("hold-and-release", test_hold_and_release);
    ADD("cancel-waiting", test_cancel_waiting);
    ADD("expire", test_expire);
    ADD("next-due", test_next_due);
    return g_test_run();
}
