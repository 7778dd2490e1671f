/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is wrong with a request: it is refused with a stable problem, the field is named, and no
 * table has another row afterwards. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define TICKETS "/api/v1/tickets"
#define RECIPS  "/api/v1/tickets/1/recipients"
#define A255    "@a255@" /* replaced: so many letters a */
#define A256    "@a256@"
#define A300    "@a300@"
#define MIB     "@mib@"  /* 1 MiB */
#define MIB1    "@mib1@" /* and one byte */
#define R200    "@r200@" /* so many recipients, without the brackets */
#define R201    "@r201@"
#define DEEP    "@deep@"

typedef struct {
    const char *name;
    const char *method;
    const char *target;
    const char *body;
    int status;
    const char *problem;
    const char *field;  /* NULL: none */
    const char *detail; /* must stand in the detail; NULL: not looked at */
} BadCase;

#define TICKET(more) "{\"account\":1,\"title\":\"x\"," more "}"

static const BadCase json_cases[] = {
    {"no JSON", "POST", TICKETS, "{\"account\":1,", 400, "bad-json", NULL, "line 1"},
    {"empty body", "POST", TICKETS, "", 400, "bad-json", NULL, NULL},
    {"no body for PUT", "PUT", "/api/v1/options/desk", NULL, 400, "bad-json", NULL, NULL},
    {"key twice", "POST", TICKETS, TICKET("\"title\":\"y\""), 400, "bad-json", NULL, NULL},
    {"too deep", "POST", TICKETS, DEEP, 400, "bad-json", NULL, "levels"},
    {"not UTF-8", "POST", TICKETS, TICKET("\"description\":\"\xff\""), 400, "not-utf8", NULL, NULL},
    {"NUL in a title", "PATCH", TICKETS "/1", "{\"title\":\"a\\u0000b\"}", 422, "invalid", "/title",
     NULL},
    {"line end in a title", "PATCH", TICKETS "/1", "{\"title\":\"a\\nb\"}", 422, "invalid",
     "/title", NULL},
    {"a list instead of an object", "POST", TICKETS, "[]", 422, "wrong-type", "", NULL},
    {"a text instead of an object", "PATCH", TICKETS "/1", "\"x\"", 400, "bad-json", NULL, NULL},
    {"unknown field", "POST", TICKETS, TICKET("\"prioritaet\":\"high\""), 422, "unknown-field",
     "/prioritaet", "/prioritaet"},
    {"field that is not for writing", "PATCH", TICKETS "/1", "{\"number\":7}", 422, "unknown-field",
     "/number", NULL},
    {"unknown field of options", "PUT", "/api/v1/options/desk", "{\"fax\":\"1\"}", 422,
     "unknown-field", "/fax", NULL},
    {"unknown field inside", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"new_ticket\":{\"on\":true}}", 422, "unknown-field", "/new_ticket/on", NULL},
    {"words where none are needed", "POST", RECIPS "/1/send-latest", "{\"why\":1}", 422,
     "unknown-field", "/why", NULL},
};

