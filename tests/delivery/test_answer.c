/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correspondence: who gets a copy of what and why not, in which order and which thread it leaves,
 * and that every copy is shown again byte for byte.
 */
#include "alerts/compose_copy.h"
#include "alerts/mail_kind.h"
#include "base/error.h"
#include "delivery/delivery.h"
#include "desk/answer-private.h"
#include "desk/recipients.h"
#include "mail/hop.h"
#include "mail/signed_address.h"
#include "mail/transport.h"
#include "outbox/outbox.h"
#include "records/signing_key.h"
#include "records/status.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

#define ANNA "anna@bluebird.example"

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    test_desk_options(fixture->desk, "alerts-server",
                      "{\"signed_reply\":true,\"signed_bounce\":true}");
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_ptr_array_unref(transport_memory_take());
}

static void start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = {.db = test_db_handle(fixture->desk->db),
                           .clock = &fixture->desk->clock.clock,
                           .random = random_system(),
                           .composer = fixture->composer,
                           .memory = "memory"};
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    delivery_stop(fixture->delivery, 2000);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void assert_rows(Fixture *fixture, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(fixture->desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

#define ALL_SENT "SELECT COUNT(*) FROM outbox WHERE state <> 'accepted'"
#define COPIES   "SELECT recipient_key, decision, reason FROM message_copy ORDER BY id"

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
    return g_strstrip(g_string_free(value, FALSE));
}

/* ---- doing ---- */

typedef struct {
    int64_t ticket;
    const AnswerDraft *draft;
    const AutoResponse *response;
} Answering;

static bool do_answer(DeskTx *tx, void *data, GError **error)
{
    const Answering *answering = data;
    g_autoptr(TicketMessage) message =
        answering->response != NULL
            ? ticket_auto_respond(tx, answering->ticket, answering->response, error)
            : ticket_answer(tx, answering->ticket, answering->draft, error);
    return message != NULL;
}

static void answer_as(Fixture *fixture, const Actor *actor, const AnswerDraft *draft)
{
    g_autoptr(GError) error = NULL;
    Answering answering = {.ticket = 1, .draft = draft};
    desk_write(fixture->desk->desk, actor, do_answer, &answering, &error);
    g_assert_no_error(error);
    if (fixture->delivery != NULL)
        delivery_wake(fixture->delivery);
}

static void answer(Fixture *fixture, const char *text)
{
    AnswerDraft draft = {.text = text};
    answer_as(fixture, &fixture->desk->employee, &draft);
}

static void assert_refused(Fixture *fixture, const AnswerDraft *draft, const char *problem,
                           const char *field)
{
    g_autoptr(GError) error = NULL;
    Answering answering = {.ticket = 1, .draft = draft};
    g_assert_false(
        desk_write(fixture->desk->desk, &fixture->desk->employee, do_answer, &answering, &error));
    g_assert_cmpstr(error_problem(error), ==, problem);
    g_assert_cmpstr(error_field(error), ==, field);
    assert_rows(fixture, "SELECT COUNT(*) FROM ticket_message", 1, "0");
    assert_rows(fixture, "SELECT version FROM ticket", 1, "1");
}

static bool load_keys(DbTx *tx, void *data, GError **error)
{
    SigningKeys **keys = data;
    g_clear_pointer(keys, signing_keys_unref);
    *keys = signing_keys_load(tx, error);
    return *keys != NULL;
}

typedef struct {
    Composer *composer;
    int64_t copy;
    CopySource *source;
    OutboxMessage *row;
} Again;

static bool load_again(DbTx *tx, void *data, GError **error)
{
    Again *again = data;
    g_autoptr(MessageCopy) copy = message_copy_load(tx, again->copy, error);
    again->source = copy != NULL ? copy_source_load(tx, again->composer, copy, error) : NULL;
    again->row = outbox_find(tx, OUTBOX_KIND_MESSAGE, again->copy, error);
    if (again->row == NULL)
        again->row = outbox_find(tx, OUTBOX_KIND_AUTO_RESPONSE, again->copy, error);
    return again->source != NULL && again->row != NULL &&
           composer_load_keys(again->composer, tx, error);
}

static void assert_shown_again(Fixture *fixture, int64_t copy, GBytes *sent)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    g_autoptr(Composer) composer = composer_new(desk_id);
    Again again = {.composer = composer, .copy = copy};
    db_read(test_db_handle(fixture->desk->db), load_again, &again, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) bytes =
        compose_copy(composer, again.source, again.row->sender, again.row->dated_at, &error);
    g_assert_no_error(error);
    g_autofree char *hash = compose_hash(bytes);
    g_assert_cmpstr(hash, ==, again.row->message_hash);
    g_assert_true(g_bytes_equal(bytes, sent));
    copy_source_free(again.source);
    outbox_message_free(again.row);
}

