/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers in the Web Interface, on either engine: who they are, what they see and what they do
 * not, what they write and who is told of it.
 */
#include "desk/customer.h"

#include "alerts/explain.h"
#include "alerts/web_link.h"
#include "base/error.h"
#include "desk/options.h"
#include "records/signing_key.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef TestDesk *Fixture;

/* Anna (contact 1) and Bert (contact 2) of Bluebird (account 1), Cleo (contact 3) of Other (account
 * 2). Dora (contact 4) is at both, with two contacts (4, 5). */
static void set_up(Fixture *desk, gconstpointer data)
{
    static const char *const statements[] = {
        "INSERT INTO account (name, email, email_key, domains, active, created_at)"
        " VALUES ('Other', 'o@other.example', 'o@other.example', '[]', 1, 1)",
        "INSERT INTO contact (account, name, email, email_key, emails, on_every_ticket, active,"
        " created_at) VALUES"
        " (1, 'Bert', 'bert@bluebird.example', 'bert@bluebird.example', '[]', 0, 1, 1),"
        " (2, 'Cleo', 'cleo@other.example', 'cleo@other.example', '[]', 0, 1, 1),"
        " (1, 'Dora', 'dora@both.example', 'dora@both.example', '[]', 0, 1, 1),"
        " (2, 'Dora', 'dora@both.example', 'dora@both.example', '[]', 0, 1, 1)",
        "INSERT INTO contact_address (contact, email_key) SELECT id, email_key FROM contact"
        " WHERE id > 1",
        "INSERT INTO contact_address (contact, email_key) VALUES (1, 'anna@home.example')",
    };
    *desk = test_desk_new(engine, true);
    test_desk_options(*desk, "web-interface",
                      "{\"enabled\":true,\"public_url\":\"https://help.example\"}");
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        test_desk_run(*desk, statements[i]);
}

static void tear_down(Fixture *desk, gconstpointer data)
{
    test_desk_free(*desk);
}

/* ---- calls ---- */

typedef enum { SHOW, LIST, MAILS, FETCH, OPEN, COMMENT, LEAVE, RETURN, LANGUAGE } Verb;

typedef struct {
    CustomerCaller caller;
    Verb verb;
    int64_t number; /* ticket */
    int64_t id;     /* attachment; account of a new ticket */
    const char *text;
    GString *out; /* what it gave, in words */
} Call;

static void add_tickets(GString *out, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(out, "#%d ", (int)((const Ticket *)list->pdata[i])->number);
}

static void add_mails(GString *out, const GPtrArray *list)
{
    static const char *const kinds[] = {"new", "closed", "answer", "response"};
    static const char *const states[CUSTOMER_MAIL_N_STATES] = {
        "on-its-way",    "sent",      "perhaps", "held",
        "not-delivered", "cancelled", "left",    "suppressed"};
    for (guint i = 0; i < list->len; i++) {
        const CustomerMail *mail = list->pdata[i];
        g_string_append_printf(out, "#%d %s %s %s; ", (int)mail->ticket, kinds[mail->kind],
                               mail->to, states[mail->state]);
    }
}

static void add_ticket(GString *out, const CustomerTicket *shown)
{
    static const char *const on_list[] = {"not-on-list", "on-list", "left"};
    g_string_append_printf(out, "#%d %s %s", (int)shown->ticket->number, shown->account_name,
                           on_list[shown->on_list]);
    for (guint i = 0; i < shown->messages->len; i++) {
        const CustomerMessage *message = shown->messages->pdata[i];
        g_string_append_printf(out, "; %s: %s%s", message->message->author.name,
                               message->message->text,
                               i == 0 && shown->first_is_description ? " (description)" : "");
        for (guint j = 0; j < message->attachments->len; j++)
            g_string_append_printf(out, " [%s]",
                                   ((const Attachment *)message->attachments->pdata[j])->name);
    }
    if (shown->older != 0)
        g_string_append(out, "; older");
}

