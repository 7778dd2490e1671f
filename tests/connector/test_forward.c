/* SPDX-License-Identifier: Apache-2.0 */
/* Mails that wait are sent on to the desk's internal address: once, never in a circle. */
#include "alerts/composer.h"
#include "alerts/sender.h"
#include "base/error.h"
#include "connector/forward.h"
#include "mail/inbound.h"
#include "records/signing_key.h"
#include "support/test_claim.h"
#include "tests/connector/mail_desk.h"

#include <string.h>

#define OFFICE  "office@desk.example"
#define OPTION  "{\"forward_unmatched_to\":\"" OFFICE "\"}"
#define UNKNOWN "From: Nora New <nora@nobody.example>\nTo: support@desk.example\n"

static const char *engine;

static TestDesk *new_desk(void)
{
    TestDesk *desk = mail_desk_new(engine);
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, OPTION);
    test_desk_options(desk, "alerts-server", "{\"signed_reply\":true,\"signed_bounce\":true}");
    return desk;
}

static void assert_forwards(TestDesk *desk, const char *want)
{
    assert_rows(desk, "SELECT decision, reason FROM mail_forward ORDER BY id", 2, want);
}

/* ---- its mail ---- */

typedef struct {
    Composer *composer;
    GBytes *bytes;
    OutboxMessage *row;
} Left;

static bool leave(DbTx *tx, void *data, GError **error)
{
    Left *left = data;
    int64_t key;
    void *source = NULL;
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL || !signing_key_current(tx, &key, error) ||
        !composer_load_keys(left->composer, tx, error))
        return false;
    g_autofree char *sender = sender_identity(&settings->desk, &settings->alerts_server, key);
    OutboxClaim claim = {.lease = "test", .sender = sender, .now_us = TEST_NOW_US, .limit = 10};
    g_autoptr(GPtrArray) claimed = test_claim(tx, &claim, US_PER_DAY, error);
    if (claimed == NULL)
        return false;
    g_assert_cmpint(claimed->len, ==, 1);
    OutboxMessage *row = claimed->pdata[0];
    g_assert_cmpstr(row->kind, ==, OUTBOX_KIND_FORWARD);
    const MailKind *kind = composer_find(left->composer, row->kind);
    g_assert_true(kind->null_sender);
    if (!kind->load(tx, left->composer, &row->ref, 1, &source, error))
        return false;
    g_clear_pointer(&left->bytes, g_bytes_unref);
    left->bytes = kind->compose(left->composer, source, sender, TEST_NOW_US, error);
    g_autoptr(GBytes) again = kind->compose(left->composer, source, sender, TEST_NOW_US, error);
    g_assert_true(left->bytes != NULL && g_bytes_equal(left->bytes, again));
    kind->free_source(source);
    return true;
}

/* The only mail that waits, as it leaves. */
static GBytes *take_mail(TestDesk *desk)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = test_desk_ask(desk, "SELECT desk_id FROM desk");
    g_autoptr(Composer) composer = composer_new(id);
    composer_register(composer, &mail_kind_forward);
    Left left = {.composer = composer};
    db_write(test_db_handle(desk->db), leave, &left, &error);
    g_assert_no_error(error);
    return left.bytes;
}

static void test_mail(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    const char *raw = UNKNOWN "Subject: Drucker =?utf-8?q?f=C3=BCr?= uns\n"
                              "Message-ID: <n1@nobody.example>\nX-Tidings-Hop: 1.foreign\n\n"
                              "Do you sell printers?\n";
    g_auto(Filed) filed = mail_desk_file(desk, "%s", raw);
    g_assert_cmpint(filed.state, ==, INBOX_UNMATCHED);
    assert_forwards(desk, "send sent");
    g_autoptr(GBytes) bytes = take_mail(desk);
    g_autoptr(GError) error = NULL;
    g_autoptr(InboundMail) mail = inbound_read(bytes, &error);
    g_assert_no_error(error);
    const InboundAddress *to = mail->to->pdata[0];
    g_assert_cmpstr(to->email, ==, OFFICE);
    g_assert_cmpstr(mail->subject, ==, "Mail 1 waits: Drucker für uns");
    g_assert_cmpstr(mail->auto_submitted, ==, "auto-generated");
    g_assert_true(g_str_has_prefix(mail->hop, "2."));
    g_assert_true(g_str_has_prefix(mail->message_id, "forward.1@"));
    g_assert_nonnull(strstr(mail->text, "nora@nobody.example (Nora New)"));
    g_assert_nonnull(strstr(mail->text, "Nobody here knows the sender."));
    g_assert_nonnull(strstr(mail->text, "tidings inbox open 1"));
    g_assert_nonnull(strstr(mail->text, "Do you sell printers?"));
    g_assert_cmpint(mail->attachments->len, ==, 1);
    const InboundAttachment *attachment = mail->attachments->pdata[0];
    g_assert_cmpstr(attachment->name, ==, "mail-1.eml");
    g_autoptr(GBytes) whole = g_bytes_new_static(raw, strlen(raw));
    g_assert_true(g_bytes_equal(attachment->bytes, whole));
    assert_rows(desk, "SELECT recipient, urgent FROM outbox", 2, OFFICE " 0");
}

