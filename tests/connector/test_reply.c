/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that come to their ticket, and reports that settle what they are about. */
#include "records/status.h"
#include "records/suppression.h"
#include "tests/connector/mail_desk.h"

#include <string.h>

#define COPIES                                                                                     \
    "SELECT m.visibility, c.recipient, c.decision FROM message_copy c"                             \
    " JOIN ticket_message m ON m.id = c.message ORDER BY c.id"
#define MESSAGES "SELECT kind, author_kind, visibility, sender FROM ticket_message ORDER BY id"
#define EVENTS   "SELECT kind FROM event ORDER BY ticket, version"
#define OUTBOX   "SELECT state FROM outbox ORDER BY id"

#define ANNA_KEY "anna@bluebird.example"
#define ANNA     "From: Anna Field <" ANNA_KEY ">\n"
#define THEO     "From: Theo <theo@desk.example>\n"

static const char *engine;

/* A desk with ticket 1 of Anna's, managed by the technician. */
static TestDesk *desk_with_ticket(void)
{
    TestDesk *desk = mail_desk_new(engine);
    test_desk_run(desk, "UPDATE account SET manager = 2");
    g_assert_cmpint(test_desk_open(desk, &desk->employee, NULL, true), ==, 1);
    return desk;
}

/* ---- customers ---- */

static void test_signed(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    g_autofree char *address = reply_address(desk, 1, ANNA_KEY);
    assert_filed(mail_desk_file(desk,
                                ANNA "To: %s\nSubject: thanks\n\nFine.\n\n"
                                     "On Monday you wrote:\n> Is it?\n",
                                address),
                 "filed", "signed_reply_address");
    assert_rows(desk, MESSAGES, 4, "answer customer public unknown");
    assert_rows(desk, "SELECT body_text, quoted FROM ticket_message", 2,
                "Fine. On Monday you wrote:\n> Is it?");
    assert_rows(desk, COPIES, 3, "public theo@desk.example send");
    /* Whoever has the address may answer, in any letters. */
    g_autofree char *upper = g_ascii_strup(address, -1);
    assert_filed(
        mail_desk_file(desk, "From: friend@else.example\nTo: %s\nSubject: me\n\nMe too\n", upper),
        "filed", "signed_reply_address");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
    /* One letter wrong is a stranger's guess. */
    char *at = strchr(address, '@') - 1;
    *at = *at == 'a' ? 'b' : 'a';
    assert_filed(
        mail_desk_file(desk, "From: friend@else.example\nTo: %s\nSubject: x\n\nx\n", address),
        "unmatched", "unknown_sender");
}

/* Whatever names a duplicate is of the ticket that it became part of. */
static void test_duplicate(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    g_assert_cmpint(test_desk_open(desk, &desk->employee, NULL, true), ==, 2);
    g_autofree char *address = reply_address(desk, 2, ANNA_KEY);
    test_desk_run(desk, "UPDATE ticket SET merged_into = 1 WHERE number = 2");
    g_assert_cmpint(assert_filed(mail_desk_file(desk, ANNA "To: %s\nSubject: a\n\na\n", address),
                                 "filed", "signed_reply_address"),
                    ==, 1);
    g_assert_cmpint(
        assert_filed(mail_desk_file(desk, ANNA "To: support@desk.example\nSubject: [#2] b\n\nb\n"),
                     "filed", "number_in_subject"),
        ==, 1);
    assert_rows(desk, "SELECT ticket FROM ticket_message ORDER BY id", 1, "1; 1");
}

