/* SPDX-License-Identifier: Apache-2.0 */
/* From a mail's bytes to ticket, decisions, copies and inbox row, on either engine. */
#include "base/error.h"
#include "connector/by_hand.h"
#include "records/status.h"
#include "tests/connector/mail_desk.h"

#include <string.h>

#define ALERTS "SELECT kind, recipient, decision, reason FROM alert ORDER BY id"
#define COPIES                                                                                     \
    "SELECT m.kind, c.recipient, c.decision FROM message_copy c"                                   \
    " JOIN ticket_message m ON m.id = c.message ORDER BY c.id"
#define INBOX "SELECT state, reason, ticket FROM inbound_mail ORDER BY id"

#define ANNA "From: Anna Field <anna@bluebird.example>\n"
#define HEAD "To: support@desk.example\nSubject: Printer\n"
#define RMM  "From: bot@rmm.example\nTo: support@desk.example\n"

static const char *engine;

/* ---- product.md, section 2, through this door ---- */

static void test_customer(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_run(desk, "UPDATE account SET manager = 2");
    int64_t ticket = assert_filed(
        mail_desk_file(desk, ANNA "To: support@desk.example, boss@bluebird.example\n"
                                  "Cc: theo@desk.example, Friend <friend@else.example>\n"
                                  "Subject: Printer on fire\nMessage-ID: <1@bluebird.example>\n\n"
                                  "It burns.\n"),
        "filed", "customer");
    g_assert_cmpint(ticket, ==, 1);
    assert_rows(desk,
                "SELECT title, description, account, contact, channel, opener_name FROM ticket", 6,
                "Printer on fire It burns. 1 1 email Anna Field");
    assert_rows(desk, "SELECT email, name FROM recipient ORDER BY id", 2,
                "anna@bluebird.example Anna Field; boss@bluebird.example ; friend@else.example "
                "Friend");
    assert_rows(desk, ALERTS, 4,
                "new_ticket anna@bluebird.example suppress created_by_customer_email; "
                "new_ticket boss@bluebird.example suppress created_by_customer_email; "
                "new_ticket friend@else.example suppress created_by_customer_email");
    assert_rows(desk, COPIES, 3,
                "answer theo@desk.example send; auto_response anna@bluebird.example send");
    assert_rows(desk, "SELECT decision, reason, recipient_key FROM auto_response", 3,
                "send sent anna@bluebird.example");
    assert_rows(desk,
                "SELECT author_kind, visibility, incoming, from_key, message_id, body_text"
                " FROM ticket_message WHERE kind = 'answer'",
                6, "customer public 1 anna@bluebird.example 1@bluebird.example It burns.");
}

/* What is attached stands with the message under a safe name, and goes with its copies. */
static void test_attachments(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_run(desk, "UPDATE account SET manager = 2");
    assert_filed(mail_desk_file(desk, ANNA HEAD
                                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee there.\n"
                                "--b\nContent-Type: Image/PNG; name=\"../../evil.png\"\n"
                                "Content-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n"),
                 "filed", "customer");
    assert_rows(desk, "SELECT name, content_type, bytes FROM attachment", 3,
                "evil.png image/png 5");
    assert_rows(desk, "SELECT body_text FROM ticket_message WHERE incoming = 1", 1, "See there.");
}

static void test_copies_are_an_option(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_options(desk, "alerts-to-customers",
                      "{\"default_recipients\":{\"mail_copies\":false}}");
    assert_filed(
        mail_desk_file(desk, ANNA "To: support@desk.example, boss@bluebird.example\n\nx\n"),
        "filed", "customer");
    assert_rows(desk, "SELECT email FROM recipient", 1, "anna@bluebird.example");
    assert_rows(desk, "SELECT title FROM ticket", 1, "(no subject)");
}

static void test_employee(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    assert_filed(
        mail_desk_file(
            desk,
            AUTH_PASS("desk.example") "From: Theo <theo@desk.example>\nTo: anna@bluebird.example\n"
                                      "Cc: support@desk.example\nSubject: We come tomorrow\n\nAt "
                                      "nine.\n"),
        "filed", "employee");
    assert_rows(desk, ALERTS, 4, "new_ticket anna@bluebird.example send new_ticket");
    assert_rows(desk, "SELECT opener_kind, opener_id, channel FROM ticket", 3, "employee 2 email");
    assert_rows(desk, "SELECT COUNT(*) FROM auto_response", 1, "0");
    assert_rows(desk, "SELECT visibility FROM ticket_message", 1, "internal");
}