static const BadCase ticket_cases[] = {
    {"no account", "POST", TICKETS, "{\"title\":\"x\"}", 422, "missing-field", "/account", NULL},
    {"no title", "POST", TICKETS, "{\"account\":1}", 422, "missing-field", "/title", NULL},
    {"empty title", "POST", TICKETS, "{\"account\":1,\"title\":\"  \"}", 422, "empty", "/title",
     NULL},
    {"title null", "PATCH", TICKETS "/1", "{\"title\":null}", 422, "wrong-type", "/title", NULL},
    {"title is a number", "PATCH", TICKETS "/1", "{\"title\":7}", 422, "wrong-type", "/title",
     NULL},
    {"account is a text", "POST", TICKETS, "{\"account\":\"1\",\"title\":\"x\"}", 422, "wrong-type",
     "/account", NULL},
    {"account null", "POST", TICKETS, "{\"account\":null,\"title\":\"x\"}", 422, "unknown-account",
     "/account", NULL},
    {"account 0", "POST", TICKETS, "{\"account\":0,\"title\":\"x\"}", 422, "out-of-range",
     "/account", NULL},
    {"unknown account", "POST", TICKETS, "{\"account\":99,\"title\":\"x\"}", 422, "unknown-account",
     "/account", "99"},
    {"account beyond 32 bits", "POST", TICKETS, "{\"account\":5000000000,\"title\":\"x\"}", 422,
     "unknown-account", "/account", "5000000000"},
    {"change to an unknown account", "PATCH", TICKETS "/1", "{\"account\":99}", 422,
     "unknown-account", "/account", NULL},
    {"account cannot be cleared", "PATCH", TICKETS "/1", "{\"account\":null}", 422,
     "unknown-account", "/account", NULL},
    {"unknown contact", "POST", TICKETS, TICKET("\"contact\":99"), 422, "unknown-contact",
     "/contact", NULL},
    {"another account's contact", "POST", TICKETS, TICKET("\"contact\":2"), 422, "unknown-contact",
     "/contact", "belongs to account 2"},
    {"unknown manager", "PATCH", TICKETS "/1", "{\"manager\":99}", 422, "unknown-employee",
     "/manager", NULL},
    {"unknown status", "POST", TICKETS, TICKET("\"status\":\"Done\""), 422, "unknown-status",
     "/status",
     "known are: New (100), Pending (200), Scheduled (300), In-House Service (400), On-Site Service"
     " (500), Laboratory Service (600), Hold (700), Other (800), Canceled (900), Completed (1000)"},
    {"unknown status code", "PATCH", TICKETS "/1", "{\"status\":150}", 422, "unknown-status",
     "/status", "150"},
    {"long status", "PATCH", TICKETS "/1", "{\"status\":\"" A300 "\"}", 422, "unknown-status",
     "/status", "..."},
    {"status null", "PATCH", TICKETS "/1", "{\"status\":null}", 422, "wrong-type", "/status", NULL},
    {"status in a list", "GET", TICKETS "?status=Done", NULL, 422, "unknown-status", NULL, NULL},
    {"unknown priority", "POST", TICKETS, TICKET("\"priority\":\"hurry\""), 422, "invalid",
     "/priority", "low, normal, high, urgent"},
    {"notify is a number", "POST", TICKETS, TICKET("\"notify\":0"), 422, "wrong-type", "/notify",
     NULL},
    {"no time", "POST", TICKETS, TICKET("\"due\":\"tomorrow\""), 422, "bad-time", "/due", NULL},
    {"due is a number", "PATCH", TICKETS "/1", "{\"due\":7}", 422, "wrong-type", "/due", NULL},
    {"unknown ticket", "PATCH", TICKETS "/99", "{}", 404, "unknown-ticket", NULL, "99"},
    {"ticket is no number", "PATCH", TICKETS "/one", "{}", 404, "unknown-ticket", NULL, NULL},
    {"ticket beyond 64 bits", "GET", TICKETS "/99999999999999999999", NULL, 404, "unknown-ticket",
     NULL, NULL},
    {"events of an unknown ticket", "GET", TICKETS "/99/events", NULL, 404, "unknown-ticket", NULL,
     NULL},
    {"alerts of an unknown ticket", "GET", TICKETS "/99/alerts", NULL, 404, "unknown-ticket", NULL,
     NULL},
    {"story of an unknown ticket", "GET", TICKETS "/99/explain", NULL, 404, "unknown-ticket", NULL,
     NULL},
};

static const BadCase limit_cases[] = {
    {"title of 256 characters", "POST", TICKETS, "{\"account\":1,\"title\":\"" A256 "\"}", 422,
     "too-long", "/title", "255"},
    {"description over 1 MiB", "POST", TICKETS, TICKET("\"description\":\"" MIB1 "\""), 422,
     "too-long", "/description", "1048576"},
    {"resolution over 1 MiB", "PATCH", TICKETS "/1", "{\"resolution\":\"" MIB1 "\"}", 422,
     "too-long", "/resolution", NULL},
    {"201 recipients", "POST", TICKETS, TICKET("\"recipients\":[" R201 "]"), 422, "too-many",
     "/recipients", "200"},
    {"200 recipients and the default one", "POST", TICKETS, TICKET("\"recipients\":[" R200 "]"),
     422, "too-many", "/recipients", "200"},
    {"201 recipients in a PUT", "PUT", RECIPS, "[" R201 "]", 422, "too-many", "", NULL},
    {"201 employee recipients", "PUT", TICKETS "/1/employee-recipients", "[" R201 "]", 422,
     "too-many", "", NULL},
    {"address over 254 bytes", "POST", RECIPS, "{\"email\":\"x@" A300 ".example\"}", 422,
     "bad-address", "/email", NULL},
    {"name over 255 characters", "POST", RECIPS,
     "{\"email\":\"x@y.example\",\"name\":\"" A256 "\"}", 422, "too-long", "/name", NULL},
    {"body over 2 MiB", "POST", TICKETS, TICKET("\"description\":\"" MIB MIB MIB "\""), 413,
     "too-large", NULL, "2097152"},
    {"page over 200", "GET", TICKETS "?limit=201", NULL, 422, "out-of-range", NULL, "200"},
    {"page of 0", "GET", TICKETS "?limit=0", NULL, 422, "out-of-range", NULL, NULL},
    {"short password", "POST", "/api/v1/employees",
     "{\"name\":\"T\",\"login\":\"t\",\"email\":\"t@t.example\",\"password\":\"1234567\"}", 422,
     "password-too-short", "/password", NULL},
};

