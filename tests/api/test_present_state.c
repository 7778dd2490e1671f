/* SPDX-License-Identifier: Apache-2.0 */
/* What does not fit the present state: 409 of each operation that can give one and is not tried
 * where its own tests are. Nothing is changed by it. */
#include "api/world.h"

#include <string.h>

static const char *engine;

static void refused(World *world, const char *method, const char *target, const char *body,
                    const char *problem)
{
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call(world, method, target, body);
    g_test_message("%s %s", method, target);
    assert_problem(answer, 409, problem);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
}

static void ok(World *world, const char *method, const char *target, const char *body, int status)
{
    json_decref(world_ok(world, method, target, body, status));
}

static void test_templates(void)
{
    g_autoptr(World) world = world_new(engine);
    static const char body[] = "{\"name\":\"Short\",\"subject\":\"s\",\"text\":\"t\"}";
    ok(world, "POST", "/api/v1/templates", body, 201);
    refused(world, "POST", "/api/v1/templates", body, "name-taken");
}

/* No door makes an open ticket without its opening; a damaged database may have one. */
static void test_nothing_to_send(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    g_autofree char *target =
        target_new("/tickets/%" G_GINT64_FORMAT "/recipients", world_open_ticket(world, ""));
    json_auto_t *added = world_ok(world, "POST", target, "{\"email\":\"late@b.example\"}", 201);
    world_sql(world, "UPDATE event SET kind = 'closed'");
    g_autofree char *send =
        g_strdup_printf("%s/%" G_GINT64_FORMAT "/send-latest", target, int_at(added, "/id"));
    refused(world, "POST", send, "{}", "nothing-to-send");
}

static void test_merged(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *merge =
        target_new("/tickets/%" G_GINT64_FORMAT "/merge", world_open_ticket(world, ""));
    g_autofree char *preview = target_new("/tickets/1/preview");
    g_autofree char *into =
        g_strdup_printf("{\"into\":%" G_GINT64_FORMAT "}", world_open_ticket(world, ""));
    ok(world, "POST", merge, into, 200);
    refused(world, "POST", preview, "{\"status\":\"New\"}", "merged");
}

/* ---- mails that came in ---- */

static int64_t file_mail(World *world, const char *from)
{
    static int n;
    g_autofree char *mail =
        g_strdup_printf("Return-Path: <%s>\r\nFrom: %s\r\nTo: support@harbour-it.example\r\n"
                        "Subject: Hello\r\nMessage-ID: <m%d@b.example>\r\n\r\nPlease call.\r\n",
                        from, from, n++);
    CallOptions as = {.content_type = "message/rfc822"};
    g_autoptr(Answer) answer = world_call_with(world, "POST", "/api/v1/inbox", mail, &as);
    g_test_message("%s", http_response_body(answer->response, NULL));
    g_assert_cmpint(answer->status, ==, 201);
    json_auto_t *inbox = world_ok(world, "GET", "/api/v1/inbox?limit=1", NULL, 200);
    return int_at(inbox, "/items/0/id");
}

static void test_filed_mail(void)
{
    g_autoptr(World) world = world_new(engine);
    ok(world, "PUT", "/api/v1/options/email-connector",
       "{\"enabled\":true,\"address\":\"support@harbour-it.example\"}", 200);
    world_open_ticket(world, "");
    int64_t mail = file_mail(world, "anna@bluebird.example");
    g_autofree char *attach = target_new("/inbox/%" G_GINT64_FORMAT "/attach", mail);
    g_autofree char *discard = target_new("/inbox/%" G_GINT64_FORMAT "/discard", mail);
    refused(world, "POST", attach, "{\"ticket\":1}", "mail-filed");
    refused(world, "POST", discard, NULL, "mail-filed");
}

/* Of `what` is a message that waits to be sent, then one that is held, then one that was accepted.
 */
static void check_message(World *world, const char *what)
{
    g_autofree char *release = g_strconcat(what, "/release", NULL);
    g_autofree char *retry = g_strconcat(what, "/retry", NULL);
    g_autofree char *cancel = g_strconcat(what, "/cancel", NULL);
    refused(world, "POST", release, NULL, "not-possible-now");
    ok(world, "POST", cancel, NULL, 200);
    refused(world, "POST", cancel, NULL, "not-possible-now");
    world_sql(world, "UPDATE outbox SET state = 'held'");
    ok(world, "POST", release, NULL, 200);
    world_sql(world, "UPDATE outbox SET state = 'accepted'");
    refused(world, "POST", retry, NULL, "not-possible-now");
}

static void test_messages(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    ok(world, "PUT", "/api/v1/options/email-connector",
       "{\"enabled\":true,\"address\":\"support@harbour-it.example\","
       "\"forward_unmatched_to\":\"erika@harbour-it.example\"}",
       200);
    g_autofree char *forward =
        target_new("/inbox/%" G_GINT64_FORMAT "/forward", file_mail(world, "who@c.example"));
    check_message(world, forward);
    int64_t ticket = world_open_ticket(world, "\"contact\":1");
    g_autofree char *messages = target_new("/tickets/%" G_GINT64_FORMAT "/messages", ticket);
    json_auto_t *message = world_ok(world, "POST", messages,
                                    "{\"text\":\"Tomorrow.\",\"visibility\":\"public\"}", 201);
    g_autofree char *copy = target_new("/tickets/%" G_GINT64_FORMAT "/copies/%" G_GINT64_FORMAT,
                                       ticket, int_at(message, "/copies/0/id"));
    check_message(world, copy);
}

static bool resume_two(int64_t *resumed, void *data, GError **error)
{
    *resumed = 2;
    return true;
}

static void test_resume(void)
{
    g_autoptr(World) world = world_new(engine);
    api_set_resume(world->api, resume_two, NULL);
    json_auto_t *answer = world_ok(world, "POST", "/api/v1/alerts-server/resume", NULL, 200);
    g_assert_cmpint(int_at(answer, "/resumed"), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    engine = argv[1];
    g_test_add_func("/api/present_state/templates", test_templates);
    g_test_add_func("/api/present_state/nothing_to_send", test_nothing_to_send);
    g_test_add_func("/api/present_state/merged", test_merged);
    g_test_add_func("/api/present_state/filed_mail", test_filed_mail);
    g_test_add_func("/api/present_state/messages", test_messages);
    g_test_add_func("/api/present_state/resume", test_resume);
    return g_test_run();
}
