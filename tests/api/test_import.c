/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, contacts and tickets from CSV: what the preview says is what the import does, row by
 * row. */
#include "api/world.h"

#include "base/limits.h"

#include <string.h>

static const char *engine;

#define IMPORTS "/api/v1/imports"

static json_t *post(World *world, const char *target, const char *kind, const char *csv,
                    const char *columns)
{
    json_auto_t *body = json_pack("{s:s, s:s}", "kind", kind, "csv", csv);
    if (columns != NULL)
        json_object_set_new(body, "columns", json_loads(columns, 0, NULL));
    g_autofree char *text = json_dumps(body, 0);
    return world_ok(world, "POST", target, text, 200);
}

/* "2:create 3:error" */
static char *results(json_t *answer)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(json_at(answer, "/items"), i, item) g_string_append_printf(
        text, "%s%d:%s", i > 0 ? " " : "", (int)int_at(item, "/line"), text_at(item, "/result"));
    return g_strdup(text->str);
}

/* The preview says so and leaves no trace, and then the import does so. */
static json_t *import_all(World *world, const char *kind, const char *csv, const char *columns,
                          const char *want)
{
    g_autofree char *before = world_rows(world);
    json_auto_t *preview = post(world, IMPORTS "/preview", kind, csv, columns);
    g_autofree char *said = results(preview);
    g_assert_cmpstr(said, ==, want);
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
    json_t *answer = post(world, IMPORTS, kind, csv, columns);
    g_autofree char *done = results(answer);
    g_assert_cmpstr(done, ==, want);
    return answer;
}

static const char accounts[] =
    "Name;E-Mail;domains;active;Notes\r\n"
    "Bluebird;office@bluebird.example;bluebird.example, dental.example;yes;\r\n"
    "\"Müller; Söhne\";info@mueller.example;;;x\r\n"
    ";nobody@x.example;;;\r\n"
    "Bad;not an address;;;\r\n"
    "Maybe;m@x.example;;perhaps;\r\n"
    "Bluebird;other@bluebird.example;;;\r\n";

static void test_accounts(void)
{
    g_autoptr(World) world = world_new(engine);
    world_sql(world, "UPDATE account SET name = 'Bluebird'");
    json_auto_t *answer =
        import_all(world, "accounts", accounts, "{\"E-Mail\":\"email\",\"Notes\":null}",
                   "2:update 3:create 4:error 5:error 6:error 7:error");
    g_assert_cmpint(int_at(answer, "/create"), ==, 1);
    g_assert_cmpint(int_at(answer, "/update"), ==, 1);
    g_assert_cmpint(int_at(answer, "/unchanged"), ==, 0);
    g_assert_cmpint(int_at(answer, "/error"), ==, 4);
    g_assert_cmpstr(text_at(answer, "/columns/E-Mail"), ==, "email");
    g_assert_true(json_is_null(json_at(answer, "/columns/Notes")));
    g_assert_cmpstr(text_at(answer, "/items/3/field"), ==, "/email");
    g_assert_nonnull(strstr(text_at(answer, "/items/5/message"), "line 2"));
    g_assert_cmpstr(text_at(answer, "/items/1/name"), ==, "Müller; Söhne");
    g_autofree char *made = target_new("/accounts/%d", (int)int_at(answer, "/items/1/id"));
    json_auto_t *account = world_ok(world, "GET", made, NULL, 200);
    g_assert_cmpstr(text_at(account, "/email"), ==, "info@mueller.example");
    g_assert_true(json_is_true(json_at(account, "/active")));
    json_auto_t *changed = world_ok(world, "GET", "/api/v1/accounts/1", NULL, 200);
    g_assert_cmpstr(text_at(changed, "/domains/1"), ==, "dental.example");
    json_decref(import_all(world, "accounts", accounts, "{\"E-Mail\":\"email\"}",
                           "2:unchanged 3:unchanged 4:error 5:error 6:error 7:error"));
    json_decref(
        import_all(world, "accounts", "number,name\n1,Renamed\n99,X\n", NULL, "2:update 3:error"));
}

