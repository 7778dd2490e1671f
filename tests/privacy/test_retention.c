/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: what goes when, what never goes, and that all counts stay. */
#include "privacy/retention.h"

#include "api/world.h"
#include "delivery/delivery.h"
#include "mail/transport.h"
#include "privacy/tally.h"

#include <string.h>

static const char *engine;

#define OPTIONS   "/api/v1/options/retention"
#define RETENTION "/api/v1/retention"
#define ALL                                                                                        \
    "{\"raw_mails\":30,\"inbox\":60,\"contents\":30,\"attempts\":30,"                              \
    "\"service_mails\":30,\"decisions\":90,\"audit\":90}"

/* ---- the options ---- */

static void test_options(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *first = world_ok(world, "GET", OPTIONS, NULL, 200);
    g_assert_cmpint(int_at(first, "/raw_mails"), ==, 0);
    g_assert_cmpint(int_at(first, "/decisions"), ==, 0);
    static const struct {
        const char *body, *problem;
    } refused[] = {
        {"{\"raw_mails\":29}", "out-of-range"},
        {"{\"audit\":89}", "out-of-range"},
        {"{\"audit\":-1}", "out-of-range"},
        {"{\"audit\":36501}", "out-of-range"},
        {"{\"audit\":null}", "wrong-type"},
        {"{\"sessions\":30}", "unknown-field"},
        {"{\"decisions\":90}", "retention-order"}, /* contents for ever */
        {"{\"decisions\":90,\"contents\":91,\"attempts\":30}", "retention-order"},
        {"{\"inbox\":60}", "retention-order"}, /* raw mails for ever */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(Answer) answer = world_call(world, "PUT", OPTIONS, refused[i].body);
        assert_problem(answer, 422, refused[i].problem);
        g_autoptr(Answer) preview =
            world_call(world, "POST", RETENTION "/preview", refused[i].body);
        assert_problem(preview, 422, refused[i].problem);
    }
    json_auto_t *set = world_ok(world, "PUT", OPTIONS, ALL, 200);
    g_assert_cmpint(int_at(set, "/decisions"), ==, 90);
    json_auto_t *changes = world_ok(world, "GET", OPTIONS "/changes", NULL, 200);
    g_assert_cmpint(int_at(changes, "/items/0/after/decisions"), ==, 90);
}

/* ---- a desk with a past ---- */

typedef struct {
    World *world;
    Delivery *delivery;
} Past;

static const CallOptions as_mail = {.content_type = "message/rfc822; charset=utf-8"};

#define MAIL                                                                                       \
    "From: anna@bluebird.example\nTo: support@desk.example\nMessage-ID: <1@b.example>\n"           \
    "Subject: Printer\n\nx\n"
#define STRANGER "From: x@stranger.example\nTo: support@desk.example\nSubject: Hello\n\nx\n"

static void wait_for(World *world, const char *sql, int64_t want)
{
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (world_sql_int(world, sql) != want && g_get_monotonic_time() < until)
        g_usleep(2000);
    g_assert_cmpint(world_sql_int(world, sql), ==, want);
}

#define WAITING "SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending')"

/* Ticket 1: opened and closed, told. 2: still open. 3: closed, one recipient muted. 4: closed, its
 * mail held. 5: by mail. */