static void test_references_and_numbers(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    g_autofree char *id = test_desk_ask(desk, "SELECT desk_id FROM desk");
    assert_filed(mail_desk_file(desk,
                                ANNA "To: support@desk.example\nSubject: Re\n"
                                     "In-Reply-To: <alert.1@%s.tidings>\n\nA\n",
                                id),
                 "filed", "answers_our_mail");
    assert_filed(mail_desk_file(desk,
                                ANNA "To: support@desk.example\nSubject: Re\n"
                                     "References: <ticket.1@%s.tidings> <foreign@x>\n\nB\n",
                                id),
                 "filed", "answers_our_mail");
    assert_filed(mail_desk_file(desk, ANNA "To: support@desk.example\nSubject: AW: [#1] x\n\nC\n"),
                 "filed", "number_in_subject");
    /* A stranger with the same words. */
    assert_filed(mail_desk_file(desk,
                                "From: x@y.example\nTo: support@desk.example\nSubject: [#1]\n"
                                "In-Reply-To: <alert.1@%s.tidings>\n\nD\n",
                                id),
                 "unmatched", "unknown_sender");
    /* A recipient who belongs to no account. */
    test_desk_run(desk, "INSERT INTO recipient (ticket, email, email_key, muted, added_at)"
                        " VALUES (1, 'x@y.example', 'x@y.example', 0, 1)");
    assert_filed(mail_desk_file(desk, "From: x@y.example\nTo: support@desk.example\n"
                                      "Subject: [#1]\n\nE\n"),
                 "filed", "number_in_subject");
    /* Our own mail that comes back. */
    assert_filed(mail_desk_file(desk,
                                ANNA "To: support@desk.example\nSubject: F\n"
                                     "Message-ID: <alert.1@%s.tidings>\n\nF\n",
                                id),
                 "stopped", "own_mail");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
}

static void test_out_of_office(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    test_desk_options(desk, "tickets", "{\"reopen_on_reply\":\"always\"}");
    test_desk_set_status(desk, &desk->employee, 1, STATUS_COMPLETED, false);
    g_autofree char *address = reply_address(desk, 1, ANNA_KEY);
    assert_filed(mail_desk_file(desk,
                                ANNA "To: %s\nSubject: Out of office\n"
                                     "Auto-Submitted: auto-replied\n\nI am away.\n",
                                address),
                 "filed", "signed_reply_address");
    /* To the address that bounces go to. */
    g_autofree char *bounce = bounce_address(desk, 1);
    assert_filed(mail_desk_file(desk,
                                ANNA "To: %s\nSubject: Abwesenheit\nReturn-Path: <>\n"
                                     "Auto-Submitted: auto-replied\n\nWeg.\n",
                                bounce),
                 "filed", "answers_our_mail");
    assert_filed(mail_desk_file(desk, ANNA "To: support@desk.example\nSubject: Out of office\n"
                                           "Auto-Submitted: auto-replied\n\nFrom what?\n"),
                 "unmatched", "automatic_reply");
    assert_rows(desk, MESSAGES, 4,
                "automatic customer public unknown; automatic customer public unknown");
    assert_rows(desk, "SELECT COUNT(*) FROM message_copy WHERE decision = 'send'", 1, "0");
    assert_rows(desk, "SELECT status FROM ticket", 1, "1000");
    assert_rows(desk, "SELECT COUNT(*) FROM auto_response", 1, "0");
}

static void test_reopen(gconstpointer data)
{
    const char *option = data;
    g_autoptr(TestDesk) desk = desk_with_ticket();
    g_autofree char *patch = g_strdup_printf("{\"reopen_on_reply\":\"%s\"}", option);
    test_desk_options(desk, "tickets", patch);
    test_desk_set_status(desk, &desk->employee, 1, STATUS_COMPLETED, false);
    g_autofree char *address = reply_address(desk, 1, ANNA_KEY);
    assert_filed(mail_desk_file(desk, ANNA "To: %s\nSubject: Re\n\nStill broken\n", address),
                 "filed", "signed_reply_address");
    bool always = strcmp(option, "always") == 0;
    assert_rows(desk, "SELECT status FROM ticket", 1, always ? "200" : "1000");
    assert_rows(desk, EVENTS, 1,
                always ? "opened; closed; message_added; reopened"
                       : "opened; closed; message_added");
    assert_rows(desk, COPIES, 3, "public theo@desk.example send");
}