static bool read_only(DbTx *tx, const Call *call, const Visitor *visitor, GError **error)
{
    g_autoptr(CustomerTicket) shown = NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(Attachment) attachment = NULL;
    const CustomerFilter filter = {.limit = 3, .before = call->id, .q = call->text};
    int64_t next;
    switch (call->verb) {
    case SHOW:
        shown = customer_ticket(tx, visitor, call->number, call->id, error);
        if (shown != NULL)
            add_ticket(call->out, shown);
        return shown != NULL;
    case LIST:
        list = customer_tickets(tx, visitor, &filter, error);
        if (list != NULL)
            add_tickets(call->out, list);
        return list != NULL;
    case MAILS:
        list = call->number != 0 ? customer_mails_of(tx, visitor, call->number, error)
                                 : customer_mails(tx, visitor, 0, &next, error);
        if (list != NULL)
            add_mails(call->out, list);
        return list != NULL;
    case FETCH:
        attachment = customer_attachment(tx, visitor, call->number, call->id, error);
        if (attachment != NULL)
            g_string_append(call->out, attachment->name);
        return attachment != NULL;
    default:
        return false;
    }
}

static bool write_as(DeskTx *tx, const Call *call, const Visitor *visitor, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("content", 7);
    const AttachmentDraft attachments[] = {{"../photo.jpg", "image/jpeg", NULL, bytes}};
    const CustomerTicketDraft draft = {.account = call->id,
                                       .title = call->text,
                                       .text = "It does not work.",
                                       .attachments = attachments,
                                       .n_attachments = 1};
    int64_t number;
    switch (call->verb) {
    case OPEN:
        number = customer_open_ticket(tx, visitor, &draft, error);
        g_string_append_printf(call->out, "#%d", (int)number);
        return number != 0;
    case COMMENT:
        return customer_comment(tx, visitor, call->number, call->text, attachments, 1, error);
    case LEAVE:
    case RETURN:
        return customer_leave(tx, visitor, call->number, call->verb == LEAVE, error);
    case LANGUAGE:
        return customer_choose_language(tx, visitor, call->text, error);
    default:
        return read_only(tx->db, call, visitor, error);
    }
}

static bool run(DeskTx *tx, void *data, GError **error)
{
    const Call *call = data;
    g_string_truncate(call->out, 0);
    const Settings *settings = desk_settings(tx, error);
    g_autoptr(Visitor) visitor =
        settings != NULL ? visitor_load(tx->db, settings, &call->caller, error) : NULL;
    return visitor != NULL && write_as(tx, call, visitor, error);
}

/* What it gave, or the error's problem with a "!" before it. */
static char *call_as(TestDesk *desk, const Call *from)
{
    static const Actor nobody = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_WEB};
    g_autoptr(GError) error = NULL;
    Call call = *from;
    call.out = g_string_new(NULL);
    if (!desk_write(desk->desk, &nobody, run, &call, &error))
        g_string_printf(call.out, "!%s", error_problem(error));
    return g_string_free(call.out, FALSE);
}

#define ASSERT_CALL(desk, want, who, ...)                                                          \
    do {                                                                                           \
        Call call_ = {.caller = {.email_key = (who)}, __VA_ARGS__};                                \
        g_autofree char *got_ = call_as(desk, &call_);                                             \
        g_assert_cmpstr(got_, ==, want);                                                           \
    } while (0)

#define ASSERT_LINK(desk, want, letters, ...)                                                      \
    do {                                                                                           \
        Call call_ = {.caller = {.link = (letters)}, __VA_ARGS__};                                 \
        g_autofree char *got_ = call_as(desk, &call_);                                             \
        g_assert_cmpstr(got_, ==, want);                                                           \
    } while (0)

#define ANNA   "anna@bluebird.example"
#define HOME   "anna@home.example"
#define BERT   "bert@bluebird.example"
#define CLEO   "cleo@other.example"
#define DORA   "dora@both.example"
#define OFFICE "office@bluebird.example"

static void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

/* A ticket of this account and contact, opened by the employee. */
static int64_t open_for(TestDesk *desk, int64_t account, int64_t contact)
{
    int64_t own_account = desk->account, own_contact = desk->contact;
    desk->account = account;
    desk->contact = contact;
    int64_t number = test_desk_open(desk, &desk->employee, NULL, true);
    desk->account = own_account;
    desk->contact = own_contact;
    return number;
}

static char *link_of(TestDesk *desk, int64_t ticket, const char *email_key);

/* ---- who they are ---- */