static void past_new(Past *past)
{
    g_autoptr(GError) error = NULL;
    World *world = world_new(engine);
    past->world = world;
    g_ptr_array_unref(transport_memory_take());
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/email-connector",
                         "{\"enabled\":true,\"address\":\"support@desk.example\","
                         "\"auto_response\":{\"enabled\":true}}",
                         200));
    const DeliverySetup setup = {.db = test_db_handle(world->db),
                                 .clock = &world->clock.clock,
                                 .random = random_system(),
                                 .composer = world->composer,
                                 .memory = "memory"};
    past->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
    for (int i = 1; i <= 4; i++)
        world_open_ticket(world, "\"recipients\":[{\"email\":\"bob@other.example\"}]");
    json_decref(world_ok(world, "POST", "/api/v1/tickets/1/messages",
                         "{\"text\":\"We come.\",\"visibility\":\"public\"}", 201));
    g_autoptr(Answer) filed = world_call_with(world, "POST", "/api/v1/inbox", MAIL, &as_mail);
    g_assert_cmpint(filed->status, ==, 201);
    g_autoptr(Answer) waits = world_call_with(world, "POST", "/api/v1/inbox", STRANGER, &as_mail);
    g_assert_cmpint(waits->status, ==, 201);
    world_sql(world, "UPDATE recipient SET muted = 1 WHERE ticket = 3 AND"
                     " email_key = 'bob@other.example'");
    delivery_wake(past->delivery);
    wait_for(world, WAITING, 0);
    static const char *const closed[] = {"1", "3", "5"};
    for (size_t i = 0; i < G_N_ELEMENTS(closed); i++) {
        g_autofree char *target = g_strconcat("/api/v1/tickets/", closed[i], NULL);
        json_decref(world_ok(world, "PATCH", target, "{\"status\":\"Completed\"}", 200));
    }
    delivery_wake(past->delivery);
    wait_for(world, WAITING, 0);
    delivery_stop(past->delivery, 2000);
    past->delivery = NULL;
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/4", "{\"status\":\"Completed\"}", 200));
    world_sql(world, "UPDATE outbox SET state = 'held', stamp = NULL WHERE state = 'queued'");
    world_sql(world, "INSERT INTO outbox_attempt (outbox, at, outcome, reply_code)"
                     " SELECT id, queued_at, 'deferred', 450 FROM outbox");
}

static void past_clear(Past *past)
{
    world_free(past->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Past, past_clear)

typedef struct {
    World *world;
    int64_t removed;
    bool more;
    json_t *totals;
    char *words;
} Job;

static bool step(DbTx *tx, void *data, GError **error)
{
    Job *job = data;
    return retention_step(tx, clock_wall_us(&job->world->clock.clock), &job->removed, &job->more,
                          error);
}

/* All that is to be done at this time. */
static int64_t keep_house(World *world)
{
    g_autoptr(GError) error = NULL;
    Job job = {.world = world, .more = true};
    int64_t sum = 0;
    for (int i = 0; job.more; i++) {
        g_assert_cmpint(i, <, 200);
        db_write(test_db_handle(world->db), step, &job, &error);
        g_assert_no_error(error);
        sum += job.removed;
    }
    return sum;
}

static void days_later(World *world, int days)
{
    manual_clock_advance(&world->clock, days * US_PER_DAY);
}

/* "alert closed send ... accepted=3; ...": kept and removed together. */
static char *totals(World *world)
{
    json_auto_t *answer = world_ok(world, "GET", RETENTION "/decisions", NULL, 200);
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *one;
    json_array_foreach(json_at(answer, "/items"), i, one) g_string_append_printf(
        text, "%s %s %s %s %s=%" G_GINT64_FORMAT "; ", text_at(one, "/ledger"),
        text_at(one, "/kind"), text_at(one, "/decision"), text_at(one, "/reason"),
        text_at(one, "/state"), int_at(one, "/kept") + int_at(one, "/removed"));
    return g_string_free(text, FALSE);
}

/* What /metrics says of the outbox. */
static char *metrics(World *world)
{
    g_autoptr(Answer) answer = world_call(world, "GET", "/metrics", NULL);
    size_t bytes;
    const char *text = http_response_body(answer->response, &bytes);
    g_autofree char *all = g_strndup(text, bytes);
    g_auto(GStrv) lines = g_strsplit(all, "\n", 0);
    GString *found = g_string_new(NULL);
    for (int i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], "tidings_outbox_messages{"))
            g_string_append_printf(found, "%s\n", lines[i]);
    return g_string_free(found, FALSE);
}