/* Who writes from an address is reached there. */
static void test_lifts_suppression(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    test_desk_run(desk, "INSERT INTO suppression (email_key, email, reason, evidence, since) VALUES"
                        " ('" ANNA_KEY "', '" ANNA_KEY "', '" SUPPRESSION_NO_MAILBOX "', '{}', 1)");
    assert_filed(mail_desk_file(desk, ANNA "To: support@desk.example\nSubject: [#1]\n"
                                           "Auto-Submitted: auto-replied\n\nAway\n"),
                 "filed", "number_in_subject");
    assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, "1");
    assert_filed(mail_desk_file(desk, ANNA "To: support@desk.example\nSubject: [#1]\n\nHere\n"),
                 "filed", "number_in_subject");
    assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, "0");
}

/* ---- employees ---- */

static void test_employee(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    /* Their own reply address is proof. */
    g_autofree char *own = reply_address(desk, 1, "theo@desk.example");
    assert_filed(mail_desk_file(desk, THEO "To: %s\nSubject: Re\n\nWe are on it.\n", own), "filed",
                 "signed_reply_address");
    assert_rows(desk, MESSAGES, 4, "answer employee public unknown");
    assert_rows(desk, COPIES, 3, "public " ANNA_KEY " send");
    /* A customer's is not. */
    g_autofree char *other = reply_address(desk, 1, ANNA_KEY);
    assert_filed(mail_desk_file(desk, THEO "To: %s\nSubject: Re\n\nPay elsewhere.\n", other),
                 "unmatched", "sender_not_verified");
    /* The desk in Cc: among ourselves. */
    test_desk_run(desk, "DELETE FROM message_copy");
    test_desk_run(desk, "INSERT INTO employee_recipient (ticket, employee) VALUES (1, 1)");
    assert_filed(mail_desk_file(desk, AUTH_PASS("desk.example") THEO
                                "To: erika@desk.example\nCc: support@desk.example\n"
                                "Subject: [#1] between us\n\nThey never pay.\n"),
                 "filed", "number_in_subject");
    assert_rows(desk, COPIES, 3,
                "internal theo@desk.example suppress; internal erika@desk.example send");
    assert_rows(desk, "SELECT COUNT(*) FROM message_copy WHERE recipient_key = '" ANNA_KEY "'", 1,
                "0");
}

/* In Bcc only: the header does not name the desk at all. */
static void test_employee_bcc(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    test_desk_run(desk, "INSERT INTO employee_recipient (ticket, employee) VALUES (1, 1)");
    assert_filed(
        mail_desk_file(desk, "Delivered-To: support@desk.example\n" AUTH_PASS("desk.example") THEO
                       "To: " ANNA_KEY
                       "\nSubject: Re: [#1] your printer\n\nOn the phone just now.\n"),
        "filed", "number_in_subject");
    assert_rows(desk, MESSAGES, 4, "answer employee internal verified");
    assert_rows(desk, COPIES, 3,
                "internal theo@desk.example suppress; internal erika@desk.example send");
}

static void test_employee_options(void)
{
    g_autoptr(TestDesk) desk = desk_with_ticket();
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, "{\"employee_mail\":\"trusted\"}");
    assert_filed(mail_desk_file(desk, THEO "To: support@desk.example\nSubject: [#1] a\n\nA\n"),
                 "filed", "number_in_subject");
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, "{\"employee_mail\":\"off\"}");
    assert_filed(mail_desk_file(desk, AUTH_PASS("desk.example") THEO
                                "To: support@desk.example\nSubject: [#1] b\n\nB\n"),
                 "unmatched", "employee_mail_off");
}

/* ---- reports ---- */

