/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Alerts Server on either engine, into memory and into a Maildir, past a relay that is not
 * there, through a stop, a crash (a claim that nobody settles) and a restart.
 */
#include "delivery/delivery.h"
#include "desk/alerts.h"
#include "mail/transport.h"
#include "outbox/claim.h"
#include "records/status.h"
#include "support/test_claim.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
    char *folder;
} Fixture;

static DeliverySetup setup_of(Fixture *fixture, bool memory)
{
    return (DeliverySetup){
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .maildir = fixture->folder,
        .memory = memory ? "yes" : NULL,
    };
}

static void start(Fixture *fixture, bool memory)
{
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = setup_of(fixture, memory);
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

static void stop(Fixture *fixture)
{
    delivery_stop(g_steal_pointer(&fixture->delivery), 2000);
}

/* An unexpected warning fails a test; these tests expect one. */
static void allow_warnings(void)
{
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_autofree char *root = g_dir_make_tmp("tidings-delivery-XXXXXX", NULL);
    fixture->folder = g_build_filename(root, "Maildir", NULL);
    g_ptr_array_unref(transport_memory_take());
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    stop(fixture);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
    g_autofree char *root = g_path_get_dirname(fixture->folder);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", root);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(fixture->folder);
}

#define STATES "SELECT o.state FROM outbox o ORDER BY o.order_seq, o.id"

static char *header(GBytes *message, const char *name)
{
    gsize bytes;
    const char *text = g_bytes_get_data(message, &bytes);
    g_autofree char *all = g_strndup(text, bytes);
    g_autofree char *start = g_strdup_printf("\r\n%s: ", name);
    const char *found = strstr(all, start);
    if (found == NULL)
        return NULL;
    GString *value = g_string_new(NULL);
    for (const char *p = found + strlen(start); *p != '\0'; p++) {
        if (p[0] == '\r' && p[1] == '\n' && p[2] != ' ' && p[2] != '\t')
            break;
        if (*p != '\r' && *p != '\n')
            g_string_append_c(value, *p);
    }
    return g_string_free(value, FALSE);
}

static void test_opened_and_closed_arrive_in_order(Fixture *fixture, gconstpointer data)
{
    TestDesk *desk = fixture->desk;
    start(fixture, true);
    int64_t ticket = test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_set_status(desk, &desk->employee, ticket, STATUS_COMPLETED, true);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, STATES, 1, "accepted; accepted");
    /* Counted with the settlement itself, by the minute and by the hour. */
    g_autofree char *counted =
        test_desk_ask(desk, "SELECT SUM(n) FROM outbox_tally GROUP BY width ORDER BY width");
    g_assert_cmpstr(counted, ==, "2; 2");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 2);
    const MemoryMail *opened = mails->pdata[0];
    const MemoryMail *closed = mails->pdata[1];
    g_assert_cmpstr(opened->envelope_from, ==, "support@desk.example");
    g_assert_cmpstr(opened->envelope_to, ==, "anna@bluebird.example");
    g_autofree char *subject = header(opened->message, "Subject");
    g_assert_cmpstr(subject, ==, "[#1] Ticket opened: Printer");
    g_autofree char *to = header(opened->message, "To");
    g_assert_cmpstr(to, ==, "Anna Field <anna@bluebird.example>");
    g_autofree char *automatic = header(opened->message, "Auto-Submitted");
    g_assert_cmpstr(automatic, ==, "auto-generated");
    g_autofree char *opened_id = header(opened->message, "Message-ID");
    g_autofree char *refs = header(closed->message, "References");
    g_assert_nonnull(strstr(refs, opened_id));
    g_autofree char *reply = header(closed->message, "In-Reply-To");
    g_assert_cmpstr(reply, ==, opened_id);
}

static void test_nothing_while_inactive(Fixture *fixture, gconstpointer data)
{
    TestDesk *desk = fixture->desk;
    test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_run(desk, "UPDATE option_section SET value = '{\"from_address\":\"s@x.example\"}'"
                        " WHERE section = 'alerts-server'");
    start(fixture, true);
    g_usleep(50000); /* not luck: whatever is seen, nothing may have left */
    delivery_wake(fixture->delivery);
    g_usleep(50000);
    test_desk_wait(fixture->desk, STATES, 1, "queued");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 0);
}

static void test_relay_not_there_then_corrected(Fixture *fixture, gconstpointer data)
{
    allow_warnings();
    TestDesk *desk = fixture->desk;
    /* Port 1 on loopback: nobody listens there. */
    test_desk_options(
        desk, "alerts-server",
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":1,\"security\":\"none\"}");
    for (int i = 0; i < 20; i++)
        test_desk_open(desk, &desk->employee, NULL, true);
    start(fixture, false);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "down");
    test_desk_wait(fixture->desk, "SELECT DISTINCT state, attempts FROM outbox", 2, "queued 0");
    test_desk_options(desk, "alerts-server", "{\"transport\":\"maildir\"}");
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT state, COUNT(*) FROM outbox GROUP BY state", 2,
                   "accepted 20");
}

static void test_relay_comes_back(Fixture *fixture, gconstpointer data)
{
    allow_warnings();
    TestDesk *desk = fixture->desk;
    test_desk_options(
        desk, "alerts-server",
        "{\"transport\":\"smtp\",\"host\":\"127.0.0.1\",\"port\":1,\"security\":\"none\"}");
    test_desk_open(desk, &desk->employee, NULL, true);
    start(fixture, false);
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM outbox_attempt", 1, "1");
    /* It is left alone until its time has come, however often one wakes. */
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT state FROM relay", 1, "down");
    g_autofree char *tries = test_desk_ask(desk, "SELECT COUNT(*) FROM outbox_attempt");
    g_assert_cmpstr(tries, ==, "1");
    manual_clock_advance(&desk->clock, 6 * US_PER_SECOND);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM outbox_attempt", 1, "2");
    test_desk_wait(fixture->desk, STATES, 1, "queued");
}

