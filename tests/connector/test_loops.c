/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops: desks, vacation responders and forwarders that answer each other by mail, each mail made
 * as it is really sent and brought as a mail server brings it. Every one of them ends after a
 * number of mails that is counted here.
 */
#include "alerts/mail_kind.h"
#include "alerts/sender.h"
#include "mail/address.h"
#include "records/signing_key.h"
#include "support/test_claim.h"
#include "tests/connector/mail_desk.h"

#include <string.h>

#define NO_END 500 /* mails: a loop that does not end */

static const char *engine;

typedef struct {
    char *envelope_from, *to;
    GBytes *bytes;
} Mail;

static void mail_free(void *data)
{
    Mail *mail = data;
    g_free(mail->envelope_from);
    g_free(mail->to);
    g_bytes_unref(mail->bytes);
    g_free(mail);
}

/* ---- what leaves a desk ---- */

typedef struct {
    Composer *composer;
    GPtrArray *mails;
} Leaving;

static Mail *make_mail(DbTx *tx, Composer *composer, const OutboxMessage *message,
                       const char *sender, GError **error)
{
    const MailKind *kind = composer_find(composer, message->kind);
    void *source = NULL;
    g_assert_nonnull(kind);
    if (!kind->load(tx, composer, &message->ref, 1, &source, error))
        return NULL;
    g_assert_nonnull(source);
    Mail *mail = g_new0(Mail, 1);
    mail->to = g_strdup(message->recipient);
    mail->bytes = kind->compose(composer, source, sender, TEST_NOW_US, error);
    g_assert_nonnull(mail->bytes);
    kind->free_source(source);
    if (kind->null_sender) {
        mail->envelope_from = g_strdup("");
        return mail;
    }
    g_autoptr(SenderIdentity) identity = composer_sender(composer, sender, error);
    g_autoptr(SigningKeys) keys = composer_keys(composer);
    g_assert_true(sender_envelope(identity, keys, message->id, &mail->envelope_from, error));
    return mail;
}

static bool leave(DbTx *tx, void *data, GError **error)
{
    Leaving *leaving = data;
    int64_t key;
    g_autoptr(Settings) settings = settings_load(tx, error);
    if (settings == NULL || !signing_key_current(tx, &key, error) ||
        !composer_load_keys(leaving->composer, tx, error))
        return false;
    g_autofree char *sender = sender_identity(&settings->desk, &settings->alerts_server, key);
    OutboxClaim claim = {.lease = "test", .sender = sender, .now_us = TEST_NOW_US, .limit = 100};
    g_autoptr(GPtrArray) claimed = test_claim(tx, &claim, US_PER_DAY, error);
    if (claimed == NULL)
        return false;
    g_clear_pointer(&leaving->mails, g_ptr_array_unref);
    leaving->mails = g_ptr_array_new_with_free_func(mail_free);
    for (guint i = 0; i < claimed->len; i++) {
        Mail *mail = make_mail(tx, leaving->composer, claimed->pdata[i], sender, error);
        if (mail == NULL)
            return false;
        g_ptr_array_add(leaving->mails, mail);
    }
    return db_exec(tx, NULL, error,
                   "UPDATE outbox SET state = 'accepted', stamp = NULL, accepted_at = 1"
                   " WHERE state = 'sending'",
                   "");
}

/* Everything that waits leaves; Mail *. */
static GPtrArray *take_mails(TestDesk *desk)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = test_desk_ask(desk, "SELECT desk_id FROM desk");
    g_autoptr(Composer) composer = composer_new(id);
    Leaving leaving = {.composer = composer};
    db_write(test_db_handle(desk->db), leave, &leaving, &error);
    g_assert_no_error(error);
    return leaving.mails;
}

