/* SPDX-License-Identifier: Apache-2.0 */
/* Mails over the API: bringing them, looking at them, deciding by hand; the connector's options. */
#include "api/world.h"
#include "base/limits.h"

#include <string.h>

#define INBOX   "/api/v1/inbox"
#define OPTIONS "/api/v1/options/email-connector"
#define ON      "{\"enabled\":true,\"address\":\"support@desk.example\"}"

static const char *engine;

static const CallOptions as_mail = {.content_type = "message/rfc822; charset=utf-8"};

static World *world_with_mailbox(void)
{
    World *world = world_new(engine);
    json_decref(world_ok(world, "PUT", OPTIONS, ON, 200));
    return world;
}

/* New reference. */
static json_t *bring(World *world, const char *mail, int status)
{
    g_autoptr(Answer) answer = world_call_with(world, "POST", INBOX, mail, &as_mail);
    g_assert_cmpint(answer->status, ==, status);
    return json_incref(answer->json);
}

#define CUSTOMER "From: anna@bluebird.example\nTo: support@desk.example\nSubject: Printer\n\nx\n"
#define STRANGER "From: x@stranger.example\nTo: support@desk.example\nSubject: Hello\n\nx\n"

static void test_bring(void)
{
    g_autoptr(World) world = world_with_mailbox();
    json_auto_t *filed = bring(world, CUSTOMER, 201);
    g_assert_cmpstr(text_at(filed, "/state"), ==, "filed");
    g_assert_cmpint(int_at(filed, "/ticket"), ==, 1);
    json_auto_t *again = bring(world, CUSTOMER, 200);
    g_assert_true(json_is_true(json_at(again, "/seen_before")));
    g_assert_cmpint(int_at(again, "/id"), ==, int_at(filed, "/id"));
    g_autoptr(Answer) json = world_call(world, "POST", INBOX, "{}");
    assert_problem(json, 400, "not-a-mail");
    json_decref(world_ok(world, "PUT", OPTIONS, "{\"enabled\":false}", 200));
    g_autoptr(Answer) off = world_call_with(world, "POST", INBOX, STRANGER, &as_mail);
    assert_problem(off, 409, "email-connector-off");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM inbound_mail"), ==, 1);
}

/* The largest mail is taken, one byte more is not. */
static void test_size(void)
{
    g_autoptr(World) world = world_with_mailbox();
    g_autofree char *mail = g_malloc(LIMIT_INBOUND_MAIL_BYTES + 1);
    memset(mail, 'a', LIMIT_INBOUND_MAIL_BYTES + 1);
    memcpy(mail, STRANGER, strlen(STRANGER));
    for (size_t i = strlen(STRANGER); i < LIMIT_INBOUND_MAIL_BYTES; i += 70)
        mail[i] = '\n';
    CallOptions options = as_mail;
    options.bytes = LIMIT_INBOUND_MAIL_BYTES + 1;
    g_autoptr(Answer) large = world_call_with(world, "POST", INBOX, mail, &options);
    assert_problem(large, 413, "mail-too-large");
    options.bytes = LIMIT_INBOUND_MAIL_BYTES;
    g_autoptr(Answer) fits = world_call_with(world, "POST", INBOX, mail, &options);
    g_assert_cmpint(fits->status, ==, 201);
}

