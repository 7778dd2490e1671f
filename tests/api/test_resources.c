/* SPDX-License-Identifier: Apache-2.0 */
/* Every resource as it is meant to be used. */
#include "api/world.h"

#include <string.h>

static const char *engine;

#define ID G_GINT64_FORMAT

static json_t *get(World *world, const char *target)
{
    return world_ok(world, "GET", target, NULL, 200);
}

static void test_ticket(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *body = g_strdup_printf(
        "{\"account\":%" ID ",\"contact\":%" ID ",\"title\":\"  Drucker \\u00fc \",\"priority\":"
        "\"high\",\"type\":\"Hardware\",\"due\":\"2026-12-01T12:00:00+01:00\",\"manager\":%" ID
        ",\"description\":\"a\\r\\nb\"}",
        world->account, world->contact, world->admin);
    json_auto_t *ticket = world_ok(world, "POST", "/api/v1/tickets", body, 201);
    g_assert_cmpint(json_object_size(ticket), ==, 21);
    g_assert_cmpint(int_at(ticket, "/number"), ==, 1);
    g_assert_cmpint(int_at(ticket, "/account"), ==, world->account);
    g_assert_cmpint(int_at(ticket, "/contact"), ==, world->contact);
    g_assert_cmpint(int_at(ticket, "/manager"), ==, world->admin);
    g_assert_cmpstr(text_at(ticket, "/title"), ==, "Drucker ü");
    g_assert_cmpstr(text_at(ticket, "/description"), ==, "a\nb");
    g_assert_cmpstr(text_at(ticket, "/priority"), ==, "high");
    g_assert_cmpstr(text_at(ticket, "/type"), ==, "Hardware");
    g_assert_cmpstr(text_at(ticket, "/due"), ==, "2026-12-01T11:00:00Z");
    g_assert_cmpint(int_at(ticket, "/status"), ==, 100);
    g_assert_cmpstr(text_at(ticket, "/status_label"), ==, "New");
    g_assert_cmpstr(text_at(ticket, "/opened_by/kind"), ==, "api");
    g_assert_cmpstr(text_at(ticket, "/opened_by/name"), ==, "first token");
    g_assert_cmpstr(text_at(ticket, "/channel"), ==, "api");
    g_assert_true(json_is_null(json_at(ticket, "/closed")));
    json_auto_t *again = get(world, "/api/v1/tickets/1");
    g_assert_true(json_equal(ticket, again));
}

static void test_ticket_change(void)
{
    g_autoptr(World) world = world_new(engine);
    world_open_ticket(world, "\"type\":\"Hardware\",\"due\":\"2026-12-01T12:00:00Z\"");
    json_decref(world_ok(world, "PUT", "/api/v1/options/tickets",
                         "{\"status_labels\":{\"1000\":\"Erledigt\"}}", 200));
    manual_clock_advance(&world->clock, US_PER_MINUTE);
    json_auto_t *closed =
        world_ok(world, "PATCH", "/api/v1/tickets/1",
                 "{\"status\":\"erledigt\",\"type\":null,\"resolution\":\"Toner\"}", 200);
    g_assert_cmpint(int_at(closed, "/status"), ==, 1000);
    g_assert_cmpstr(text_at(closed, "/status_label"), ==, "Erledigt");
    g_assert_cmpstr(text_at(closed, "/closed"), ==, text_at(closed, "/updated"));
    g_assert_true(json_is_null(json_at(closed, "/type")));
    g_assert_cmpstr(text_at(closed, "/due"), ==, "2026-12-01T12:00:00Z");
    g_assert_cmpstr(text_at(closed, "/resolution"), ==, "Toner");
    json_auto_t *open =
        world_ok(world, "PATCH", "/api/v1/tickets/1",
                 "{\"status\":\"Pending\",\"due\":null,\"contact\":null,\"manager\":null,"
                 "\"description\":null,\"notify\":false}",
                 200);
    g_assert_cmpint(int_at(open, "/status"), ==, 200);
    g_assert_true(json_is_null(json_at(open, "/closed")));
    g_assert_true(json_is_null(json_at(open, "/due")));
    json_auto_t *same = world_ok(world, "PATCH", "/api/v1/tickets/1", "{}", 200);
    g_assert_true(json_equal(open, same));
}