/* As a mail server hands it over. */
static void bring(TestDesk *desk, const Mail *mail)
{
    gsize bytes;
    const char *data = g_bytes_get_data(mail->bytes, &bytes);
    g_autoptr(GString) raw = g_string_new(NULL);
    g_string_append_printf(raw,
                           "Return-Path: <%s>\r\nDelivered-To: %s\r\n"
                           "Received: from a by b; Mon, 23 Nov 2026 18:30:00 +0000\r\n",
                           mail->envelope_from, mail->to);
    g_string_append_len(raw, data, (gssize)bytes);
    g_autoptr(GBytes) whole = g_bytes_new(raw->str, raw->len);
    g_auto(Filed) filed = mail_desk_file_bytes(desk, whole);
    g_test_message("%s: %s (%s)", mail->to, inbox_state_name(filed.state), filed.reason);
}

static TestDesk *new_desk(void)
{
    TestDesk *desk = mail_desk_new(engine);
    test_desk_options(desk, "alerts-server", "{\"signed_reply\":true,\"signed_bounce\":true}");
    test_desk_run(desk, "UPDATE account SET manager = 2");
    return desk;
}

/* ---- two desks ---- */

static bool is_to(const Mail *mail, const char *domain)
{
    return strcmp(address_domain(mail->to), domain) == 0 && g_str_has_prefix(mail->to, "support");
}

/* Carries mail between them until none moves; gives how many mails left in all. */
static int carry(TestDesk *a, TestDesk *b)
{
    int sent = 0;
    for (bool moved = true; moved;) {
        moved = false;
        TestDesk *desks[] = {a, b};
        for (size_t i = 0; i < G_N_ELEMENTS(desks); i++) {
            g_autoptr(GPtrArray) mails = take_mails(desks[i]);
            for (guint m = 0; m < mails->len; m++) {
                const Mail *mail = mails->pdata[m];
                sent++;
                moved = true;
                g_assert_cmpint(sent, <, NO_END);
                if (is_to(mail, "desk.example"))
                    bring(a, mail);
                else if (is_to(mail, "other.example"))
                    bring(b, mail);
            }
        }
    }
    return sent;
}

/* B is a desk at other.example; each is the other's customer. */
static TestDesk *other_desk(TestDesk *a)
{
    TestDesk *b = new_desk();
    test_desk_options(b, "alerts-server", "{\"from_address\":\"support@other.example\"}");
    test_desk_options(b, OPTIONS_EMAIL_CONNECTOR, "{\"address\":\"support@other.example\"}");
    test_desk_run(b, "UPDATE account SET domains = '[\"desk.example\"]'");
    test_desk_run(b, "UPDATE employee SET email = 'eve@other.example',"
                     " email_key = 'eve@other.example' WHERE id = 2");
    test_desk_run(a, "UPDATE account SET domains = '[\"other.example\"]'");
    return b;
}

static void test_two_desks(void)
{
    static const char *const them[] = {"support@other.example", NULL};
    g_autoptr(TestDesk) a = new_desk();
    g_autoptr(TestDesk) b = other_desk(a);
    test_desk_open(a, &a->employee, them, true);
    /* The alert to them and to Anna; at B it opens a ticket and answers nothing. */
    g_assert_cmpint(carry(a, b), ==, 2);
    assert_rows(b, "SELECT state, reason FROM inbound_mail", 2, "filed customer");
    assert_rows(b, "SELECT decision, reason FROM auto_response", 2, "suppress auto_submitted");
    /* Closing both tickets: one mail each, and each of them ends on its ticket. */
    test_desk_set_status(a, &a->employee, 1, 1000, true);
    test_desk_set_status(b, &b->employee, 1, 1000, true);
    int sent = carry(a, b);
    g_test_message("%d mails", sent);
    g_assert_cmpint(sent, <=, 4);
    assert_rows(a, "SELECT COUNT(*) FROM auto_response WHERE decision = 'send'", 1, "0");
}

/* Both answer everything, and every sign of it is taken off on the way. */
static void strip(Mail *mail)
{
    static const char *const signs[] = {
        "Auto-Submitted:", "X-Auto-Response-Suppress:", "X-Tidings-Hop:", "Precedence:"};
    gsize bytes;
    const char *data = g_bytes_get_data(mail->bytes, &bytes);
    g_autofree char *text = g_strndup(data, bytes);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    g_autoptr(GString) kept = g_string_new(NULL);
    for (char **line = lines; *line != NULL; line++) {
        bool sign = false;
        for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
            sign = sign || g_str_has_prefix(*line, signs[i]);
        if (!sign)
            g_string_append_printf(kept, "%s\r\n", *line);
    }
    g_bytes_unref(mail->bytes);
    mail->bytes = g_bytes_new(kept->str, kept->len);
    g_free(mail->envelope_from);
    mail->envelope_from = g_strdup("somebody@gateway.example");
}