#define REPORT                                                                                     \
    "From: MAILER-DAEMON@mx.desk.example\nTo: %s\nSubject: Undelivered Mail Returned to Sender\n"  \
    "Return-Path: <>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"                           \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"                  \
    "--B\n\nSorry.\n\n--B\nContent-Type: message/delivery-status\n\n"                              \
    "Reporting-MTA: dns; mx.desk.example\n\n"                                                      \
    "Final-Recipient: rfc822; %s\nAction: %s\nStatus: %s\nDiagnostic-Code: smtp; %s\n\n"           \
    "--B\nContent-Type: text/rfc822-headers\n\nMessage-ID: <alert.1@%s.tidings>\n\n--B--\n"

static Filed report(TestDesk *desk, const char *to, const char *recipient, const char *action,
                    const char *status, const char *words)
{
    g_autofree char *id = test_desk_ask(desk, "SELECT desk_id FROM desk");
    return mail_desk_file(desk, REPORT, to, recipient, action, status, words, id);
}

static TestDesk *desk_with_mail(const char *state)
{
    TestDesk *desk = desk_with_ticket();
    g_autofree char *sql = g_strdup_printf("UPDATE outbox SET state = '%s', stamp = NULL", state);
    test_desk_run(desk, sql);
    return desk;
}

static void test_bounce(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("accepted");
    g_autofree char *to = bounce_address(desk, 1);
    assert_filed(report(desk, to, ANNA_KEY, "failed", "5.1.1", "550 5.1.1 User unknown"), "settled",
                 "no_mailbox");
    assert_rows(desk, "SELECT state, last_reply FROM outbox", 2, "bounced 550 5.1.1 User unknown");
    assert_rows(desk, "SELECT email_key, reason FROM suppression", 2, ANNA_KEY " no_such_mailbox");
    assert_rows(desk, "SELECT ticket, outbox, about_key FROM inbound_mail", 3, "1 1 " ANNA_KEY);
    /* A second report finds it settled. */
    assert_filed(report(desk, to, ANNA_KEY, "failed", "5.1.1", "550 5.1.1 Still unknown"),
                 "settled", "no_mailbox");
    assert_rows(desk, OUTBOX, 1, "bounced");
}

static void test_bounce_tells_not_told(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_options(desk, "alerts-to-customers", "{\"new_ticket\":{\"enabled\":false}}");
    test_desk_open(desk, &desk->employee, NULL, true);
    test_desk_set_status(desk, &desk->employee, 1, STATUS_COMPLETED, true);
    test_desk_run(desk, "UPDATE outbox SET state = 'accepted', stamp = NULL");
    g_autofree char *to = bounce_address(desk, 1);
    assert_filed(report(desk, to, ANNA_KEY, "failed", "5.7.1", "550 5.7.1 No"), "settled",
                 "bounced");
    assert_rows(desk, "SELECT CASE WHEN not_told_at > 0 THEN 1 END FROM ticket", 1, "1");
    assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, "0");
}

/* Evidence that it arrived, also of a machine on its way, settles what is uncertain. */
static void test_relayed(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("uncertain");
    g_autofree char *to = bounce_address(desk, 1);
    assert_filed(report(desk, to, ANNA_KEY, "relayed", "2.0.0", "250 Ok"), "settled", "delivered");
    assert_rows(desk, OUTBOX, 1, "accepted");
}

static void test_other_reports(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("uncertain");
    g_autofree char *to = bounce_address(desk, 1);
    assert_filed(report(desk, to, ANNA_KEY, "delayed", "4.4.1", "later"), "noted", "delayed");
    assert_rows(desk, OUTBOX, 1, "uncertain");
    assert_filed(report(desk, to, ANNA_KEY, "delivered", "2.0.0", "250 Ok"), "settled",
                 "delivered");
    assert_rows(desk, OUTBOX, 1, "accepted");
    assert_filed(report(desk, to, ANNA_KEY, "expanded", "2.0.0", "list"), "noted", "expanded");
    assert_rows(desk, OUTBOX, 1, "accepted");
    assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, "0");
}