static void test_ticket_list(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int i = 0; i < 45; i++)
        world_open_ticket(world, i % 9 == 0 ? "\"status\":\"Hold\"" : "");
    /* Pages of 25 cross the chunk that the handler reads at a time. */
    json_auto_t *first = get(world, "/api/v1/tickets?limit=25");
    g_assert_cmpint(json_array_size(json_at(first, "/items")), ==, 25);
    g_assert_cmpint(int_at(first, "/items/0/number"), ==, 45);
    g_autofree char *next =
        target_new("/tickets?limit=25&cursor=%s", text_at(first, "/next_cursor"));
    json_auto_t *second = get(world, next);
    g_assert_cmpint(json_array_size(json_at(second, "/items")), ==, 20);
    g_assert_cmpint(int_at(second, "/items/0/number"), ==, 20);
    g_assert_true(json_is_null(json_at(second, "/next_cursor")));
    json_auto_t *exact = get(world, "/api/v1/tickets?limit=45");
    g_assert_true(json_is_null(json_at(exact, "/next_cursor")));
    json_auto_t *hold = get(world, "/api/v1/tickets?status=hold&limit=3");
    g_assert_cmpint(json_array_size(json_at(hold, "/items")), ==, 3);
    g_assert_true(json_is_string(json_at(hold, "/next_cursor")));
    json_auto_t *none = get(world, "/api/v1/tickets?q=50%25");
    g_assert_cmpint(json_array_size(json_at(none, "/items")), ==, 0);
    json_auto_t *found = get(world, "/api/v1/tickets?q=PRINTER&account=1&status=100");
    g_assert_cmpint(json_array_size(json_at(found, "/items")), ==, 40);
}

/* Long texts end a page early, and none is lost between pages. */
static void test_ticket_list_long(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *text = g_strnfill(1024 * 1024, 'x');
    g_autofree char *more = g_strdup_printf("\"description\":\"%s\"", text);
    for (int i = 0; i < 7; i++)
        world_open_ticket(world, more);
    int seen = 0;
    g_autofree char *target = g_strdup("/api/v1/tickets");
    while (target != NULL) {
        json_auto_t *page = get(world, target);
        size_t items = json_array_size(json_at(page, "/items"));
        g_assert_cmpuint(items, <=, 5);
        seen += (int)items;
        const char *cursor = json_string_value(json_at(page, "/next_cursor"));
        g_free(target);
        target = cursor != NULL ? target_new("/tickets?cursor=%s", cursor) : NULL;
    }
    g_assert_cmpint(seen, ==, 7);
}

static void test_recipients(void)
{
    g_autoptr(World) world = world_new(engine);
    int64_t number = world_open_ticket(
        world, "\"recipients\":[{\"email\":\"Bob@B\\u00fccher.example\",\"name\":\"Bob\"},"
               "{\"email\":\" bob@xn--bcher-kva.EXAMPLE \"}]");
    g_autofree char *list = target_new("/tickets/%" ID "/recipients", number);
    json_auto_t *present = get(world, list);
    g_assert_cmpint(json_array_size(json_at(present, "/items")), ==, 2);
    g_assert_cmpstr(text_at(present, "/items/0/email"), ==, "Bob@xn--bcher-kva.example");
    g_assert_cmpstr(text_at(present, "/items/0/name"), ==, "Bob");
    g_assert_cmpstr(text_at(present, "/items/1/email"), ==, "office@bluebird.example");
    g_assert_true(json_is_null(json_at(present, "/next_cursor")));
    int64_t bob = int_at(present, "/items/0/id");

    json_auto_t *anna = world_ok(world, "POST", list, "{\"email\":\"anna@bluebird.example\"}", 201);
    g_assert_cmpint(int_at(anna, "/contact"), ==, world->contact);
    g_assert_false(json_is_true(json_at(anna, "/muted")));
    g_autoptr(Answer) twice =
        world_call(world, "POST", list, "{\"email\":\"ANNA@bluebird.example\"}");
    assert_problem(twice, 409, "recipient-exists");

    g_autofree char *one = target_new("/tickets/%" ID "/recipients/%" ID, number, bob);
    json_auto_t *muted = world_ok(world, "PATCH", one, "{\"muted\":true,\"name\":\"Robert\"}", 200);
    g_assert_true(json_is_true(json_at(muted, "/muted")));
    g_assert_cmpstr(text_at(muted, "/name"), ==, "Robert");

    /* Who stays keeps id and mute; both forms of a body do the same. */
    json_auto_t *replaced = world_ok(world, "PUT", list,
                                     "[{\"email\":\"BOB@b\\u00fccher.example\",\"name\":\"Bob\"},"
                                     "{\"email\":\"new@bluebird.example\"}]",
                                     200);
    g_assert_cmpint(json_array_size(json_at(replaced, "/items")), ==, 2);
    g_assert_cmpint(int_at(replaced, "/items/0/id"), ==, bob);
    g_assert_true(json_is_true(json_at(replaced, "/items/0/muted")));
    json_auto_t *other =
        world_ok(world, "PUT", list, "{\"items\":[{\"email\":\"new@bluebird.example\"}]}", 200);
    g_assert_cmpint(json_array_size(json_at(other, "/items")), ==, 1);
    json_decref(world_ok(world, "PUT", list, "{\"recipients\":[]}", 200));

    json_auto_t *last = world_ok(world, "POST", list, "{\"email\":\"x@y.example\"}", 201);
    g_autofree char *last_one =
        target_new("/tickets/%" ID "/recipients/%" ID, number, int_at(last, "/id"));
    g_assert_null(world_ok(world, "DELETE", last_one, NULL, 204));
    json_auto_t *empty = get(world, list);
    g_assert_cmpint(json_array_size(json_at(empty, "/items")), ==, 0);
}