/* ---- one desk and a machine ---- */

/* What a machine answers to a mail; NULL: nothing. Gives the whole mail. */
typedef char *(*Machine)(const Mail *mail, int n);

static int converse(TestDesk *desk, const char *address, Machine machine, int *answers)
{
    int sent = 0;
    *answers = 0;
    for (bool moved = true; moved;) {
        moved = false;
        g_autoptr(GPtrArray) mails = take_mails(desk);
        for (guint i = 0; i < mails->len; i++) {
            Mail *mail = mails->pdata[i];
            sent++;
            g_assert_cmpint(sent, <, NO_END);
            g_autofree char *answer =
                strcmp(mail->to, address) == 0 ? machine(mail, *answers) : NULL;
            if (answer == NULL)
                continue;
            (*answers)++;
            moved = true;
            g_auto(Filed) filed = mail_desk_file(desk, "%s", answer);
            g_test_message("answer %d: %s (%s)", *answers, inbox_state_name(filed.state),
                           filed.reason);
        }
    }
    return sent;
}

static char *header_of(const Mail *mail, const char *name)
{
    gsize bytes;
    const char *data = g_bytes_get_data(mail->bytes, &bytes);
    g_autofree char *text = g_strndup(data, bytes);
    char *at = strstr(text, name);
    g_assert_nonnull(at);
    char *end = strstr(at, "\r\n");
    while (end[2] == ' ' || end[2] == '\t')
        end = strstr(end + 2, "\r\n");
    g_autofree char *value = g_strndup(at + strlen(name), (gsize)(end - at) - strlen(name));
    g_strdelimit(value, "\r\n", ' ');
    return g_strdup(g_strstrip(value));
}

/* By RFC 3834: to the envelope sender, marked, with the mail it answers; not to an empty one. */
static char *polite(const Mail *mail, int n)
{
    if (*mail->envelope_from == '\0')
        return NULL;
    g_autofree char *id = header_of(mail, "Message-ID:");
    return g_strdup_printf("Return-Path: <>\nFrom: anna@bluebird.example\nTo: %s\n"
                           "Subject: Out of office\nAuto-Submitted: auto-replied\n"
                           "Message-ID: <away-%d@bluebird.example>\nIn-Reply-To: %s\n\nAway.\n",
                           mail->envelope_from, n, id);
}

static void test_vacation(void)
{
    int answers;
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_open(desk, &desk->employee, NULL, true);
    g_assert_cmpint(converse(desk, "anna@bluebird.example", polite, &answers), ==, 1);
    g_assert_cmpint(answers, ==, 1);
    assert_rows(desk, "SELECT kind FROM ticket_message", 1, "automatic");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
}

/* A machine that writes as a person would, a new mail each time, and nothing tells it from one. */
static char *rude(const Mail *mail, int n)
{
    return g_strdup_printf("Return-Path: <anna@bluebird.example>\nFrom: anna@bluebird.example\n"
                           "To: support@desk.example\nSubject: I am away\n"
                           "Message-ID: <rude-%d@bluebird.example>\n\nBack on day %d.\n",
                           n, n);
}

static void test_rude_machine(void)
{
    int answers;
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_open(desk, &desk->employee, NULL, true);
    int sent = converse(desk, "anna@bluebird.example", rude, &answers);
    /* The alert, ten responses in ten minutes, and each ticket's copy to its manager. */
    g_assert_cmpint(answers, ==, 11);
    g_assert_cmpint(sent, ==, 1 + 10 + 11);
    assert_rows(desk, "SELECT decision, COUNT(*) FROM auto_response GROUP BY decision ORDER BY 1",
                2, "send 10; suppress 1");
    assert_rows(desk, "SELECT reason FROM auto_response ORDER BY id DESC LIMIT 1", 1,
                "window_address");
}