static void test_employee_without_proof(void)
{
    static const char *const results[] = {
        "",
        "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\n",
        "Authentication-Results: mx.evil.example; dmarc=pass header.from=desk.example\n",
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=evil.example\n",
    };
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++)
        assert_filed(mail_desk_file(desk,
                                    "%sFrom: theo@desk.example\nTo: anna@bluebird.example\n"
                                    "Cc: support@desk.example\nSubject: %d\n\nPay us.\n",
                                    results[i], (int)i),
                     "unmatched", "sender_not_verified");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "0");
}

#define RULES                                                                                      \
    "{\"rules\":[{\"name\":\"RMM\",\"from\":\"@rmm.example\",\"skip\":[\"Self Healed\"],"          \
    "\"account\":{\"by\":\"number\",\"after\":\"[\",\"before\":\"]\"},"                            \
    "\"ticket\":{\"priority\":\"high\",\"type\":\"Alarm\"},"                                       \
    "\"key\":{\"after\":\"id=\"},\"recovery\":[\"resolved\"]}]}"

#define BY_REFERENCE                                                                               \
    "{\"rules\":[{\"name\":\"RMM\",\"from\":\"@rmm.example\","                                     \
    "\"account\":{\"by\":\"reference\",\"after\":\"(\",\"before\":\")\"}}]}"

/* Where a rule finds the account, and what it sets. */
static void test_automated_accounts(void)
{
    static const struct {
        const char *account, *mail, *reason, *want;
    } cases[] = {
        {"{\"by\":\"sender\"}", "From: anna@bluebird.example\n" HEAD, "rule_opens", "1"},
        {"{\"by\":\"sender\"}", "From: x@else.example\n" HEAD, "rule_no_account", ""},
        {"{\"by\":\"sender\"}", "From: x@shared.example\n" HEAD, "rule_several_accounts", ""},
        {"{\"by\":\"sender\",\"account\":2}", "From: x@else.example\n" HEAD, "rule_opens", "2"},
        {"{\"by\":\"fixed\",\"account\":2}", "From: anna@bluebird.example\n" HEAD, "rule_opens",
         "2"},
        {"{\"by\":\"name\",\"after\":\"of \"}", RMM "Subject: Printer of bluebird\n", "rule_opens",
         "1"},
        {"{\"by\":\"name\",\"after\":\"of \"}", RMM "Subject: Printer of TWICE\n",
         "rule_no_account", ""},
        {"{\"by\":\"number\",\"before\":\":\"}", RMM "Subject: 2: Printer\n", "rule_opens", "2"},
        {"{\"by\":\"number\",\"before\":\":\"}", RMM "Subject: 0x2: Printer\n", "rule_no_account",
         ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDesk) desk = mail_desk_new(engine);
        for (int n = 2; n <= 3; n++)
            test_desk_run(desk, "INSERT INTO account (name, email, email_key, domains, active,"
                                " created_at) VALUES ('Twice', 'o@o.example', 'o@o.example',"
                                " '[\"shared.example\"]', 1, 1)");
        g_autofree char *rules =
            g_strdup_printf("{\"rules\":[{\"name\":\"R\",\"subject\":\"printer\",\"account\":%s,"
                            "\"ticket\":{\"status\":300,\"manager\":2}}]}",
                            cases[i].account);
        test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, rules);
        assert_filed(mail_desk_file(desk, "%s\nx\n", cases[i].mail),
                     *cases[i].want != '\0' ? "filed" : "unmatched", cases[i].reason);
        assert_rows(desk, "SELECT account FROM ticket WHERE status = 300 AND manager = 2", 1,
                    cases[i].want);
    }
}

static void test_automated_by_reference(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, BY_REFERENCE);
    test_desk_run(
        desk, "UPDATE account SET reference = 'AC-\xc3\x84 7', reference_key = 'ac-\xc3\xa4 7'");
    assert_filed(
        mail_desk_file(desk, RMM "Subject: =?utf-8?q?Disk_full_=28Ac-=C3=84_7=29?=\n\nx\n"),
        "filed", "rule_opens");
    assert_rows(desk, "SELECT account FROM ticket", 1, "1");
    assert_filed(mail_desk_file(desk, RMM "Subject: Disk full (AC-8)\n\nx\n"), "unmatched",
                 "rule_no_account");
    /* A customer no more: nobody's. */
    test_desk_run(desk, "UPDATE account SET active = 0");
    assert_filed(
        mail_desk_file(desk, RMM "Subject: =?utf-8?q?Disk_full_=28AC-=C3=84_7=29?=\n\ny\n"),
        "unmatched", "rule_no_account");
}