static void test_employee_recipients(void)
{
    g_autoptr(World) world = world_new(engine);
    int64_t number = world_open_ticket(world, "\"manager\":1");
    g_autofree char *target = target_new("/tickets/%" ID "/employee-recipients", number);
    json_auto_t *present = get(world, target);
    g_assert_cmpint(int_at(present, "/items/0/employee"), ==, world->admin);
    json_auto_t *replaced = world_ok(
        world, "PUT", target, "[{\"email\":\"duty@harbour-it.example\"},{\"employee\":1}]", 200);
    g_assert_cmpstr(text_at(replaced, "/items/0/email"), ==, "duty@harbour-it.example");
    g_assert_cmpint(int_at(replaced, "/items/1/employee"), ==, 1);
    g_autoptr(Answer) both =
        world_call(world, "PUT", target, "[{\"email\":\"a@b.example\",\"employee\":1}]");
    assert_problem(both, 422, "invalid");
    g_autoptr(Answer) unknown = world_call(world, "PUT", target, "[{\"employee\":77}]");
    assert_problem(unknown, 422, "unknown-employee");
}

static void test_story(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    int64_t number = world_open_ticket(world, "");
    g_autofree char *ticket = target_new("/tickets/%" ID, number);
    json_decref(world_ok(world, "PATCH", ticket, "{\"priority\":\"urgent\"}", 200));
    json_decref(world_ok(world, "PATCH", ticket, "{\"status\":\"Completed\"}", 200));
    g_autofree char *target = target_new("/tickets/%" ID "/events?limit=2", number);
    json_auto_t *events = get(world, target);
    g_assert_cmpint(json_array_size(json_at(events, "/items")), ==, 2);
    g_assert_cmpstr(text_at(events, "/items/0/kind"), ==, "opened");
    g_assert_cmpstr(text_at(events, "/items/0/facts/ticket/title"), ==, "Printer offline");
    g_assert_true(json_is_null(json_at(events, "/items/0/changes")));
    g_assert_cmpstr(text_at(events, "/items/1/kind"), ==, "changed");
    g_assert_cmpstr(text_at(events, "/items/1/changes/priority/before"), ==, "normal");
    g_assert_cmpstr(text_at(events, "/items/1/changes/priority/after"), ==, "urgent");
    g_assert_true(json_is_null(json_at(events, "/items/1/facts")));
    g_autofree char *more =
        target_new("/tickets/%" ID "/events?cursor=%s", number, text_at(events, "/next_cursor"));
    json_auto_t *rest = get(world, more);
    g_assert_cmpint(json_array_size(json_at(rest, "/items")), ==, 1);
    g_assert_cmpstr(text_at(rest, "/items/0/kind"), ==, "closed");
    g_assert_cmpint(int_at(rest, "/items/0/changes/status/after"), ==, 1000);
    g_assert_null(json_at(rest, "/items/0/facts/changes"));

    g_autofree char *exact = target_new("/tickets/%" ID "/events?limit=3", number);
    json_auto_t *all = get(world, exact);
    g_assert_cmpint(json_array_size(json_at(all, "/items")), ==, 3);
    g_assert_true(json_is_null(json_at(all, "/next_cursor")));

    g_autofree char *alerts_target = target_new("/tickets/%" ID "/alerts", number);
    json_auto_t *alerts = get(world, alerts_target);
    g_assert_cmpint(json_array_size(json_at(alerts, "/items")), ==, 2);
    g_assert_cmpstr(text_at(alerts, "/items/0/kind"), ==, "new_ticket");
    g_assert_cmpstr(text_at(alerts, "/items/1/kind"), ==, "ticket_closed");
    g_autofree char *explain_target = target_new("/tickets/%" ID "/explain", number);
    json_auto_t *story = get(world, explain_target);
    g_assert_cmpint(int_at(story, "/ticket"), ==, number);
    g_assert_nonnull(
        strstr(text_at(story, "/text"), "was closed by a program (token \"first token\")"));
    g_assert_nonnull(strstr(text_at(story, "/text"), "office@bluebird.example"));
}