/* A claim that no process settles: what kill -9 leaves behind. */
static bool claim_and_die(DbTx *tx, void *data, GError **error)
{
    OutboxClaim claim = {.lease = "dead", .sender = data, .now_us = TEST_NOW_US, .limit = 1};
    g_autoptr(GPtrArray) claimed = test_claim(tx, &claim, US_PER_MINUTE, error);
    return claimed != NULL;
}

static void test_restart_after_a_crash(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    allow_warnings();
    TestDesk *desk = fixture->desk;
    test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_open(desk, &desk->employee, NULL, true);
    db_write(test_db_handle(desk->db), claim_and_die,
             (void *)"{\"from_name\":\"Before\",\"from_address\":\"before@desk.example\"}", &error);
    g_assert_no_error(error);
    if (strcmp(engine, "postgresql") == 0) /* another process may live: its lease must end first */
        manual_clock_advance(&desk->clock, 2 * US_PER_MINUTE);
    start(fixture, true);
    if (strcmp(engine, "postgresql") == 0)
        test_desk_wait(fixture->desk, "SELECT COUNT(*) FROM outbox WHERE uncertain = 1", 1, "1");
    manual_clock_advance(&desk->clock, US_PER_MINUTE);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, STATES, 1, "accepted; accepted");
    test_desk_wait(fixture->desk, "SELECT uncertain FROM outbox ORDER BY id", 1, "1; 0");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 2);
    /* The one that may have left is the same message again, sender and date included. */
    for (guint i = 0; i < mails->len; i++) {
        const MemoryMail *mail = mails->pdata[i];
        g_autofree char *id = header(mail->message, "Message-ID");
        if (g_str_has_prefix(id, "<alert.1@"))
            g_assert_cmpstr(mail->envelope_from, ==, "before@desk.example");
        else
            g_assert_cmpstr(mail->envelope_from, ==, "support@desk.example");
    }
}

static void test_stop_gives_back_and_restart_goes_on(Fixture *fixture, gconstpointer data)
{
    TestDesk *desk = fixture->desk;
    for (int i = 0; i < 100; i++)
        test_desk_open(desk, &desk->employee, NULL, true);
    start(fixture, true);
    stop(fixture);
    test_desk_wait(fixture->desk,
                   "SELECT COUNT(*) FROM outbox WHERE state IN ('sending', 'uncertain')", 1, "0");
    start(fixture, true);
    test_desk_wait(fixture->desk, "SELECT state, COUNT(*) FROM outbox GROUP BY state", 2,
                   "accepted 100");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 100);
}

static void test_what_cannot_be_composed_is_said(Fixture *fixture, gconstpointer data)
{
    TestDesk *desk = fixture->desk;
    test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_run(desk, "UPDATE template_version SET body_text = '{{#broken'");
    start(fixture, true);
    test_desk_wait(fixture->desk, STATES, 1, "rejected");
    g_autofree char *why = test_desk_ask(desk, "SELECT last_reply FROM outbox");
    g_assert_nonnull(strstr(why, "line 1"));
}

static bool load_and_hash(DbTx *tx, void *data, GError **error)
{
    Fixture *fixture = data;
    g_autoptr(Alert) alert = alert_load(tx, 1, error);
    g_assert_nonnull(alert);
    g_autoptr(OutboxMessage) message = outbox_find(tx, OUTBOX_KIND_ALERT, 1, error);
    g_autoptr(ComposeSource) source = compose_source_load(tx, alert, error);
    g_autoptr(GBytes) bytes =
        compose_message(fixture->composer, source, message->sender, message->dated_at, error);
    g_assert_nonnull(bytes);
    g_autofree char *hash = compose_hash(bytes);
    g_assert_cmpstr(hash, ==, message->message_hash);
    return true;
}

static void test_shown_again_byte_for_byte(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    TestDesk *desk = fixture->desk;
    start(fixture, true);
    test_desk_open(desk, &desk->employee, NULL, true);
    delivery_wake(fixture->delivery);
    test_desk_wait(fixture->desk, STATES, 1, "accepted");
    /* Everything around it changes. */
    test_desk_run(desk, "UPDATE ticket SET title = 'Other'");
    test_desk_run(desk, "UPDATE account SET name = 'Other'");
    test_desk_options(desk, "desk", "{\"name\":\"Other\"}");
    test_desk_options(desk, "alerts-server", "{\"from_name\":\"Other\"}");
    manual_clock_advance(&desk->clock, US_PER_DAY);
    db_read(test_db_handle(desk->db), load_and_hash, fixture, &error);
    g_assert_no_error(error);
}

#define ADD(name, function)                                                                        \
    g_test_add("/delivery/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("in-order", test_opened_and_closed_arrive_in_order);
    ADD("inactive", test_nothing_while_inactive);
    ADD("relay-corrected", test_relay_not_there_then_corrected);
    ADD("relay-back", test_relay_comes_back);
    ADD("crash", test_restart_after_a_crash);
    ADD("stop", test_stop_gives_back_and_restart_goes_on);
    ADD("not-composed", test_what_cannot_be_composed_is_said);
    ADD("byte-for-byte", test_shown_again_byte_for_byte);
    return g_test_run();
}