static const BadCase other_cases[] = {
    {"bad address in the third place", "POST", TICKETS,
     TICKET("\"recipients\":[{\"email\":\"a@b.example\"},{\"email\":\"c@d.example\"},"
            "{\"email\":\"anna at example.com\"}]"),
     422, "bad-address", "/recipients/2/email", "Recipient 3: \"anna at example.com\""},
    {"bad address in a PUT", "PUT", RECIPS, "[{\"email\":\"a@b.example\"},{\"email\":\"@\"}]", 422,
     "bad-address", "/1/email", "Recipient 2: \"@\""},
    {"bad address in a PUT of an object", "PUT", RECIPS, "{\"items\":[{\"email\":\"@\"}]}", 422,
     "bad-address", "/items/0/email", NULL},
    {"address with a line end", "POST", RECIPS, "{\"email\":\"a@b.example\\nBcc: c@d.example\"}",
     422, "invalid", "/email", NULL},
    {"recipient without an address", "PUT", RECIPS, "[{\"name\":\"x\"}]", 422, "missing-field",
     "/0/email", NULL},
    {"recipients are no list", "POST", TICKETS, TICKET("\"recipients\":\"a@b.example\""), 422,
     "wrong-type", "/recipients", NULL},
    {"unknown recipient", "DELETE", RECIPS "/99", NULL, 404, "unknown-recipient", NULL, NULL},
    {"another ticket's recipient", "PATCH", TICKETS "/2/recipients/1", "{\"muted\":true}", 404,
     "unknown-recipient", NULL, NULL},
    {"muted is a text", "PATCH", RECIPS "/1", "{\"muted\":\"yes\"}", 422, "wrong-type", "/muted",
     NULL},
    {"unknown alert", "POST", "/api/v1/alerts/99/retry", NULL, 404, "unknown-alert", NULL, NULL},
    {"nothing to retry", "POST", "/api/v1/alerts/1/retry", NULL, 409, "no-message", NULL, NULL},
    {"no mail to see", "GET", "/api/v1/alerts/1/message", NULL, 404, "no-message", NULL, NULL},
    {"unknown state", "GET", "/api/v1/alerts?state=lost", NULL, 422, "unknown-state", NULL,
     "none, held"},
    {"unknown parameter", "GET", TICKETS "?stauts=New", NULL, 422, "unknown-parameter", NULL,
     "\"stauts\""},
    {"parameter where none is known", "GET", TICKETS "/1?cursor=1", NULL, 422, "unknown-parameter",
     NULL, "\"cursor\""},
    {"bad cursor", "GET", TICKETS "?cursor=abc", NULL, 422, "bad-cursor", NULL, "\"abc\""},
    {"account is no number in a query", "GET", TICKETS "?account=x", NULL, 422, "invalid", NULL,
     "\"account\""},
    {"account without a name", "POST", "/api/v1/accounts", "{\"email\":\"a@b.example\"}", 422,
     "missing-field", "/name", NULL},
    {"account with a bad address", "PATCH", "/api/v1/accounts/1", "{\"email2\":\"x\"}", 422,
     "bad-address", "/email2", NULL},
    {"bad domain", "PATCH", "/api/v1/accounts/1", "{\"domains\":[\"ok.example\",\"a b\"]}", 422,
     "bad-domain", "/domains/1", NULL},
    {"bad language", "PATCH", "/api/v1/accounts/1", "{\"language\":\"d\"}", 422, "invalid",
     "/language", NULL},
    {"bad time zone", "PATCH", "/api/v1/accounts/1", "{\"time_zone\":\"Mars/Base\"}", 422,
     "invalid", "/time_zone", NULL},
    {"time zone that is a path", "PATCH", "/api/v1/accounts/1", "{\"time_zone\":\"/etc/passwd\"}",
     422, "invalid", "/time_zone", NULL},
    {"time zone that is a file of another kind", "PUT", "/api/v1/options/desk",
     "{\"time_zone\":\"tzdata.zi\"}", 422, "invalid", "/time_zone", NULL},
    {"unknown manager of an account", "PATCH", "/api/v1/accounts/1", "{\"manager\":77}", 422,
     "unknown-employee", "/manager", NULL},
    {"unknown account in the address", "PATCH", "/api/v1/accounts/99", "{}", 404, "unknown-account",
     NULL, NULL},
    {"contact of nobody", "POST", "/api/v1/contacts",
     "{\"account\":99,\"name\":\"x\",\"email\":\"a@b.example\"}", 422, "unknown-account",
     "/account", NULL},
    {"contact cannot move", "PATCH", "/api/v1/contacts/1", "{\"account\":2}", 422, "unknown-field",
     "/account", NULL},
    {"bad further address", "PATCH", "/api/v1/contacts/1", "{\"emails\":[\"x\"]}", 422,
     "bad-address", "/emails/0", NULL},
    {"unknown contact in the address", "GET", "/api/v1/contacts/99", NULL, 404, "unknown-contact",
     NULL, NULL},
    {"bad login", "POST", "/api/v1/employees",
     "{\"name\":\"T\",\"login\":\"a b\",\"email\":\"t@t.example\"}", 422, "invalid", "/login",
     NULL},
    {"unknown role", "PATCH", "/api/v1/employees/1", "{\"role\":\"boss\"}", 422, "invalid", "/role",
     "admin, technician"},
    {"login cannot change", "PATCH", "/api/v1/employees/1", "{\"login\":\"x\"}", 422,
     "unknown-field", "/login", NULL},
    {"last admin", "PATCH", "/api/v1/employees/1", "{\"active\":false}", 409, "last-admin", NULL,
     NULL},
    {"unknown scope", "POST", "/api/v1/tokens", "{\"name\":\"x\",\"scopes\":[\"all\"]}", 422,
     "unknown-scope", "/scopes/0", "tickets:read"},
    {"no scope", "POST", "/api/v1/tokens", "{\"name\":\"x\",\"scopes\":[]}", 422, "empty",
     "/scopes", NULL},
    {"unknown template of an alert", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"new_ticket\":{\"template\":99}}", 422, "unknown-template", "/new_ticket/template", NULL},
    {"alert before its server", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"ticket_closed\":{\"enabled\":true}}", 409, "alerts-server-inactive", NULL,
     "options/alerts-server"},
    {"brake without a limit", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"brake\":{\"customers\":0}}", 422, "out-of-range", "/brake/customers", NULL},
    {"brake for two days", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"brake\":{\"minutes\":2880}}", 422, "out-of-range", "/brake/minutes", NULL},
    {"unknown field of the brake", "PUT", "/api/v1/options/alerts-to-customers",
     "{\"brake\":{\"limit\":1}}", 422, "unknown-field", "/brake/limit", NULL},
    {"release without a state", "POST", "/api/v1/alerts/release", "{}", 422, "missing-field",
     "/state", NULL},
    {"release of what is not held", "POST", "/api/v1/alerts/release", "{\"state\":\"queued\"}", 422,
     "invalid", "/state", "held"},
    {"release of no account", "POST", "/api/v1/alerts/release",
     "{\"state\":\"held\",\"account\":null}", 422, "wrong-type", "/account", NULL},
    {"release for an unknown reason", "POST", "/api/v1/alerts/release",
     "{\"state\":\"held\",\"reason\":\"x\"}", 422, "invalid", "/reason", "brake"},
    {"cancel by a reason that is not there", "POST", "/api/v1/alerts/cancel",
     "{\"state\":\"queued\",\"reason\":\"brake\"}", 422, "invalid", "/reason", NULL},
    {"retry of what was accepted", "POST", "/api/v1/alerts/retry", "{\"state\":\"accepted\"}", 422,
     "invalid", "/state", "deferred"},
    {"active without a sender", "PUT", "/api/v1/options/alerts-server", "{\"active\":true}", 409,
     "sender-missing", "/from_address", NULL},
    {"port out of range", "PUT", "/api/v1/options/alerts-server", "{\"port\":70000}", 422,
     "out-of-range", "/port", NULL},
    {"relay without a host", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"a\"},{\"port\":25}]}", 422, "missing-field",
     "/fallback_relays/1/host", NULL},
    {"relay with an empty host", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"\"}]}", 422, "missing-field", "/fallback_relays/0/host",
     NULL},
    {"unknown field of a relay", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"a\",\"from_name\":\"x\"}]}", 422, "unknown-field",
     "/fallback_relays/0/from_name", NULL},
    {"relay that is no object", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[\"mail.example.com\"]}", 422, "wrong-type", "/fallback_relays/0", NULL},
    {"the same relay twice", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"a\"},{\"host\":\"A\",\"security\":\"tls\"}]}", 422,
     "invalid", "/fallback_relays/1", "relay 2 already"},
    {"the first relay as its own fallback", "PUT", "/api/v1/options/alerts-server",
     "{\"host\":\"a\",\"fallback_relays\":[{\"host\":\"a\"}]}", 422, "invalid",
     "/fallback_relays/0", "relay 1 already"},
    {"tokens without a client", "PUT", "/api/v1/options/alerts-server",
     "{\"auth\":\"xoauth2\",\"username\":\"a\",\"token_url\":\"https://x.example/\"}", 422,
     "missing-field", "/client_id", "xoauth2 needs"},
    {"tokens of a fallback without a place", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"a\",\"auth\":\"xoauth2\",\"username\":\"a\"}]}", 422,
     "missing-field", "/fallback_relays/0/token_url", "xoauth2 needs"},
    {"tokens from a place in clear", "PUT", "/api/v1/options/alerts-server",
     "{\"token_url\":\"http://login.example.com/token\"}", 422, "invalid", "/token_url",
     "must begin with https://"},
    {"tokens of a fallback from nowhere", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{\"host\":\"a\",\"token_url\":\"login\"}]}", 422, "invalid",
     "/fallback_relays/0/token_url", "is not a URL"},
    {"unknown way to sign in", "PUT", "/api/v1/options/alerts-server", "{\"auth\":\"oauth\"}", 422,
     "invalid", "/auth", "password, xoauth2"},
    {"refresh token of two lines", "PUT", "/api/v1/options/alerts-server",
     "{\"refresh_token\":\"a\\nb\"}", 422, "invalid", "/refresh_token", "one line"},
    {"too many relays", "PUT", "/api/v1/options/alerts-server",
     "{\"fallback_relays\":[{},{},{},{},{},{}]}", 422, "too-many", "/fallback_relays", "at most 5"},
    {"label of two statuses", "PUT", "/api/v1/options/tickets",
     "{\"status_labels\":{\"100\":\"Hold\"}}", 422, "label-ambiguous", "/status_labels", NULL},
    {"label of no status", "PUT", "/api/v1/options/tickets", "{\"status_labels\":{\"150\":\"x\"}}",
     422, "unknown-field", "/status_labels/150", NULL},
    {"test to nobody", "POST", "/api/v1/options/alerts-server/test", "{\"to\":\"x\"}", 422,
     "bad-address", "/to", NULL},
    {"test of relay 0", "POST", "/api/v1/options/alerts-server/test",
     "{\"to\":\"x@y.example\",\"relay\":0}", 422, "out-of-range", "/relay", NULL},
    {"nothing there", "GET", "/api/v1/nothing", NULL, 404, "no-such-page", NULL, NULL},
    {"another method", "DELETE", TICKETS "/1", NULL, 405, "method-not-allowed", NULL, NULL},
};

/* The same body with a header that is wrong. */
static const struct {
    BadCase test;
    CallOptions options;
} header_cases[] = {
    {{"form", "POST", TICKETS, TICKET("\"type\":\"y\""), 400, "not-json", NULL, NULL},
     {.content_type = "application/x-www-form-urlencoded"}},
    {{"nearly JSON", "POST", TICKETS, TICKET("\"type\":\"y\""), 400, "not-json", NULL, NULL},
     {.content_type = "application/jsonp"}},
    {{"long key", "POST", TICKETS, TICKET("\"type\":\"y\""), 422, "bad-idempotency-key", NULL,
      "255"},
     {.key = A256}},
    {{"empty key", "POST", TICKETS, TICKET("\"type\":\"y\""), 422, "bad-idempotency-key", NULL,
      NULL},
     {.key = ""}},
    {{"key beyond ASCII", "POST", TICKETS, TICKET("\"type\":\"y\""), 422, "bad-idempotency-key",
      NULL, NULL},
     {.key = "\xc3\xbc"}},
};

/* ---- bodies that are too long to be written down ---- */

static char *recipients(int n)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(list, "%s{\"email\":\"r%d@b.example\"}", i > 0 ? "," : "", i);
    return g_strdup(list->str);
}

static char *deep_json(void)
{
    g_autofree char *open = g_strnfill(65, '[');
    g_autofree char *close = g_strnfill(65, ']');
    return g_strconcat(open, close, NULL);
}

static char *expand(const char *text)
{
    if (text == NULL)
        return NULL;
    struct {
        const char *word;
        char *text;
    } words[] = {
        {A255, g_strnfill(255, 'a')},
        {A256, g_strnfill(256, 'a')},
        {A300, g_strnfill(300, 'a')},
        {MIB1, g_strnfill(1024 * 1024 + 1, 'a')},
        {R200, recipients(200)},
        {R201, recipients(201)},
        {MIB, g_strnfill(1024 * 1024, 'a')},
        {DEEP, deep_json()},
    };
    g_autoptr(GString) out = g_string_new(text);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_string_replace(out, words[i].word, words[i].text, 0);
        g_free(words[i].text);
    }
    return g_strdup(out->str);
}