/* Every list in pages of one has the same items, in the same order, as in one page. */
static void check_pages(World *world, const char *list, int items)
{
    g_test_message("%s", list);
    json_auto_t *whole = get(world, list);
    g_assert_cmpint(json_array_size(json_at(whole, "/items")), ==, items);
    g_assert_true(json_is_null(json_at(whole, "/next_cursor")));
    g_autofree char *target = g_strconcat(list, "?limit=1", NULL);
    for (int i = 0; i < items; i++) {
        json_auto_t *page = get(world, target);
        g_assert_cmpint(json_array_size(json_at(page, "/items")), ==, 1);
        g_assert_true(json_equal(json_array_get(json_at(page, "/items"), 0),
                                 json_array_get(json_at(whole, "/items"), (size_t)i)));
        g_assert_true(json_is_string(json_at(page, "/next_cursor")) == (i + 1 < items));
        g_free(target);
        target = g_strdup_printf("%s?limit=1&cursor=%s", list, text_at(page, "/next_cursor"));
    }
}

static void test_pages(void)
{
    g_autoptr(World) world = world_new(engine);
    for (int i = 0; i < 2; i++) {
        g_autofree char *employee =
            g_strdup_printf("{\"name\":\"E\",\"login\":\"e%d\",\"email\":\"e@e.example\"}", i);
        json_decref(world_ok(world, "POST", "/api/v1/employees", employee, 201));
        json_decref(world_ok(world, "POST", "/api/v1/accounts",
                             "{\"name\":\"A\",\"email\":\"a@a.example\"}", 201));
        json_decref(world_ok(world, "POST", "/api/v1/contacts",
                             "{\"account\":1,\"name\":\"C\",\"email\":\"c@a.example\"}", 201));
        json_decref(world_ok(world, "POST", "/api/v1/tokens",
                             "{\"name\":\"T\",\"scopes\":[\"alerts\"]}", 201));
        world_open_ticket(world, "");
        g_autofree char *phone = g_strdup_printf("{\"phone\":\"%d\"}", i);
        json_decref(world_ok(world, "PUT", "/api/v1/options/desk", phone, 200));
    }
    check_pages(world, "/api/v1/employees", 3);
    check_pages(world, "/api/v1/accounts", 3);
    check_pages(world, "/api/v1/contacts", 3);
    check_pages(world, "/api/v1/tokens", 3);
    check_pages(world, "/api/v1/tickets", 2);
    check_pages(world, "/api/v1/alerts", 2);
    check_pages(world, "/api/v1/templates", 7);
    check_pages(world, "/api/v1/options/desk/changes", 2);
}

static void test_people(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *account = world_ok(
        world, "POST", "/api/v1/accounts",
        "{\"name\":\"M\\u00fcller\",\"email\":\"info@mueller.example\",\"email2\":\"b@c.example\","
        "\"domains\":[\"B\\u00dcCHER.example\"],\"language\":\"de\",\"time_zone\":\"Europe/"
        "Berlin\","
        "\"manager\":1}",
        201);
    g_assert_cmpstr(text_at(account, "/domains/0"), ==, "xn--bcher-kva.example");
    g_assert_true(json_is_true(json_at(account, "/active")));
    g_autofree char *target = target_new("/accounts/%" ID, int_at(account, "/number"));
    json_auto_t *changed = world_ok(world, "PATCH", target,
                                    "{\"active\":false,\"email2\":null,\"manager\":null,"
                                    "\"language\":null,\"domains\":[]}",
                                    200);
    g_assert_false(json_is_true(json_at(changed, "/active")));
    g_assert_true(json_is_null(json_at(changed, "/email2")));
    g_assert_true(json_is_null(json_at(changed, "/language")));
    g_assert_cmpstr(text_at(changed, "/name"), ==, "Müller");
    g_assert_cmpstr(text_at(changed, "/time_zone"), ==, "Europe/Berlin");
    json_auto_t *same = get(world, target);
    g_assert_true(json_equal(changed, same));
    json_auto_t *found = get(world, "/api/v1/accounts?q=blue&limit=1");
    g_assert_cmpstr(text_at(found, "/items/0/name"), ==, "Bluebird");
    g_assert_true(json_is_null(json_at(found, "/next_cursor")));

    json_auto_t *contact =
        world_ok(world, "PATCH", "/api/v1/contacts/1",
                 "{\"on_every_ticket\":true,\"emails\":[\"a.field@bluebird.example\"]}", 200);
    g_assert_true(json_is_true(json_at(contact, "/on_every_ticket")));
    g_assert_cmpstr(text_at(contact, "/emails/0"), ==, "a.field@bluebird.example");
    json_auto_t *contacts = get(world, "/api/v1/contacts?account=1");
    g_assert_cmpint(json_array_size(json_at(contacts, "/items")), ==, 1);
    json_auto_t *nobody = get(world, "/api/v1/contacts?account=2");
    g_assert_cmpint(json_array_size(json_at(nobody, "/items")), ==, 0);
    json_auto_t *one = get(world, "/api/v1/contacts/1");
    g_assert_true(json_equal(one, contact));
}

