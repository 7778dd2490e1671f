/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's correspondence through the API. */
#include "api/world.h"
#include "base/secret.h"
#include "records/ticket_message.h"

#include <string.h>

static const char *engine;

#define MESSAGES "/api/v1/tickets/1/messages"

static World *make_world(void)
{
    World *world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    return world;
}

static void test_answer(void)
{
    g_autoptr(World) world = make_world();
    json_auto_t *made =
        world_ok(world, "POST", MESSAGES,
                 "{\"text\":\"We are on it.\\r\\nErika\",\"html\":\"<p>Hi</p>\"}", 201);
    g_assert_cmpstr(text_at(made, "/text"), ==, "We are on it.\nErika");
    g_assert_cmpstr(text_at(made, "/html"), ==, "<p>Hi</p>");
    g_assert_cmpstr(text_at(made, "/kind"), ==, "answer");
    g_assert_cmpstr(text_at(made, "/visibility"), ==, "public");
    g_assert_cmpstr(text_at(made, "/author/kind"), ==, "api");
    g_assert_cmpint(int_at(made, "/version"), ==, 2);
    g_assert_cmpuint(json_array_size(json_at(made, "/copies")), ==, 1);
    g_assert_cmpstr(text_at(made, "/copies/0/recipient"), ==, "office@bluebird.example");
    g_assert_cmpstr(text_at(made, "/copies/0/decision"), ==, "send");
    g_assert_cmpstr(text_at(made, "/copies/0/state"), ==, "queued");
    json_auto_t *shown = world_ok(world, "GET", MESSAGES "/1", NULL, 200);
    g_assert_true(json_equal(made, shown));
    json_auto_t *internal =
        world_ok(world, "POST", MESSAGES, "{\"text\":\"x\",\"visibility\":\"internal\"}", 201);
    g_assert_cmpstr(text_at(internal, "/copies/0/reason"), ==, "no_recipients");
    json_auto_t *first = world_ok(world, "GET", MESSAGES "?limit=1", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(first, "/items")), ==, 1);
    g_autofree char *next =
        g_strdup_printf(MESSAGES "?limit=1&cursor=%s", text_at(first, "/next_cursor"));
    json_auto_t *second = world_ok(world, "GET", next, NULL, 200);
    g_assert_cmpint(int_at(second, "/items/0/id"), ==, 2);
    g_assert_true(json_is_null(json_at(second, "/next_cursor")));
    json_auto_t *events = world_ok(world, "GET", "/api/v1/tickets/1/events", NULL, 200);
    g_assert_cmpstr(text_at(events, "/items/1/kind"), ==, "message_added");
    /* Alerts are alerts: copies stand elsewhere. */
    json_auto_t *alerts = world_ok(world, "GET", "/api/v1/alerts", NULL, 200);
    g_assert_cmpuint(json_array_size(json_at(alerts, "/items")), ==, 1);
}

static void test_again(void)
{
    g_autoptr(World) world = make_world();
    CallOptions options = {.key = "k1"};
    for (int i = 0; i < 2; i++) {
        g_autoptr(Answer) answer =
            world_call_with(world, "POST", MESSAGES, "{\"text\":\"Once.\"}", &options);
        g_assert_cmpint(answer->status, ==, 201);
    }
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket_message"), ==, 1);
}

