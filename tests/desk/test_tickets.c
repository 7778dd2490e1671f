/* SPDX-License-Identifier: Apache-2.0 */
/* Open, change, close, reopen, and who is told: the use cases on either engine. */
#include "base/error.h"
#include "desk/alerts.h"
#include "desk/recipients.h"
#include "mail/address.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

#define ALERTS                                                                                     \
    "SELECT a.kind, a.recipient, a.decision, a.reason FROM alert a JOIN event e ON e.id = a.event" \
    " ORDER BY a.ticket, e.version, a.recipient_key"
#define EVENTS "SELECT kind FROM event ORDER BY ticket, version"
#define OUTBOX                                                                                     \
    "SELECT a.recipient, o.state, o.order_seq FROM outbox o JOIN alert a ON a.id = o.ref"          \
    " ORDER BY o.order_seq, a.recipient_key"

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

static void test_open_tells_the_list(Fixture *desk, gconstpointer data)
{
    const char *extra[] = {"Boss@Bluebird.EXAMPLE", "anna@bluebird.example",
                           "boss@bluebird.example", NULL};
    test_desk_open(*desk, &(*desk)->employee, extra, true);
    assert_rows(*desk, ALERTS, 4,
                "new_ticket anna@bluebird.example send new_ticket; "
                "new_ticket Boss@bluebird.example send new_ticket");
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example queued 1; Boss@bluebird.example queued 1");
    assert_rows(*desk, "SELECT email, contact FROM recipient ORDER BY id", 2,
                "Boss@bluebird.example ; anna@bluebird.example 1");
}

static void test_account_address_without_contact(Fixture *desk, gconstpointer data)
{
    (*desk)->contact = 0;
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    assert_rows(*desk, ALERTS, 4, "new_ticket office@bluebird.example send new_ticket");
}

static void test_contact_on_every_ticket(Fixture *desk, gconstpointer data)
{
    test_desk_run(*desk, "UPDATE contact SET on_every_ticket = 1");
    (*desk)->contact = 0;
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    assert_rows(*desk, "SELECT email FROM recipient ORDER BY id", 1,
                "office@bluebird.example; anna@bluebird.example");
}

static void test_close_and_again(Fixture *desk, gconstpointer data)
{
    int64_t ticket = test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    assert_rows(*desk, EVENTS, 1, "opened; closed");
    assert_rows(*desk, "SELECT closed_at FROM ticket", 1, "1795458600000000");
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_PENDING, true);
    assert_rows(*desk, "SELECT COALESCE(closed_at, 0) FROM ticket", 1, "0");
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    assert_rows(*desk, EVENTS, 1, "opened; closed; reopened; closed");
    assert_rows(*desk, ALERTS, 4,
                "new_ticket anna@bluebird.example send new_ticket; "
                "ticket_closed anna@bluebird.example send ticket_closed; "
                "ticket_closed anna@bluebird.example send ticket_closed");
}

static void test_status_set_to_new_tells_nobody(Fixture *desk, gconstpointer data)
{
    int64_t ticket = test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_PENDING, true);
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_NEW, true);
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_CANCELED, true);
    assert_rows(*desk, EVENTS, 1, "opened; changed; changed; changed");
    assert_rows(*desk, "SELECT COUNT(*) FROM alert", 1, "1");
}

static bool open_completed(DeskTx *tx, void *data, GError **error)
{
    TestDesk *desk = data;
    TicketDraft draft = {.account = desk->account,
                         .contact = desk->contact,
                         .title = (char *)"Done by phone",
                         .status = STATUS_COMPLETED,
                         .notify = true};
    g_autoptr(Ticket) ticket = ticket_open(tx, &draft, error);
    return ticket != NULL;
}

static void test_opened_as_completed(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    desk_write((*desk)->desk, &(*desk)->employee, open_completed, *desk, &error);
    g_assert_no_error(error);
    assert_rows(*desk, "SELECT kind, version FROM event ORDER BY version", 2, "opened 1; closed 2");
    assert_rows(*desk, "SELECT status, version FROM ticket", 2, "1000 2");
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example queued 1; anna@bluebird.example queued 2");
}