static void test_who(Fixture *desk, gconstpointer data)
{
    ASSERT_CALL(*desk, "", ANNA, .verb = LIST);
    ASSERT_CALL(*desk, "", HOME, .verb = LIST);
    ASSERT_CALL(*desk, "", OFFICE, .verb = LIST);
    ASSERT_CALL(*desk, "!not-a-customer", "nobody@where.example", .verb = LIST);
    ASSERT_CALL(*desk, "!not-a-customer", "erika@desk.example", .verb = LIST);
    ASSERT_CALL(*desk, "!sign-in-needed", NULL, .verb = LIST);
    test_desk_run(*desk, "UPDATE contact SET active = 0 WHERE id = 2");
    ASSERT_CALL(*desk, "!not-a-customer", BERT, .verb = LIST);
    test_desk_run(*desk, "UPDATE account SET active = 0 WHERE number = 1");
    ASSERT_CALL(*desk, "!not-a-customer", ANNA, .verb = LIST);
    ASSERT_CALL(*desk, "!not-a-customer", OFFICE, .verb = LIST);
    ASSERT_CALL(*desk, "", DORA, .verb = LIST); /* still at the other */
    test_desk_options(*desk, "web-interface", "{\"enabled\":false}");
    ASSERT_CALL(*desk, "!web-interface-off", DORA, .verb = LIST);
}

/* ---- what they see ---- */

static void test_sees(Fixture *desk, gconstpointer data)
{
    open_for(*desk, 1, 1); /* #1 Anna's */
    open_for(*desk, 1, 2); /* #2 Bert's */
    open_for(*desk, 2, 3); /* #3 Cleo's */
    open_for(*desk, 1, 0); /* #4 the office's */
    ASSERT_CALL(*desk, "#4 #2 #1 ", ANNA, .verb = LIST);
    ASSERT_CALL(*desk, "#3 ", CLEO, .verb = LIST);
    ASSERT_CALL(*desk, "#4 #3 #2 ", DORA, .verb = LIST);
    ASSERT_CALL(*desk, "#1 ", DORA, .verb = LIST, .id = 2);
    ASSERT_CALL(*desk, "#4 #2 #1 ", ANNA, .verb = LIST, .text = "rinte");
    ASSERT_CALL(*desk, "", ANNA, .verb = LIST, .text = "r%e");
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = SHOW, .number = 99);
    /* Only their own: by the option, but for who has another setting. */
    test_desk_options(*desk, "web-interface", "{\"see\":\"own\"}");
    test_desk_run(*desk, "UPDATE contact SET sees = 'account' WHERE id = 2");
    ASSERT_CALL(*desk, "#1 ", ANNA, .verb = LIST);
    ASSERT_CALL(*desk, "#1 ", HOME, .verb = LIST);
    ASSERT_CALL(*desk, "!unknown-ticket", ANNA, .verb = SHOW, .number = 2);
    ASSERT_CALL(*desk, "#4 #2 #1 ", BERT, .verb = LIST);
    ASSERT_CALL(*desk, "#4 ", OFFICE, .verb = LIST);
    /* Whoever is told of a ticket sees it. */
    test_desk_run(*desk, "INSERT INTO recipient (ticket, email, email_key, muted, added_at)"
                         " VALUES (2, 'Anna@home.example', 'anna@home.example', 0, 1)");
    ASSERT_CALL(*desk, "#2 #1 ", HOME, .verb = LIST);
}

static void test_internal(Fixture *desk, gconstpointer data)
{
    open_for(*desk, 1, 1);
    ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "Any news?");
    test_desk_run(*desk, "UPDATE ticket_message SET visibility = 'internal'");
    ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "Hello?");
    ASSERT_CALL(*desk, "#1 Bluebird on-list; Anna Field: Hello? [photo.jpg]", ANNA, .verb = SHOW,
                .number = 1);
    ASSERT_CALL(*desk, "!unknown-attachment", ANNA, .verb = FETCH, .number = 1, .id = 1);
    ASSERT_CALL(*desk, "photo.jpg", ANNA, .verb = FETCH, .number = 1, .id = 2);
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = FETCH, .number = 1, .id = 2);
    open_for(*desk, 2, 3);
    ASSERT_CALL(*desk, "!unknown-attachment", CLEO, .verb = FETCH, .number = 2, .id = 2);
    test_desk_run(*desk,
                  "UPDATE ticket_message SET visibility = 'public', sender = 'not_verified'");
    ASSERT_CALL(*desk, "#1 Bluebird on-list", ANNA, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk, "!unknown-attachment", ANNA, .verb = FETCH, .number = 1, .id = 2);
}

/* ---- what they write ---- */

