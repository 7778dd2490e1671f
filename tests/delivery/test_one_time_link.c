/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that work once, on either engine: who gets a mail, what nobody learns, what a link can be
 * used for, and that nothing of it is left behind.
 */
#include "desk/one_time_link.h"

#include "alerts/compose_sign_in.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "delivery/delivery.h"
#include "mail/transport.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

typedef struct {
    TestDesk *desk;
    Composer *composer;
    Delivery *delivery;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->desk = test_desk_new(engine, true);
    test_desk_options(fixture->desk, "web-interface",
                      "{\"enabled\":true,\"public_url\":\"https://help.example\"}");
    g_autofree char *desk_id = test_desk_ask(fixture->desk, "SELECT desk_id FROM desk");
    fixture->composer = composer_new(desk_id);
    g_ptr_array_unref(transport_memory_take());
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    if (fixture->delivery != NULL)
        delivery_stop(fixture->delivery, 2000);
    composer_free(fixture->composer);
    test_desk_free(fixture->desk);
}

static void start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    DeliverySetup setup = {
        .db = test_db_handle(fixture->desk->db),
        .clock = &fixture->desk->clock.clock,
        .random = random_system(),
        .composer = fixture->composer,
        .maildir = "/nonexistent",
        .memory = "yes",
    };
    fixture->delivery = delivery_start(&setup, &error);
    g_assert_no_error(error);
}

typedef struct {
    LinkPurpose purpose;
    const char *text;
    OneTimeLink *link;
    bool good;
} Call;

static bool request(DeskTx *tx, void *data, GError **error)
{
    const Call *call = data;
    return one_time_link_request(tx, call->purpose, call->text, error);
}

static bool use(DeskTx *tx, void *data, GError **error)
{
    Call *call = data;
    g_clear_pointer(&call->link, one_time_link_free);
    call->link = one_time_link_use(tx, call->purpose, call->text, error);
    return call->link != NULL;
}

static bool look(DeskTx *tx, void *data, GError **error)
{
    Call *call = data;
    return one_time_link_is_good(tx->db, call->purpose, call->text, tx->now_us, &call->good, error);
}

/* The problem that it gives; NULL: it was taken. */
static const char *ask(Fixture *fixture, LinkPurpose purpose, const char *typed)
{
    static char problem[64];
    g_autoptr(GError) error = NULL;
    Call call = {.purpose = purpose, .text = typed};
    if (desk_write(fixture->desk->desk, &fixture->desk->employee, request, &call, &error))
        return NULL;
    g_strlcpy(problem, error_problem(error), sizeof problem);
    return problem;
}

static OneTimeLink *take(Fixture *fixture, LinkPurpose purpose, const char *secret)
{
    g_autoptr(GError) error = NULL;
    Call call = {.purpose = purpose, .text = secret};
    if (!desk_write(fixture->desk->desk, &fixture->desk->employee, use, &call, &error))
        g_assert_cmpstr(error_problem(error), ==, "link-not-good");
    return call.link;
}

static bool is_good(Fixture *fixture, LinkPurpose purpose, const char *secret)
{
    g_autoptr(GError) error = NULL;
    Call call = {.purpose = purpose, .text = secret};
    desk_write(fixture->desk->desk, &fixture->desk->employee, look, &call, &error);
    g_assert_no_error(error);
    return call.good;
}

