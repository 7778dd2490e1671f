/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the alerts: what each does when tickets are opened and closed, and what must be
 * true before mail may leave. */
#include "alerts/compose.h"
#include "alerts/explain.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "desk/alerts.h"
#include "desk/options.h"
#include "desk/recipients.h"
#include "records/settings.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef TestDesk *Fixture;

static void set_up(Fixture *desk, gconstpointer data)
{
    *desk = test_desk_new(engine, true);
}

static void tear_down(Fixture *desk, gconstpointer data)
{
    test_desk_free(*desk);
}

static void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

/* ---- one mail instead of two ---- */

#define MAILS                                                                                      \
    "SELECT a.kind, o.state, COALESCE(o.state_reason, '-') FROM alert a JOIN outbox o"             \
    " ON o.ref = a.id ORDER BY a.recipient_key, a.id"

#define BOTH   "new_ticket queued -; ticket_closed queued -"
#define MERGED "new_ticket cancelled merged; ticket_closed queued -"

static void merge_on(TestDesk *desk)
{
    test_desk_options(desk, "alerts-to-customers", "{\"merge_open_and_close\":true}");
}

static void close_ticket(TestDesk *desk, bool notify)
{
    test_desk_set_status(desk, &desk->employee, 1, STATUS_COMPLETED, notify);
}

static void test_two_mails(Fixture *desk, gconstpointer data)
{
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, true);
    assert_rows(*desk, MAILS, 3, BOTH);
}

static void test_one_mail(Fixture *desk, gconstpointer data)
{
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, true);
    assert_rows(*desk, MAILS, 3, MERGED);
    assert_rows(*desk, "SELECT decision, reason FROM alert ORDER BY id", 2,
                "send new_ticket; send ticket_closed");
}

static bool explain_first(DbTx *tx, void *data, GError **error)
{
    char **words = data;
    g_autoptr(Alert) alert = alert_load(tx, 1, error);
    g_autoptr(AlertStory) story =
        alert != NULL ? alert_story_load(tx, g_steal_pointer(&alert), error) : NULL;
    g_clear_pointer(words, g_free);
    *words = story != NULL ? explain_alert(story) : NULL;
    return story != NULL;
}

static void test_merged_in_words(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *words = NULL;
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, true);
    db_read(test_db_handle((*desk)->db), explain_first, &words, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(words, "tells of both"));
}

static bool open_completed(DeskTx *tx, void *data, GError **error)
{
    const TestDesk *desk = data;
    TicketDraft draft = {.account = desk->account,
                         .contact = desk->contact,
                         .title = (char *)"Done already",
                         .status = STATUS_COMPLETED,
                         .notify = true};
    g_autoptr(Ticket) ticket = ticket_open(tx, &draft, error);
    return ticket != NULL;
}

static void test_opened_as_completed(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    merge_on(*desk);
    desk_write((*desk)->desk, &(*desk)->employee, open_completed, *desk, &error);
    g_assert_no_error(error);
    assert_rows(*desk, MAILS, 3, MERGED);
}

/* Who is not told of the closing must hear of the opening. */
static void test_not_told_of_the_closing(Fixture *desk, gconstpointer data)
{
    const char *boss[] = {"boss@x.example", NULL};
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, boss, true);
    test_desk_run(*desk, "UPDATE recipient SET muted = 1 WHERE email = 'boss@x.example'");
    close_ticket(*desk, true);
    assert_rows(*desk, MAILS, 3, MERGED "; new_ticket queued -");
}

static void test_closed_quietly(Fixture *desk, gconstpointer data)
{
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, false);
    assert_rows(*desk, MAILS, 3, "new_ticket queued -");
}