/* Two tickets, and an account whose contact is not the first one's. */
static World *make_world(void)
{
    World *world = world_new(engine);
    json_decref(world_ok(world, "POST", "/api/v1/accounts",
                         "{\"name\":\"Other\",\"email\":\"o@other.example\"}", 201));
    json_decref(world_ok(world, "POST", "/api/v1/contacts",
                         "{\"account\":2,\"name\":\"Otto\",\"email\":\"otto@other.example\"}",
                         201));
    world_open_ticket(world, "");
    world_open_ticket(world, "");
    return world;
}

static void check_case(World *world, const BadCase *test, const CallOptions *headers)
{
    g_autofree char *body = expand(test->body);
    g_autofree char *key = expand(headers->key);
    CallOptions options = *headers;
    options.key = key;
    g_test_message("%s", test->name);
    g_autofree char *before = world_rows(world);
    g_autoptr(Answer) answer = world_call_with(world, test->method, test->target, body, &options);
    assert_problem(answer, test->status, test->problem);
    if (test->field != NULL)
        g_assert_cmpstr(text_at(answer->json, "/field"), ==, test->field);
    else
        g_assert_null(json_at(answer->json, "/field"));
    if (test->detail != NULL)
        g_assert_nonnull(strstr(text_at(answer->json, "/detail"), test->detail));
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(before, ==, after);
}