static void test_look(void)
{
    g_autoptr(World) world = world_with_mailbox();
    json_decref(bring(world, CUSTOMER, 201));
    json_decref(bring(world, STRANGER, 201));
    json_auto_t *all = world_ok(world, "GET", INBOX "?limit=1", NULL, 200);
    g_assert_cmpint(int_at(all, "/items/0/id"), ==, 2);
    g_assert_cmpstr(text_at(all, "/next_cursor"), ==, "2");
    json_auto_t *waiting = world_ok(world, "GET", INBOX "?state=unmatched", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(waiting, "/items")), ==, 1);
    g_assert_cmpstr(text_at(waiting, "/items/0/reason"), ==, "unknown_sender");
    json_auto_t *of_ticket = world_ok(world, "GET", INBOX "?ticket=1", NULL, 200);
    g_assert_cmpint(int_at(of_ticket, "/items/0/id"), ==, 1);
    json_auto_t *one = world_ok(world, "GET", INBOX "/1", NULL, 200);
    g_assert_cmpstr(text_at(one, "/steps/0/step"), ==, "loop");
    json_auto_t *explained = world_ok(world, "GET", INBOX "/2/explain", NULL, 200);
    g_assert_nonnull(strstr(text_at(explained, "/text"), "Nobody here knows the sender."));
    g_autoptr(Answer) raw = world_call(world, "GET", INBOX "/2/message", NULL);
    g_assert_cmpstr(http_response_body(raw->response, NULL), ==, STRANGER);
    json_auto_t *done = world_ok(world, "GET", INBOX "?state=processed", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(done, "/items")), ==, 1);
    g_assert_cmpint(int_at(done, "/items/0/id"), ==, 1);
    json_auto_t *counts = world_ok(world, "GET", INBOX "/counts", NULL, 200);
    g_assert_cmpint(int_at(counts, "/unmatched"), ==, 1);
    g_assert_cmpint(int_at(counts, "/quarantined"), ==, 0);
    json_auto_t *content = world_ok(world, "GET", INBOX "/2/content", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(content, "/attachments")), ==, 0);
    g_assert_cmpstr(text_at(content, "/text"), ==, "x");
    json_decref(bring(world, "no mail at all", 201));
    g_autoptr(Answer) unreadable = world_call(world, "GET", INBOX "/3/content", NULL);
    assert_problem(unreadable, 409, "mail-unreadable");
    g_autoptr(Answer) none = world_call(world, "GET", INBOX "/99", NULL);
    assert_problem(none, 404, "unknown-mail");
    g_autoptr(Answer) state = world_call(world, "GET", INBOX "?state=lost", NULL);
    assert_problem(state, 422, "unknown-state");
}

static void test_by_hand(void)
{
    g_autoptr(World) world = world_with_mailbox();
    for (int i = 1; i <= 3; i++) {
        g_autofree char *mail = g_strdup_printf(STRANGER "%d\n", i);
        json_decref(bring(world, mail, 201));
    }
    static const char *const wrong[] = {"{}",
                                        "{\"account\":1,\"new_account\":{\"name\":\"x\"}}",
                                        "{\"account\":99}",
                                        "{\"account\":1,\"more\":1}",
                                        "{\"new_contact\":{\"name\":\"x\"}}",
                                        "{\"new_account\":{\"name\":\"x\",\"email\":\"x\"}}",
                                        "{\"account\":1,\"new_contact\":{\"name\":\"\"}}"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", INBOX "/1/open", wrong[i]);
        g_assert_cmpint(answer->status, ==, 422);
    }
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, 0);
    json_auto_t *opened =
        world_ok(world, "POST", INBOX "/1/open", "{\"new_account\":{\"name\":\"New\"}}", 200);
    g_assert_cmpint(int_at(opened, "/ticket"), ==, 1);
    g_assert_cmpint(int_at(opened, "/account"), ==, 2);
    g_autoptr(Answer) twice = world_call(world, "POST", INBOX "/1/open", "{\"account\":1}");
    assert_problem(twice, 409, "mail-filed");
    json_auto_t *attached = world_ok(world, "POST", INBOX "/2/attach", "{\"ticket\":1}", 200);
    g_assert_cmpstr(text_at(attached, "/state"), ==, "filed");
    json_auto_t *gone = world_ok(world, "POST", INBOX "/3/discard", NULL, 200);
    g_assert_cmpstr(text_at(gone, "/state"), ==, "discarded");
    json_decref(world_ok(world, "GET", INBOX "/3", NULL, 200));
    json_auto_t *people = world_ok(
        world, "POST", INBOX "/3/open",
        "{\"new_account\":{\"name\":\"Other\",\"email\":\"office@other.example\",\"domains\":"
        "[\"other.example\"]},\"new_contact\":{\"name\":\"Ona\",\"email\":\"ona@other.example\"}}",
        200);
    json_auto_t *ticket = world_ok(world, "GET", "/api/v1/tickets/2", NULL, 200);
    g_assert_cmpint(int_at(ticket, "/account"), ==, int_at(people, "/account"));
    json_auto_t *contacts = world_ok(world, "GET", "/api/v1/contacts?account=3", NULL, 200);
    g_assert_cmpint(int_at(contacts, "/items/0/id"), ==, int_at(ticket, "/contact"));
    g_assert_cmpstr(text_at(contacts, "/items/0/email"), ==, "ona@other.example");
}