/* One that is too large to go with it is described. */
static void test_large(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    const size_t bytes_of_it = (size_t)11 * 1024 * 1024;
    g_autofree char *filler = g_strnfill(bytes_of_it, 'x');
    for (size_t i = 70; i < bytes_of_it; i += 71)
        filler[i] = '\n';
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: Large\n\n%s\n", filler), "unmatched",
                 "unknown_sender");
    g_autoptr(GBytes) bytes = take_mail(desk);
    g_autoptr(InboundMail) mail = inbound_read(bytes, NULL);
    g_assert_cmpint(mail->attachments->len, ==, 0);
    g_assert_nonnull(strstr(mail->text, "too large to go with this one"));
    g_assert_cmpint(g_bytes_get_size(bytes), <, 256 * 1024);
}

/* ---- whether it goes ---- */

static void test_once(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    for (int i = 0; i < 3; i++) {
        g_auto(Filed) filed =
            mail_desk_file(desk, UNKNOWN "Message-ID: <a@nobody.example>\nSubject: Hi\n\nHi\n");
        g_assert_true(filed.seen_before == (i > 0));
    }
    assert_forwards(desk, "send sent");
    assert_rows(desk, "SELECT kind, recipient FROM outbox", 2, "forward " OFFICE);
}

static void test_only_what_waits(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    assert_filed(
        mail_desk_file(
            desk, "From: anna@bluebird.example\nTo: support@desk.example\nSubject: Help\n\nHelp\n"),
        "filed", "customer");
    g_autoptr(GBytes) nothing = g_bytes_new_static("\n", 1);
    assert_filed(mail_desk_file_bytes(desk, nothing), "quarantined", "unreadable");
    assert_forwards(desk, "");
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, "{\"forward_unmatched_to\":\"\"}");
    g_auto(Filed) unknown = mail_desk_file(desk, UNKNOWN "Subject: Off\n\nHi\n");
    assert_forwards(desk, "");
    g_assert_cmpint(unknown.state, ==, INBOX_UNMATCHED);
}

/* What waits because the desk could not do with it what it should (too many recipients, ...). */
static void test_refused(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    for (int i = 0; i < 201; i++) {
        g_autofree char *insert = g_strdup_printf(
            "INSERT INTO contact (account, name, email, email_key, emails, on_every_ticket, active,"
            " created_at) VALUES (1, 'C', 'c%d@b.example', 'c%d@b.example', '[]', 1, 1, 1)",
            i, i);
        test_desk_run(desk, insert);
    }
    assert_filed(mail_desk_file(desk, "From: anna@bluebird.example\nTo: support@desk.example\n"
                                      "Subject: Help\n\nHelp\n"),
                 "unmatched", "refused");
    assert_rows(
        desk,
        "SELECT decision, CASE WHEN waits_for LIKE '%200%' THEN 1 ELSE 0 END FROM mail_forward", 2,
        "send 1");
}

typedef struct {
    const char *name, *header, *want;
} Sign;

static const Sign signs[] = {
    {"auto reply", "From: x@nobody.example\nAuto-Submitted: auto-replied\n",
     "suppress auto_submitted"},
    {"out of office", "From: x@nobody.example\nX-Autoreply: yes\n", "suppress auto_reply_header"},
    {"daemon", "From: mailer-daemon@nobody.example\n", "suppress daemon_sender"},
    {"empty return path", "Return-Path: <>\nFrom: x@nobody.example\n", "suppress null_return_path"},
    {"from there", "From: Office@desk.example\n", "suppress from_there"},
    {"monitoring", "From: x@nobody.example\nAuto-Submitted: auto-generated\n", "send sent"},
    {"list", "From: x@nobody.example\nList-Id: <l.nobody.example>\n", "send sent"},
};

static void test_sign(const void *data)
{
    const Sign *sign = data;
    g_autoptr(TestDesk) desk = new_desk();
    g_auto(Filed) filed = mail_desk_file(
        desk, "%sTo: support@desk.example\nSubject: Something\n\nHello.\n", sign->header);
    g_assert_cmpstr(inbox_state_name(filed.state), ==, "unmatched");
    assert_forwards(desk, sign->want);
}