/* ---- who, and why not ---- */

static void test_audience(void)
{
    static const struct {
        MessageKind kind;
        MessageVisibility visibility;
        ActorKind author;
        AnswerAudience audience;
    } cases[] = {
        {MESSAGE_ANSWER, MESSAGE_PUBLIC, ACTOR_EMPLOYEE, AUDIENCE_EXTERNAL},
        {MESSAGE_ANSWER, MESSAGE_PUBLIC, ACTOR_API, AUDIENCE_EXTERNAL},
        {MESSAGE_ANSWER, MESSAGE_INTERNAL, ACTOR_EMPLOYEE, AUDIENCE_EMPLOYEES},
        {MESSAGE_ANSWER, MESSAGE_PUBLIC, ACTOR_CUSTOMER, AUDIENCE_EMPLOYEES},
        {MESSAGE_AUTOMATIC, MESSAGE_PUBLIC, ACTOR_CUSTOMER, AUDIENCE_NOBODY},
        {MESSAGE_AUTOMATIC, MESSAGE_PUBLIC, ACTOR_EMPLOYEE, AUDIENCE_NOBODY},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(answer_audience(cases[i].kind, cases[i].visibility, cases[i].author), ==,
                        cases[i].audience);
}

static void test_reasons(void)
{
    CopyFacts facts = {true, true, true, true, true, true, true};
    g_assert_cmpint(copy_decide(false, &facts), ==, COPY_SERVER_INACTIVE);
    g_assert_cmpint(copy_decide(true, NULL), ==, COPY_NO_RECIPIENTS);
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_OWN_ADDRESS);
    facts.own_address = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_AUTHOR);
    facts.author = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_MUTED);
    facts.muted = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_LEFT_TICKET);
    facts.left_ticket = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_EMPLOYEE_INACTIVE);
    facts.inactive = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_ADDRESS_SUPPRESSED);
    facts.suppressed = false;
    g_assert_cmpint(copy_decide(true, &facts), ==, COPY_ANSWERED);
}

static void test_each_has_a_reason(Fixture *fixture, gconstpointer data)
{
    const char *recipients[] = {"muted@x.example",      "left@x.example",     "gone@x.example",
                                "support@desk.example", "erika@desk.example", NULL};
    test_desk_open(fixture->desk, &fixture->desk->employee, recipients, true);
    test_desk_run(fixture->desk, "UPDATE recipient SET muted = 1 WHERE email_key LIKE 'muted%'");
    test_desk_run(fixture->desk, "UPDATE recipient SET left_at = 5 WHERE email_key LIKE 'left%'");
    test_desk_run(fixture->desk, "INSERT INTO suppression (email_key, email, reason, evidence,"
                                 " since) VALUES ('gone@x.example', 'gone@x.example',"
                                 " 'no_such_mailbox', '{}', 5)");
    answer(fixture, "We are on it.");
    assert_rows(
        fixture, COPIES, 3,
        "muted@x.example suppress muted; left@x.example suppress left_ticket;"
        " gone@x.example suppress address_suppressed;"
        " support@desk.example suppress own_address; erika@desk.example suppress author; " ANNA
        " send answered");
    assert_rows(fixture, "SELECT recipient, kind FROM outbox WHERE kind <> 'alert'", 2,
                ANNA " message");
    assert_rows(fixture, "SELECT kind, actor_kind FROM event WHERE version = 2", 2,
                "message_added employee");
}