static void test_contacts(void)
{
    static const char csv[] = "account,name,email,on_every_ticket\n"
                              "1,Anna B,anna@bluebird.example,\n"
                              "Renamed,Bob,bob@bluebird.example,yes\n"
                              "Nobody,Eve,eve@x.example,\n"
                              ",Eve,eve@x.example,\n"
                              "Renamed,,carl@bluebird.example,\n";
    g_autoptr(World) world = world_new(engine);
    world_sql(world, "UPDATE account SET name = 'Renamed'");
    json_auto_t *answer =
        import_all(world, "contacts", csv, NULL, "2:update 3:create 4:error 5:error 6:error");
    g_autofree char *made = target_new("/contacts/%d", (int)int_at(answer, "/items/1/id"));
    json_auto_t *contact = world_ok(world, "GET", made, NULL, 200);
    g_assert_cmpstr(text_at(contact, "/email"), ==, "bob@bluebird.example");
    g_assert_true(json_is_true(json_at(contact, "/on_every_ticket")));
    json_decref(world_ok(world, "POST", "/api/v1/accounts",
                         "{\"name\":\"Renamed\",\"email\":\"r@x.example\"}", 201));
    json_auto_t *unclear =
        import_all(world, "contacts", "account,email\nRenamed,b@c.example\n", NULL, "2:error");
    g_assert_nonnull(strstr(text_at(unclear, "/items/0/message"), "more than one"));
}

static void test_many(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autoptr(GString) csv = g_string_new("name,email\n");
    for (int i = 0; i < 250; i++)
        g_string_append_printf(csv, "Customer %d,c%d@x.example\n", i, i);
    json_auto_t *preview = post(world, IMPORTS "/preview", "accounts", csv->str, NULL);
    g_assert_cmpint(int_at(preview, "/create"), ==, 250);
    json_auto_t *answer = post(world, IMPORTS, "accounts", csv->str, NULL);
    g_assert_cmpint(int_at(answer, "/create"), ==, 250);
    json_auto_t *again = post(world, IMPORTS, "accounts", csv->str, NULL);
    g_assert_cmpint(int_at(again, "/unchanged"), ==, 250);
}

#define BODY(more) "{\"kind\":\"accounts\"," more "}"

