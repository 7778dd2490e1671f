/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision table of the product, as another program meets it: every combination that the API
 * can bring about, made for real and read back from the ticket's alerts.
 *
 * What is expected stands in `rules` below as rows of its own, copied from the product's words and
 * not from the policy's code.
 */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define ID G_GINT64_FORMAT

typedef enum { NEW, CLOSED, BY_HAND } Kind;
typedef enum { NONE, PLAIN, OWN, MUTED, LEFT, LEFT_CONTACT, SUPPRESSED, N_RECIPIENTS } RecipientIs;

static const char *const kind_names[] = {"new", "closed", "by hand"};
static const char *const recipient_names[] = {"none", "plain",          "own",       "muted",
                                              "left", "left (contact)", "suppressed"};

typedef struct {
    Kind kind;
    bool cli; /* an employee at the socket, else a token */
    bool server;
    bool alert;
    bool notify;
    bool brake; /* its actor has told as many customers as may be told */
    RecipientIs recipient;
} Combination;

#define ANY (-1)

/* First match wins. */
static const struct {
    int kind, server, alert, notify, recipient, brake;
    const char *decision, *reason;
} rules[] = {
    {ANY, false, ANY, ANY, ANY, ANY, "suppress", "alerts_server_inactive"},
    {ANY, ANY, false, ANY, ANY, ANY, "suppress", "alert_disabled"},
    {ANY, ANY, ANY, false, ANY, ANY, "suppress", "not_wanted"},
    {ANY, ANY, ANY, ANY, NONE, ANY, "suppress", "no_recipients"},
    {ANY, ANY, ANY, ANY, OWN, ANY, "suppress", "own_address"},
    {ANY, ANY, ANY, ANY, MUTED, ANY, "suppress", "muted"},
    {ANY, ANY, ANY, ANY, LEFT, ANY, "suppress", "left_ticket"},
    {BY_HAND, ANY, ANY, ANY, LEFT_CONTACT, ANY, "suppress", "left_ticket"},
    {ANY, ANY, ANY, ANY, SUPPRESSED, ANY, "suppress", "address_suppressed"},
    {ANY, ANY, ANY, ANY, ANY, true, "hold", "brake"},
    {NEW, ANY, ANY, ANY, ANY, ANY, "send", "new_ticket"},
    {CLOSED, ANY, ANY, ANY, ANY, ANY, "send", "ticket_closed"},
    {BY_HAND, ANY, ANY, ANY, ANY, ANY, "send", "sent_by_hand"},
};

static bool fits(int wanted, int is)
{
    return wanted == ANY || wanted == is;
}

static void expect(const Combination *c, const char **decision, const char **reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (!fits(rules[i].kind, (int)c->kind) || !fits(rules[i].server, c->server) ||
            !fits(rules[i].alert, c->alert) || !fits(rules[i].notify, c->notify) ||
            !fits(rules[i].recipient, (int)c->recipient) || !fits(rules[i].brake, c->brake))
            continue;
        *decision = rules[i].decision;
        *reason = rules[i].reason;
        return;
    }
    g_assert_not_reached();
}

/* Nobody can be muted or have left before the ticket is there; and nothing is sent by hand to
 * nobody, or with "do not notify". */
static bool can_be(const Combination *c)
{
    bool later = c->recipient == MUTED || c->recipient == LEFT || c->recipient == LEFT_CONTACT;
    if (c->kind == NEW)
        return !later;
    return c->kind != BY_HAND || (c->recipient != NONE && c->notify);
}

static const char *address_of(RecipientIs is)
{
    switch (is) {
    case OWN:
        return "Support@Harbour-IT.example"; /* the sender, spelt in another way */
    case SUPPRESSED:
        return "Gone@Example.com";
    case LEFT_CONTACT:
        return "anna@bluebird.example";
    default:
        return "bob@example.com";
    }
}

static Answer *call(World *world, const Combination *c, const char *method, const char *target,
                    const char *body)
{
    CallOptions options = {.local = c->cli};
    return world_call_with(world, method, target, body, &options);
}

/* To tell is the default: one of the two callers says nothing of it. */
static const char *notify_field(const Combination *c, bool notify)
{
    if (!notify)
        return ",\"notify\":false";
    return c->cli ? ",\"notify\":true" : "";
}

static int64_t open_ticket(World *world, const Combination *c, bool notify)
{
    g_autofree char *recipients =
        c->recipient == NONE ? g_strdup("")
                             : g_strdup_printf("{\"email\":\"%s\"}", address_of(c->recipient));
    g_autofree char *body =
        g_strdup_printf("{\"account\":1,\"contact\":1,\"title\":\"x\"%s,\"recipients\":[%s]}",
                        notify_field(c, notify), recipients);
    g_autoptr(Answer) answer = call(world, c, "POST", "/api/v1/tickets", body);
    g_assert_cmpint(answer->status, ==, 201);
    return int_at(answer->json, "/number");
}

/* What is true of the recipient by the time of the event. */
static void prepare(World *world, const Combination *c, int64_t ticket, int64_t recipient)
{
    if (c->recipient == MUTED) {
        g_autofree char *target = target_new("/tickets/%" ID "/recipients/%" ID, ticket, recipient);
        json_decref(world_ok(world, "PATCH", target, "{\"muted\":true}", 200));
    }
    if (c->recipient == LEFT || c->recipient == LEFT_CONTACT) {
        g_autofree char *sql =
            g_strdup_printf("UPDATE recipient SET left_at = 1 WHERE id = %" ID, recipient);
        world_sql(world, sql);
    }
}

