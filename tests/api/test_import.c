/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and contacts from CSV: what the preview says is what the import does, row by row. */
#include "api/world.h"

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
        {"{\"kind\":\"tickets\",\"csv\":\"a\\n\"}", 422, "invalid"},
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/import/accounts", test_accounts);
    g_test_add_func("/api/import/contacts", test_contacts);
    g_test_add_func("/api/import/many", test_many);
    g_test_add_func("/api/import/refused", test_refused);
    return g_test_run();
}