/* A person at that address, or a machine, writes back: it ends there. */
static void test_comes_back(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: Hi\n\nHi\n"), "unmatched",
                 "unknown_sender");
    g_autoptr(GBytes) bytes = take_mail(desk);
    g_auto(Filed) back = mail_desk_file_bytes(desk, bytes);
    g_assert_cmpstr(inbox_state_name(back.state), ==, "stopped");
    g_assert_cmpstr(back.reason, ==, "own_mail");
    assert_forwards(desk, "send sent");
}

static void test_windows(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    for (int i = 0; i < 12; i++) {
        g_auto(Filed) filed = mail_desk_file(desk, UNKNOWN "Subject: Number %d\n\nHi\n", i);
        g_assert_cmpint(filed.state, ==, INBOX_UNMATCHED);
    }
    assert_rows(desk, "SELECT reason, COUNT(*) FROM mail_forward GROUP BY reason ORDER BY 1", 2,
                "sent 10; window_address 2");
    for (int i = 0; i < 22; i++) {
        g_auto(Filed) filed = mail_desk_file(
            desk, "From: s%d@spam.example\nTo: support@desk.example\n\nNumber %d\n", i, i);
        g_assert_cmpint(filed.state, ==, INBOX_UNMATCHED);
    }
    assert_rows(desk, "SELECT reason, COUNT(*) FROM mail_forward GROUP BY reason ORDER BY 1", 2,
                "sent 30; window_address 2; window_total 2");
    assert_rows(desk, "SELECT COUNT(*) FROM outbox WHERE kind = 'forward'", 1, "30");
}

static void test_does_not_leave(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_run(desk, "INSERT INTO suppression (email_key, email, reason, evidence, since)"
                        " VALUES ('" OFFICE "', '" OFFICE "', 'by_hand', '{}', 1)");
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: A\n\nHi\n"), "unmatched", "unknown_sender");
    assert_forwards(desk, "suppress address_suppressed");
    test_desk_run(desk, "DELETE FROM suppression");
    test_desk_options(desk, "alerts-server", "{\"active\":false}");
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: B\n\nHi\n"), "unmatched", "unknown_sender");
    assert_forwards(desk, "suppress address_suppressed; suppress alerts_server_inactive");
    assert_rows(desk, "SELECT COUNT(*) FROM outbox", 1, "0");
}

/* The address became the desk's own after it was set. */
static void test_own_address(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_options(desk, "alerts-server", "{\"reply_to\":\"" OFFICE "\"}");
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: A\n\nHi\n"), "unmatched", "unknown_sender");
    assert_forwards(desk, "suppress own_address");
}

/* ---- by hand ---- */

typedef struct {
    int64_t mail;
    ForwardVerb verb;
} Act;

static bool act(DeskTx *tx, void *data, GError **error)
{
    const Act *what = data;
    return mail_forward_act(tx, what->mail, what->verb, error);
}

static void assert_act(TestDesk *desk, ForwardVerb verb, const char *state)
{
    g_autoptr(GError) error = NULL;
    Act what = {1, verb};
    desk_write(desk->desk, &desk->employee, act, &what, &error);
    g_assert_no_error(error);
    assert_rows(desk, "SELECT state FROM outbox", 1, state);
}

static void test_by_hand(void)
{
    g_autoptr(TestDesk) desk = new_desk();
    assert_filed(mail_desk_file(desk, UNKNOWN "Subject: A\n\nHi\n"), "unmatched", "unknown_sender");
    assert_act(desk, FORWARD_CANCEL, "cancelled");
    assert_act(desk, FORWARD_RETRY, "queued");
    test_desk_options(desk, "alerts-server", "{\"active\":false}");
    assert_rows(desk, "SELECT state FROM outbox", 1, "held");
    assert_act(desk, FORWARD_RELEASE, "queued");
    g_autoptr(GError) error = NULL;
    Act what = {2, FORWARD_RETRY};
    g_assert_false(desk_write(desk->desk, &desk->employee, act, &what, &error));
    g_assert_cmpstr(error_problem(error), ==, "unknown-mail");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/forward/mail", test_mail);
    g_test_add_func("/forward/large", test_large);
    g_test_add_func("/forward/once", test_once);
    g_test_add_func("/forward/only what waits", test_only_what_waits);
    g_test_add_func("/forward/refused", test_refused);
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        g_autofree char *name = g_strdup_printf("/forward/sign/%s", signs[i].name);
        g_test_add_data_func(name, &signs[i], test_sign);
    }
    g_test_add_func("/forward/comes back", test_comes_back);
    g_test_add_func("/forward/windows", test_windows);
    g_test_add_func("/forward/does not leave", test_does_not_leave);
    g_test_add_func("/forward/own address", test_own_address);
    g_test_add_func("/forward/by hand", test_by_hand);
    return g_test_run();
}