#define CHECK_ALL(cases)                                                                           \
    static const CallOptions plain = {0};                                                          \
    g_autoptr(World) world = make_world();                                                         \
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)                                               \
    check_case(world, &cases[i], &plain)

static void test_json(void)
{
    CHECK_ALL(json_cases);
}

static void test_tickets(void)
{
    CHECK_ALL(ticket_cases);
}

static void test_limits(void)
{
    CHECK_ALL(limit_cases);
}

static void test_others(void)
{
    CHECK_ALL(other_cases);
}

static void test_headers(void)
{
    g_autoptr(World) world = make_world();
    for (size_t i = 0; i < G_N_ELEMENTS(header_cases); i++)
        check_case(world, &header_cases[i].test, &header_cases[i].options);
}

/* What is exactly at a limit goes in. */
static void test_at_the_limit(void)
{
    g_autoptr(World) world = make_world();
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"default_recipients\":{\"contact\":false}}", 200));
    static const char *const bodies[] = {
        "{\"account\":1,\"title\":\"" A255 "\"}",
        TICKET("\"description\":\"" MIB "\""),
        TICKET("\"recipients\":[" R200 "]"),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *body = expand(bodies[i]);
        json_decref(world_ok(world, "POST", TICKETS, body, 201));
    }
    g_autoptr(Answer) one_more =
        world_call(world, "POST", TICKETS "/5/recipients", "{\"email\":\"one@more.example\"}");
    assert_problem(one_more, 422, "too-many");
    g_autofree char *key = g_strnfill(255, 'k');
    CallOptions keyed = {.key = key};
    g_autoptr(Answer) answer =
        world_call_with(world, "POST", TICKETS, "{\"account\":1,\"title\":\"x\"}", &keyed);
    g_assert_cmpint(answer->status, ==, 201);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/bad/json", test_json);
    g_test_add_func("/api/bad/tickets", test_tickets);
    g_test_add_func("/api/bad/limits", test_limits);
    g_test_add_func("/api/bad/others", test_others);
    g_test_add_func("/api/bad/headers", test_headers);
    g_test_add_func("/api/bad/at the limit", test_at_the_limit);
    return g_test_run();
}