static void test_automated(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, RULES);
    assert_filed(mail_desk_file(desk, RMM "Subject: [1] disk full id=77\n\nC: 99%%\n"), "filed",
                 "rule_opens");
    assert_rows(desk, ALERTS, 4,
                "new_ticket office@bluebird.example suppress created_by_automated_email");
    assert_rows(desk, "SELECT priority, type, channel, opener_kind, opener_name FROM ticket", 5,
                "high Alarm automated_email system RMM");
    assert_filed(mail_desk_file(desk, RMM "Subject: [1] disk fuller id=77\n\nC: 100%%\n"), "filed",
                 "rule_repeats");
    assert_filed(mail_desk_file(desk, RMM "Subject: Alert self healed id=77\n\nx\n"), "skipped",
                 "rule_skips");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
    assert_rows(desk, "SELECT COUNT(*) FROM auto_response", 1, "0");
    /* A recovery is a closing: told. */
    assert_filed(mail_desk_file(desk, RMM "Subject: [1] resolved id=77\n\nok\n"), "filed",
                 "rule_closes");
    assert_rows(desk, "SELECT status FROM ticket", 1, "1000");
    assert_rows(desk, "SELECT reason FROM alert WHERE kind = 'ticket_closed'", 1, "ticket_closed");
    /* What comes then is a new incident, and there is nothing to close twice. */
    assert_filed(mail_desk_file(desk, RMM "Subject: [1] all resolved id=77\n\nok\n"), "skipped",
                 "rule_nothing_to_close");
    assert_filed(mail_desk_file(desk, RMM "Subject: [1] disk full again id=77\n\nx\n"), "filed",
                 "rule_opens");
    assert_filed(mail_desk_file(desk, RMM "Subject: [99] disk full\n\nx\n"), "unmatched",
                 "rule_no_account");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "2");
    assert_rows(desk, "SELECT COUNT(*) FROM message_copy WHERE decision = 'send'", 1, "0");
}

/* ---- the same mail ---- */

static void test_once(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    const char *mail = ANNA HEAD "Message-ID: <a@x>\n\nHelp\n";
    Filed first = mail_desk_file(desk, "%s", mail);
    Filed again = mail_desk_file(desk, "%s", mail);
    g_assert_false(first.seen_before);
    g_assert_true(again.seen_before);
    g_assert_cmpint(again.id, ==, first.id);
    g_assert_cmpint(assert_filed(again, "filed", "customer"), ==,
                    assert_filed(first, "filed", "customer"));
    /* By another way. */
    Filed way =
        mail_desk_file(desk, "Received: from a by b; Mon, 23 Nov 2026 18:30:00 +0000\n%s", mail);
    g_assert_true(way.seen_before);
    assert_filed(way, "filed", "customer");
    /* With another text. */
    assert_filed(mail_desk_file(desk, "%sMore\n", mail), "stopped", "same_id_other_text");
    assert_rows(desk, "SELECT COALESCE(same_as, 0) FROM inbound_mail ORDER BY id", 1, "0; 1");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
    /* From another sender it is another mail. */
    assert_filed(
        mail_desk_file(desk, "From: office@bluebird.example\n" HEAD "Message-ID: <a@x>\n\nHelp\n"),
        "filed", "customer");
    /* Without a Message-ID the bytes decide. */
    assert_filed(mail_desk_file(desk, ANNA HEAD "\nNo id\n"), "filed", "customer");
    Filed same = mail_desk_file(desk, ANNA HEAD "\nNo id\n");
    g_assert_true(same.seen_before);
    filed_clear(&same);
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "3");
    /* After 30 days it is another mail. */
    manual_clock_advance(&desk->clock, 31 * US_PER_DAY);
    Filed later = mail_desk_file(desk, "%s", mail);
    g_assert_false(later.seen_before);
    filed_clear(&later);
}