/* What other systems call an account: no two the same. */
static void test_references(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *first =
        world_ok(world, "PATCH", "/api/v1/accounts/1", "{\"reference\":\" AC-\u00dc1 \"}", 200);
    g_assert_cmpstr(text_at(first, "/reference"), ==,
                    "AC-\xc3\x9c"
                    "1");
    json_decref(
        world_ok(world, "PATCH", "/api/v1/accounts/1", "{\"reference\":\"AC-\u00dc1\"}", 200));
    g_autoptr(Answer) taken =
        world_call(world, "POST", "/api/v1/accounts",
                   "{\"name\":\"B\",\"email\":\"b@b.example\",\"reference\":\"ac-\u00fc1\"}");
    assert_problem(taken, 409, "reference-taken");
    g_assert_cmpstr(text_at(taken->json, "/field"), ==, "/reference");
    json_auto_t *second =
        world_ok(world, "POST", "/api/v1/accounts",
                 "{\"name\":\"B\",\"email\":\"b@b.example\",\"reference\":\"B 2\"}", 201);
    g_assert_cmpstr(text_at(second, "/reference"), ==, "B 2");
    g_autoptr(Answer) changed =
        world_call(world, "PATCH", "/api/v1/accounts/2", "{\"reference\":\"AC-\u00dc1\"}");
    assert_problem(changed, 409, "reference-taken");
    /* Given up, it is free; any number of accounts have none. */
    json_decref(world_ok(world, "PATCH", "/api/v1/accounts/1", "{\"reference\":null}", 200));
    json_decref(world_ok(world, "PATCH", "/api/v1/accounts/2", "{\"reference\":\"\"}", 200));
    json_auto_t *freed =
        world_ok(world, "PATCH", "/api/v1/accounts/2", "{\"reference\":\"AC-\u00dc1\"}", 200);
    g_assert_cmpstr(text_at(freed, "/reference"), ==,
                    "AC-\xc3\x9c"
                    "1");
    g_autofree char *many = g_strnfill(101, 'x');
    g_autofree char *body = g_strdup_printf("{\"reference\":\"%s\"}", many);
    g_autoptr(Answer) length = world_call(world, "PATCH", "/api/v1/accounts/1", body);
    assert_problem(length, 422, "too-long");
}

/* ---- changes at once ---- */

typedef struct {
    World *world;
    const char *target;
    const char *field;
    int status; /* of the last change */
} Changer;

static void *change_often(void *data)
{
    Changer *changer = data;
    for (int i = 1; i <= 25; i++) {
        g_autofree char *body = g_strdup_printf("{\"%s\":\"r%d@b.example\"}", changer->field, i);
        g_autoptr(Answer) answer = world_call(changer->world, "PATCH", changer->target, body);
        changer->status = answer->status;
        /* Nobody else writes this field, so nobody may have put the former value back. */
        g_autofree char *sent = g_strdup_printf("r%d@b.example", i);
        g_autofree char *pointer = g_strconcat("/", changer->field, NULL);
        json_auto_t *now = world_ok(changer->world, "GET", changer->target, NULL, 200);
        g_assert_cmpstr(text_at(now, pointer), ==, sent);
    }
    return NULL;
}

