/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a new ticket's list names: those that the opener lists, the contact or the account, and who
 * is on every ticket; and which contact each of them is. */
#include "base/error.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef TestDesk *Fixture;

static void set_up(Fixture *desk, gconstpointer data)
{
    *desk = test_desk_new(engine, true);
}

static void tear_down(Fixture *desk, gconstpointer data)
{
    test_desk_free(*desk);
}

/* Contact 1 is Anna (anna@bluebird.example) of account 1. */
static void add_contact(TestDesk *desk, int account, const char *name, const char *email, int every,
                        int active)
{
    g_autofree char *contact = g_strdup_printf(
        "INSERT INTO contact (account, name, email, email_key, emails, on_every_ticket, active,"
        " created_at) VALUES (%d, '%s', '%s', '%s', '[]', %d, %d, 1)",
        account, name, email, email, every, active);
    test_desk_run(desk, contact);
    test_desk_run(desk, "INSERT INTO contact_address (contact, email_key)"
                        " SELECT MAX(id), (SELECT email_key FROM contact ORDER BY id DESC LIMIT 1)"
                        " FROM contact");
}

/* Each recipient: address, name, contact. */
static void assert_list(TestDesk *desk, const char *const *listed, const char *want)
{
    int64_t ticket = test_desk_open(desk, &desk->employee, listed, true);
    g_autofree char *sql = g_strdup_printf(
        "SELECT email, COALESCE(name, '-'), COALESCE(contact, 0) FROM recipient WHERE ticket = %d"
        " ORDER BY id",
        (int)ticket);
    g_autofree char *rows = test_desk_rows(desk, sql, 3);
    g_assert_cmpstr(rows, ==, want);
}

static void test_contacts(Fixture *desk, gconstpointer data)
{
    const char *listed[] = {"boss@bluebird.example", "else@where.example", NULL};
    add_contact(*desk, 1, "Boss", "boss@bluebird.example", 0, 1);
    /* A younger one with the same address, and one of another account: neither is meant. */
    add_contact(*desk, 1, "Double", "boss@bluebird.example", 0, 1);
    test_desk_run(*desk, "INSERT INTO account (name, email, email_key, domains, active, created_at)"
                         " VALUES ('Other', 'o@x.example', 'o@x.example', '[]', 1, 1)");
    add_contact(*desk, 2, "Foreign", "else@where.example", 1, 1);
    assert_list(*desk, listed,
                "boss@bluebird.example Boss 2; else@where.example - 0; "
                "anna@bluebird.example Anna Field 1");
    (*desk)->contact = 0;
    assert_list(*desk, NULL, "office@bluebird.example Bluebird 0");
}

static void test_on_every_ticket(Fixture *desk, gconstpointer data)
{
    const char *listed[] = {"zoe@bluebird.example", NULL};
    add_contact(*desk, 1, "Zoe", "zoe@bluebird.example", 1, 1);
    add_contact(*desk, 1, "Gone", "gone@bluebird.example", 1, 0);
    add_contact(*desk, 1, "Never", "never@bluebird.example", 0, 1);
    add_contact(*desk, 1, "Bert", "bert@bluebird.example", 1, 1);
    /* Twice the same address, and one that another contact had first. */
    add_contact(*desk, 1, "Bertha", "bert@bluebird.example", 1, 1);
    assert_list(*desk, NULL,
                "anna@bluebird.example Anna Field 1; zoe@bluebird.example Zoe 2; "
                "bert@bluebird.example Bert 5");
    assert_list(*desk, listed,
                "zoe@bluebird.example Zoe 2; anna@bluebird.example Anna Field 1; "
                "bert@bluebird.example Bert 5");
    test_desk_options(*desk, "alerts-to-customers", "{\"default_recipients\":{\"contact\":false}}");
    assert_list(*desk, listed, "zoe@bluebird.example Zoe 2; bert@bluebird.example Bert 5");
}

/* The contact who is on every ticket is the one too many. */
static void test_one_too_many(Fixture *desk, gconstpointer data)
{
    g_autoptr(GPtrArray) listed = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < 199; i++)
        g_ptr_array_add(listed, g_strdup_printf("r%d@x.example", i));
    g_ptr_array_add(listed, NULL);
    test_desk_options(*desk, "alerts-to-customers", "{\"brake\":{\"enabled\":false}}");
    test_desk_open(*desk, &(*desk)->employee, (const char *const *)listed->pdata, true);
    add_contact(*desk, 1, "Zoe", "zoe@bluebird.example", 1, 1);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(test_desk_try_open(*desk, &(*desk)->employee,
                                       (const char *const *)listed->pdata, true, &error),
                    ==, 0);
    g_assert_error(error, TD_ERROR, TD_ERROR_INVALID);
    g_assert_cmpstr(error_problem(error), ==, "too-many");
    g_assert_cmpstr(error_field(error), ==, "/recipients");
    g_autofree char *tickets = test_desk_ask(*desk, "SELECT COUNT(*) FROM ticket");
    g_assert_cmpstr(tickets, ==, "1");
    g_autofree char *recipients = test_desk_ask(*desk, "SELECT COUNT(*) FROM recipient");
    g_assert_cmpstr(recipients, ==, "200");
}

/* Of the manager, and of the desk where there is none. */
static void test_employees(Fixture *desk, gconstpointer data)
{
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_options(*desk, "tickets", "{\"desk_recipient\":\"desk@desk.example\"}");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    test_desk_run(*desk, "UPDATE account SET manager = 1");
    test_desk_open(*desk, &(*desk)->employee, NULL, true);
    g_autofree char *rows = test_desk_rows(
        *desk,
        "SELECT t.number, COALESCE(t.manager, 0), COALESCE(e.employee, 0), COALESCE(e.email, '-')"
        " FROM ticket t LEFT JOIN employee_recipient e ON e.ticket = t.number ORDER BY t.number",
        4);
    g_assert_cmpstr(rows, ==, "1 0 0 -; 2 0 0 desk@desk.example; 3 1 1 -");
}

#define ADD(name, function)                                                                        \
    g_test_add("/desk/default-recipients/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    ADD("contacts", test_contacts);
    ADD("on-every-ticket", test_on_every_ticket);
    ADD("one-too-many", test_one_too_many);
    ADD("employees", test_employees);
    return g_test_run();
}