#define RULE "{\"rules\":[{\"name\":\"R\",\"subject\":\"hell\"%s}]}"

static void test_rules(void)
{
    static const struct {
        const char *more, *problem, *field;
    } wrong[] = {
        {",\"account\":{\"by\":\"fixed\"}", "missing-field", "/rules/0/account/account"},
        {",\"account\":{\"by\":\"fixed\",\"account\":99}", "unknown-account",
         "/rules/0/account/account"},
        {",\"account\":{\"by\":\"guess\"}", "invalid", "/rules/0/account/by"},
        {",\"ticket\":{\"status\":1000}", "invalid", "/rules/0/ticket/status"},
        {",\"ticket\":{\"manager\":99}", "unknown-employee", "/rules/0/ticket/manager"},
        {",\"recovery\":[\"ok\"]", "missing-field", "/rules/0/key"},
        {",\"skip\":[\"\"]", "invalid", "/rules/0/skip/0"},
        {",\"from\":\"nobody\"", "bad-address", "/rules/0/from"},
        {",\"form\":\"x\"", "unknown-field", "/rules/0/form"},
    };
    g_autoptr(World) world = world_with_mailbox();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *body = g_strdup_printf(RULE, wrong[i].more);
        g_autoptr(Answer) answer = world_call(world, "PUT", OPTIONS, body);
        assert_problem(answer, 422, wrong[i].problem);
        g_assert_cmpstr(text_at(answer->json, "/field"), ==, wrong[i].field);
    }
    g_autoptr(Answer) all = world_call(world, "PUT", OPTIONS, "{\"rules\":[{\"name\":\"R\"}]}");
    assert_problem(all, 422, "missing-field");
    g_autoptr(Answer) empty = world_call(world, "PUT", OPTIONS, "{\"address\":\"\"}");
    assert_problem(empty, 409, "mailbox-missing");
    g_autofree char *good =
        g_strdup_printf(RULE, ",\"from\":\"@Stranger.example\",\"account\":{\"account\":1}");
    json_decref(world_ok(world, "PUT", OPTIONS, good, 200));
    /* What is shown can be put again, and changes nothing. */
    json_auto_t *shown = world_ok(world, "GET", OPTIONS, NULL, 200);
    g_assert_cmpstr(text_at(shown, "/rules/0/from"), ==, "@stranger.example");
    g_autofree char *text = json_dumps(shown, 0);
    json_auto_t *same = world_ok(world, "PUT", OPTIONS, text, 200);
    g_assert_true(json_equal(shown, same));
    /* Tried, it fires, and nothing is kept. */
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) tried =
        world_call_with(world, "POST", OPTIONS "/dry-run", STRANGER, &as_mail);
    g_assert_cmpstr(text_at(tried->json, "/action"), ==, "open_by_rule");
    g_assert_cmpstr(text_at(tried->json, "/rule/name"), ==, "R");
    g_assert_cmpstr(text_at(tried->json, "/rules/0/fit"), ==, "fits");
    g_assert_cmpint(int_at(tried->json, "/account"), ==, 1);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

#define BOX   "{\"mailboxes\":[{%s}]}"
#define HERE  "\"host\":\"imap.example\",\"username\":\"desk\""
#define BOXES "{\"mailboxes\":[{\"host\":\"%s\",\"username\":\"desk\"%s}]}"

static bool load_secrets(DbTx *tx, void *data, GError **error)
{
    GString *all = data;
    g_string_truncate(all, 0);
    DbRows *rows = db_query(tx, error, "SELECT value FROM secret ORDER BY value", "");
    while (rows != NULL && db_rows_next(rows))
        g_string_append(all, db_rows_text(rows, 0));
    return rows != NULL && db_rows_end(rows, error);
}