static void test_open(Fixture *desk, gconstpointer data)
{
    test_desk_run(*desk, "UPDATE account SET manager = 1 WHERE number = 1");
    ASSERT_CALL(*desk, "#1", ANNA, .verb = OPEN, .text = "Printer");
    /* Nobody is told that it was opened; the manager has a copy. */
    assert_rows(*desk, "SELECT kind, recipient, decision, reason FROM alert", 4,
                "new_ticket anna@bluebird.example suppress created_by_customer_web");
    assert_rows(*desk, "SELECT recipient, to_employee, reason FROM message_copy", 3,
                "erika@desk.example 1 answered");
    assert_rows(*desk, "SELECT opener_kind, opener_id, opener_name, channel, contact FROM ticket",
                5, "customer 1 Anna Field web 1");
    ASSERT_CALL(*desk,
                "#1 Bluebird on-list; Anna Field: It does not work. (description) [photo.jpg]",
                ANNA, .verb = SHOW, .number = 1);
    test_desk_set_status(*desk, &(*desk)->employee, 1, STATUS_COMPLETED, true);
    assert_rows(*desk, "SELECT recipient, decision, reason FROM alert WHERE kind = 'ticket_closed'",
                3, "anna@bluebird.example send ticket_closed");
    /* From the address they have signed in with; an account's own; at which of two. */
    ASSERT_CALL(*desk, "#2", HOME, .verb = OPEN, .text = "Scanner");
    ASSERT_CALL(*desk, "#3", OFFICE, .verb = OPEN, .text = "Scanner");
    ASSERT_CALL(*desk, "#4", DORA, .verb = OPEN, .text = "Scanner", .id = 2);
    assert_rows(*desk,
                "SELECT ticket, email, COALESCE(contact, 0) FROM recipient WHERE ticket > 1"
                " ORDER BY id",
                3, "2 anna@home.example 1; 3 office@bluebird.example 0; 4 dora@both.example 5");
    ASSERT_CALL(*desk, "!unknown-account", ANNA, .verb = OPEN, .text = "Scanner", .id = 2);
    ASSERT_CALL(*desk, "!missing-field", ANNA, .verb = OPEN, .text = "");
    assert_rows(*desk, "SELECT COUNT(*) FROM ticket", 1, "4");
}

static void test_comment(Fixture *desk, gconstpointer data)
{
    test_desk_run(*desk, "UPDATE account SET manager = 1 WHERE number = 1");
    open_for(*desk, 1, 1);
    ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "Any news?");
    assert_rows(*desk, "SELECT recipient, to_employee, reason FROM message_copy", 3,
                "erika@desk.example 1 answered");
    assert_rows(*desk, "SELECT visibility, author_kind, author_id, channel FROM ticket_message", 4,
                "public customer 1 web");
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = COMMENT, .number = 1, .text = "Hello?");
    assert_rows(*desk, "SELECT COUNT(*) FROM ticket_message", 1, "1");
    /* A closed ticket, as the option says. */
    test_desk_set_status(*desk, &(*desk)->employee, 1, STATUS_COMPLETED, true);
    ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "Again!");
    assert_rows(*desk, "SELECT status FROM ticket", 1, "1000");
    test_desk_options(*desk, "tickets", "{\"reopen_on_reply\":\"always\"}");
    ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "Again!!");
    assert_rows(*desk, "SELECT status FROM ticket", 1, "200");
    assert_rows(*desk, "SELECT actor_kind, channel FROM event WHERE kind = 'reopened'", 2,
                "customer web");
}

static void test_many_messages(Fixture *desk, gconstpointer data)
{
    ASSERT_CALL(*desk, "#1", ANNA, .verb = OPEN, .text = "Printer");
    for (int i = 0; i < CUSTOMER_MESSAGES; i++)
        ASSERT_CALL(*desk, "", ANNA, .verb = COMMENT, .number = 1, .text = "x");
    Call call = {.caller = {.email_key = ANNA}, .verb = SHOW, .number = 1};
    g_autofree char *newest = call_as(*desk, &call);
    g_assert_true(g_str_has_suffix(newest, "; older"));
    g_assert_null(strstr(newest, "It does not work."));
    call.id = 2;
    g_autofree char *oldest = call_as(*desk, &call);
    g_assert_cmpstr(oldest, ==,
                    "#1 Bluebird on-list; Anna Field: It does not work. (description) [photo.jpg]");
}

/* ---- the list ---- */