/* Recipients who have everything sent on to the support mailbox: as it is, and as a mail of theirs.
 */
static char *redirect(const Mail *mail, int n)
{
    gsize bytes;
    const char *data = g_bytes_get_data(mail->bytes, &bytes);
    return g_strdup_printf("Return-Path: <anna@bluebird.example>\r\n%.*s", (int)bytes, data);
}

static char *forward(const Mail *mail, int n)
{
    g_autofree char *id = header_of(mail, "Message-ID:");
    g_autofree char *subject = header_of(mail, "Subject:");
    return g_strdup_printf("Return-Path: <anna@bluebird.example>\nFrom: anna@bluebird.example\n"
                           "To: support@desk.example\nSubject: Fwd: %s\n"
                           "Message-ID: <fwd-%d@bluebird.example>\nReferences: %s\n\nFYI\n",
                           subject, n, id);
}

static void test_redirect(void)
{
    int answers;
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_open(desk, &desk->employee, NULL, true);
    g_assert_cmpint(converse(desk, "anna@bluebird.example", redirect, &answers), ==, 1);
    g_assert_cmpint(answers, ==, 1);
    assert_rows(desk, "SELECT state, reason FROM inbound_mail", 2, "stopped own_mail");
}

static void test_forward(void)
{
    int answers;
    g_autoptr(TestDesk) desk = new_desk();
    test_desk_open(desk, &desk->employee, NULL, true);
    /* The alert, and a copy of its forward for the manager. */
    g_assert_cmpint(converse(desk, "anna@bluebird.example", forward, &answers), ==, 2);
    g_assert_cmpint(answers, ==, 1);
    assert_rows(desk, "SELECT reason, ticket FROM inbound_mail", 2, "answers_our_mail 1");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
}

/* The manager's copies are sent on, as they are. */
static void test_manager_redirects(void)
{
    int answers;
    g_autoptr(TestDesk) desk = new_desk();
    g_auto(Filed) filed = mail_desk_file(
        desk, "From: anna@bluebird.example\nTo: support@desk.example\nSubject: Help\n\nHelp\n");
    g_assert_cmpint(converse(desk, "theo@desk.example", redirect, &answers), ==, 2);
    g_assert_cmpint(answers, ==, 1);
    assert_rows(desk, "SELECT COUNT(*) FROM ticket_message WHERE incoming = 1", 1, "1");
}

/* Two desks whose every sign is taken off on the way: the windows are what ends it. */
static void test_two_desks_without_signs(void)
{
    g_autoptr(TestDesk) a = new_desk();
    g_autoptr(TestDesk) b = other_desk(a);
    int sent = 0;
    g_auto(Filed) filed = mail_desk_file(
        a, "From: support@other.example\nTo: support@desk.example\nSubject: Hello\n\nHello\n");
    for (bool moved = true; moved;) {
        moved = false;
        TestDesk *desks[] = {a, b};
        for (size_t i = 0; i < G_N_ELEMENTS(desks); i++) {
            g_autoptr(GPtrArray) mails = take_mails(desks[i]);
            for (guint m = 0; m < mails->len; m++) {
                Mail *mail = mails->pdata[m];
                sent++;
                moved = true;
                g_assert_cmpint(sent, <, NO_END);
                strip(mail);
                if (is_to(mail, "desk.example"))
                    bring(a, mail);
                else if (is_to(mail, "other.example"))
                    bring(b, mail);
            }
        }
    }
    g_test_message("%d mails", sent);
    g_assert_cmpint(sent, <=, 60);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/loops/two desks", test_two_desks);
    g_test_add_func("/loops/two desks without signs", test_two_desks_without_signs);
    g_test_add_func("/loops/vacation", test_vacation);
    g_test_add_func("/loops/rude machine", test_rude_machine);
    g_test_add_func("/loops/redirect", test_redirect);
    g_test_add_func("/loops/forward", test_forward);
    g_test_add_func("/loops/manager redirects", test_manager_redirects);
    return g_test_run();
}