static void test_changes_at_once(void)
{
    g_autoptr(World) world = world_new(engine);
    Changer changers[] = {
        {world, "/api/v1/accounts/1", "email", 0},
        {world, "/api/v1/accounts/1", "email2", 0},
        {world, "/api/v1/employees/1", "email", 0},
        {world, "/api/v1/employees/1", "email2", 0},
    };
    GThread *threads[G_N_ELEMENTS(changers)];
    for (size_t i = 0; i < G_N_ELEMENTS(changers); i++)
        threads[i] = g_thread_new("changer", change_often, &changers[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(changers); i++) {
        g_thread_join(threads[i]);
        g_assert_cmpint(changers[i].status, ==, 200);
    }
}

static void test_employees(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *made = world_ok(world, "POST", "/api/v1/employees",
                                 "{\"name\":\"Tom\",\"login\":\"TOM\",\"email\":"
                                 "\"tom@harbour-it.example\",\"password\":\"correct horse\"}",
                                 201);
    g_assert_cmpstr(text_at(made, "/login"), ==, "tom");
    g_assert_cmpstr(text_at(made, "/role"), ==, "technician");
    g_assert_true(json_is_true(json_at(made, "/has_password")));
    g_assert_null(json_at(made, "/password"));
    g_assert_null(json_at(made, "/password_hash"));
    json_auto_t *changed = world_ok(world, "PATCH", "/api/v1/employees/2",
                                    "{\"role\":\"admin\",\"password\":null}", 200);
    g_assert_false(json_is_true(json_at(changed, "/has_password")));
    g_autoptr(Answer) taken =
        world_call(world, "POST", "/api/v1/employees",
                   "{\"name\":\"Tim\",\"login\":\"tom\",\"email\":\"tim@harbour-it.example\"}");
    assert_problem(taken, 409, "login-taken");
    json_decref(world_ok(world, "PATCH", "/api/v1/employees/1", "{\"active\":false}", 200));
    g_autoptr(Answer) last =
        world_call(world, "PATCH", "/api/v1/employees/2", "{\"role\":\"technician\"}");
    assert_problem(last, 409, "last-admin");
    json_auto_t *list = get(world, "/api/v1/employees?limit=1");
    g_assert_cmpstr(text_at(list, "/items/0/login"), ==, "erika");
    g_assert_cmpstr(text_at(list, "/next_cursor"), ==, "1");
    json_auto_t *one = get(world, "/api/v1/employees/2");
    g_assert_cmpstr(text_at(one, "/role"), ==, "admin");
}

static void test_tokens(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *made = world_ok(world, "POST", "/api/v1/tokens",
                                 "{\"name\":\"monitoring\",\"scopes\":[\"tickets:write\","
                                 "\"tickets:read\",\"tickets:write\"]}",
                                 201);
    g_assert_true(g_str_has_prefix(text_at(made, "/token"), "td_"));
    g_assert_cmpint(json_array_size(json_at(made, "/scopes")), ==, 2);
    CallOptions as = {.token = text_at(made, "/token")};
    g_autoptr(Answer) works = world_call_with(world, "GET", "/api/v1/tickets", NULL, &as);
    g_assert_cmpint(works->status, ==, 200);
    json_auto_t *list = get(world, "/api/v1/tokens");
    g_assert_cmpint(json_array_size(json_at(list, "/items")), ==, 2);
    g_assert_null(json_at(list, "/items/1/token"));
    g_assert_null(json_at(list, "/items/1/hash"));
    g_assert_null(world_ok(world, "DELETE", "/api/v1/tokens/2", NULL, 204));
    g_autoptr(Answer) revoked = world_call_with(world, "GET", "/api/v1/tickets", NULL, &as);
    assert_problem(revoked, 401, "unauthenticated");
    g_autoptr(Answer) gone = world_call(world, "DELETE", "/api/v1/tokens/2", NULL);
    assert_problem(gone, 404, "unknown-token");
}

static json_t *fake_test_send(const char *to, int relay, void *data, GError **error)
{
    int *calls = data;
    ++*calls;
    return json_pack("{s:b,s:[{s:s,s:s,s:s}]}", "ok", 1, "steps", "step", "rcpt", "sent", to,
                     "reply", "250 Ok");
}

static void test_options(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *desk =
        world_ok(world, "PUT", "/api/v1/options/desk", "{\"name\":\"Harbour IT\"}", 200);
    g_assert_cmpstr(text_at(desk, "/name"), ==, "Harbour IT");
    g_assert_cmpstr(text_at(desk, "/time_zone"), ==, "UTC");
    json_decref(world_ok(world, "PUT", "/api/v1/options/desk", "{\"phone\":\"123\"}", 200));
    json_auto_t *shown = get(world, "/api/v1/options/desk");
    g_assert_cmpstr(text_at(shown, "/name"), ==, "Harbour IT");
    json_auto_t *changes = get(world, "/api/v1/options/desk/changes?limit=1");
    g_assert_cmpstr(text_at(changes, "/items/0/after/phone"), ==, "123");
    g_assert_cmpstr(text_at(changes, "/items/0/before/name"), ==, "Harbour IT");
    g_assert_cmpstr(text_at(changes, "/items/0/actor/kind"), ==, "api");
    g_assert_true(json_is_string(json_at(changes, "/next_cursor")));
    g_autoptr(Answer) nowhere = world_call(world, "GET", "/api/v1/options/nothing/changes", NULL);
    assert_problem(nowhere, 404, "unknown-options");

    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-server",
                         "{\"password\":\"hunter22\"}", 200));
    json_auto_t *server = get(world, "/api/v1/options/alerts-server");
    g_assert_null(json_at(server, "/password"));
    json_auto_t *history = get(world, "/api/v1/options/alerts-server/changes");
    g_autofree char *text = json_dumps(history, 0);
    g_assert_null(strstr(text, "hunter22"));
    g_autoptr(Answer) early = world_call(world, "PUT", "/api/v1/options/alerts-to-customers",
                                         "{\"new_ticket\":{\"enabled\":true}}");
    assert_problem(early, 409, "alerts-server-inactive");
    json_auto_t *customers = get(world, "/api/v1/options/alerts-to-customers");
    g_assert_false(json_is_true(json_at(customers, "/new_ticket/enabled")));
}