static void test_refused(void)
{
    static const struct {
        const char *body;
        int status;
        const char *problem;
    } cases[] = {
        {"{}", 422, "empty"},
        {"{\"text\":\"\"}", 422, "empty"},
        {"{\"text\":7}", 422, "wrong-type"},
        {"{\"text\":\"x\",\"other\":1}", 422, "unknown-field"},
        {"{\"text\":\"x\",\"visibility\":\"secret\"}", 422, "invalid"},
        {"{\"text\":\"x\",\"html\":\"<script>x</script>\"}", 422, "template-html"},
        {"{\"text\":\"x\",\"attachments\":[{\"name\":\"a\"}]}", 422, "missing-field"},
        {"{\"text\":\"x\",\"attachments\":[{\"name\":\"\",\"content\":\"\"}]}", 422, "empty"},
        {"{\"text\":\"x\",\"attachments\":[{\"name\":\"a\",\"content\":\"ab!=\"}]}", 422,
         "not-base64"},
        {"{\"text\":\"x\",\"attachments\":[{\"name\":\"a\",\"content\":\"abc\"}]}", 422,
         "not-base64"},
        {"{\"text\":\"x\",\"attachments\":[{\"name\":\"a\",\"content\":\"===a\"}]}", 422,
         "not-base64"},
        {"{\"text\":\"x\",\"attachments\":{}}", 422, "wrong-type"},
    };
    g_autoptr(World) world = make_world();
    g_autofree char *before = world_rows(world);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].body);
        g_autoptr(Answer) answer = world_call(world, "POST", MESSAGES, cases[i].body);
        assert_problem(answer, cases[i].status, cases[i].problem);
    }
    g_autofree char *words = g_strnfill(LIMIT_MESSAGE_BYTES + 1, 'x');
    g_autofree char *long_body = g_strdup_printf("{\"text\":\"%s\"}", words);
    g_autoptr(Answer) too_long = world_call(world, "POST", MESSAGES, long_body);
    assert_problem(too_long, 422, "too-long");
    static const struct {
        const char *method, *target, *problem;
    } unknown[] = {
        {"POST", "/api/v1/tickets/9/messages", "unknown-ticket"},
        {"GET", "/api/v1/tickets/9/messages", "unknown-ticket"},
        {"GET", MESSAGES "/9", "unknown-message"},
        {"GET", MESSAGES "/x", "unknown-message"},
        {"GET", "/api/v1/tickets/1/attachments/9", "unknown-attachment"},
        {"GET", "/api/v1/tickets/1/copies/9/message", "unknown-copy"},
        {"POST", "/api/v1/tickets/1/copies/9/cancel", "unknown-copy"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
        bool answers = strstr(unknown[i].target, "9/messages") != NULL;
        g_autoptr(Answer) answer = world_call(world, unknown[i].method, unknown[i].target,
                                              strcmp(unknown[i].method, "GET") == 0 ? NULL
                                              : answers ? "{\"text\":\"x\"}"
                                                        : "{}");
        assert_problem(answer, 404, unknown[i].problem);
    }
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

static void test_attachment(void)
{
    g_autoptr(World) world = make_world();
    json_auto_t *made = world_ok(
        world, "POST", MESSAGES,
        "{\"attachments\":[{\"name\":\"../\xc3\xbc\\\" .html\",\"content_type\":\"text/html\","
        "\"content\":\"PGI+AAr/\\n\"}]}",
        201);
    g_assert_cmpstr(text_at(made, "/attachments/0/name"), ==, "\xc3\xbc_ .html");
    g_assert_cmpint(int_at(made, "/attachments/0/bytes"), ==, 6);
    g_autoptr(Answer) answer = world_call(world, "GET", "/api/v1/tickets/1/attachments/1", NULL);
    g_assert_cmpint(answer->status, ==, 200);
    size_t bytes;
    const char *content = http_response_body(answer->response, &bytes);
    g_assert_cmpmem(content, bytes, "<b>\0\n\xff", 6);
    g_assert_cmpstr(http_response_header(answer->response, "Content-Type"), ==, "text/html");
    g_assert_cmpstr(http_response_header(answer->response, "Content-Disposition"), ==,
                    "attachment; filename*=UTF-8''%C3%BC_%20.html");
    g_assert_cmpstr(http_response_header(answer->response, "X-Content-Type-Options"), ==,
                    "nosniff");
    /* Another ticket's number opens nothing. */
    world_open_ticket(world, "");
    g_autoptr(Answer) other = world_call(world, "GET", "/api/v1/tickets/2/attachments/1", NULL);
    assert_problem(other, 404, "unknown-attachment");
    g_autoptr(Answer) message = world_call(world, "GET", "/api/v1/tickets/2/messages/1", NULL);
    assert_problem(message, 404, "unknown-message");
}

#define MAIL "/api/v1/tickets/1/copies/1/message"

static void test_mail(void)
{
    g_autoptr(World) world = make_world();
    json_decref(world_ok(world, "POST", MESSAGES, "{\"text\":\"Hello.\"}", 201));
    g_autoptr(Answer) preview = world_call(world, "GET", MAIL, NULL);
    g_assert_cmpint(preview->status, ==, 200);
    g_assert_nonnull(http_response_header(preview->response, "X-Tidings-Preview"));
    const char *mail = http_response_body(preview->response, NULL);
    g_assert_nonnull(strstr(mail, "Message-ID: <message.1@"));
    g_assert_nonnull(strstr(mail, "Hello."));
    g_autofree char *hash = secret_hash(mail, strlen(mail));
    g_autofree char *sql = g_strdup_printf(
        "UPDATE outbox SET state = 'accepted', message_hash = '%s', composer = 1001,"
        " dated_at = %" G_GINT64_FORMAT ", sender = '{\"from_name\":\"Harbour IT\","
        "\"from_address\":\"support@harbour-it.example\",\"reply_to\":\"\",\"key\":1}'"
        " WHERE kind = 'message'",
        hash, WORLD_START_US);
    world_sql(world, sql);
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"title\":\"Other\"}", 200));
    g_autoptr(Answer) again = world_call(world, "GET", MAIL, NULL);
    g_assert_cmpstr(http_response_body(again->response, NULL), ==, mail);
    world_sql(world, "UPDATE ticket_message SET body_text = 'Bye.'");
    g_autoptr(Answer) other = world_call(world, "GET", MAIL, NULL);
    assert_problem(other, 409, "cannot-reproduce");
    g_autoptr(Answer) cancel = world_call(world, "POST", "/api/v1/tickets/1/copies/1/cancel", "{}");
    assert_problem(cancel, 409, "not-possible-now");
    world_sql(world, "UPDATE outbox SET state = 'held' WHERE kind = 'message'");
    json_auto_t *released =
        world_ok(world, "POST", "/api/v1/tickets/1/copies/1/release", NULL, 200);
    g_assert_cmpstr(text_at(released, "/state"), ==, "queued");
    json_auto_t *cancelled =
        world_ok(world, "POST", "/api/v1/tickets/1/copies/1/cancel", NULL, 200);
    g_assert_cmpstr(text_at(cancelled, "/state"), ==, "cancelled");
    json_auto_t *queued = world_ok(world, "POST", "/api/v1/tickets/1/copies/1/retry", NULL, 200);
    g_assert_cmpstr(text_at(queued, "/state"), ==, "queued");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/messages/answer", test_answer);
    g_test_add_func("/api/messages/again", test_again);
    g_test_add_func("/api/messages/refused", test_refused);
    g_test_add_func("/api/messages/attachment", test_attachment);
    g_test_add_func("/api/messages/mail", test_mail);
    return g_test_run();
}