static void assert_rows(Fixture *fixture, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(fixture->desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

/* What the newest mail's link has in it, by the facts that it is still made from. */
static char *newest_secret(Fixture *fixture)
{
    g_autofree char *facts =
        test_desk_ask(fixture->desk, "SELECT facts FROM one_time_link ORDER BY id DESC LIMIT 1");
    const char *path = strstr(facts, "\"link\":\"https://help.example/");
    g_assert_nonnull(path);
    const char *end = strchr(path + strlen("\"link\":\""), '"');
    g_assert_nonnull(end);
    return g_strndup(end - ONE_TIME_LINK_LETTERS, ONE_TIME_LINK_LETTERS);
}

/* ---- who gets one ---- */

#define MAILS "SELECT recipient, urgent, state FROM outbox WHERE kind = 'sign_in' ORDER BY id"

typedef struct {
    const char *name;
    LinkPurpose purpose;
    const char *typed;
    const char *mails;
} WhoCase;

static const WhoCase who_cases[] = {
    {"a contact", LINK_CUSTOMER_SIGN_IN, " Anna@Bluebird.Example ",
     "anna@bluebird.example 1 queued"},
    {"an account's own address", LINK_CUSTOMER_SIGN_IN, "office@bluebird.example",
     "office@bluebird.example 1 queued"},
    {"nobody", LINK_CUSTOMER_SIGN_IN, "nobody@bluebird.example", ""},
    {"a contact who left", LINK_CUSTOMER_SIGN_IN, "gone@bluebird.example", ""},
    {"a customer of nobody's any more", LINK_CUSTOMER_SIGN_IN, "old@former.example", ""},
    {"an employee is no customer", LINK_CUSTOMER_SIGN_IN, "admin@desk.example", ""},
    {"an employee by address", LINK_PASSWORD_RESET, "ADMIN@desk.example",
     "admin@desk.example 1 queued"},
    {"an employee by second address", LINK_PASSWORD_RESET, "second@desk.example",
     "second@desk.example 1 queued"},
    {"an employee by login", LINK_PASSWORD_RESET, "Admin", "admin@desk.example 1 queued"},
    {"an employee who left", LINK_PASSWORD_RESET, "left", ""},
    {"a customer is no employee", LINK_PASSWORD_RESET, "anna@bluebird.example", ""},
    {"no employee", LINK_PASSWORD_RESET, "nobody", ""},
};

static void add_others(Fixture *fixture)
{
    static const char *const statements[] = {
        "UPDATE employee SET email = 'admin@desk.example', email_key = 'admin@desk.example',"
        " email2 = 'second@desk.example', email2_key = 'second@desk.example', login = 'admin'"
        " WHERE id = 1",
        "INSERT INTO employee (name, login, email, email_key, role, active, created_at) VALUES"
        " ('Left', 'left', 'left@desk.example', 'left@desk.example', 'technician', 0, 1)",
        "INSERT INTO contact (account, name, email, email_key, emails, on_every_ticket, active,"
        " created_at) VALUES (1, 'Gone', 'gone@bluebird.example', 'gone@bluebird.example', '[]', 0,"
        " 0, 1)",
        "INSERT INTO contact_address (contact, email_key) VALUES (2, 'gone@bluebird.example')",
        "INSERT INTO account (name, email, email_key, domains, active, created_at)"
        " VALUES ('Former', 'old@former.example', 'old@former.example', '[]', 0, 1)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        test_desk_run(fixture->desk, statements[i]);
}

static void test_who(Fixture *fixture, gconstpointer data)
{
    const WhoCase *c = data;
    add_others(fixture);
    g_assert_cmpstr(ask(fixture, c->purpose, c->typed), ==, NULL);
    assert_rows(fixture, MAILS, 3, c->mails);
    /* Nobody's link has no mail, and the same row. */
    assert_rows(fixture, "SELECT COUNT(*), COUNT(facts), COUNT(used_at) FROM one_time_link", 3,
                *c->mails != '\0' ? "1 1 0" : "1 0 0");
}

/* ---- refusals ---- */

typedef struct {
    const char *name;
    const char *web, *server; /* options; NULL: as they are */
    LinkPurpose purpose;
    const char *typed;
    const char *problem;
} RefusedCase;

static const RefusedCase refused_cases[] = {
    {"no address", NULL, NULL, LINK_CUSTOMER_SIGN_IN, "anna", "bad-address"},
    {"nothing", NULL, NULL, LINK_CUSTOMER_SIGN_IN, "", "bad-address"},
    {"two lines", NULL, NULL, LINK_CUSTOMER_SIGN_IN, "a@b.example\nc@d.example", "invalid"},
    {"no pages", "{\"enabled\":false}", NULL, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example",
     "web-interface-off"},
    {"no pages are no matter to employees", "{\"enabled\":false}", NULL, LINK_PASSWORD_RESET,
     "admin", NULL},
    {"nowhere to lead to", "{\"public_url\":\"\"}", NULL, LINK_CUSTOMER_SIGN_IN,
     "anna@bluebird.example", "public-url-missing"},
    {"no mail leaves", NULL, "{\"active\":false}", LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example",
     "alerts-server-inactive"},
};

static void test_refused(Fixture *fixture, gconstpointer data)
{
    const RefusedCase *c = data;
    if (c->web != NULL)
        test_desk_options(fixture->desk, "web-interface", c->web);
    if (c->server != NULL)
        test_desk_options(fixture->desk, "alerts-server", c->server);
    g_assert_cmpstr(ask(fixture, c->purpose, c->typed), ==, c->problem);
    assert_rows(fixture, "SELECT COUNT(*) FROM one_time_link", 1, c->problem != NULL ? "0" : "1");
}

static void test_throttled(Fixture *fixture, gconstpointer data)
{
    static const char *const typed[] = {"anna@bluebird.example", "nobody@where.example"};
    for (size_t i = 0; i < G_N_ELEMENTS(typed); i++) {
        for (int n = 0; n < LIMIT_LINKS_PER_PERSON; n++)
            g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, typed[i]), ==, NULL);
        g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, typed[i]), ==, "too-many-links");
    }
    g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, "office@bluebird.example"), ==, NULL);
    manual_clock_advance(&fixture->desk->clock, ONE_TIME_LINK_MINUTES * US_PER_MINUTE);
    g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, typed[0]), ==, NULL);
    for (int n = 1; n < LIMIT_LINKS; n++) {
        g_autofree char *other = g_strdup_printf("x%d@where.example", n);
        g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, other), ==, NULL);
    }
    g_assert_cmpstr(ask(fixture, LINK_CUSTOMER_SIGN_IN, "last@where.example"), ==,
                    "too-many-links");
}