static void test_inactive(Fixture *fixture, gconstpointer data)
{
    test_desk_options(fixture->desk, "alerts-server", "{\"active\":false}");
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    answer(fixture, "Nobody hears this.");
    assert_rows(fixture, COPIES, 3, ANNA " suppress alerts_server_inactive");
    assert_rows(fixture, "SELECT COUNT(*) FROM outbox", 1, "0");
}

static bool remove_all(DeskTx *tx, void *data, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) left = recipients_replace(tx, 1, none, error);
    return left != NULL;
}

static void test_nobody(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    g_assert_true(
        desk_write(fixture->desk->desk, &fixture->desk->employee, remove_all, NULL, &error));
    answer(fixture, "Is anybody there?");
    assert_rows(fixture, "SELECT recipient_key, reason FROM message_copy", 2, " no_recipients");
}

/* A customer's words go to the Employee Recipients, and so does what is internal. */
static void test_employees(Fixture *fixture, gconstpointer data)
{
    const Actor anna = {ACTOR_CUSTOMER, 1, (char *)"Anna Field", CHANNEL_EMAIL};
    test_desk_options(fixture->desk, "tickets", "{\"desk_recipient\":\"team@other.example\"}");
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    test_desk_run(fixture->desk, "INSERT INTO employee_recipient (ticket, email)"
                                 " VALUES (1, 'support@desk.example')");
    test_desk_run(fixture->desk, "INSERT INTO employee_recipient (ticket, employee) VALUES (1, 1)");
    AnswerDraft mail = {.text = "It is the toner.",
                        .incoming = true,
                        .from = ANNA,
                        .from_key = ANNA,
                        .sender = MESSAGE_SENDER_NOT_VERIFIED,
                        .message_id = "1@bluebird.example"};
    answer_as(fixture, &anna, &mail);
    assert_rows(fixture, COPIES, 3,
                "team@other.example send answered; support@desk.example suppress own_address;"
                " erika@desk.example send answered");
    AnswerDraft note = {.text = "Call them.", .visibility = MESSAGE_INTERNAL};
    answer_as(fixture, &fixture->desk->employee, &note);
    assert_rows(fixture,
                "SELECT recipient_key, reason FROM message_copy WHERE message = 2 ORDER BY id", 2,
                "team@other.example answered; support@desk.example own_address;"
                " erika@desk.example author");
    AnswerDraft away = {.kind = MESSAGE_AUTOMATIC, .text = "I am away.", .incoming = true};
    answer_as(fixture, &anna, &away);
    assert_rows(fixture, "SELECT COUNT(*) FROM message_copy WHERE message = 3", 1, "0");
    assert_rows(fixture,
                "SELECT kind, visibility, incoming, sender FROM ticket_message ORDER BY id", 4,
                "answer public 1 not_verified; answer internal 0 unknown;"
                " automatic public 1 unknown");
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) large =
        g_bytes_new_take(g_malloc0(ATTACHMENT_BYTES_MAX), ATTACHMENT_BYTES_MAX);
    g_autoptr(GBytes) one = g_bytes_new_static("x", 1);
    AttachmentDraft attachments[ATTACHMENTS_MAX + 1] = {{"a", NULL, NULL, large}};
    for (int i = 1; i <= ATTACHMENTS_MAX; i++)
        attachments[i] = (AttachmentDraft){"b", NULL, NULL, one};
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    AnswerDraft empty = {.text = ""};
    assert_refused(fixture, &empty, "empty", "/text");
    AnswerDraft many = {.text = "x", .attachments = attachments, .n_attachments = 101};
    assert_refused(fixture, &many, "too-many", "/attachments");
    AnswerDraft too_large = {.text = "x", .attachments = attachments, .n_attachments = 2};
    assert_refused(fixture, &too_large, "too-long", "/attachments");
    static const char *const htmls[] = {"<script>x</script>", "<p onclick='x'>a</p>",
                                        "<a href=\"javascript:x\">a</a>"};
    for (size_t i = 0; i < G_N_ELEMENTS(htmls); i++) {
        AnswerDraft html = {.text = "x", .html = htmls[i]};
        assert_refused(fixture, &html, "template-html", "/html");
    }
}