static char *secrets(World *world)
{
    GString *all = g_string_new(NULL);
    g_assert_true(db_read(desk_db(world->desk), load_secrets, all, NULL));
    return g_string_free(all, FALSE);
}

static void put_boxes(World *world, const char *host, const char *more)
{
    g_autofree char *body = g_strdup_printf(BOXES, host, more);
    json_decref(world_ok(world, "PUT", OPTIONS, body, 200));
}

static void test_mailboxes(void)
{
    static const struct {
        const char *more, *problem, *field;
    } wrong[] = {
        {"\"host\":\"\",\"username\":\"desk\"", "missing-field", "/mailboxes/0/host"},
        {"\"host\":\"x\",\"username\":\"\"", "missing-field", "/mailboxes/0/username"},
        {HERE ",\"port\":0", "out-of-range", "/mailboxes/0/port"},
        {HERE ",\"security\":\"ssl\"", "invalid", "/mailboxes/0/security"},
        {HERE ",\"after\":\"delete\"", "invalid", "/mailboxes/0/after"},
        {HERE ",\"after\":\"move\"", "missing-field", "/mailboxes/0/move_to"},
        {HERE ",\"after\":\"move\",\"move_to\":\"INBOX\"", "missing-field", "/mailboxes/0/move_to"},
        {HERE ",\"poll_seconds\":0", "out-of-range", "/mailboxes/0/poll_seconds"},
        {HERE ",\"auth\":\"xoauth2\"", "missing-field", "/mailboxes/0/token_url"},
        {HERE ",\"token_url\":\"http://far.example/\"", "invalid", "/mailboxes/0/token_url"},
        {HERE ",\"password\":\"a\\r\\nb\"", "invalid", "/mailboxes/0/password"},
        {HERE ",\"passwd\":\"x\"", "unknown-field", "/mailboxes/0/passwd"},
        {HERE "},{\"host\":\"IMAP.example\",\"username\":\"desk\"", "invalid", "/mailboxes/1"},
    };
    g_autoptr(World) world = world_with_mailbox();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *body = g_strdup_printf(BOX, wrong[i].more);
        g_autoptr(Answer) answer = world_call(world, "PUT", OPTIONS, body);
        g_test_message("%s", wrong[i].more);
        assert_problem(answer, 422, wrong[i].problem);
        g_assert_cmpstr(text_at(answer->json, "/field"), ==, wrong[i].field);
    }
    json_auto_t *status = world_ok(world, "GET", "/api/v1/mailboxes", NULL, 200);
    g_assert_cmpuint(json_array_size(json_object_get(status, "items")), ==, 0);
}

/* A password is never shown, stays with host, port and user name, and goes with its mailbox. */
static void test_mailbox_secrets(void)
{
    g_autoptr(World) world = world_with_mailbox();
    put_boxes(world, "imap.example", ",\"password\":\"hush\"");
    json_auto_t *shown = world_ok(world, "GET", OPTIONS, NULL, 200);
    g_autofree char *text = json_dumps(shown, 0);
    g_assert_null(strstr(text, "hush"));
    g_assert_cmpstr(text_at(shown, "/mailboxes/0/security"), ==, "tls");
    json_auto_t *same = world_ok(world, "PUT", OPTIONS, text, 200);
    g_assert_true(json_equal(shown, same));
    put_boxes(world, "IMAP.example", ",\"folder\":\"Other\"");
    g_autofree char *kept = secrets(world);
    g_assert_cmpstr(kept, ==, "hush");
    json_auto_t *status = world_ok(world, "GET", "/api/v1/mailboxes", NULL, 200);
    g_assert_cmpstr(text_at(status, "/items/0/state"), ==, "new");
    put_boxes(world, "thief.example", "");
    g_autofree char *gone = secrets(world);
    g_assert_cmpstr(gone, ==, "");
}

