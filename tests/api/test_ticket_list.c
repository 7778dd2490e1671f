/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: filters, rows instead of whole tickets, pages both ways, search, counts. */
#include "api/world.h"

#include "base/limits.h"

#include <string.h>

static const char *engine;

/* "5 4 3" */
static char *numbers(json_t *page)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(json_at(page, "/items"), i, item) g_string_append_printf(
        text, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", int_at(item, "/number"));
    return g_strdup(text->str);
}

static void assert_list(World *world, const char *query, const char *want)
{
    static const char *const forms[] = {"", "&fields=list"};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *target = target_new("/tickets?%s%s", query, forms[i]);
        json_auto_t *page = world_ok(world, "GET", target, NULL, 200);
        g_autofree char *text = numbers(page);
        g_test_message("%s", target);
        g_assert_cmpstr(text, ==, want);
    }
}

/* 1 New, 2 Hold, 3 Completed, 4 Canceled, 5 New; 2 and 3 are the admin's. */
static World *five_tickets(void)
{
    World *world = world_new(engine);
    g_autofree char *mine = g_strdup_printf("\"manager\":%" G_GINT64_FORMAT, world->admin);
    g_autofree char *hold = g_strdup_printf("%s,\"status\":\"Hold\"", mine);
    world_open_ticket(world, "");
    world_open_ticket(world, hold);
    world_open_ticket(world, mine);
    world_open_ticket(world, "\"status\":900");
    world_open_ticket(world, "");
    json_decref(world_ok(world, "PATCH", "/api/v1/tickets/3", "{\"status\":1000}", 200));
    return world;
}

static void test_filters(void)
{
    static const struct {
        const char *query, *want;
    } cases[] = {
        {"", "5 4 3 2 1"},
        {"state=open", "5 2 1"},
        {"state=closed", "4 3"},
        {"state=", "5 4 3 2 1"},
        {"manager=1", "3 2"},
        {"manager=1&state=open", "2"},
        {"manager=9", ""},
        {"status=new&state=open", "5 1"},
        {"status=new&state=closed", ""},
        {"account=1&state=open&limit=2", "5 2"},
        {"account=1&state=open&cursor=5", "2 1"},
        {"customers_not_told=true", ""},
        {"q=PRINT", "5 4 3 2 1"},
        {"q=print&state=closed", "4 3"},
        {"q=4", "4"},
        {"q=%234", "4"},
        {"q=4&state=open", ""},
        {"q=99", ""},
        {"q=%25", ""},
    };
    g_autoptr(World) world = five_tickets();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_list(world, cases[i].query, cases[i].want);
    world_sql(world, "UPDATE ticket SET title = 'Office 365' WHERE number = 2");
    assert_list(world, "q=365", "2");
    assert_list(world, "q=%23365", "");
}

static void test_row(void)
{
    g_autoptr(World) world = world_new(engine);
    g_autofree char *more =
        g_strdup_printf("\"manager\":%" G_GINT64_FORMAT ",\"contact\":%" G_GINT64_FORMAT
                        ",\"priority\":\"high\",\"recipients\":[{\"email\":\"a@b.example\"}]",
                        world->admin, world->contact);
    world_open_ticket(world, more);
    json_auto_t *page = world_ok(world, "GET", "/api/v1/tickets?fields=list", NULL, 200);
    json_t *row = json_at(page, "/items/0");
    g_assert_null(json_at(row, "/description"));
    g_assert_cmpint(int_at(row, "/account/number"), ==, world->account);
    g_assert_cmpstr(text_at(row, "/account/name"), !=, "");
    g_assert_cmpint(int_at(row, "/contact/id"), ==, world->contact);
    g_assert_cmpstr(text_at(row, "/contact/name"), !=, "");
    g_assert_cmpint(int_at(row, "/manager/id"), ==, world->admin);
    g_assert_cmpstr(text_at(row, "/manager/name"), !=, "");
    g_assert_cmpstr(text_at(row, "/priority"), ==, "high");
    g_assert_cmpstr(text_at(row, "/status_label"), ==, "New");
    g_assert_cmpint(int_at(row, "/recipients"), ==, 2);
    g_assert_true(json_is_false(json_at(row, "/customers_not_told")));
    json_decref(
        world_ok(world, "PATCH", "/api/v1/tickets/1", "{\"contact\":null,\"manager\":null}", 200));
    json_auto_t *bare = world_ok(world, "GET", "/api/v1/tickets?fields=list", NULL, 200);
    g_assert_true(json_is_null(json_at(bare, "/items/0/contact")));
    g_assert_true(json_is_null(json_at(bare, "/items/0/manager")));
}

/* A page, and where it leads: "5 4 | next 4 | previous -". */
static char *page_at(World *world, const char *cursor)
{
    g_autofree char *target = target_new("/tickets?fields=list&limit=2&cursor=%s", cursor);
    json_auto_t *page = world_ok(world, "GET", target, NULL, 200);
    g_autofree char *text = numbers(page);
    const char *next = json_string_value(json_at(page, "/next_cursor"));
    const char *previous = json_string_value(json_at(page, "/previous_cursor"));
    return g_strdup_printf("%s | next %s | previous %s", text, next != NULL ? next : "none",
                           previous != NULL ? previous : "none");
}

