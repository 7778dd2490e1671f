/* SPDX-License-Identifier: Apache-2.0 */
/* Claim, settle, recover, order: on either engine. */
#include "base/error.h"
#include "outbox/claim.h"
#include "records/schema.h"
#include "support/test_claim.h"
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
    OutboxSettlement many[3];
    const char *sql;
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
    step->claimed = test_claim(tx, &step->claim, 100, error);
    return step->claimed != NULL;
}

/* The refs of what a claim at `now_us` gets, as "1 2 3". */
static char *claim(Fixture *fixture, const char *lease, int64_t now_us, int limit)
{
    Step step = {.claim = {.lease = lease, .sender = "{}", .now_us = now_us, .limit = limit}};
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

static bool do_settle(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return outbox_settle(tx, &step->settlement, &step->settled, error);
}

static bool settle(Fixture *fixture, int64_t id, const char *lease, OutboxState state,
                   int64_t due_at)
{
    OutboxAttempt attempt = {.at = 50, .outcome = (char *)"x", .reply = (char *)"451 4.7.1 later"};
    g_autoptr(OutboxMessage) message = load(fixture, id);
    Step step = {.settlement = {.id = id,
                                .lease = lease,
                                .order_key = message->order_key,
                                .state = state,
                                .due_at = due_at,
                                .counts = true,
                                .attempt = &attempt,
                                .now_us = 50}};
    run(fixture, do_settle, &step);
    return step.settled;
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

static bool do_look(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return outbox_held_long(tx, step->now_us, 2, &step->moved, &step->due_at, error) &&
           outbox_oldest_waiting(tx, &step->id, error);
}

/* "held for long, since when; the oldest that waits since" */
static void assert_waiting(Fixture *fixture, int64_t before_us, const char *want)
{
    Step step = {.now_us = before_us};
    run(fixture, do_look, &step);
    g_autofree char *found =
        g_strdup_printf("%" G_GINT64_FORMAT " since %" G_GINT64_FORMAT "; %" G_GINT64_FORMAT,
                        step.moved, step.due_at, step.id);
    g_assert_cmpstr(found, ==, want);
}

static void test_held_for_long(Fixture *fixture, gconstpointer data)
{
    assert_waiting(fixture, 100, "0 since 0; 0");
    for (int i = 1; i <= 3; i++)
        insert(fixture, i, "", i, 10);
    assert_waiting(fixture, 100, "0 since 0; 10");
    Step step = {0};
    run(fixture, do_hold, &step);
    assert_waiting(fixture, 60, "0 since 0; 0");
    assert_waiting(fixture, 61, "2 since 60; 0"); /* counting stops at two */
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

/* Makes ready what is due at `now_us`; says when the next one is due. */
static bool do_admit(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    bool more;
    return outbox_admit(tx, step->now_us, 100, &more, error) &&
           outbox_next_due(tx, &step->due_at, error);
}

static int64_t next_due(Fixture *fixture, int64_t now_us)
{
    Step step = {.now_us = now_us};
    run(fixture, do_admit, &step);
    return step.due_at;
}

static void test_next_due(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(next_due(fixture, 10), ==, INT64_MAX);
    int64_t first = insert(fixture, 1, "7:a", 1, 90);
    insert(fixture, 2, "7:a", 2, 20); /* blocked by the first, so it is put off */
    g_assert_cmpint(next_due(fixture, 10), ==, 20);
    g_assert_cmpint(next_due(fixture, 20), ==, 90);
    /* Nobody waits for the time it was put off to: what ends the first lets it go at once. */
    g_autofree char *refs = claim(fixture, "l1", 95, 10);
    g_assert_cmpstr(refs, ==, "1");
    g_assert_cmpint(next_due(fixture, 95), ==, 20 + OUTBOX_BLOCKED_US);
    g_assert_true(settle(fixture, first, "l1", OUTBOX_REJECTED, 0));
    g_autofree char *next = claim(fixture, "l1", 95, 10);
    g_assert_cmpstr(next, ==, "2");
}

/* Due at once, as most are. */
static void insert_many(Fixture *fixture, int64_t lane, int64_t first_ref, int n, bool urgent)
{
    for (int i = 0; i < n; i++) {
        Step step = {.insert = {.kind = (char *)"alert",
                                .ref = first_ref + i,
                                .recipient = (char *)"a@example.com",
                                .lane = lane,
                                .urgent = urgent,
                                .order_key = (char *)"",
                                .state = OUTBOX_QUEUED,
                                .due_at = 10,
                                .queued_at = 10}};
        run(fixture, do_insert, &step);
    }
}

/* An account with one mail does not wait for another's backlog, whichever way that came to be
 * ready: at its insertion, or all at once when its time had come. */
static void test_fair_lanes(Fixture *fixture, gconstpointer data)
{
    insert_many(fixture, 1, 1, 8, false);
    g_autofree char *first = claim(fixture, "l1", 20, 2);
    g_assert_cmpstr(first, ==, "1 2");
    insert_many(fixture, 2, 51, 3, false);
    insert_many(fixture, 3, 61, 1, false);
    g_autofree char *turn = claim(fixture, "l1", 20, 4);
    g_assert_cmpstr(turn, ==, "3 4 51 61");
    g_autofree char *next = claim(fixture, "l1", 20, 2);
    g_assert_cmpstr(next, ==, "5 52");
}

static bool do_sql(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return db_exec(tx, NULL, error, step->sql, "");
}

static void run_sql(Fixture *fixture, const char *sql)
{
    Step step = {.sql = sql};
    run(fixture, do_sql, &step);
}

static void test_fair_lanes_when_due(Fixture *fixture, gconstpointer data)
{
    for (int i = 0; i < 6; i++)
        insert(fixture, 1 + i, "", 0, 30); /* lane 1, not due yet */
    run_sql(fixture, "UPDATE outbox SET lane = 2 WHERE ref > 4");
    g_autofree char *none = claim(fixture, "l1", 20, 9);
    g_assert_cmpstr(none, ==, "");
    g_autofree char *turn = claim(fixture, "l1", 30, 4);
    g_assert_cmpstr(turn, ==, "1 2 5 6");
}

/* Fifty thousand mails of one account wait when another's single one comes: it is in the next
 * claim. With as many deferred and blocked ones about, too. */
static void test_fair_lanes_at_size(Fixture *fixture, gconstpointer data)
{
    run_sql(fixture,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
            " INSERT INTO outbox (kind, ref, recipient, lane, urgent, order_key, order_seq, state,"
            " due_at, attempts, uncertain, queued_at, updated_at, stamp)"
            " SELECT 'alert', 1000 + i, 'a@example.com', 1, 0, '', 0, 'queued', 10, 0, 0, 10, 10, i"
            " FROM n");
    run_sql(fixture,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
            " INSERT INTO outbox (kind, ref, recipient, lane, urgent, order_key, order_seq,"
            " state, due_at, attempts, uncertain, queued_at, updated_at)"
            " SELECT 'alert', 100000 + i, 'a@example.com', 3, 0, '', 0, 'deferred', 900, 1,"
            " 0, 10, 10 FROM n");
    insert_many(fixture, 2, 7, 1, false);
    Step step = {.claim = {.lease = "l1", .sender = "{}", .now_us = 20, .limit = 16}};
    run(fixture, do_claim, &step);
    g_assert_cmpuint(step.claimed->len, ==, 16);
    bool found = false;
    for (guint i = 0; i < step.claimed->len; i++)
        found = found || ((OutboxMessage *)step.claimed->pdata[i])->ref == 7;
    g_assert_true(found);
    g_ptr_array_unref(step.claimed);
}

static void test_urgent_first(Fixture *fixture, gconstpointer data)
{
    insert_many(fixture, 1, 1, 5, false);
    insert_many(fixture, 1, 51, 2, true);
    g_autofree char *first = claim(fixture, "l1", 20, 3);
    g_assert_cmpstr(first, ==, "1 51 52");
}

/* A person's retry of the opening comes before a closing that was ready to leave. */
static void test_revived_goes_first(Fixture *fixture, gconstpointer data)
{
    int64_t opening = insert(fixture, 1, "7:a", 1, 10);
    g_autofree char *first = claim(fixture, "l1", 20, 9);
    g_assert_cmpstr(first, ==, "1");
    g_assert_true(settle(fixture, opening, "l1", OUTBOX_REJECTED, 0));
    insert(fixture, 2, "7:a", 2, 10);
    Step step = {.id = opening};
    run(fixture, do_retry, &step);
    g_autofree char *next = claim(fixture, "l1", 99, 9);
    g_assert_cmpstr(next, ==, "1");
}

static bool do_claim_only(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    g_clear_pointer(&step->claimed, g_ptr_array_unref);
    step->claimed = outbox_claim(tx, &step->claim, error);
    return step->claimed != NULL;
}

static bool do_renew(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    return lease_renew(tx, step->claim.lease, step->now_us, step->now_us + 100, &step->settled,
                       error);
}

/* A server whose lease has ended claims nothing, and does not get it back. */
static void test_lapsed_lease(Fixture *fixture, gconstpointer data)
{
    insert_many(fixture, 1, 1, 2, false);
    g_autofree char *first = claim(fixture, "l1", 20, 1);
    g_assert_cmpstr(first, ==, "1");
    Step step = {.claim = {.lease = "l1", .sender = "{}", .now_us = 120, .limit = 1}};
    run(fixture, do_claim_only, &step);
    g_assert_cmpuint(step.claimed->len, ==, 0);
    g_ptr_array_unref(step.claimed);
    step.now_us = 120;
    run(fixture, do_renew, &step);
    g_assert_true(step.settled);
    step.now_us = 221;
    run(fixture, do_renew, &step);
    g_assert_false(step.settled);
}

static bool do_settle_many(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    g_autoptr(GArray) settled = outbox_settle_accepted(tx, step->many, 3, error);
    step->moved = settled != NULL ? settled->len : 0;
    return settled != NULL;
}

static void test_settle_many(Fixture *fixture, gconstpointer data)
{
    int64_t ids[3] = {insert(fixture, 1, "7:a", 1, 10), insert(fixture, 2, "7:b", 1, 10),
                      insert(fixture, 3, "", 0, 10)};
    insert(fixture, 4, "7:a", 2, 10);
    g_autofree char *refs = claim(fixture, "l1", 20, 9);
    g_assert_cmpstr(refs, ==, "1 2 3");
    Step step = {0};
    for (int i = 0; i < 3; i++)
        step.many[i] = (OutboxSettlement){.id = ids[i],
                                          .lease = "l1",
                                          .order_key = i == 0   ? "7:a"
                                                       : i == 1 ? "7:b"
                                                                : "",
                                          .state = OUTBOX_ACCEPTED,
                                          .message_hash = "hash",
                                          .remote_id = i == 1 ? "Q1" : NULL,
                                          .composer = 7,
                                          .now_us = 50};
    run_sql(fixture, "UPDATE outbox SET lease = 'other' WHERE ref = 3");
    run(fixture, do_settle_many, &step);
    g_assert_cmpint(step.moved, ==, 2);
    assert_state(fixture, ids[0], "accepted");
    assert_state(fixture, ids[2], "sending");
    g_autoptr(OutboxMessage) second = load(fixture, ids[1]);
    g_assert_cmpstr(second->remote_id, ==, "Q1");
    g_assert_cmpstr(second->message_hash, ==, "hash");
    g_assert_cmpint(second->attempts, ==, 1);
    g_assert_cmpint(second->accepted_at, ==, 50);
    /* What waited for the first is free. */
    g_autofree char *next = claim(fixture, "l1", 60, 9);
    g_assert_cmpstr(next, ==, "4");
}

/* A settlement that has unblocked what comes after it and is not committed yet. */
typedef struct {
    Fixture *fixture;
    Step step;
    bool unblocked, go_on; /* atomic */
} Lingering;

static bool settle_and_linger(DbTx *tx, void *data, GError **error)
{
    Lingering *lingering = data;
    g_autoptr(GArray) settled = outbox_settle_accepted(tx, lingering->step.many, 1, error);
    __atomic_store_n(&lingering->unblocked, true, __ATOMIC_SEQ_CST);
    int64_t deadline_us = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (!__atomic_load_n(&lingering->go_on, __ATOMIC_SEQ_CST) &&
           g_get_monotonic_time() < deadline_us)
        g_usleep(500);
    return settled != NULL;
}

static void *linger(void *data)
{
    Lingering *lingering = data;
    g_autoptr(GError) error = NULL;
    db_write(lingering->fixture->db, settle_and_linger, lingering, &error);
    g_assert_no_error(error);
    return NULL;
}

/* What a claim finds blocked must not be put away when what blocks it is being settled: nobody
 * would unblock it again. */
static void test_claim_meets_settlement(Fixture *fixture, gconstpointer data)
{
    int64_t id = insert(fixture, 1, "7:a", 1, 10);
    g_autofree char *first = claim(fixture, "l1", 20, 9);
    g_assert_cmpstr(first, ==, "1");
    insert(fixture, 2, "7:a", 2, 10);
    Lingering lingering = {.fixture = fixture};
    lingering.step.many[0] = (OutboxSettlement){
        .id = id, .lease = "l1", .order_key = "7:a", .state = OUTBOX_ACCEPTED, .now_us = 50};
    GThread *thread = g_thread_new("settler", linger, &lingering);
    while (!__atomic_load_n(&lingering.unblocked, __ATOMIC_SEQ_CST))
        g_usleep(500);
    g_autofree char *meanwhile = claim(fixture, "l2", 55, 9);
    g_assert_cmpstr(meanwhile, ==, "");
    __atomic_store_n(&lingering.go_on, true, __ATOMIC_SEQ_CST);
    g_thread_join(thread);
    g_autofree char *after = claim(fixture, "l2", 60, 9);
    g_assert_cmpstr(after, ==, "2");
}

static bool do_count_stamped(DbTx *tx, void *data, GError **error)
{
    return db_query_int(tx, NULL, &((Step *)data)->moved, error,
                        "SELECT COUNT(*) FROM outbox WHERE stamp IS NOT NULL", "");
}

static int64_t count_stamped(Fixture *fixture)
{
    Step step = {0};
    run(fixture, do_count_stamped, &step);
    return step.moved;
}

/* The indexes of what is ready hold nothing else: a claim never wades through what waits. */
static void test_only_ready_ones_are_stamped(Fixture *fixture, gconstpointer data)
{
    static const DbFn moves[] = {do_cancel, do_retry, do_hold, do_release};
    int64_t id = insert(fixture, 1, "", 0, 10);
    insert(fixture, 2, "7:a", 1, 500);
    insert(fixture, 3, "7:a", 2, 10);
    g_assert_cmpint(count_stamped(fixture), ==, 1);
    Step step = {.id = id};
    for (size_t i = 0; i < G_N_ELEMENTS(moves); i++) {
        run(fixture, moves[i], &step);
        g_assert_cmpint(count_stamped(fixture), ==, 0);
        if (moves[i] == do_retry) {
            next_due(fixture, 60);
            g_assert_cmpint(count_stamped(fixture), ==, 1);
        }
    }
    g_autofree char *claimed = claim(fixture, "l1", 99, 9);
    g_assert_cmpstr(claimed, ==, "1");
    g_assert_true(settle(fixture, id, "l1", OUTBOX_DEFERRED, 700));
    g_assert_cmpint(count_stamped(fixture), ==, 0);
}

/* What SQLite would do: how often its program opens a table of its own. */
static bool do_explain(DbTx *tx, void *data, GError **error)
{
    Step *step = data;
    DbRows *rows = db_query(tx, error, step->sql, "");
    if (rows == NULL)
        return false;
    step->moved = 0;
    while (db_rows_next(rows))
        step->moved += strcmp(db_rows_text(rows, 1), "OpenEphemeral") == 0;
    return db_rows_end(rows, error);
}

/* Each table costs a statement more than all else it does (schema.c, step 6). */
static void test_no_tables_for_conditions(Fixture *fixture, gconstpointer data)
{
    static const char *const statements[] = {
        "EXPLAIN UPDATE outbox SET state = 'accepted', stamp = NULL WHERE id = 1",
        "EXPLAIN UPDATE outbox SET due_at = 5 WHERE id = 1",
        "EXPLAIN INSERT INTO outbox (kind, ref, recipient, lane, urgent, order_key, order_seq,"
        " state, due_at, attempts, uncertain, queued_at, updated_at)"
        " VALUES ('alert', 1, 'a', 1, 0, '', 0, 'queued', 1, 0, 0, 1, 1)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        Step step = {.sql = statements[i]};
        run(fixture, do_explain, &step);
        g_test_message("%s", statements[i]);
        g_assert_cmpint(step.moved, ==, 0);
    }
}

#define ADD(name, function) g_test_add("/outbox/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("held-for-long", test_held_for_long);
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
    ADD("fair-lanes", test_fair_lanes);
    ADD("fair-lanes-when-due", test_fair_lanes_when_due);
    ADD("fair-lanes-at-size", test_fair_lanes_at_size);
    ADD("urgent-first", test_urgent_first);
    ADD("revived-goes-first", test_revived_goes_first);
    ADD("lapsed-lease", test_lapsed_lease);
    ADD("settle-many", test_settle_many);
    if (strcmp(engine, "postgresql") == 0) /* on SQLite writers take turns */
        ADD("claim-meets-settlement", test_claim_meets_settlement);
    else
        ADD("no-tables-for-conditions", test_no_tables_for_conditions);
    ADD("only-ready-ones-are-stamped", test_only_ready_ones_are_stamped);
    return g_test_run();
}