/* ---- on its way ---- */

static void test_answer_leaves_behind_its_alert(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const char *recipients[] = {"bob@bluebird.example", NULL};
    test_desk_open(fixture->desk, &fixture->desk->employee, recipients, true);
    answer(fixture, "We have ordered the part.\n\nErika");
    test_desk_set_status(fixture->desk, &fixture->desk->employee, 1, STATUS_COMPLETED, true);
    start(fixture);
    test_desk_wait(fixture->desk, ALL_SENT, 1, "0");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 6);
    g_autoptr(GPtrArray) anna = g_ptr_array_new();
    for (guint i = 0; i < mails->len; i++)
        if (strcmp(((const MemoryMail *)mails->pdata[i])->envelope_to, ANNA) == 0)
            g_ptr_array_add(anna, mails->pdata[i]);
    g_assert_cmpuint(anna->len, ==, 3);
    const MemoryMail *opened = anna->pdata[0];
    const MemoryMail *mail = anna->pdata[1];
    g_autofree char *opened_id = header(opened->message, "Message-ID");
    g_autofree char *answers = header(mail->message, "In-Reply-To");
    g_assert_cmpstr(answers, ==, opened_id);
    g_autofree char *subject = header(mail->message, "Subject");
    g_assert_cmpstr(subject, ==, "[#1] Printer");
    g_autofree char *to = header(mail->message, "To");
    g_assert_cmpstr(to, ==, "Anna Field <" ANNA ">");
    g_autofree char *automatic = header(mail->message, "Auto-Submitted");
    g_assert_null(automatic);
    g_autofree char *text = message_to_readable(mail->message);
    g_assert_nonnull(strstr(text, "We have ordered the part.\n\nErika\n"));
    g_assert_null(strstr(text, "bob"));

    g_autoptr(SigningKeys) keys = NULL;
    db_read(test_db_handle(fixture->desk->db), load_keys, &keys, &error);
    g_assert_no_error(error);
    SignedAddress read;
    g_autofree char *reply_to = header(mail->message, "Reply-To");
    g_assert_true(signed_address_check(keys, reply_to, &read));
    g_assert_cmpint(read.ticket, ==, 1);
    g_assert_true(signed_address_is_for(keys, &read, ANNA));
    g_assert_true(signed_address_check(keys, mail->envelope_from, &read));
    g_autofree char *row = test_desk_ask(
        fixture->desk, "SELECT id FROM outbox WHERE kind = 'message' AND recipient = '" ANNA "'");
    g_assert_cmpint(read.outbox, ==, g_ascii_strtoll(row, NULL, 10));
    g_autofree char *copy = test_desk_ask(
        fixture->desk, "SELECT id FROM message_copy WHERE recipient_key = '" ANNA "'");
    test_desk_run(fixture->desk, "UPDATE ticket SET title = 'Other'");
    test_desk_options(fixture->desk, "desk", "{\"name\":\"Other\"}");
    answer(fixture, "Later.");
    assert_shown_again(fixture, g_ascii_strtoll(copy, NULL, 10), mail->message);
}