/* What somebody may have got already, or what a person has asked for, is left alone. */
static void test_touched(Fixture *desk, gconstpointer data)
{
    static const struct {
        const char *sets, *stays;
    } cases[] = {
        {"state = 'sending'", "new_ticket sending -"},
        {"state = 'uncertain', uncertain = 1", "new_ticket uncertain -"},
        {"state = 'queued', uncertain = 1", "new_ticket queued -"},
        {"state = 'queued', attempts = 1", "new_ticket queued -"},
        {"state = 'deferred', attempts = 1", "new_ticket deferred -"},
        {"state = 'held', state_reason = 'brake'", "new_ticket held brake"},
        {"state = 'queued', state_reason = 'forced'", "new_ticket queued forced"},
        {"state = 'accepted'", "new_ticket accepted -"},
    };
    merge_on(*desk);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TestDesk) one = test_desk_new(engine, true);
        merge_on(one);
        test_desk_open(one, &one->employee, NULL, true);
        g_autofree char *sql = g_strdup_printf("UPDATE outbox SET %s", cases[i].sets);
        test_desk_run(one, sql);
        close_ticket(one, true);
        g_autofree char *want = g_strdup_printf("%s; ticket_closed queued -", cases[i].stays);
        assert_rows(one, MAILS, 3, want);
    }
}

static bool do_latest(DeskTx *tx, void *data, GError **error)
{
    g_autoptr(Alert) alert = recipients_send_latest(tx, 1, 1, error);
    return alert != NULL;
}

static void test_sent_by_hand(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    desk_write((*desk)->desk, &(*desk)->employee, do_latest, NULL, &error);
    g_assert_no_error(error);
    close_ticket(*desk, true);
    assert_rows(*desk, MAILS, 3,
                "new_ticket cancelled merged; new_ticket queued -; ticket_closed queued -");
}

static void test_closing_held(Fixture *desk, gconstpointer data)
{
    const Actor other = {ACTOR_EMPLOYEE, 2, (char *)"Other", CHANNEL_CONSOLE};
    const char *two[] = {"a@x.example", "b@x.example", NULL};
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_open(*desk, &other, two, true);
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"customers\":1}}");
    test_desk_run(*desk, "UPDATE recipient SET email_key = 'c@x.example' WHERE ticket = 1");
    test_desk_run(*desk, "UPDATE alert SET recipient_key = 'c@x.example' WHERE ticket = 1");
    test_desk_set_status(*desk, &other, 1, STATUS_COMPLETED, true);
    assert_rows(*desk,
                "SELECT a.kind, o.state FROM alert a JOIN outbox o ON o.ref = a.id"
                " WHERE a.ticket = 1 ORDER BY a.id",
                2, "new_ticket queued; ticket_closed held");
}

/* A person may still send it. */
static bool retry_first(DeskTx *tx, void *data, GError **error)
{
    return alert_retry(tx, 1, false, error);
}

static void test_merged_and_retried(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    merge_on(*desk);
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, true);
    desk_write((*desk)->desk, &(*desk)->employee, retry_first, NULL, &error);
    g_assert_no_error(error);
    assert_rows(*desk, MAILS, 3, BOTH);
}

/* ---- a sender of its own ---- */

typedef struct {
    const TestDesk *desk;
    int64_t alert;
    char *text;
} Mail;

static bool compose(DbTx *tx, void *data, GError **error)
{
    Mail *mail = data;
    g_autoptr(Composer) composer = composer_new("desk");
    g_autoptr(Alert) alert = alert_load(tx, mail->alert, error);
    g_autoptr(ComposeSource) source = alert != NULL ? compose_source_load(tx, alert, error) : NULL;
    g_autoptr(GBytes) message =
        source != NULL
            ? compose_message(composer, source,
                              "{\"from_name\":\"Desk\",\"from_address\":\"support@desk.example\","
                              "\"reply_to\":\"\"}",
                              TEST_NOW_US, error)
            : NULL;
    if (message == NULL)
        return false;
    gsize bytes;
    const char *text = g_bytes_get_data(message, &bytes);
    g_free(mail->text);
    mail->text = g_strndup(text, bytes);
    return true;
}

/* Whether a header line stands in the mail of this alert. */
static void assert_mail(TestDesk *desk, int64_t alert, const char *line, bool has)
{
    g_autoptr(GError) error = NULL;
    Mail mail = {.desk = desk, .alert = alert};
    db_read(test_db_handle(desk->db), compose, &mail, &error);
    g_assert_no_error(error);
    g_test_message("%s", mail.text);
    g_assert_true((strstr(mail.text, line) != NULL) == has);
    g_free(mail.text);
}