/* ---- using them ---- */

static void test_used_once(Fixture *fixture, gconstpointer data)
{
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example");
    g_autofree char *first = newest_secret(fixture);
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example");
    g_autofree char *second = newest_secret(fixture);
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "office@bluebird.example");
    g_autofree char *other = newest_secret(fixture);
    g_assert_false(is_good(fixture, LINK_PASSWORD_RESET, first));
    g_assert_null(take(fixture, LINK_PASSWORD_RESET, first));
    g_assert_true(is_good(fixture, LINK_CUSTOMER_SIGN_IN, first));
    g_assert_true(is_good(fixture, LINK_CUSTOMER_SIGN_IN, first)); /* looking is not using */
    g_autoptr(OneTimeLink) link = take(fixture, LINK_CUSTOMER_SIGN_IN, first);
    g_assert_nonnull(link);
    g_assert_cmpstr(link->email_key, ==, "anna@bluebird.example");
    g_assert_cmpint(link->contact, ==, fixture->desk->contact);
    g_assert_null(take(fixture, LINK_CUSTOMER_SIGN_IN, first));
    g_assert_null(take(fixture, LINK_CUSTOMER_SIGN_IN, second)); /* ended with the first */
    g_autoptr(OneTimeLink) office = take(fixture, LINK_CUSTOMER_SIGN_IN, other);
    g_assert_nonnull(office);
    g_assert_null(take(fixture, LINK_CUSTOMER_SIGN_IN, ""));
    g_assert_null(take(fixture, LINK_CUSTOMER_SIGN_IN, link->hash));
}

static void test_ends(Fixture *fixture, gconstpointer data)
{
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example");
    g_autofree char *secret = newest_secret(fixture);
    manual_clock_advance(&fixture->desk->clock, ONE_TIME_LINK_MINUTES * US_PER_MINUTE - 1);
    g_assert_true(is_good(fixture, LINK_CUSTOMER_SIGN_IN, secret));
    manual_clock_advance(&fixture->desk->clock, 1);
    g_assert_false(is_good(fixture, LINK_CUSTOMER_SIGN_IN, secret));
    g_assert_null(take(fixture, LINK_CUSTOMER_SIGN_IN, secret));
}