/* What a customer wrote is part of the thread that their copy joins; another's is not. */
static void test_thread(Fixture *fixture, gconstpointer data)
{
    const Actor customer = {ACTOR_CUSTOMER, 1, (char *)"Anna Field", CHANNEL_EMAIL};
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    static const char *const ids[] = {"q1@bluebird.example", "bad id <@x>", "q2@elsewhere.example"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        AnswerDraft mail = {.text = "?",
                            .incoming = true,
                            .from = i == 2 ? "eve@x.example" : ANNA,
                            .from_key = i == 2 ? "eve@x.example" : ANNA,
                            .message_id = ids[i]};
        answer_as(fixture, &customer, &mail);
    }
    answer(fixture, "!");
    start(fixture);
    test_desk_wait(fixture->desk, ALL_SENT, 1, "0");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    const MemoryMail *last = mails->pdata[mails->len - 1];
    g_assert_cmpstr(last->envelope_to, ==, ANNA);
    g_autofree char *refs = header(last->message, "References");
    g_auto(GStrv) list = g_strsplit(refs, " ", -1);
    g_assert_cmpint(g_strv_length(list), ==, 3);
    g_assert_true(g_str_has_prefix(list[0], "<ticket.1@"));
    g_assert_true(g_str_has_prefix(list[1], "<alert.1@"));
    g_assert_cmpstr(list[2], ==, "<q1@bluebird.example>");
}

/* The closing tells the newest that desk and customer wrote: no note, no machine, nobody unproved.
 */
static void test_told_at_the_closing(Fixture *fixture, gconstpointer data)
{
    const Actor anna = {ACTOR_CUSTOMER, 1, (char *)"Anna Field", CHANNEL_EMAIL};
    test_desk_run(
        fixture->desk,
        "UPDATE template_version SET body_html = NULL, body_text ="
        " '{{#ticket.correspondence}}{{entry.author}}, {{entry.written}}: {{entry.text}}\n"
        "{{/ticket.correspondence}}{{^ticket.correspondence}}nothing{{/ticket."
        "correspondence}}' WHERE template ="
        " (SELECT id FROM template WHERE builtin = 'ticket_closed')");
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        answer(fixture, texts[i]);
    AnswerDraft drafts[] = {
        {.text = "secret", .visibility = MESSAGE_INTERNAL},
        {.text = "forged", .incoming = true, .sender = MESSAGE_SENDER_NOT_VERIFIED},
        {.text = "away", .incoming = true, .kind = MESSAGE_AUTOMATIC},
        {.text = "It {{works}} <again>", .incoming = true, .sender = MESSAGE_SENDER_VERIFIED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(drafts); i++)
        answer_as(fixture, i == 0 ? &fixture->desk->employee : &anna, &drafts[i]);
    test_desk_set_status(fixture->desk, &fixture->desk->employee, 1, STATUS_COMPLETED, true);
    start(fixture);
    test_desk_wait(fixture->desk, ALL_SENT, 1, "0");
    g_autoptr(GPtrArray) sent = transport_memory_take();
    const MemoryMail *last = sent->pdata[sent->len - 1];
    g_autofree char *mail = message_to_readable(last->message);
    g_assert_nonnull(strstr(mail, "Erika Muster, 23 November 2026, 18:30 UTC: two\n"
                                  "Erika Muster, 23 November 2026, 18:30 UTC: three\n"
                                  "Erika Muster, 23 November 2026, 18:30 UTC: four\n"
                                  "Erika Muster, 23 November 2026, 18:30 UTC: five\n"
                                  "Anna Field, 23 November 2026, 18:30 UTC: It {{works}} <again>"));
    g_assert_null(strstr(mail, "one"));
    g_assert_null(strstr(mail, "secret"));
    g_assert_null(strstr(mail, "nothing"));
}

static void test_attachments(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) small = g_bytes_new_static("a\0b\r\n\xff", 6);
    size_t size = LIMIT_ATTACHED_MAIL_BYTES;
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(size), size);
    AttachmentDraft attachments[] = {
        {"..\\secret\\übergröße \"x\".bin", "Application/PDF; name=x", "c1", small},
        {"/etc/large.iso", "nonsense", NULL, large},
    };
    AnswerDraft draft = {.text = "See these.",
                         .html = "<p>See <b>these</b>, {{ticket.number}}.</p>",
                         .attachments = attachments,
                         .n_attachments = G_N_ELEMENTS(attachments)};
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    answer_as(fixture, &fixture->desk->employee, &draft);
    assert_rows(fixture, "SELECT name, content_type, bytes FROM attachment ORDER BY id", 3,
                "übergröße _x_.bin application/pdf 6;"
                " large.iso application/octet-stream 10485760");
    start(fixture);
    test_desk_wait(fixture->desk, ALL_SENT, 1, "0");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    const MemoryMail *mail = mails->pdata[mails->len - 1];
    gsize bytes;
    const char *all = g_bytes_get_data(mail->message, &bytes);
    g_autofree char *text = g_strndup(all, bytes);
    g_assert_nonnull(strstr(text, "multipart/mixed"));
    g_assert_nonnull(strstr(text, "multipart/alternative"));
    g_assert_nonnull(strstr(text, "filename*0*=utf-8''%C3%BCbergr%C3%B6%C3%9Fe%20_x_.bin"));
    g_assert_nonnull(strstr(text, "\r\n\r\nYQBiDQr/\r\n"));
    g_assert_null(strstr(text, "filename=\"large.iso\""));
    g_autofree char *readable = message_to_readable(mail->message);
    g_assert_nonnull(strstr(readable, "large.iso"));
    g_assert_nonnull(strstr(text, "{{ticket.number}}"));
    assert_shown_again(fixture, 1, mail->message);
}