static void test_sender(Fixture *desk, gconstpointer data)
{
    test_desk_options(*desk, "alerts-to-customers",
                      "{\"ticket_closed\":{\"sender_name\":\"Desk (closed)\","
                      "\"reply_to\":\"closed@desk.example\"}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    close_ticket(*desk, true);
    assert_mail(*desk, 1, "From: Desk <support@desk.example>\r\n", true);
    assert_mail(*desk, 1, "\r\nReply-To:", false);
    assert_mail(*desk, 2, "From: \"Desk (closed)\" <support@desk.example>\r\n", true);
    assert_mail(*desk, 2, "\r\nReply-To: closed@desk.example\r\n", true);
    /* A mail keeps what was in force at its event. */
    test_desk_options(*desk, "alerts-to-customers", "{\"ticket_closed\":{\"reply_to\":null}}");
    assert_mail(*desk, 2, "\r\nReply-To: closed@desk.example\r\n", true);
    g_autoptr(GError) error = NULL;
    desk_write((*desk)->desk, &(*desk)->employee, do_latest, NULL, &error);
    g_assert_no_error(error);
    assert_mail(*desk, 3, "From: \"Desk (closed)\" <support@desk.example>\r\n", true);
    assert_mail(*desk, 3, "\r\nReply-To:", false);
}

static void test_own_reply_address(Fixture *desk, gconstpointer data)
{
    const char *own[] = {"Closed@desk.example", NULL};
    test_desk_options(*desk, "alerts-to-customers",
                      "{\"default_recipients\":{\"contact\":false},"
                      "\"ticket_closed\":{\"reply_to\":\"closed@desk.example\"}}");
    test_desk_open(*desk, &(*desk)->employee, own, true);
    assert_rows(*desk, "SELECT reason FROM alert", 1, "own_address");
}

static void test_on_every_ticket(Fixture *desk, gconstpointer data)
{
    test_desk_run(*desk, "UPDATE contact SET on_every_ticket = 1");
    (*desk)->contact = 0;
    test_desk_options(*desk, "alerts-to-customers",
                      "{\"default_recipients\":{\"on_every_ticket\":false}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    assert_rows(*desk, "SELECT email FROM recipient", 1, "office@bluebird.example");
}

/* ---- activation ---- */

typedef struct {
    const char *patch;
    int64_t version;
    bool tested;
} Server;

static bool put_server(DeskTx *tx, void *data, GError **error)
{
    const Server *server = data;
    json_auto_t *patch = json_loads(server->patch, 0, NULL);
    json_auto_t *after = options_put(tx, OPTIONS_ALERTS_SERVER, patch, error);
    return after != NULL;
}

static bool begin(DbTx *tx, void *data, GError **error)
{
    Server *server = data;
    return options_test_begin(tx, &server->version, error);
}

static bool accept(DeskTx *tx, void *data, GError **error)
{
    Server *server = data;
    return options_test_accepted(tx, server->version, "erika@desk.example", &server->tested, error);
}

static bool try_put(TestDesk *desk, const char *patch)
{
    g_autoptr(GError) error = NULL;
    Server server = {.patch = patch};
    bool ok = desk_write(desk->desk, &desk->employee, put_server, &server, &error);
    if (!ok)
        g_assert_cmpstr(error_problem(error), ==, "not-tested");
    return ok;
}

/* A test mail that is accepted; `meanwhile` is put while it is on its way. */
static bool pass_test(TestDesk *desk, const char *meanwhile)
{
    g_autoptr(GError) error = NULL;
    Server server = {0};
    db_read(test_db_handle(desk->db), begin, &server, &error);
    g_assert_no_error(error);
    if (meanwhile != NULL)
        g_assert_true(try_put(desk, meanwhile));
    desk_write(desk->desk, &desk->employee, accept, &server, &error);
    g_assert_no_error(error);
    return server.tested;
}

#define OFF "{\"active\":false}"
#define ON  "{\"active\":true}"

static void test_activation(Fixture *desk, gconstpointer data)
{
    static const struct {
        const char *change;
        bool tested;
    } cases[] = {
        {"{}", true},
        {"{\"concurrency\":7}", true},
        {"{\"uncertain\":\"ask\"}", true},
        {"{\"fallback_relays\":[{\"host\":\"b.example\"}]}", true},
        {"{\"port\":2525}", false},
        {"{\"host\":\"mx.example\"}", false},
        {"{\"security\":\"tls\"}", false},
        {"{\"transport\":\"sendmail\"}", false},
        {"{\"username\":\"desk\"}", false},
        {"{\"password\":\"hunter2\"}", false},
        {"{\"password\":\"hunter2\"}",
         false}, /* another time: nobody can know that it is the same */
        {"{\"ca_file\":\"/etc/ca.pem\"}", false},
        {"{\"from_name\":\"Other\"}", false},
        {"{\"from_address\":\"other@desk.example\"}", false},
        {"{\"reply_to\":\"other@desk.example\"}", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].change);
        manual_clock_advance(&(*desk)->clock, US_PER_SECOND);
        g_assert_true(pass_test(*desk, NULL));
        /* It stays active whatever is changed, but once it is off it does not come on again. */
        g_assert_true(try_put(*desk, ON));
        g_assert_true(try_put(*desk, cases[i].change));
        g_assert_true(try_put(*desk, ON));
        g_assert_true(try_put(*desk, OFF));
        g_assert_cmpint(try_put(*desk, ON), ==, cases[i].tested);
        assert_rows(*desk,
                    "SELECT COUNT(*) FROM option_section WHERE section = 'alerts-server'"
                    " AND value LIKE '%\"active\":true%'",
                    1, cases[i].tested ? "1" : "0");
    }
}

static void test_changed_during_the_test(Fixture *desk, gconstpointer data)
{
    g_assert_true(try_put(*desk, OFF));
    g_assert_true(try_put(*desk, "{\"port\":2525}"));
    g_assert_false(pass_test(*desk, "{\"port\":2526}"));
    g_assert_false(try_put(*desk, ON));
    /* There and back: the mail may have gone by the other settings. */
    g_assert_true(try_put(*desk, "{\"port\":2525}"));
    g_assert_true(try_put(*desk, "{\"port\":2526}"));
    g_assert_false(pass_test(*desk, "{\"port\":2525}"));
    g_assert_true(pass_test(*desk, NULL));
    g_assert_true(try_put(*desk, ON));
}

/* ---- what the options had to do with it ---- */

typedef struct {
    int64_t alert;
    char *words;
} Explained;

static bool explain_one(DbTx *tx, void *data, GError **error)
{
    Explained *explained = data;
    g_autoptr(GPtrArray) stories = g_ptr_array_new_with_free_func((GDestroyNotify)alert_story_free);
    Alert *alert = alert_load(tx, explained->alert, error);
    AlertStory *story = alert != NULL ? alert_story_load(tx, alert, error) : NULL;
    if (story == NULL)
        return false;
    g_ptr_array_add(stories, story);
    if (!explain_options(tx, stories, error))
        return false;
    g_free(explained->words);
    explained->words = explain_alert(story);
    return true;
}

static void assert_explained(TestDesk *desk, int64_t alert, const char *want)
{
    g_autoptr(GError) error = NULL;
    Explained explained = {.alert = alert};
    db_read(test_db_handle(desk->db), explain_one, &explained, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(explained.words, ==, want);
    g_free(explained.words);
}

#define OFF_WORDS "Not told, because this alert was switched off in the options at that time"
#define INACTIVE  "Not told, because the Alerts Server was not activated at that time"

static void test_explained(Fixture *desk, gconstpointer data)
{
    const Actor other = {ACTOR_EMPLOYEE, 2, (char *)"Other", CHANNEL_CONSOLE};
    const char *two[] = {"a@x.example", "b@x.example", NULL};
    test_desk_options(*desk, "alerts-to-customers", "{\"new_ticket\":{\"enabled\":false}}");
    manual_clock_advance(&(*desk)->clock, US_PER_HOUR);
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"customers\":1}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    manual_clock_advance(&(*desk)->clock, US_PER_MINUTE);
    test_desk_options(*desk, "alerts-server", "{\"active\":false}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_options(*desk, "alerts-server", "{\"active\":true}");
    test_desk_options(*desk, "alerts-to-customers", "{\"new_ticket\":{\"enabled\":true}}");
    test_desk_open(*desk, &other, two, true);
    /* What is changed afterwards says nothing about then. */
    test_desk_options(*desk, "alerts-to-customers",
                      "{\"new_ticket\":{\"enabled\":false},\"brake\":{\"customers\":9}}");
    assert_explained(*desk, 1,
                     OFF_WORDS " (Erika Muster had switched it off on 23 November 2026 at 18:30"
                               " UTC).");
    assert_explained(*desk, 2,
                     INACTIVE " (Erika Muster had deactivated it on 23 November 2026 at 19:31"
                              " UTC).");
    assert_explained(*desk, 3,
                     "Not yet told: held by the brake (unusually many customers at once) until a"
                     " person releases or cancels it. At that time it let one person or program"
                     " tell 1 customer in 5 minutes.");
    /* Without a note at the event, by its time. */
    test_desk_run(*desk, "UPDATE event SET server_options = NULL, alerts_options = NULL");
    assert_explained(*desk, 1,
                     OFF_WORDS " (Erika Muster had switched it off on 23 November 2026 at 18:30"
                               " UTC).");
}

static void test_never_on(Fixture *desk, gconstpointer data)
{
    g_autoptr(TestDesk) fresh = test_desk_new(engine, false);
    test_desk_open(fresh, &fresh->employee, NULL, true);
    test_desk_options(fresh, "alerts-server",
                      "{\"active\":true,\"from_address\":\"support@desk.example\"}");
    test_desk_open(fresh, &fresh->employee, NULL, true);
    assert_explained(fresh, 1, INACTIVE " (it had never been activated).");
    assert_explained(fresh, 2, OFF_WORDS " (it had never been switched on).");
}

/* ---- history ---- */

static void test_versions(Fixture *desk, gconstpointer data)
{
    test_desk_options(*desk, "tickets", "{\"status_labels\":{\"100\":\"Neu\"}}");
    test_desk_options(*desk, "tickets", "{\"status_labels\":{\"100\":\"Frisch\"}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_options(*desk, "alerts-to-customers", "{\"new_ticket\":{\"enabled\":false}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    assert_rows(*desk, "SELECT version FROM option_change WHERE section = 'tickets' ORDER BY id", 1,
                "1; 2");
    assert_rows(*desk,
                "SELECT e.alerts_options, c.after LIKE '%\"new_ticket\":{\"enabled\":true%'"
                " FROM event e JOIN option_change c ON c.section = 'alerts-to-customers'"
                " AND c.version = e.alerts_options ORDER BY e.id",
                1, "1; 2");
}

#define ADD(name, function)                                                                        \
    g_test_add("/alert-options/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("merge/off", test_two_mails);
    ADD("merge/on", test_one_mail);
    ADD("merge/words", test_merged_in_words);
    ADD("merge/opened-as-completed", test_opened_as_completed);
    ADD("merge/not-told-of-the-closing", test_not_told_of_the_closing);
    ADD("merge/closed-quietly", test_closed_quietly);
    ADD("merge/touched", test_touched);
    ADD("merge/by-hand", test_sent_by_hand);
    ADD("merge/closing-held", test_closing_held);
    ADD("merge/retried", test_merged_and_retried);
    ADD("sender", test_sender);
    ADD("own-reply-address", test_own_reply_address);
    ADD("on-every-ticket", test_on_every_ticket);
    ADD("activation", test_activation);
    ADD("changed-during-the-test", test_changed_during_the_test);
    ADD("explained", test_explained);
    ADD("never-on", test_never_on);
    ADD("versions", test_versions);
    return g_test_run();
}