typedef struct {
    TestDesk *desk;
    int *new_ones;
} Racer;

static void *race(void *data)
{
    Racer *racer = data;
    for (int i = 0; i < 5; i++) {
        Filed filed = mail_desk_file(racer->desk, ANNA HEAD "Message-ID: <race-%d@x>\n\nHelp\n", i);
        if (!filed.seen_before)
            __atomic_add_fetch(racer->new_ones, 1, __ATOMIC_RELAXED);
        filed_clear(&filed);
    }
    return NULL;
}

static void test_once_at_once(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    GThread *threads[6];
    int new_ones = 0;
    Racer racer = {desk, &new_ones};
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_try_new("race", race, &racer, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(new_ones, ==, 5);
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "5");
    assert_rows(desk, "SELECT COUNT(*) FROM inbound_mail", 1, "5");
}

/* ---- who waits ---- */

static void test_unmatched(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    int64_t ticket = test_desk_open(desk, &desk->employee, NULL, true);
    assert_filed(mail_desk_file(desk, "From: x@stranger.example\n" HEAD "\nHi\n"), "unmatched",
                 "unknown_sender");
    assert_filed(mail_desk_file(desk,
                                "From: x@stranger.example\nTo: support@desk.example\n"
                                "Subject: Re: [#%d] Printer\n\nLet me in\n",
                                (int)ticket),
                 "unmatched", "unknown_sender");
    assert_filed(mail_desk_file(desk, HEAD "\nNobody\n"), "unmatched", "no_sender");
    assert_filed(mail_desk_file(desk, ANNA "From: office@bluebird.example\n" HEAD "\nTwo\n"),
                 "unmatched", "no_sender");
    test_desk_run(desk, "UPDATE account SET domains = '[\"shared.example\"]'");
    assert_filed(mail_desk_file(desk, "From: a@shared.example\n" HEAD "\nOne account\n"), "filed",
                 "customer");
    test_desk_run(desk, "INSERT INTO account (name, email, email_key, domains, active, created_at)"
                        " VALUES ('Other', 'o@o.example', 'o@o.example',"
                        " '[\"x.example\",\"shared.example\"]', 1, 1)");
    assert_filed(mail_desk_file(desk, "From: b@shared.example\n" HEAD "\nTwo accounts\n"),
                 "unmatched", "several_accounts");
    assert_filed(mail_desk_file(desk, ANNA HEAD "\nThe address comes first\n"), "filed",
                 "customer");
    test_desk_run(desk, "UPDATE account SET active = 0 WHERE number = 2");
    assert_filed(mail_desk_file(desk, "From: c@shared.example\n" HEAD "\nOne is active\n"), "filed",
                 "customer");
    assert_filed(mail_desk_file(desk, "From: a@x.example\n" HEAD "\nNone is active\n"), "unmatched",
                 "account_inactive");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket_message WHERE ticket = 1", 1, "0");
}

static void test_quarantine(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    g_autoptr(GBytes) nothing = g_bytes_new("", 0);
    assert_filed(mail_desk_file_bytes(desk, nothing), "quarantined", "unreadable");
    g_autoptr(GString) fields = g_string_new("Subject: many\n");
    for (int i = 0; i < 3000; i++)
        g_string_append_printf(fields, "X-%d: y\n", i);
    assert_filed(mail_desk_file(desk, "%s\nbody\n", fields->str), "quarantined", "unreadable");
    assert_rows(desk, "SELECT COUNT(*) FROM inbound_raw r JOIN inbound_mail m ON m.id = r.mail", 1,
                "2");
}

static void test_refused(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_run(desk, "UPDATE account SET manager = 1");
    g_autoptr(GString) to = g_string_new("To: support@desk.example");
    for (int i = 0; i < 450; i++)
        g_string_append_printf(to, ",\n r%d@many.example", i);
    int64_t ticket =
        assert_filed(mail_desk_file(desk, ANNA "%s\nSubject: All of you\n\nHello\n", to->str),
                     "filed", "customer");
    g_autofree char *sql =
        g_strdup_printf("SELECT COUNT(*) FROM recipient WHERE ticket = %d", (int)ticket);
    assert_rows(desk, sql, 1, "100");
    /* What the use cases refuse waits for a person; the mail server is not asked again. */
    for (int i = 0; i < 150; i++) {
        g_autofree char *insert = g_strdup_printf(
            "INSERT INTO contact (account, name, email, email_key, emails, on_every_ticket, active,"
            " created_at) VALUES (1, 'C', 'c%d@b.example', 'c%d@b.example', '[]', 1, 1, 1)",
            i, i);
        test_desk_run(desk, insert);
    }
    assert_filed(mail_desk_file(desk, ANNA "%s\nSubject: Again\n\nHello\n", to->str), "unmatched",
                 "refused");
    assert_rows(desk, "SELECT COUNT(*) FROM ticket", 1, "1");
}