static void test_leave(Fixture *desk, gconstpointer data)
{
    const char *listed[] = {"bert@bluebird.example", NULL};
    test_desk_open(*desk, &(*desk)->employee, listed, true);
    ASSERT_CALL(*desk, "", BERT, .verb = LEAVE, .number = 1);
    ASSERT_CALL(*desk, "#1 Bluebird left", BERT, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk, "#1 Bluebird on-list", ANNA, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk, "#1 Bluebird not-on-list", DORA, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk, "", DORA, .verb = LEAVE, .number = 1);
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = LEAVE, .number = 1);
    assert_rows(*desk,
                "SELECT actor_kind, actor_name, channel, facts FROM event WHERE kind ="
                " 'recipients_changed'",
                4, "customer Bert web {\"left\":[\"bert@bluebird.example\"]}");
    /* Anna is the ticket's contact: she is told of the closing all the same. */
    ASSERT_CALL(*desk, "", ANNA, .verb = LEAVE, .number = 1);
    test_desk_set_status(*desk, &(*desk)->employee, 1, STATUS_COMPLETED, true);
    assert_rows(*desk,
                "SELECT recipient, reason FROM alert WHERE kind = 'ticket_closed'"
                " ORDER BY recipient",
                2, "anna@bluebird.example ticket_closed; bert@bluebird.example left_ticket");
    ASSERT_CALL(*desk, "", BERT, .verb = RETURN, .number = 1);
    ASSERT_CALL(*desk, "#1 Bluebird on-list", BERT, .verb = SHOW, .number = 1);
    ASSERT_CALL(*desk,
                "#1 closed bert@bluebird.example left; #1 new bert@bluebird.example on-its-way; ",
                BERT, .verb = MAILS);
}

static void test_language(Fixture *desk, gconstpointer data)
{
    ASSERT_CALL(*desk, "", DORA, .verb = LANGUAGE, .text = "fr");
    ASSERT_CALL(*desk, "", OFFICE, .verb = LANGUAGE, .text = "fr");
    assert_rows(*desk, "SELECT id, COALESCE(language, '-') FROM contact ORDER BY id", 2,
                "1 -; 2 -; 3 -; 4 fr; 5 fr");
    assert_rows(*desk, "SELECT COUNT(language) FROM account", 1, "0");
}

/* ---- mails ---- */

static void test_mails(Fixture *desk, gconstpointer data)
{
    const char *listed[] = {"bert@bluebird.example", "Anna@Home.Example", NULL};
    test_desk_open(*desk, &(*desk)->employee, listed, true);
    ASSERT_CALL(*desk,
                "#1 new anna@bluebird.example on-its-way; #1 new Anna@home.example on-its-way; ",
                ANNA, .verb = MAILS);
    test_desk_run(*desk, "UPDATE outbox SET state = 'accepted', accepted_at = 5 WHERE recipient ="
                         " 'bert@bluebird.example'");
    ASSERT_CALL(*desk, "#1 new bert@bluebird.example sent; ", BERT, .verb = MAILS, .number = 1);
    ASSERT_CALL(*desk, "", DORA, .verb = MAILS, .number = 1);
    ASSERT_CALL(*desk, "!unknown-ticket", CLEO, .verb = MAILS, .number = 1);
}

/* ---- web links ---- */

static char *link_of(TestDesk *desk, int64_t ticket, const char *email_key)
{
    g_autofree char *secret =
        test_desk_ask(desk, "SELECT secret FROM signing_key ORDER BY id LIMIT 1");
    SigningKey key = {.id = 1};
    g_assert_true(signing_secret_read(secret, key.secret));
    return web_link_letters(&key, ticket, email_key);
}