static void test_no_recipients_is_one_decision(Fixture *desk, gconstpointer data)
{
    test_desk_options(*desk, "alerts-to-customers", "{\"default_recipients\":{\"contact\":false}}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    assert_rows(*desk, ALERTS, 4, "new_ticket  suppress no_recipients");
}

/* Who creates through which door, and what is decided: the doors that are not built yet come in by
 * the same use case. */
static void test_doors(Fixture *desk, gconstpointer data)
{
    const struct {
        ActorKind kind;
        Channel channel;
        const char *opened, *closed;
    } cases[] = {
        {ACTOR_EMPLOYEE, CHANNEL_CONSOLE, "send new_ticket", "send ticket_closed"},
        {ACTOR_EMPLOYEE, CHANNEL_CLI, "send new_ticket", "send ticket_closed"},
        {ACTOR_EMPLOYEE, CHANNEL_EMAIL, "send new_ticket", "send ticket_closed"},
        {ACTOR_API, CHANNEL_API, "send new_ticket", "send ticket_closed"},
        {ACTOR_CUSTOMER, CHANNEL_EMAIL, "suppress created_by_customer_email", "send ticket_closed"},
        {ACTOR_CUSTOMER, CHANNEL_WEB, "suppress created_by_customer_web", "send ticket_closed"},
        {ACTOR_SYSTEM, CHANNEL_AUTOMATED_EMAIL, "suppress created_by_automated_email",
         "send ticket_closed"},
        {ACTOR_SYSTEM, CHANNEL_IMPORT, "suppress imported", "suppress imported"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Actor actor = {cases[i].kind, 1, (char *)"X", cases[i].channel};
        g_test_message("%s by %s", actor_kind_name(actor.kind), channel_name(actor.channel));
        int64_t ticket = test_desk_open(*desk, &actor, NULL, true);
        test_desk_set_status(*desk, &actor, ticket, STATUS_COMPLETED, true);
        g_autofree char *sql = g_strdup_printf(
            "SELECT decision, reason FROM alert WHERE ticket = %d ORDER BY id", (int)ticket);
        g_autofree char *want = g_strdup_printf("%s; %s", cases[i].opened, cases[i].closed);
        assert_rows(*desk, sql, 2, want);
    }
}

static void test_recipient_states(Fixture *desk, gconstpointer data)
{
    const char *extra[] = {"support@desk.example", "muted@x.example", "left@x.example",
                           "bounced@x.example", NULL};
    int64_t ticket = test_desk_open(*desk, &(*desk)->employee, extra, false);
    test_desk_run(*desk, "UPDATE recipient SET muted = 1 WHERE email = 'muted@x.example'");
    test_desk_run(*desk, "UPDATE recipient SET left_at = 5 WHERE email = 'left@x.example'");
    test_desk_run(*desk, "UPDATE recipient SET left_at = 5 WHERE email = 'anna@bluebird.example'");
    test_desk_run(*desk, "INSERT INTO suppression (email, email_key, reason, evidence, since)"
                         " VALUES ('bounced@x.example', 'bounced@x.example', 'bounce', '550', 1)");
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    assert_rows(*desk,
                "SELECT recipient, decision, reason FROM alert WHERE kind = 'ticket_closed'"
                " ORDER BY recipient",
                3,
                "anna@bluebird.example send ticket_closed; "
                "bounced@x.example suppress address_suppressed; "
                "left@x.example suppress left_ticket; "
                "muted@x.example suppress muted; "
                "support@desk.example suppress own_address");
    assert_rows(*desk, "SELECT DISTINCT reason FROM alert WHERE kind = 'new_ticket'", 1,
                "not_wanted");
}

/* ---- recipients ---- */

typedef struct {
    int64_t ticket, id;
    bool ok;
} RecipientStep;

static bool do_remove(DeskTx *tx, void *data, GError **error)
{
    RecipientStep *step = data;
    return recipients_remove(tx, step->ticket, step->id, error);
}

static bool do_latest(DeskTx *tx, void *data, GError **error)
{
    RecipientStep *step = data;
    g_autoptr(Alert) alert = recipients_send_latest(tx, step->ticket, step->id, error);
    return alert != NULL;
}

static bool do_add(DeskTx *tx, void *data, GError **error)
{
    RecipientStep *step = data;
    RecipientDraft draft = {(char *)"late@x.example", (char *)"late@x.example", NULL};
    g_autoptr(Recipient) recipient = recipients_add(tx, step->ticket, &draft, error);
    step->id = recipient != NULL ? recipient->id : 0;
    return recipient != NULL;
}

static void write_step(TestDesk *desk, DeskFn fn, RecipientStep *step)
{
    g_autoptr(GError) error = NULL;
    desk_write(desk->desk, &desk->employee, fn, step, &error);
    g_assert_no_error(error);
}

static void test_removing_cancels(Fixture *desk, gconstpointer data)
{
    const char *extra[] = {"boss@x.example", NULL};
    RecipientStep step = {.ticket = test_desk_open(*desk, &(*desk)->employee, extra, true),
                          .id = 1};
    write_step(*desk, do_remove, &step);
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example queued 1; boss@x.example cancelled 1");
    /* The decision stays what it was. */
    assert_rows(*desk, "SELECT DISTINCT decision FROM alert", 1, "send");
    test_desk_set_status(*desk, &(*desk)->employee, step.ticket, STATUS_COMPLETED, true);
    assert_rows(*desk, "SELECT recipient FROM alert WHERE kind = 'ticket_closed'", 1,
                "anna@bluebird.example");
}

static void test_added_later_is_not_told_of_the_past(Fixture *desk, gconstpointer data)
{
    RecipientStep step = {.ticket = test_desk_open(*desk, &(*desk)->employee, NULL, true)};
    write_step(*desk, do_add, &step);
    assert_rows(*desk, "SELECT COUNT(*) FROM alert", 1, "1");
    write_step(*desk, do_latest, &step);
    assert_rows(*desk, "SELECT recipient, kind, reason FROM alert ORDER BY id DESC LIMIT 1", 3,
                "late@x.example new_ticket sent_by_hand");
    test_desk_set_status(*desk, &(*desk)->employee, step.ticket, STATUS_COMPLETED, true);
    write_step(*desk, do_latest, &step);
    assert_rows(*desk, "SELECT recipient, kind, reason FROM alert ORDER BY id DESC LIMIT 1", 3,
                "late@x.example ticket_closed sent_by_hand");
    assert_rows(*desk, EVENTS, 1,
                "opened; recipients_changed; latest_alert_sent; closed; latest_alert_sent");
}

typedef struct {
    int64_t ticket;
    GPtrArray *drafts;
} Replace;

static bool do_replace(DeskTx *tx, void *data, GError **error)
{
    Replace *replace = data;
    g_autoptr(GPtrArray) after = recipients_replace(tx, replace->ticket, replace->drafts, error);
    return after != NULL;
}

static void test_replacing_keeps_who_stays(Fixture *desk, gconstpointer data)
{
    const char *extra[] = {"boss@x.example", NULL};
    Replace replace = {.ticket = test_desk_open(*desk, &(*desk)->employee, extra, true)};
    test_desk_run(*desk, "UPDATE recipient SET muted = 1 WHERE email = 'anna@bluebird.example'");
    RecipientDraft anna = {(char *)"Anna@Bluebird.example", (char *)"anna@bluebird.example",
                           (char *)"Anna"};
    RecipientDraft other = {(char *)"new@x.example", (char *)"new@x.example", NULL};
    replace.drafts = g_ptr_array_new();
    g_ptr_array_add(replace.drafts, &anna);
    g_ptr_array_add(replace.drafts, &other);
    g_ptr_array_add(replace.drafts, &other);
    g_autoptr(GError) error = NULL;
    desk_write((*desk)->desk, &(*desk)->employee, do_replace, &replace, &error);
    g_assert_no_error(error);
    g_ptr_array_unref(replace.drafts);
    assert_rows(*desk, "SELECT email, name, muted FROM recipient ORDER BY email", 3,
                "anna@bluebird.example Anna 1; new@x.example  0");
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example queued 1; boss@x.example cancelled 1");
}

/* ---- at the same time ---- */

static gpointer close_in_thread(gpointer data)
{
    TestDesk *desk = data;
    test_desk_set_status(desk, &desk->employee, 1, STATUS_COMPLETED, true);
    return NULL;
}

static void test_simultaneous_closings_are_one(Fixture *desk, gconstpointer data)
{
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    GThread *threads[8];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("closer", close_in_thread, *desk);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    assert_rows(*desk, EVENTS, 1, "opened; closed");
    assert_rows(*desk, "SELECT COUNT(*) FROM alert WHERE kind = 'ticket_closed'", 1, "1");
}

/* ---- refusals change nothing ---- */

typedef struct {
    TicketDraft draft;
} Refused;

static bool do_open(DeskTx *tx, void *data, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_open(tx, &((Refused *)data)->draft, error);
    return ticket != NULL;
}

static void test_refused(Fixture *desk, gconstpointer data)
{
    const struct {
        const char *name;
        TicketDraft draft;
        const char *problem, *field;
    } cases[] = {
        {"unknown account", {.account = 99}, "unknown-account", "/account"},
        {"unknown contact", {.account = 1, .contact = 99}, "unknown-contact", "/contact"},
        {"unknown manager", {.account = 1, .manager = 99}, "unknown-employee", "/manager"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_autoptr(GError) error = NULL;
        Refused refused = {cases[i].draft};
        refused.draft.title = (char *)"x";
        g_assert_false(desk_write((*desk)->desk, &(*desk)->employee, do_open, &refused, &error));
        g_assert_cmpstr(error_problem(error), ==, cases[i].problem);
        g_assert_cmpstr(error_field(error), ==, cases[i].field);
        g_assert_cmpint(error_http_status(error), ==, 422);
    }
    assert_rows(*desk, "SELECT COUNT(*) FROM ticket", 1, "0");
    assert_rows(*desk, "SELECT COUNT(*) FROM event", 1, "0");
}

static void test_too_many_recipients(Fixture *desk, gconstpointer data)
{
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"enabled\":false}}");
    g_autoptr(GError) error = NULL;
    Refused refused = {{.account = 1, .contact = 1, .title = (char *)"x", .notify = true}};
    refused.draft.recipients = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    for (int i = 0; i < 200; i++) {
        RecipientDraft *draft = g_new0(RecipientDraft, 1);
        draft->email = g_strdup_printf("r%d@x.example", i);
        draft->email_key = g_strdup(draft->email);
        g_ptr_array_add(refused.draft.recipients, draft);
    }
    /* 200 are allowed; the contact that is added by default would be number 201. */
    g_assert_false(desk_write((*desk)->desk, &(*desk)->employee, do_open, &refused, &error));
    g_assert_cmpstr(error_problem(error), ==, "too-many");
    g_clear_error(&error);
    g_ptr_array_remove_index(refused.draft.recipients, 0);
    g_assert_true(desk_write((*desk)->desk, &(*desk)->employee, do_open, &refused, &error));
    assert_rows(*desk, "SELECT COUNT(*) FROM alert WHERE decision = 'send'", 1, "200");
    g_ptr_array_unref(refused.draft.recipients);
}

/* ---- options ---- */

static void test_deactivating_holds_and_reactivating_releases_nothing(Fixture *desk,
                                                                      gconstpointer data)
{
    int64_t ticket = test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_options(*desk, "alerts-server", "{\"active\":false}");
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example held 1");
    assert_rows(*desk, "SELECT decision, reason FROM alert ORDER BY id", 2,
                "send new_ticket; suppress alerts_server_inactive");
    test_desk_options(*desk, "alerts-server", "{\"active\":true}");
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example held 1");
}

static void test_switching_off_does_not_recall(Fixture *desk, gconstpointer data)
{
    int64_t ticket = test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_options(*desk, "alerts-to-customers",
                      "{\"new_ticket\":{\"enabled\":false},\"ticket_closed\":{\"enabled\":false}}");
    test_desk_set_status(*desk, &(*desk)->employee, ticket, STATUS_COMPLETED, true);
    assert_rows(*desk, OUTBOX, 3, "anna@bluebird.example queued 1");
    assert_rows(*desk, "SELECT reason FROM alert ORDER BY id", 1, "new_ticket; alert_disabled");
}

static void test_every_option_change_is_kept(Fixture *desk, gconstpointer data)
{
    test_desk_options(*desk, "desk", "{\"name\":\"Harbour IT\"}");
    test_desk_options(*desk, "desk", "{\"name\":\"Harbour IT\"}");
    test_desk_options(*desk, "alerts-server", "{\"password\":\"hunter2\"}");
    assert_rows(
        *desk,
        "SELECT actor_name, channel, before, after FROM option_change WHERE section = 'desk'", 4,
        "Erika Muster cli {} {\"name\":\"Harbour IT\"}");
    g_autofree char *all = test_desk_rows(*desk, "SELECT before, after FROM option_change", 2);
    g_assert_null(strstr(all, "hunter2"));
    g_assert_nonnull(strstr(all, "password_changed"));
}

#define ADD(name, function) g_test_add("/desk/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("open-tells-the-list", test_open_tells_the_list);
    ADD("account-address", test_account_address_without_contact);
    ADD("on-every-ticket", test_contact_on_every_ticket);
    ADD("close-and-again", test_close_and_again);
    ADD("set-to-new", test_status_set_to_new_tells_nobody);
    ADD("opened-as-completed", test_opened_as_completed);
    ADD("no-recipients", test_no_recipients_is_one_decision);
    ADD("doors", test_doors);
    ADD("recipient-states", test_recipient_states);
    ADD("removing-cancels", test_removing_cancels);
    ADD("added-later", test_added_later_is_not_told_of_the_past);
    ADD("replacing", test_replacing_keeps_who_stays);
    ADD("simultaneous-closings", test_simultaneous_closings_are_one);
    ADD("refused", test_refused);
    ADD("too-many", test_too_many_recipients);
    ADD("deactivating", test_deactivating_holds_and_reactivating_releases_nothing);
    ADD("switching-off", test_switching_off_does_not_recall);
    ADD("option-changes", test_every_option_change_is_kept);
    return g_test_run();
}