static void test_off(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = g_bytes_new_static("From: a@b.example\n\nx\n", 21);
    MailOrigin origin = {.source = "ingest"};
    Filed filed = {0};
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR, "{\"enabled\":false}");
    g_assert_false(connector_file(desk->desk, raw, &origin, &filed, &error));
    g_assert_cmpstr(error_problem(error), ==, "email-connector-off");
    assert_rows(desk, "SELECT COUNT(*) FROM inbound_mail", 1, "0");
}

static bool note_position(DbTx *tx, void *data, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE account SET name = 'read up to here'", "");
}

/* What a mailbox writes down stands or falls with the mail, and is written for a repeat as well. */
static void test_origin(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = g_bytes_new_static(ANNA HEAD "\nx\n", strlen(ANNA HEAD "\nx\n"));
    MailOrigin origin = {.source = "INBOX", .with = note_position};
    for (int i = 0; i < 2; i++) {
        g_auto(Filed) filed = {0};
        test_desk_run(desk, "UPDATE account SET name = 'Bluebird'");
        g_assert_true(connector_file(desk->desk, raw, &origin, &filed, &error));
        g_assert_cmpint(filed.seen_before, ==, i == 1);
        assert_rows(desk, "SELECT name FROM account", 1, "read up to here");
    }
    assert_rows(desk, "SELECT source FROM inbound_mail", 1, "INBOX");
}

/* ---- by hand ---- */

typedef struct {
    int64_t mail, ticket;
    InboxOpening opening;
    MailRead *read;
    char verb;
    int64_t got;
} Hand;

static bool do_hand(DeskTx *tx, void *data, GError **error)
{
    Hand *hand = data;
    g_autoptr(InboxMail) mail =
        hand->verb == 'o'   ? inbox_open(tx, hand->mail, hand->read, &hand->opening, error)
        : hand->verb == 'a' ? inbox_attach(tx, hand->mail, hand->read, hand->ticket, error)
                            : inbox_discard(tx, hand->mail, error);
    hand->got = mail != NULL ? mail->ticket : 0;
    return mail != NULL;
}

static int64_t by_hand(TestDesk *desk, Hand hand, const char *problem)
{
    g_autoptr(GError) error = NULL;
    hand.read = inbox_read_again(test_db_handle(desk->db), hand.mail, &error);
    g_assert_no_error(error);
    desk_write(desk->desk, &desk->employee, do_hand, &hand, &error);
    mail_read_free(hand.read);
    if (problem == NULL)
        g_assert_no_error(error);
    else
        g_assert_cmpstr(error_problem(error), ==, problem);
    return hand.got;
}

static void test_by_hand(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    test_desk_run(desk, "UPDATE account SET manager = 2");
    for (int i = 1; i <= 4; i++)
        assert_filed(mail_desk_file(desk, "From: New <new@new.example>\n" HEAD "\nMail %d\n", i),
                     "unmatched", "unknown_sender");
    by_hand(desk, (Hand){.mail = 1, .verb = 'o', .opening = {99}}, "unknown-account");
    g_assert_cmpint(by_hand(desk, (Hand){.mail = 1, .verb = 'o', .opening = {1}}, NULL), ==, 1);
    /* The person is an employee: told; and no automatic response. */
    assert_rows(desk, ALERTS, 4, "new_ticket new@new.example send new_ticket");
    assert_rows(desk, COPIES, 3, "answer theo@desk.example send");
    assert_rows(desk, "SELECT COUNT(*) FROM auto_response", 1, "0");
    assert_rows(desk, "SELECT author_kind, author_name FROM ticket_message", 2, "customer New");
    by_hand(desk, (Hand){.mail = 1, .verb = 'd'}, "mail-filed");
    by_hand(desk, (Hand){.mail = 2, .verb = 'a', .ticket = 99}, "unknown-ticket");
    g_assert_cmpint(by_hand(desk, (Hand){.mail = 2, .verb = 'a', .ticket = 1}, NULL), ==, 1);
    by_hand(desk, (Hand){.mail = 3, .verb = 'd'}, NULL);
    Account account = {.name = (char *)"New Ltd", .domains = (char *)"[]", .active = true};
    InboxOpening opening = {.new_account = &account};
    g_assert_cmpint(by_hand(desk, (Hand){.mail = 4, .verb = 'o', .opening = opening}, NULL), ==, 2);
    assert_rows(desk, "SELECT name, email FROM account WHERE number = 2", 2,
                "New Ltd new@new.example");
    assert_rows(desk, INBOX, 3,
                "filed opened_by_person 1; filed attached_by_person 1; "
                "discarded discarded_by_person ; filed opened_by_person 2");
    /* From now on the sender is known. */
    assert_filed(mail_desk_file(desk, "From: new@new.example\n" HEAD "\nMail 5\n"), "filed",
                 "customer");
}