static void test_refused(void)
{
    static const struct {
        const char *body;
        int status;
        const char *problem;
    } cases[] = {
        {"{\"csv\":\"a\\n\"}", 422, "missing-field"},
        {"{\"kind\":\"people\",\"csv\":\"a\\n\"}", 422, "invalid"},
        {BODY("\"csv\":\"a\\n\",\"values\":{\"title\":{\"a\":\"b\"}}"), 422, "unknown-column"},
        {BODY("\"csv\":\"a\\n\",\"values\":{\"name\":{\"a\":1}}"), 422, "unknown-column"},
        {BODY("\"csv\":\"a\\n\",\"line\":1"), 422, "out-of-range"},
        {BODY("\"csv\":\"a,a\\n\""), 400, "bad-csv"},
        {BODY("\"csv\":\"a\\n\",\"columns\":{\"b\":\"name\"}"), 422, "unknown-column"},
        {BODY("\"csv\":\"a\\n\",\"columns\":{\"a\":\"account\"}"), 422, "unknown-column"},
        {BODY("\"csv\":\"a,b\\n\",\"columns\":{\"a\":\"name\",\"b\":\"name\"}"), 422,
         "unknown-column"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_call(world, "POST", IMPORTS, cases[i].body);
        g_test_message("%s", cases[i].body);
        assert_problem(answer, cases[i].status, cases[i].problem);
    }
}

/* ---- tickets ---- */

#define COLUMNS                                                                                    \
    "{\"Id\":\"reference\",\"State\":\"status\",\"Created\":\"opened\",\"Solved\":\"closed\","     \
    "\"Owner\":\"manager\",\"cc\":\"recipients\"}"
#define HEAD "Id,account,contact,title,State,Created,Solved,Owner,cc\n"

static json_t *import_tickets(World *world, const char *target, const char *csv)
{
    json_auto_t *body = json_pack("{s:s, s:s, s:o, s:{s:{s:s}, s:{s:s}}}", "kind", "tickets", "csv",
                                  csv, "columns", json_loads(COLUMNS, 0, NULL), "values", "status",
                                  "Solved", "Completed", "manager", "Nobody", "");
    g_autofree char *text = json_dumps(body, 0);
    return world_ok(world, "POST", target, text, 200);
}

static void assert_results(json_t *answer, const char *want)
{
    g_autofree char *got = results(answer);
    g_assert_cmpstr(got, ==, want);
}

/* What the other desk had is there, and nobody is told of it, though alerts are on. */
static void test_tickets(void)
{
    static const char csv[] =
        HEAD "Z-1,1,anna@bluebird.example,Old,Solved,2024-03-01 10:00,2024-03-02T11:30:00+01:00,"
             "erika,boss@bluebird.example other@x.example\n"
             "Z-2,1,,Open one,Pending,2024-03-05,,Nobody,\n";
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    g_autofree char *before = world_rows(world);
    json_decref(import_tickets(world, IMPORTS "/preview", csv));
    g_autofree char *after = world_rows(world);
    g_assert_cmpstr(after, ==, before);
    json_auto_t *answer = import_tickets(world, IMPORTS, csv);
    assert_results(answer, "2:create 3:create");
    g_assert_cmpstr(text_at(answer, "/items/0/name"), ==, "Old");
    g_autofree char *target = target_new("/tickets/%d", (int)int_at(answer, "/items/0/id"));
    json_auto_t *ticket = world_ok(world, "GET", target, NULL, 200);
    g_assert_cmpstr(text_at(ticket, "/reference"), ==, "Z-1");
    g_assert_cmpstr(text_at(ticket, "/opened"), ==, "2024-03-01T10:00:00Z");
    g_assert_cmpstr(text_at(ticket, "/closed"), ==, "2024-03-02T10:30:00Z");
    g_assert_cmpint(int_at(ticket, "/status"), ==, 1000);
    g_assert_cmpint(int_at(ticket, "/manager"), ==, 1);
    g_assert_cmpstr(text_at(ticket, "/channel"), ==, "import");
    g_assert_true(json_is_false(json_at(ticket, "/customers_not_told")));
    g_autofree char *alerts = g_strconcat(target, "/alerts", NULL);
    json_auto_t *decisions = world_ok(world, "GET", alerts, NULL, 200);
    size_t i;
    json_t *decision;
    g_assert_cmpuint(json_array_size(json_at(decisions, "/items")), ==, 2 * 3);
    json_array_foreach(json_at(decisions, "/items"), i, decision)
        g_assert_cmpstr(text_at(decision, "/reason"), ==, "imported");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM outbox"), ==, 0);
}

/* What is there already stays, whatever people did with it since; and it is found again. */
static void test_tickets_again(void)
{
    static const char csv[] = HEAD "17,1,,Old,Solved,2024-03-01 10:00,,,\n";
    g_autoptr(World) world = world_new(engine);
    json_auto_t *answer = import_tickets(world, IMPORTS, csv);
    int number = (int)int_at(answer, "/items/0/id");
    g_autofree char *target = target_new("/tickets/%d", number);
    json_decref(world_ok(world, "PATCH", target, "{\"title\":\"Renamed\"}", 200));
    json_auto_t *again = import_tickets(world, IMPORTS, csv);
    assert_results(again, "2:unchanged");
    g_assert_cmpint(int_at(again, "/items/0/id"), ==, number);
    json_auto_t *ticket = world_ok(world, "GET", target, NULL, 200);
    g_assert_cmpstr(text_at(ticket, "/title"), ==, "Renamed");
    json_auto_t *other = import_tickets(world, IMPORTS, HEAD "17,1,,Other,New,2024-04-01,,,\n");
    assert_results(other, "2:error");
    g_assert_cmpstr(text_at(other, "/items/0/field"), ==, "/reference");
    static const char *const searches[] = {"?q=17", "?reference=17", "?q=17&fields=list"};
    for (size_t i = 0; i < G_N_ELEMENTS(searches); i++) {
        g_autofree char *search = g_strconcat("/api/v1/tickets", searches[i], NULL);
        json_auto_t *found = world_ok(world, "GET", search, NULL, 200);
        g_assert_cmpuint(json_array_size(json_at(found, "/items")), ==, 1);
        g_assert_cmpint(int_at(found, "/items/0/number"), ==, number);
    }
}

static void test_tickets_refused(void)
{
    static const struct {
        const char *row, *field;
    } cases[] = {
        {",1,,No reference,New,,,,", "/reference"},
        {"1,Nobody Ltd,,T,New,,,,", "/account"},
        {"1,,,T,New,,,,", "/account"},
        {"1,99,,T,New,,,,", "/account"},
        {"1,1,eve@x.example,T,New,,,,", "/contact"},
        {"1,1,eve,T,New,,,,", "/contact"},
        {"1,1,,,New,,,,", "/title"},
        {"1,1,,T,Weird,,,,", "/status"},
        {"1,1,,T,New,01.03.2024,,,", "/opened"},
        {"1,1,,T,New,2024-13-01,,,", "/opened"},
        {"1,1,,T,New,2999-01-01,,,", "/opened"},
        {"1,1,,T,Solved,2024-03-01,2024-02-01,,", "/closed"},
        {"1,1,,T,Solved,2024-03-01,2999-02-01,,", "/closed"},
        {"1,1,,T,New,,,ghost,", "/manager"},
        {"1,1,,T,New,,,,not-an-address", "/recipients/0/email"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *one = g_strconcat(HEAD, cases[i].row, "\n", NULL);
        json_auto_t *answer = import_tickets(world, IMPORTS, one);
        g_test_message("%s: %s", cases[i].row, text_at(answer, "/items/0/message"));
        assert_results(answer, "2:error");
        g_assert_cmpstr(text_at(answer, "/items/0/field"), ==, cases[i].field);
    }
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, 0);
}

/* A row that is refused when its ticket is written already leaves nothing, and the others come in:
 * with those that every ticket has there are more recipients than a ticket may have. */
static void test_half_written(void)
{
    g_autoptr(World) world = world_new(engine);
    json_decref(world_ok(world, "POST", "/api/v1/contacts",
                         "{\"account\":1,\"name\":\"Every\",\"email\":\"every@bluebird.example\","
                         "\"on_every_ticket\":true}",
                         201));
    g_autoptr(GString) csv = g_string_new(HEAD "1,1,,First,New,,,,\n2,1,,Full,New,,,,");
    for (int i = 0; i < LIMIT_RECIPIENTS_PER_TICKET - 1; i++)
        g_string_append_printf(csv, "%sr%d@x.example", i > 0 ? " " : "", i);
    g_string_append(csv, "\n3,1,,Third,New,,,,\n");
    json_auto_t *answer = import_tickets(world, IMPORTS, csv->str);
    assert_results(answer, "2:create 3:error 4:create");
    g_assert_cmpstr(text_at(answer, "/items/1/field"), ==, "/recipients");
    g_assert_cmpint(world_sql_int(world, "SELECT COUNT(*) FROM ticket"), ==, 2);
    g_assert_cmpint(
        world_sql_int(world, "SELECT COUNT(*) FROM recipient WHERE email LIKE 'r%@x.example'"), ==,
        0);
}

/* A part of a longer file has that file's lines. */
static void test_line(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *answer =
        world_ok(world, "POST", IMPORTS, BODY("\"csv\":\"name\\nX\\n\\nY\\n\",\"line\":1001"), 200);
    assert_results(answer, "1001:error 1003:error");
}

/* By what the other system calls them. */
static void test_references(void)
{
    static const char contacts[] = "account_reference,name,email\nC-7,Bea,bea@b.example\n"
                                   "C-9,Eve,eve@b.example\n";
    g_autoptr(World) world = world_new(engine);
    json_auto_t *made = post(
        world, IMPORTS, "accounts",
        "reference,name,email,manager\nC-7,Bakery,b@b.example,erika\nC-8,Bakery,c@b.example,\n",
        NULL);
    assert_results(made, "2:create 3:create");
    int number = (int)int_at(made, "/items/0/id");
    json_auto_t *again =
        post(world, IMPORTS, "accounts", "reference,name\nc-7,Bakery & Sons\n", NULL);
    assert_results(again, "2:update");
    g_assert_cmpint(int_at(again, "/items/0/id"), ==, number);
    json_auto_t *people = post(world, IMPORTS, "contacts", contacts, NULL);
    assert_results(people, "2:create 3:error");
    g_assert_cmpstr(text_at(people, "/items/1/field"), ==, "/account_reference");
    g_autofree char *target = target_new("/contacts/%d", (int)int_at(people, "/items/0/id"));
    json_auto_t *contact = world_ok(world, "GET", target, NULL, 200);
    g_assert_cmpint(int_at(contact, "/account"), ==, number);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/import/accounts", test_accounts);
    g_test_add_func("/api/import/contacts", test_contacts);
    g_test_add_func("/api/import/many", test_many);
    g_test_add_func("/api/import/refused", test_refused);
    g_test_add_func("/api/import/tickets", test_tickets);
    g_test_add_func("/api/import/tickets-again", test_tickets_again);
    g_test_add_func("/api/import/tickets-refused", test_tickets_refused);
    g_test_add_func("/api/import/half-written", test_half_written);
    g_test_add_func("/api/import/line", test_line);
    g_test_add_func("/api/import/references", test_references);
    return g_test_run();
}