static void test_both_ways(void)
{
    static const struct {
        const char *cursor, *want;
    } cases[] = {
        {"", "5 4 | next 4 | previous none"},   {"4", "3 2 | next 2 | previous -3"},
        {"2", "1 | next none | previous -1"},   {"-1", "3 2 | next 2 | previous -3"},
        {"-3", "5 4 | next 4 | previous none"}, {"-5", " | next none | previous none"},
        {"1", " | next none | previous none"},
    };
    g_autoptr(World) world = five_tickets();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = page_at(world, cases[i].cursor);
        g_test_message("%s", cases[i].cursor);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

/* A search ends somewhere on each page, and says where it goes on. */
static void test_search_is_bounded(void)
{
    g_autoptr(World) world = five_tickets();
    /* Nothing lies between. */
    g_autofree char *far = g_strdup_printf("UPDATE ticket SET number = %d WHERE number = 4",
                                           LIMIT_SEARCHED_TICKETS + 100);
    world_sql(world, "DELETE FROM alert WHERE ticket = 4");
    world_sql(world, "DELETE FROM event WHERE ticket = 4");
    world_sql(world, "DELETE FROM recipient WHERE ticket = 4");
    world_sql(world, "DELETE FROM employee_recipient WHERE ticket = 4");
    world_sql(world, far);
    static const char *const forms[] = {"", "&fields=list"};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *target = target_new("/tickets?q=printer%s", forms[i]);
        json_auto_t *page = world_ok(world, "GET", target, NULL, 200);
        g_assert_cmpint(json_array_size(json_at(page, "/items")), ==, 1);
        g_assert_cmpstr(text_at(page, "/next_cursor"), ==, "101");
        g_autofree char *next = target_new("/tickets?q=printer%s&cursor=101", forms[i]);
        json_auto_t *rest = world_ok(world, "GET", next, NULL, 200);
        g_autofree char *text = numbers(rest);
        g_assert_cmpstr(text, ==, "5 3 2 1");
        g_assert_true(json_is_null(json_at(rest, "/next_cursor")));
    }
    json_auto_t *back =
        world_ok(world, "GET", "/api/v1/tickets?q=printer&fields=list&cursor=-5", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(back, "/items")), ==, 0);
    g_autofree char *on = g_strdup_printf("-%d", LIMIT_SEARCHED_TICKETS + 5);
    g_assert_cmpstr(text_at(back, "/previous_cursor"), ==, on);
}

static void test_counts(void)
{
    g_autoptr(World) world = five_tickets();
    json_auto_t *counts = world_ok(world, "GET", "/api/v1/tickets/counts", NULL, 200);
    g_assert_cmpint(json_array_size(json_at(counts, "/by_status")), ==, 10);
    g_assert_cmpint(int_at(counts, "/by_status/0/status"), ==, 100);
    g_assert_cmpint(int_at(counts, "/by_status/0/count"), ==, 2);
    g_assert_cmpstr(text_at(counts, "/by_status/9/status_label"), ==, "Completed");
    g_assert_cmpint(int_at(counts, "/by_status/9/count"), ==, 1);
    g_assert_cmpint(int_at(counts, "/open"), ==, 3);
    g_assert_cmpint(int_at(counts, "/most"), ==, 1000);
    g_assert_cmpint(int_at(counts, "/customers_not_told"), ==, 0);
    g_assert_cmpint(int_at(counts, "/held"), ==, 0);
    world_sql(world, "UPDATE ticket SET not_told_at = 1 WHERE number = 3");
    world_set_alerts(world, true, true, true);
    json_decref(world_ok(world, "PUT", "/api/v1/options/alerts-to-customers",
                         "{\"brake\":{\"customers\":1}}", 200));
    world_open_ticket(world, "\"recipients\":[{\"email\":\"a@b.example\"}]");
    json_auto_t *later = world_ok(world, "GET", "/api/v1/tickets/counts", NULL, 200);
    g_assert_cmpint(int_at(later, "/customers_not_told"), ==, 1);
    g_assert_cmpint(int_at(later, "/held"), ==, 2);
}

static void test_refused(void)
{
    static const struct {
        const char *query, *problem;
    } cases[] = {
        {"fields=all", "out-of-range"}, {"state=new", "out-of-range"},
        {"cursor=-5", "bad-cursor"},    {"fields=list&cursor=--1", "bad-cursor"},
        {"manager=x", "invalid"},
    };
    g_autoptr(World) world = world_new(engine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *target = target_new("/tickets?%s", cases[i].query);
        g_autoptr(Answer) answer = world_call(world, "GET", target, NULL);
        g_test_message("%s", target);
        assert_problem(answer, 422, cases[i].problem);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/api/ticket-list/filters", test_filters);
    g_test_add_func("/api/ticket-list/row", test_row);
    g_test_add_func("/api/ticket-list/both-ways", test_both_ways);
    g_test_add_func("/api/ticket-list/search-is-bounded", test_search_is_bounded);
    g_test_add_func("/api/ticket-list/counts", test_counts);
    g_test_add_func("/api/ticket-list/refused", test_refused);
    return g_test_run();
}