static void test_counts_stay(void)
{
    g_auto(Past) past = {0};
    past_new(&past);
    World *world = past.world;
    json_decref(world_ok(world, "PUT", OPTIONS, ALL, 200));
    g_autofree char *before = totals(world);
    g_autofree char *measured = metrics(world);
    g_assert_nonnull(strstr(before, "alert ticket_closed send ticket_closed accepted="));
    g_assert_nonnull(strstr(before, "auto_response"));
    int64_t went = 0;
    for (int days = 0; days < 200; days += 20) {
        went += keep_house(world);
        g_autofree char *now = totals(world);
        g_assert_cmpstr(now, ==, before);
        g_autofree char *metered = metrics(world);
        g_assert_cmpstr(metered, ==, measured);
        days_later(world, 20);
    }
    g_assert_cmpint(went, >, 20);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert WHERE ticket IN (1, 3, 5)"),
                    ==, 0);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM message_copy"), ==, 0);
    /* What is open, and what is held, is all there. */
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert WHERE ticket = 2"), ==, 2);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert WHERE ticket = 4"), ==, 4);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox WHERE state = 'held'"), ==,
                    2);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM event WHERE removed_at IS NOT NULL"
                                         " AND ticket IN (2, 4)"),
                    ==, 1); /* the opening of 4, which everybody was told */
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox_attempt a JOIN outbox o ON"
                                         " o.id = a.outbox WHERE o.state = 'held'"),
                    ==, 2);
    /* A mail that waits for a person never goes by itself. */
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM inbound_raw r JOIN inbound_mail m"
                                         " ON m.id = r.mail WHERE m.state = 'unmatched'"),
                    ==, 1);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM inbound_mail"), ==, 1);
    /* Tickets and what was written on them stay. */
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, 5);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket_message"), >=, 2);
}

/* "Contents" alone: the mail cannot be shown or sent again, and that is said; the story is there.
 */
static void test_contents(void)
{
    g_auto(Past) past = {0};
    past_new(&past);
    World *world = past.world;
    json_decref(world_ok(world, "PUT", OPTIONS, "{\"contents\":30,\"raw_mails\":30}", 200));
    json_decref(world_ok(world, "GET", "/api/v1/tickets/1/alerts", NULL, 200));
    g_autoptr(Answer) shown = world_call(world, "GET", "/api/v1/alerts/1/message", NULL);
    g_assert_cmpint(shown->status, ==, 200);
    world_sql(world, "UPDATE outbox SET state = 'rejected' WHERE id ="
                     " (SELECT MAX(id) FROM outbox WHERE state = 'accepted' AND kind = 'alert')");
    days_later(world, 31);
    keep_house(world);
    g_autoptr(Answer) gone = world_call(world, "GET", "/api/v1/alerts/1/message", NULL);
    assert_problem(gone, 409, "content-removed");
    json_auto_t *story = world_ok(world, "GET", "/api/v1/tickets/1/explain", NULL, 200);
    g_assert_nonnull(strstr(text_at(story, "/text"), "Told: the mail was accepted"));
    g_autofree char *retry =
        g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/retry",
                        world_sql_int(world, "SELECT ref FROM outbox WHERE state = 'rejected'"));
    g_autoptr(Answer) again = world_call(world, "POST", retry, "{\"force\":true}");
    assert_problem(again, 409, "content-removed");
    g_autoptr(Answer) latest =
        world_call(world, "POST", "/api/v1/tickets/1/recipients/1/send-latest", "{}");
    assert_problem(latest, 409, "content-removed");
    g_autoptr(Answer) raw = world_call(world, "GET", "/api/v1/inbox/1/message", NULL);
    assert_problem(raw, 404, "mail-removed");
    json_decref(world_ok(world, "GET", "/api/v1/inbox/1", NULL, 200));
}

static void test_story(void)
{
    g_auto(Past) past = {0};
    past_new(&past);
    World *world = past.world;
    json_decref(world_ok(world, "PUT", OPTIONS, ALL, 200));
    days_later(world, 91);
    keep_house(world);
    json_auto_t *story = world_ok(world, "GET", "/api/v1/tickets/3/explain", NULL, 200);
    g_assert_nonnull(strstr(text_at(story, "/text"),
                            "Decisions older than 90 days were removed on 23 February 2027; they"
                            " were: 3 told, 1 suppressed (muted)."));
    json_auto_t *alerts = world_ok(world, "GET", "/api/v1/tickets/3/alerts", NULL, 200);
    g_assert_nonnull(strstr(text_at(alerts, "/removed"), "3 told"));
    json_auto_t *other = world_ok(world, "GET", "/api/v1/tickets/2/alerts", NULL, 200);
    g_assert_true(json_is_null(json_at(other, "/removed")));
    /* It can be opened again, and told of. */
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/3", "{\"status\":\"New\"}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/3", "{\"status\":\"Completed\"}", 200));
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM alert WHERE ticket = 3"), ==, 2);
}