static void test_link(Fixture *desk, gconstpointer data)
{
    const char *listed[] = {"stranger@else.example", NULL};
    test_desk_run(*desk, "UPDATE account SET manager = 1 WHERE number = 1");
    test_desk_open(*desk, &(*desk)->employee, listed, true); /* #1 */
    open_for(*desk, 1, 1);                                   /* #2 */
    g_autofree char *link = link_of(*desk, 1, "stranger@else.example");
    ASSERT_LINK(*desk, "#1 Bluebird on-list", link, .verb = SHOW, .number = 1);
    ASSERT_LINK(*desk, "!unknown-ticket", link, .verb = SHOW, .number = 2);
    ASSERT_LINK(*desk, "#1 ", link, .verb = LIST);
    ASSERT_LINK(*desk, "", link, .verb = COMMENT, .number = 1, .text = "Me too");
    assert_rows(*desk, "SELECT author_name, author_kind, channel FROM ticket_message", 3,
                "stranger@else.example customer web");
    ASSERT_LINK(*desk, "!link-only", link, .verb = OPEN, .text = "Mine");
    ASSERT_LINK(*desk, "!link-only", link, .verb = LANGUAGE, .text = "de");
    ASSERT_LINK(*desk, "#1 new stranger@else.example on-its-way; ", link, .verb = MAILS);
    ASSERT_LINK(*desk, "", link, .verb = LEAVE, .number = 1);
    ASSERT_LINK(*desk, "#1 Bluebird left; stranger@else.example: Me too [photo.jpg]", link,
                .verb = SHOW, .number = 1);
    /* Letters changed, another's ticket, an address that is on no list. */
    g_autofree char *forged = g_strdup(link);
    forged[10] = forged[10] == 'a' ? 'b' : 'a';
    ASSERT_LINK(*desk, "!link-not-good", forged, .verb = SHOW, .number = 1);
    ASSERT_LINK(*desk, "!link-not-good", "", .verb = SHOW, .number = 1);
    ASSERT_LINK(*desk, "!link-not-good", "example", .verb = SHOW, .number = 1);
    g_autofree char *elsewhere = link_of(*desk, 2, "stranger@else.example");
    ASSERT_LINK(*desk, "!link-not-good", elsewhere, .verb = SHOW, .number = 2);
    /* Links are no sign-in where the option says so, and end with the place on the list. */
    test_desk_options(*desk, "web-interface", "{\"require_sign_in\":true}");
    ASSERT_LINK(*desk, "!sign-in-needed", link, .verb = SHOW, .number = 1);
    ASSERT_LINK(*desk, "!link-not-good", forged, .verb = SHOW, .number = 1);
    test_desk_options(*desk, "web-interface", "{\"require_sign_in\":false}");
    test_desk_run(*desk, "DELETE FROM recipient WHERE email_key = 'stranger@else.example'");
    ASSERT_LINK(*desk, "!link-not-good", link, .verb = SHOW, .number = 1);
}

/* ---- the options ---- */

static const struct {
    const char *typed, *want; /* NULL: refused */
} urls[] = {
    {"https://help.example", "https://help.example"},
    {"https://help.example/", "https://help.example"},
    {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
    {"https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"},
    {"", ""},
    {"help.example", NULL},
    {"ftp://help.example", NULL},
    {"javascript:alert(1)", NULL},
    {"https://help.example/desk", NULL},
    {"https://help.example/?x=1", NULL},
    {"https://help.example/#x", NULL},
    {"https://me:secret@help.example", NULL},
    {"https://", NULL},
    {"https://help.example\\@evil.example", NULL},
    {"https://help\"><b>.example", NULL},
};

typedef struct {
    const char *url;
    char *stored;
} Put;

static bool put(DeskTx *tx, void *data, GError **error)
{
    Put *call = data;
    json_auto_t *patch = json_pack("{s:s}", "public_url", call->url);
    json_auto_t *shown = options_put(tx, OPTIONS_WEB_INTERFACE, patch, error);
    g_free(call->stored);
    call->stored = g_strdup(json_string_value(json_object_get(shown, "public_url")));
    return shown != NULL;
}

static void test_options(Fixture *desk, gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        Put call = {.url = urls[i].typed};
        g_test_message("%s", urls[i].typed);
        desk_write((*desk)->desk, &(*desk)->employee, put, &call, &error);
        g_assert_cmpstr(call.stored, ==, urls[i].want);
        if (urls[i].want == NULL)
            g_assert_cmpstr(error_problem(error), ==, "bad-url");
        g_free(call.stored);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    static const struct {
        const char *path;
        void (*test)(Fixture *desk, gconstpointer data);
    } tests[] = {
        {"/customer/who", test_who},           {"/customer/sees", test_sees},
        {"/customer/internal", test_internal}, {"/customer/open", test_open},
        {"/customer/comment", test_comment},   {"/customer/many-messages", test_many_messages},
        {"/customer/leave", test_leave},       {"/customer/language", test_language},
        {"/customer/mails", test_mails},       {"/customer/link", test_link},
        {"/customer/options", test_options},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