/* An account, its contact and the ticket are one transaction. */
static void test_new_people(void)
{
    g_autoptr(TestDesk) desk = mail_desk_new(engine);
    for (int i = 1; i <= 3; i++)
        assert_filed(mail_desk_file(desk, "From: New <new@new.example>\n" HEAD "\nMail %d\n", i),
                     "unmatched", "unknown_sender");
    Account account = {.name = (char *)"New Ltd",
                       .email = (char *)"office@new.example",
                       .email_key = (char *)"office@new.example",
                       .domains = (char *)"[]",
                       .manager = 99,
                       .active = true};
    Contact contact = {.name = (char *)"Nora New", .emails = (char *)"[]", .active = true};
    InboxOpening opening = {.new_account = &account, .new_contact = &contact};
    by_hand(desk, (Hand){.mail = 1, .verb = 'o', .opening = opening}, "unknown-employee");
    assert_rows(desk, "SELECT COUNT(*) FROM account", 1, "1");
    account.manager = 0;
    g_assert_cmpint(by_hand(desk, (Hand){.mail = 1, .verb = 'o', .opening = opening}, NULL), ==, 1);
    assert_rows(desk, "SELECT name, email FROM account WHERE number = 2", 2,
                "New Ltd office@new.example");
    assert_rows(desk,
                "SELECT c.name, c.email, t.account FROM ticket t JOIN contact c"
                " ON c.id = t.contact",
                3, "Nora New new@new.example 2");
    assert_rows(desk, "SELECT author_name FROM ticket_message", 1, "Nora New");
    /* A contact for an account that there is; the sender is a customer of the other, too. */
    opening = (InboxOpening){.account = 1, .new_contact = &contact};
    contact.name = (char *)"Nora Bluebird";
    g_assert_cmpint(by_hand(desk, (Hand){.mail = 2, .verb = 'o', .opening = opening}, NULL), ==, 2);
    assert_rows(desk,
                "SELECT c.name, t.account FROM ticket t JOIN contact c"
                " ON c.id = t.contact WHERE t.number = 2",
                2, "Nora Bluebird 1");
    opening.account = 99;
    by_hand(desk, (Hand){.mail = 3, .verb = 'o', .opening = opening}, "unknown-account");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/file/customer", test_customer);
    g_test_add_func("/file/attachments", test_attachments);
    g_test_add_func("/file/copies are an option", test_copies_are_an_option);
    g_test_add_func("/file/employee", test_employee);
    g_test_add_func("/file/employee without proof", test_employee_without_proof);
    g_test_add_func("/file/automated", test_automated);
    g_test_add_func("/file/automated accounts", test_automated_accounts);
    g_test_add_func("/file/automated by reference", test_automated_by_reference);
    g_test_add_func("/file/once", test_once);
    g_test_add_func("/file/once at once", test_once_at_once);
    g_test_add_func("/file/unmatched", test_unmatched);
    g_test_add_func("/file/quarantine", test_quarantine);
    g_test_add_func("/file/refused", test_refused);
    g_test_add_func("/file/off", test_off);
    g_test_add_func("/file/origin", test_origin);
    g_test_add_func("/file/by hand", test_by_hand);
    g_test_add_func("/file/new people", test_new_people);
    return g_test_run();
}