/* ---- its mail ---- */

static void test_mail(Fixture *fixture, gconstpointer data)
{
    test_desk_run(fixture->desk, "UPDATE contact SET language = 'de' WHERE id = 1");
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example");
    g_autofree char *secret = newest_secret(fixture);
    start(fixture);
    test_desk_wait(fixture->desk, MAILS, 3, "anna@bluebird.example 1 accepted");
    g_autoptr(GPtrArray) mails = transport_memory_take();
    g_assert_cmpuint(mails->len, ==, 1);
    const MemoryMail *mail = mails->pdata[0];
    gsize bytes;
    const char *message = g_bytes_get_data(mail->message, &bytes);
    g_autofree char *text = g_strndup(message, bytes);
    GString *unfolded = g_string_new(text);
    g_string_replace(unfolded, "=\r\n", "", 0);
    g_autofree char *link = g_strconcat("https://help.example/portal/sign-in/", secret, NULL);
    g_assert_nonnull(strstr(unfolded->str, link));
    g_assert_nonnull(strstr(text, "Content-Language: de"));
    g_assert_nonnull(strstr(text, "To: Anna Field <anna@bluebird.example>"));
    g_assert_nonnull(strstr(text, "Auto-Submitted: auto-generated"));
    g_string_free(unfolded, TRUE);
    /* What is left cannot be made into the link again, which works. */
    assert_rows(fixture, "SELECT COUNT(*), COUNT(facts) FROM one_time_link", 2, "1 0");
    g_autoptr(OneTimeLink) used = take(fixture, LINK_CUSTOMER_SIGN_IN, secret);
    g_assert_nonnull(used);
}

static bool forget(DeskTx *tx, void *data, GError **error)
{
    return sign_in_forget(tx->db, tx->now_us, 100, error);
}

static void run_forget(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    desk_write(fixture->desk->desk, &fixture->desk->employee, forget, NULL, &error);
    g_assert_no_error(error);
}

/* A mail that waited for longer than its link works is not sent. */
static void test_forgotten(Fixture *fixture, gconstpointer data)
{
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "anna@bluebird.example");
    ask(fixture, LINK_CUSTOMER_SIGN_IN, "nobody@bluebird.example");
    manual_clock_advance(&fixture->desk->clock, ONE_TIME_LINK_MINUTES * US_PER_MINUTE - 1);
    run_forget(fixture);
    assert_rows(fixture, MAILS, 3, "anna@bluebird.example 1 queued");
    manual_clock_advance(&fixture->desk->clock, 1);
    run_forget(fixture);
    assert_rows(fixture, "SELECT state, state_reason FROM outbox", 2, "cancelled link_ended");
    assert_rows(fixture, "SELECT COUNT(*), COUNT(facts) FROM one_time_link", 2, "2 0");
    manual_clock_advance(&fixture->desk->clock, US_PER_DAY);
    run_forget(fixture);
    assert_rows(fixture, "SELECT COUNT(*) FROM one_time_link", 1, "0");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    for (size_t i = 0; i < G_N_ELEMENTS(who_cases); i++) {
        g_autofree char *path = g_strdup_printf("/one-time-link/who/%s", who_cases[i].name);
        g_test_add(path, Fixture, &who_cases[i], set_up, test_who, tear_down);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(refused_cases); i++) {
        g_autofree char *path = g_strdup_printf("/one-time-link/refused/%s", refused_cases[i].name);
        g_test_add(path, Fixture, &refused_cases[i], set_up, test_refused, tear_down);
    }
    g_test_add("/one-time-link/throttled", Fixture, NULL, set_up, test_throttled, tear_down);
    g_test_add("/one-time-link/used-once", Fixture, NULL, set_up, test_used_once, tear_down);
    g_test_add("/one-time-link/ends", Fixture, NULL, set_up, test_ends, tear_down);
    g_test_add("/one-time-link/mail", Fixture, NULL, set_up, test_mail, tear_down);
    g_test_add("/one-time-link/forgotten", Fixture, NULL, set_up, test_forgotten, tear_down);
    return g_test_run();
}