static void test_test_send(void)
{
    g_autoptr(World) world = world_new(engine);
    static const char target[] = "/api/v1/options/alerts-server/test";
    static const char body[] = "{\"to\":\"erika@harbour-it.example\"}";
    g_autoptr(Answer) nobody = world_call(world, "POST", target, body);
    assert_problem(nobody, 503, "unavailable");
    int calls = 0;
    api_set_test_send(world->api, fake_test_send, &calls);
    CallOptions keyed = {.key = "once"};
    g_autoptr(Answer) first = world_call_with(world, "POST", target, body, &keyed);
    g_assert_cmpint(first->status, ==, 200);
    g_assert_cmpstr(text_at(first->json, "/steps/0/sent"), ==, "erika@harbour-it.example");
    g_autoptr(Answer) again = world_call_with(world, "POST", target, body, &keyed);
    g_assert_true(json_equal(first->json, again->json));
    g_assert_cmpstr(http_response_header(again->response, "Idempotency-Replayed"), ==, "true");
    g_assert_cmpint(calls, ==, 1);
}

static json_t *scripted_test(const char *to, int relay, void *data, GError **error)
{
    return json_loads(data, 0, NULL);
}

#define REFUSED                                                                                    \
    "{\"ok\":false,\"steps\":[{\"step\":\"connect\",\"sent\":\"mx, port 25\","                     \
    "\"reply\":\"connected\"},{\"step\":\"mail\",\"sent\":\"MAIL FROM:<a@b.example>\",\"reply\":"  \
    "\"553 Not you\"},{\"step\":\"outcome\",\"sent\":\"\",\"reply\":\"553 Not you\"}]}"
#define ACCEPTED "{\"ok\":true,\"steps\":[{\"step\":\"dot\",\"sent\":\"\",\"reply\":\"250 Ok\"}]}"

/* The Alerts Server comes on only with settings that were tested; the test says in words what
 * happened. */
static void test_activation(void)
{
    g_autoptr(World) world = world_new(engine);
    static const char server[] = "/api/v1/options/alerts-server";
    static const char test[] = "/api/v1/options/alerts-server/test";
    static const char to[] = "{\"to\":\"erika@harbour-it.example\"}";
    json_decref(world_ok(world, "PUT", server, "{\"from_address\":\"a@b.example\"}", 200));
    json_auto_t *never = get(world, test);
    g_assert_true(json_is_false(json_at(never, "/tested")));
    g_assert_true(json_is_null(json_at(never, "/at")));
    g_autoptr(Answer) early = world_call(world, "PUT", server, "{\"active\":true}");
    assert_problem(early, 409, "not-tested");

    api_set_test_send(world->api, scripted_test, (void *)REFUSED);
    json_auto_t *refused = world_ok(world, "POST", test, to, 200);
    g_assert_true(json_is_false(json_at(refused, "/tested")));
    g_assert_nonnull(strstr(text_at(refused, "/steps/0/words"), "can be reached"));
    g_assert_nonnull(strstr(text_at(refused, "/steps/1/words"), "refuses the sender"));
    g_autoptr(Answer) still = world_call(world, "PUT", server, "{\"active\":true}");
    assert_problem(still, 409, "not-tested");

    api_set_test_send(world->api, scripted_test, (void *)ACCEPTED);
    json_auto_t *second =
        world_ok(world, "POST", test, "{\"to\":\"erika@harbour-it.example\",\"relay\":2}", 200);
    g_assert_true(json_is_false(json_at(second, "/tested")));
    json_auto_t *accepted = world_ok(world, "POST", test, to, 200);
    g_assert_true(json_is_true(json_at(accepted, "/tested")));
    json_auto_t *shown = get(world, test);
    g_assert_true(json_is_true(json_at(shown, "/tested")));
    g_assert_cmpstr(text_at(shown, "/to"), ==, "erika@harbour-it.example");
    g_autoptr(Answer) other =
        world_call(world, "PUT", server, "{\"active\":true,\"from_address\":\"c@b.example\"}");
    assert_problem(other, 409, "not-tested");
    json_decref(world_ok(world, "PUT", server, "{\"active\":true}", 200));
    g_autoptr(Answer) hidden = world_call(world, "GET", "/api/v1/options/alerts-server-test", NULL);
    g_assert_cmpint(hidden->status, ==, 404);
}