static void test_forged(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("accepted");
    test_desk_options(desk, "alerts-server", "{\"signed_bounce\":true}");
    assert_filed(report(desk, "support@desk.example", ANNA_KEY, "failed", "5.1.1", "550 forged"),
                 "unmatched", "report_unproved");
    g_autofree char *wrong = bounce_address(desk, 1);
    char *at = strchr(wrong, '@') - 1;
    *at = *at == 'a' ? 'b' : 'a';
    assert_filed(report(desk, wrong, ANNA_KEY, "failed", "5.1.1", "550 forged too"), "unmatched",
                 "report_unproved");
    assert_rows(desk, OUTBOX, 1, "accepted");
    assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, "0");
    /* Without signed envelope senders the Message-ID is what there is, with the very recipient. */
    test_desk_options(desk, "alerts-server", "{\"signed_bounce\":false}");
    assert_filed(report(desk, "support@desk.example", "boss@bluebird.example", "failed", "5.1.1",
                        "550 somebody else"),
                 "unmatched", "report_unproved");
    assert_filed(report(desk, "support@desk.example", ANNA_KEY, "failed", "5.1.1", "550 so be it"),
                 "settled", "no_mailbox");
    assert_rows(desk, OUTBOX, 1, "bounced");
}

/* A full mailbox suppresses on the third day. */
static void test_soft(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("accepted");
    g_autofree char *to = bounce_address(desk, 1);
    for (int day = 1; day <= 3; day++) {
        for (int i = 0; i < 2; i++) {
            g_autofree char *words = g_strdup_printf("552 5.2.2 Full, %d %d", day, i);
            assert_filed(report(desk, to, ANNA_KEY, "failed", "5.2.2", words), "settled",
                         "soft_bounce");
        }
        assert_rows(desk, "SELECT COUNT(*) FROM suppression", 1, day < 3 ? "0" : "1");
        manual_clock_advance(&desk->clock, US_PER_DAY);
    }
    assert_rows(desk, "SELECT reason FROM suppression", 1, "keeps_bouncing");
}

static void test_while_sending(void)
{
    g_autoptr(TestDesk) desk = desk_with_mail("sending");
    g_autofree char *to = bounce_address(desk, 1);
    assert_filed(report(desk, to, ANNA_KEY, "failed", "5.1.1", "550 5.1.1 Too fast"), "settled",
                 "no_mailbox");
    assert_rows(desk, OUTBOX, 1, "sending");
    assert_rows(desk, "SELECT outbox, reply FROM outbox_early_bounce", 2, "1 550 5.1.1 Too fast");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/reply/signed", test_signed);
    g_test_add_func("/reply/duplicate", test_duplicate);
    g_test_add_func("/reply/references and numbers", test_references_and_numbers);
    g_test_add_func("/reply/out of office", test_out_of_office);
    g_test_add_data_func("/reply/reopen/ask", "ask", test_reopen);
    g_test_add_data_func("/reply/reopen/always", "always", test_reopen);
    g_test_add_data_func("/reply/reopen/never", "never", test_reopen);
    g_test_add_func("/reply/lifts suppression", test_lifts_suppression);
    g_test_add_func("/reply/employee", test_employee);
    g_test_add_func("/reply/employee in bcc", test_employee_bcc);
    g_test_add_func("/reply/employee options", test_employee_options);
    g_test_add_func("/report/bounce", test_bounce);
    g_test_add_func("/report/bounce tells not told", test_bounce_tells_not_told);
    g_test_add_func("/report/relayed", test_relayed);
    g_test_add_func("/report/others", test_other_reports);
    g_test_add_func("/report/forged", test_forged);
    g_test_add_func("/report/soft", test_soft);
    g_test_add_func("/report/while sending", test_while_sending);
    return g_test_run();
}
