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
    static const char *const wrong[] = {"{}", "{\"account\":1,\"new_account\":{\"name\":\"x\"}}",
                                        "{\"account\":99}", "{\"account\":1,\"more\":1}"};
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/inbox/bring", test_bring);
    g_test_add_func("/api/inbox/size", test_size);
    g_test_add_func("/api/inbox/look", test_look);
    g_test_add_func("/api/inbox/by hand", test_by_hand);
    g_test_add_func("/api/inbox/rules", test_rules);
    return g_test_run();
}