static int64_t only_recipient(World *world, int64_t ticket)
{
    g_autofree char *target = target_new("/tickets/%" ID "/recipients", ticket);
    json_auto_t *list = world_ok(world, "GET", target, NULL, 200);
    return int_at(list, "/items/0/id");
}

static void do_event(World *world, const Combination *c, int64_t ticket, int64_t recipient)
{
    g_autofree char *target =
        c->kind == CLOSED
            ? target_new("/tickets/%" ID, ticket)
            : target_new("/tickets/%" ID "/recipients/%" ID "/send-latest", ticket, recipient);
    g_autofree char *body =
        g_strdup_printf("{\"status\":\"Completed\"%s}", notify_field(c, c->notify));
    g_autoptr(Answer) answer = c->kind == CLOSED ? call(world, c, "PATCH", target, body)
                                                 : call(world, c, "POST", target, NULL);
    g_assert_cmpint(answer->status, ==, c->kind == CLOSED ? 200 : 201);
}

/* The limit is one customer: somebody else was told by the same actor a moment ago. */
static void pull_brake(World *world, const Combination *c)
{
    g_autofree char *event = g_strdup_printf(
        "INSERT INTO event (ticket, version, kind, actor_kind, actor_id, actor_name, channel, at,"
        " notify, facts) SELECT 1, MAX(version) + 1, 'closed', '%s', %s, 'x', 'cli', %" ID
        ", 1, '{}' FROM event WHERE ticket = 1",
        c->cli ? "employee" : "api",
        c->cli ? "(SELECT MIN(id) FROM employee)" : "(SELECT MIN(id) FROM api_token)",
        desk_now_us(world->desk));
    world_sql(world, event);
    world_sql(world, "INSERT INTO alert (ticket, event, kind, recipient, recipient_key, decision,"
                     " reason, decided_at, actor_kind, actor_id) SELECT 1, id, 'ticket_closed',"
                     " 'x@x.example', 'x@x.example', 'send', 'ticket_closed', at, actor_kind,"
                     " actor_id FROM event WHERE ticket = 1 ORDER BY id DESC LIMIT 1");
}

static void check(World *world, const Combination *c)
{
    /* Whom the combinations before have told is forgotten by then. */
    manual_clock_advance(&world->clock, US_PER_DAY);
    if (c->brake)
        pull_brake(world, c);
    const char *decision, *reason;
    expect(c, &decision, &reason);
    g_test_message("%s by %s, server %d, alert %d, notify %d, brake %d, recipient %s: %s %s",
                   kind_names[c->kind], c->cli ? "employee" : "token", c->server, c->alert,
                   c->notify, c->brake, recipient_names[c->recipient], decision, reason);
    int64_t ticket = open_ticket(world, c, c->kind == NEW ? c->notify : true);
    if (c->kind != NEW) {
        int64_t recipient = only_recipient(world, ticket);
        prepare(world, c, ticket, recipient);
        do_event(world, c, ticket, recipient);
    }
    g_autofree char *target = target_new("/tickets/%" ID "/alerts", ticket);
    json_auto_t *list = world_ok(world, "GET", target, NULL, 200);
    json_t *items = json_at(list, "/items");
    /* One decision an event, no more and no less. */
    g_assert_cmpint(json_array_size(items), ==, c->kind == NEW ? 1 : 2);
    json_t *alert = json_array_get(items, c->kind == NEW ? 0 : 1);
    bool held = strcmp(decision, "hold") == 0;
    bool sent = held || strcmp(decision, "send") == 0;
    g_assert_cmpstr(text_at(alert, "/kind"), ==,
                    c->kind == CLOSED ? "ticket_closed" : "new_ticket");
    g_assert_cmpstr(text_at(alert, "/decision"), ==, decision);
    g_assert_cmpstr(text_at(alert, "/reason"), ==, reason);
    g_assert_cmpstr(text_at(alert, "/state"), ==, held ? "held" : sent ? "queued" : "");
    g_assert_true(json_is_null(json_at(alert, "/message_id")) == !sent);
    g_assert_true(json_is_null(json_at(alert, "/queued_at")) == !sent);
    g_assert_cmpuint(strlen(text_at(alert, "/explanation")), >, 0);
}

static void test_truth(const void *data)
{
    const Kind kind = (Kind)GPOINTER_TO_INT(data);
    g_autoptr(World) world = world_new(engine);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"default_recipients\":{\"contact\":false},\"brake\":{\"customers\":1}}",
                         200));
    world_open_ticket(world, "");
    world_sql(world, "INSERT INTO suppression (email_key, email, reason, evidence, since)"
                     " VALUES ('gone@example.com', 'gone@example.com', '5.1.1', '', 1)");
    int done = 0;
    for (int bits = 0; bits < 32; bits++) {
        Combination c = {.kind = kind,
                         .cli = bits & 1,
                         .server = bits & 2,
                         .alert = bits & 4,
                         .notify = bits & 8,
                         .brake = bits & 16};
        /* The other alert is in the other position: neither may look at it. */
        bool is_new = kind != CLOSED;
        world_set_alerts(world, c.server, is_new ? c.alert : !c.alert, is_new ? !c.alert : c.alert);
        for (int is = 0; is < N_RECIPIENTS; is++) {
            c.recipient = (RecipientIs)is;
            if (can_be(&c)) {
                check(world, &c);
                done++;
            }
        }
    }
    g_assert_cmpint(done, ==, kind == NEW ? 128 : kind == CLOSED ? 224 : 96);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_data_func("/api/truth/new", GINT_TO_POINTER(NEW), test_truth);
    g_test_add_data_func("/api/truth/closed", GINT_TO_POINTER(CLOSED), test_truth);
    g_test_add_data_func("/api/truth/by hand", GINT_TO_POINTER(BY_HAND), test_truth);
    return g_test_run();
}