static void test_forward(void)
{
    static const char *const own[] = {"support@desk.example", "SUPPORT@desk.example",
                                      "new@desk.example"};
    g_autoptr(World) world = world_with_mailbox();
    world_set_alerts(world, true, false, false);
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        g_autofree char *body = g_strdup_printf("{\"forward_unmatched_to\":\"%s\"%s}", own[i],
                                                i == 2 ? ",\"address\":\"New@desk.example\"" : "");
        g_autoptr(Answer) answer = world_call(world, "PUT", OPTIONS, body);
        assert_problem(answer, 422, "own-address");
        g_assert_cmpstr(text_at(answer->json, "/field"), ==, "/forward_unmatched_to");
    }
    g_autoptr(Answer) bad =
        world_call(world, "PUT", OPTIONS, "{\"forward_unmatched_to\":\"nobody\"}");
    assert_problem(bad, 422, "bad-address");
    json_auto_t *options =
        world_ok(world, "PUT", OPTIONS, "{\"forward_unmatched_to\":\"office@desk.example\"}", 200);
    g_assert_cmpstr(text_at(options, "/forward_unmatched_to"), ==, "office@desk.example");
    /* The desk's own address may not become that one afterwards. */
    g_autoptr(Answer) late =
        world_call(world, "PUT", OPTIONS, "{\"address\":\"office@desk.example\"}");
    assert_problem(late, 422, "own-address");

    json_decref(bring(world, CUSTOMER, 201));
    json_decref(bring(world, STRANGER, 201));
    json_auto_t *filed = world_ok(world, "GET", INBOX "/1", NULL, 200);
    g_assert_true(json_is_null(json_at(filed, "/forward")));
    g_autoptr(Answer) none = world_call(world, "POST", INBOX "/1/forward/retry", NULL);
    assert_problem(none, 404, "not-forwarded");
    json_auto_t *waits = world_ok(world, "GET", INBOX "/2", NULL, 200);
    g_assert_cmpstr(text_at(waits, "/forward/recipient"), ==, "office@desk.example");
    g_assert_cmpstr(text_at(waits, "/forward/decision"), ==, "send");
    g_assert_cmpstr(text_at(waits, "/forward/state"), ==, "queued");
    g_autoptr(Answer) mail = world_call(world, "GET", INBOX "/2/forward/message", NULL);
    g_assert_cmpint(mail->status, ==, 200);
    g_assert_nonnull(strstr(http_response_body(mail->response, NULL), "Mail 2 waits: Hello"));
    g_autoptr(Answer) no_mail = world_call(world, "GET", INBOX "/1/forward/message", NULL);
    assert_problem(no_mail, 404, "not-forwarded");
    json_auto_t *cancelled = world_ok(world, "POST", INBOX "/2/forward/cancel", NULL, 200);
    g_assert_cmpstr(text_at(cancelled, "/forward/state"), ==, "cancelled");
    json_auto_t *explained = world_ok(world, "GET", INBOX "/2/explain", NULL, 200);
    g_assert_nonnull(strstr(text_at(explained, "/text"), "It is sent on to office@desk.example."));
    g_assert_nonnull(
        strstr(text_at(explained, "/text"), "Its forward to office@desk.example is cancelled"));
    json_auto_t *again = world_ok(world, "POST", INBOX "/2/forward/retry", NULL, 200);
    g_assert_cmpstr(text_at(again, "/forward/state"), ==, "queued");
    g_autoptr(Answer) held = world_call(world, "POST", INBOX "/2/forward/release", NULL);
    assert_problem(held, 409, "not-possible-now");
    /* What a person decides does not take it back. */
    json_auto_t *gone = world_ok(world, "POST", INBOX "/2/discard", NULL, 200);
    g_assert_cmpstr(text_at(gone, "/forward/state"), ==, "queued");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/inbox/bring", test_bring);
    g_test_add_func("/api/inbox/size", test_size);
    g_test_add_func("/api/inbox/look", test_look);
    g_test_add_func("/api/inbox/by hand", test_by_hand);
    g_test_add_func("/api/inbox/rules", test_rules);
    g_test_add_func("/api/inbox/forward", test_forward);
    g_test_add_func("/api/inbox/mailboxes", test_mailboxes);
    g_test_add_func("/api/inbox/mailbox-secrets", test_mailbox_secrets);
    return g_test_run();
}
