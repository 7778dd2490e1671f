/* SPDX-License-Identifier: Apache-2.0 */
/* Mails that are held: after a quarter of an hour the admins are told, once for each time that
 * something is held, on either engine. */
#include "alerts/compose_held.h"
#include "delivery/delivery.h"
#include "desk/alerts.h"
#include "mail/message.h"
#include "mail/transport.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_ptr_array_unref(transport_memory_take());
    test_desk_options(fixture->desk, "alerts-to-customers",
                      "{\"brake\":{\"enabled\":true,\"customers\":1,\"minutes\":5}}");
    test_desk_options(fixture->desk, "web-interface", "{\"public_url\":\"https://help.example\"}");
    test_desk_run(fixture->desk,
                  "INSERT INTO employee (name, login, email, email_key, role, active, created_at)"
                  " VALUES ('Second', 'second', 'second@desk.example', 'second@desk.example',"
                  " 'admin', 1, 1), ('Tess', 'tess', 'tess@desk.example', 'tess@desk.example',"
                  " 'technician', 1, 1), ('Left', 'left', 'left@desk.example', 'left@desk.example',"
                  " 'admin', 0, 1)");
    test_desk_run(fixture->desk, "UPDATE employee SET email = 'admin@desk.example', email_key ="
                                 " 'admin@desk.example' WHERE id = 1");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void hold_some(Fixture *fixture)
{
    static const char *const others[] = {"x@held.example", "y@held.example", NULL};
    test_desk_open(fixture->desk, &fixture->desk->employee, others, true);
}

static bool keep_house(DbTx *tx, void *data, GError **error)
{
    Fixture *fixture = data;
    int queued;
    return held_tell_admins(tx, clock_wall_us(&fixture->desk->clock.clock), &queued, error);
}

/* A round of housekeeping after so many minutes. */
static void after(Fixture *fixture, int minutes)
{
    g_autoptr(GError) error = NULL;
    manual_clock_advance(&fixture->desk->clock, minutes * US_PER_MINUTE);
    db_write(test_db_handle(fixture->desk->db), keep_house, fixture, &error);
    g_assert_no_error(error);
}

static void assert_told(Fixture *fixture, const char *want)
{
    g_autofree char *told = test_desk_rows(
        fixture->desk, "SELECT recipient FROM outbox WHERE kind = 'held' ORDER BY recipient, id",
        1);
    g_assert_cmpstr(told, ==, want);
}

static int64_t held_long(Fixture *fixture)
{
    int64_t count = -1;
    g_autoptr(GError) error = NULL;
    alerts_held_long(fixture->desk->desk, &count, &error);
    g_assert_no_error(error);
    return count;
}

#define BOTH "admin@desk.example; second@desk.example"

static void test_once(Fixture *fixture, gconstpointer data)
{
    hold_some(fixture);
    after(fixture, 14);
    assert_told(fixture, "");
    g_assert_cmpint(held_long(fixture), ==, 0);
    after(fixture, 2);
    assert_told(fixture, BOTH);
    g_assert_cmpint(held_long(fixture), ==, 3);
    after(fixture, 1);
    hold_some(fixture);
    after(fixture, 20);
    assert_told(fixture, BOTH);
    g_assert_cmpint(held_long(fixture), ==, 6);
}

/* When all of it was released or cancelled, what is held then is told anew. */
static void test_anew(Fixture *fixture, gconstpointer data)
{
    hold_some(fixture);
    after(fixture, 16);
    test_desk_run(fixture->desk, "UPDATE outbox SET state = 'cancelled' WHERE state = 'held'");
    after(fixture, 1);
    hold_some(fixture);
    after(fixture, 1);
    assert_told(fixture, BOTH);
    after(fixture, 16);
    assert_told(fixture,
                "admin@desk.example; admin@desk.example; second@desk.example; second@desk.example");
}

/* While no mail leaves nobody is told; what is still held afterwards is. */
static void test_inactive(Fixture *fixture, gconstpointer data)
{
    hold_some(fixture);
    test_desk_options(fixture->desk, "alerts-server", "{\"active\":false}");
    after(fixture, 60);
    assert_told(fixture, "");
    g_assert_cmpint(held_long(fixture), ==, 3);
    test_desk_options(fixture->desk, "alerts-server", "{\"active\":true}");
    after(fixture, 1);
    assert_told(fixture, BOTH);
}

/* The mail itself, as it leaves. */
static void test_mail(Fixture *fixture, gconstpointer data)
{
    hold_some(fixture);
    manual_clock_advance(&fixture->desk->clock, 16 * US_PER_MINUTE);
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = {
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .maildir = "/nonexistent",
        .memory = "yes",
    };
    /* An unexpected warning fails a test; this one expects one. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    Delivery *delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
    test_desk_wait(fixture->desk,
                   "SELECT COUNT(*) FROM outbox WHERE kind = 'held' AND state = 'accepted'", 1,
                   "2");
    delivery_stop(delivery, 2000);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 2);
    const MemoryMail *mail = mails->pdata[0];
    g_autofree char *readable = message_to_readable(mail->message);
    g_assert_nonnull(strstr(readable, "3 mails are held and wait for you"));
    g_assert_nonnull(strstr(readable, "https://help.example/alerts-server#held"));
    g_assert_nonnull(strstr(readable, "since 2026-11-23T18:30:00"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add("/delivery/held/once", Fixture, NULL, set_up, test_once, tear_down);
    g_test_add("/delivery/held/anew", Fixture, NULL, set_up, test_anew, tear_down);
    g_test_add("/delivery/held/inactive", Fixture, NULL, set_up, test_inactive, tear_down);
    g_test_add("/delivery/held/mail", Fixture, NULL, set_up, test_mail, tear_down);
    return g_test_run();
}