static void test_auto_response(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const Actor system = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_EMAIL};
    const AutoResponse response = {.to = ANNA,
                                   .to_key = ANNA,
                                   .to_name = "Anna Field",
                                   .in_reply_to = "q1@bluebird.example",
                                   .hops = 2};
    Answering answering = {.ticket = 1, .response = &response};
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, false);
    desk_write(fixture->desk->desk, &system, do_answer, &answering, &error);
    g_assert_no_error(error);
    assert_rows(fixture, "SELECT kind, urgent FROM outbox", 2, "auto_response 1");
    start(fixture);
    test_desk_wait(fixture->desk, ALL_SENT, 1, "0");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 1);
    const MemoryMail *mail = mails->pdata[0];
    g_assert_cmpstr(mail->envelope_from, ==, "");
    g_autofree char *automatic = header(mail->message, "Auto-Submitted");
    g_assert_cmpstr(automatic, ==, "auto-replied");
    g_autofree char *answers = header(mail->message, "In-Reply-To");
    g_assert_cmpstr(answers, ==, "<q1@bluebird.example>");
    g_autofree char *hop = header(mail->message, HOP_FIELD);
    g_assert_true(g_str_has_prefix(hop, "3."));
    g_autofree char *text = message_to_readable(mail->message);
    g_assert_nonnull(strstr(text, "ticket #1"));
    assert_shown_again(fixture, 1, mail->message);
}

/* ---- what a person may do ---- */

typedef struct {
    int64_t ticket, copy;
    CopyVerb verb;
} Act;

static bool do_act(DeskTx *tx, void *data, GError **error)
{
    const Act *act = data;
    return message_copy_act(tx, act->ticket, act->copy, act->verb, error);
}

static const char *act_on(Fixture *fixture, int64_t ticket, int64_t copy, CopyVerb verb)
{
    g_autoptr(GError) error = NULL;
    Act act = {ticket, copy, verb};
    desk_write(fixture->desk->desk, &fixture->desk->employee, do_act, &act, &error);
    return error != NULL ? error_problem(error) : NULL;
}