static void test_templates(void)
{
    g_autoptr(World) world = world_new(engine);
    json_auto_t *list = get(world, "/api/v1/templates");
    g_assert_cmpint(json_array_size(json_at(list, "/items")), ==, 7);
    json_auto_t *one = get(world, "/api/v1/templates/1");
    g_assert_cmpstr(text_at(one, "/builtin"), ==, "new_ticket");
    g_assert_cmpstr(text_at(one, "/kind"), ==, "ticket");
    g_assert_cmpint(int_at(one, "/version"), ==, 1);
    g_autoptr(Answer) none = world_call(world, "GET", "/api/v1/templates/9", NULL);
    assert_problem(none, 404, "unknown-template");
}

static json_t *relay_down(int64_t timeout_ms, void *data, GError **error)
{
    return json_pack("{s:b, s:s, s:{s:s, s:s, s:s, s:n, s:n}, s:[{s:s, s:s, s:s, s:n, s:n}]}",
                     "active", 1, "transport", "smtp", "relay", "name", "mail.example:25", "state",
                     "down", "reason", "Connection refused", "since", "retry_at", "relays", "name",
                     "mail.example:25", "state", "down", "reason", "Connection refused", "since",
                     "retry_at");
}

static void test_health(void)
{
    g_autoptr(World) world = world_new(engine);
    world_set_alerts(world, true, true, true);
    world_open_ticket(world, "");
    CallOptions nobody = {.token = ""};
    g_autoptr(Answer) alive = world_call_with(world, "GET", "/healthz", NULL, &nobody);
    g_assert_cmpint(alive->status, ==, 200);
    g_autoptr(Answer) ready = world_call_with(world, "GET", "/readyz", NULL, &nobody);
    g_assert_cmpstr(text_at(ready->json, "/status"), ==, "ready");
    g_autoptr(Answer) refused = world_call_with(world, "GET", "/metrics", NULL, &nobody);
    assert_problem(refused, 401, "unauthenticated");
    api_set_alerts_server(world->api, relay_down, NULL);
    CallOptions local = {.local = true};
    g_autoptr(Answer) metrics = world_call_with(world, "GET", "/metrics", NULL, &local);
    g_assert_cmpint(metrics->status, ==, 200);
    const char *text = http_response_body(metrics->response, NULL);
    g_assert_nonnull(strstr(text, "tidings_outbox_messages{state=\"queued\"} 1\n"));
    g_assert_nonnull(strstr(text, "tidings_build_info{version=\"" TIDINGS_VERSION "\"} 1\n"));
    g_assert_nonnull(strstr(text, "\ntidings_alerts_server_active 1\n"));
    g_assert_nonnull(strstr(text, "\ntidings_relay_up{relay=\"mail.example:25\"} 0\n"));
    g_assert_nonnull(strstr(text, "\ntidings_held_oldest_seconds 0\n"));
    g_autoptr(Answer) server = world_call_with(world, "GET", "/api/v1/alerts-server", NULL, &local);
    g_assert_cmpstr(text_at(server->json, "/relay/reason"), ==, "Connection refused");
    g_assert_cmpint(int_at(server->json, "/messages/queued"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/ticket", test_ticket);
    g_test_add_func("/api/ticket/change", test_ticket_change);
    g_test_add_func("/api/ticket/list", test_ticket_list);
    g_test_add_func("/api/ticket/list long", test_ticket_list_long);
    g_test_add_func("/api/recipients", test_recipients);
    g_test_add_func("/api/employee recipients", test_employee_recipients);
    g_test_add_func("/api/story", test_story);
    g_test_add_func("/api/pages", test_pages);
    g_test_add_func("/api/people", test_people);
    g_test_add_func("/api/references", test_references);
    g_test_add_func("/api/people/changes at once", test_changes_at_once);
    g_test_add_func("/api/employees", test_employees);
    g_test_add_func("/api/tokens", test_tokens);
    g_test_add_func("/api/options", test_options);
    g_test_add_func("/api/options/test", test_test_send);
    g_test_add_func("/api/options/activation", test_activation);
    g_test_add_func("/api/templates", test_templates);
    g_test_add_func("/api/health", test_health);
    return g_test_run();
}