/* The plan says what then goes, and changes nothing. */
static void test_plan(void)
{
    g_auto(Past) past = {0};
    past_new(&past);
    World *world = past.world;
    days_later(world, 100);
    g_autofree char *before = world_rows(world);
    json_auto_t *plan = world_ok(world, "POST", RETENTION "/preview", ALL, 200);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
    int64_t sum = 0;
    size_t i;
    json_t *rule;
    json_array_foreach(json_at(plan, "/items"), i, rule)
    {
        sum += int_at(rule, "/would_go");
        g_assert_true(json_is_true(json_at(rule, "/looked_at_all")));
    }
    g_assert_cmpstr(text_at(plan, "/items/5/rule"), ==, "decisions");
    g_assert_cmpint(int_at(plan, "/items/5/would_go"), ==, 10);
    g_assert_cmpstr(text_at(plan, "/items/5/oldest"), ==, "2026-11-24T18:32:08Z");
    json_auto_t *now = world_ok(world, "GET", RETENTION, NULL, 200);
    g_assert_cmpint(int_at(now, "/items/5/would_go"), ==, 0);
    json_decref(world_ok(world, "PUT", OPTIONS, ALL, 200));
    int64_t went = keep_house(world);
    g_assert_cmpint(went, >, 0);
    g_assert_cmpint(went, <=, sum); /* what goes with something else goes once */
    json_auto_t *left = world_ok(world, "GET", RETENTION, NULL, 200);
    json_array_foreach(json_at(left, "/items"), i, rule)
        g_assert_cmpint(int_at(rule, "/would_go"), ==, 0);
    g_assert_cmpint(int_at(left, "/items/5/removed"), ==, 10);
}

/* In pieces, behind what stays, and once an hour. */
static void test_pieces(void)
{
    g_autoptr(World) world = world_new(engine);
    json_decref(world_ok(world, "PUT", OPTIONS, "{\"audit\":90}", 200));
    world_sql(world, "DELETE FROM audit");
    for (int i = 0; i < 11; i++)
        world_sql(world, "INSERT INTO audit (at, actor_kind, actor_id, actor_name, channel, action,"
                         " target) SELECT 1, 'api', n, 'x', 'api', 'PUT', 'x' FROM"
                         " (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r"
                         " WHERE n < 100) SELECT n FROM r) AS hundred");
    world_sql(world, "INSERT INTO audit (at, actor_kind, actor_id, actor_name, channel, action,"
                     " target) VALUES (1795545128000000, 'api', 1, 'young', 'api', 'PUT', 'x')");
    Job job = {.world = world};
    g_autoptr(GError) error = NULL;
    static const int64_t want[] = {500, 500, 100, 0};
    for (size_t i = 0; i < G_N_ELEMENTS(want);) {
        db_write(test_db_handle(world->db), step, &job, &error);
        g_assert_no_error(error);
        if (job.removed == 0 && want[i] != 0) /* another rule's turn */
            continue;
        g_assert_cmpint(job.removed, ==, want[i]);
        i++;
    }
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM audit WHERE actor_name = 'young'"),
                    ==, 1);
    keep_house(world);
    days_later(world, 91);
    g_assert_cmpint(keep_house(world), >=, 1);
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM audit WHERE actor_name = 'young'"),
                    ==, 0);
    /* A clock that was far ahead does not stop it for good. */
    world_sql(world, "UPDATE retention_rule SET next_at = 9000000000000000000");
    world_sql(world, "INSERT INTO audit (at, actor_kind, actor_id, actor_name, channel, action,"
                     " target) VALUES (1, 'api', 1, 'x', 'api', 'PUT', 'x')");
    g_assert_cmpint(keep_house(world), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/privacy/retention/options", test_options);
    g_test_add_func("/privacy/retention/counts stay", test_counts_stay);
    g_test_add_func("/privacy/retention/contents", test_contents);
    g_test_add_func("/privacy/retention/story", test_story);
    g_test_add_func("/privacy/retention/plan", test_plan);
    g_test_add_func("/privacy/retention/pieces", test_pieces);
    return g_test_run();
}