static void test_act(Fixture *fixture, gconstpointer data)
{
#define STATE "SELECT state FROM outbox WHERE kind = 'message'"
    test_desk_open(fixture->desk, &fixture->desk->employee, NULL, true);
    answer(fixture, "x");
    /* Deactivating holds it; a person releases it. */
    test_desk_options(fixture->desk, "alerts-server", "{\"active\":false}");
    assert_rows(fixture, STATE, 1, "held");
    g_assert_cmpstr(act_on(fixture, 2, 1, COPY_RELEASE), ==, "unknown-copy");
    g_assert_cmpstr(act_on(fixture, 1, 9, COPY_RELEASE), ==, "unknown-copy");
    g_assert_cmpstr(act_on(fixture, 1, 1, COPY_RETRY), ==, "not-possible-now");
    g_assert_null(act_on(fixture, 1, 1, COPY_RELEASE));
    assert_rows(fixture, STATE, 1, "queued");
    g_assert_null(act_on(fixture, 1, 1, COPY_CANCEL));
    assert_rows(fixture, STATE, 1, "cancelled");
    test_desk_run(fixture->desk, "INSERT INTO suppression (email_key, email, reason, evidence,"
                                 " since) VALUES ('" ANNA "', 'a', 'no_such_mailbox', '{}', 5)");
    g_assert_cmpstr(act_on(fixture, 1, 1, COPY_RETRY), ==, "address-suppressed");
    test_desk_run(fixture->desk, "DELETE FROM suppression");
    g_assert_null(act_on(fixture, 1, 1, COPY_RETRY));
    assert_rows(fixture, STATE, 1, "queued");
}

static void test_names(void)
{
    static const struct {
        const char *name, *clean;
    } names[] = {
        {"a.txt", "a.txt"},
        {"/etc/passwd", "passwd"},
        {"C:\\x\\y.doc", "y.doc"},
        {"..", "file"},
        {".htaccess", "htaccess"},
        {"", "file"},
        {"a\r\nB: c.txt", "a__B_ c.txt"},
        {"x/", "file"},
        {"ca\xe2\x80\xaetxt.exe", "ca_txt.exe"},
        {NULL, "file"},
        {"\xff.bin", "\xef\xbf\xbd.bin"},
        {"  a b ", "a b"},
    };
    static const struct {
        const char *type, *clean;
    } types[] = {
        {"text/plain", "text/plain"},
        {"Image/PNG; name=\"x\"", "image/png"},
        {"message/rfc822", "application/octet-stream"},
        {"multipart/mixed", "application/octet-stream"},
        {"x", "application/octet-stream"},
        {"a/b\r\nc", "application/octet-stream"},
        {NULL, "application/octet-stream"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *clean = attachment_name_clean(names[i].name);
        g_assert_cmpstr(clean, ==, names[i].clean);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *clean = attachment_type_clean(types[i].type);
        g_assert_cmpstr(clean, ==, types[i].clean);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    static const struct {
        const char *name;
        void (*fn)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/answer/each-has-a-reason", test_each_has_a_reason},
        {"/answer/inactive", test_inactive},
        {"/answer/nobody", test_nobody},
        {"/answer/employees", test_employees},
        {"/answer/refused", test_refused},
        {"/answer/behind-its-alert", test_answer_leaves_behind_its_alert},
        {"/answer/thread", test_thread},
        {"/answer/told-at-the-closing", test_told_at_the_closing},
        {"/answer/attachments", test_attachments},
        {"/answer/auto-response", test_auto_response},
        {"/answer/act", test_act},
    };
    g_test_add_func("/answer/audience", test_audience);
    g_test_add_func("/answer/reasons", test_reasons);
    g_test_add_func("/answer/names", test_names);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn, tear_down);
    return g_test_run();
}
