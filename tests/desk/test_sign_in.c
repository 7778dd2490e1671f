/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in, and how long it lasts. The clock is moved. */
#include "base/error.h"
#include "base/secret.h"
#include "desk/people.h"
#include "desk/sign_in.h"
#include "support/test_desk.h"

static const char *engine;

typedef TestDesk *Fixture;

#define PASSWORD "correct horse battery"

typedef struct {
    const char *hash;
    int64_t session; /* that stays */
} NewPassword;

static bool set_password(DeskTx *tx, void *data, GError **error)
{
    const NewPassword *password = data;
    return password_change(tx, 1, password->hash, password->session, error);
}

static void set_up(Fixture *desk, gconstpointer data)
{
    static char *hash;
    if (hash == NULL)
        hash = secret_hash_password(PASSWORD, NULL);
    *desk = test_desk_new(engine, true);
    g_autoptr(GError) error = NULL;
    NewPassword password = {hash, 0};
    desk_write((*desk)->desk, &(*desk)->employee, set_password, &password, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *desk, gconstpointer data)
{
    test_desk_free(*desk);
}

static char *try_from(TestDesk *desk, const char *login, const char *password, const char *peer,
                      GError **error)
{
    SignIn attempt = {.login = login, .password = password, .peer = peer, .agent = "Test\r\n1.0"};
    return sign_in(desk->desk, &attempt, error);
}

static char *must(TestDesk *desk)
{
    g_autoptr(GError) error = NULL;
    char *secret = try_from(desk, "admin", PASSWORD, "192.0.2.1", &error);
    g_assert_no_error(error);
    return secret;
}

static void assert_session(TestDesk *desk, const char *secret, bool want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Session) session = NULL;
    g_autoptr(Employee) employee = NULL;
    bool found = session_of_employee(desk->desk, secret, &session, &employee, &error);
    g_assert_cmpint(found, ==, want);
    if (want)
        g_assert_cmpstr(employee->login, ==, "admin");
    else
        g_assert_true(error_is(error, TD_ERROR_UNAUTHENTICATED));
}

static void test_right(Fixture *desk, gconstpointer data)
{
    g_autofree char *secret = must(*desk);
    assert_session(*desk, secret, true);
    assert_session(*desk, "td_nothing", false);
    g_autofree char *rows =
        test_desk_rows(*desk, "SELECT kind, person, peer, agent, hash = '' FROM session", 4);
    g_assert_cmpstr(rows, ==, "employee 1 192.0.2.1 Test  1.0");
    g_autofree char *kept = test_desk_ask(*desk, "SELECT hash FROM session");
    g_assert_cmpstr(kept, !=, secret);
}

static void test_login_is_forgiving(Fixture *desk, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *secret = try_from(*desk, "  ADMIN ", PASSWORD, "192.0.2.1", &error);
    g_assert_no_error(error);
    g_assert_nonnull(secret);
}

typedef struct {
    const char *name, *login, *password;
} Wrong;

static void test_wrong(Fixture *desk, gconstpointer data)
{
    static const Wrong wrongs[] = {
        {"password", "admin", "wrong"},      {"empty password", "admin", ""},
        {"login", "nobody", PASSWORD},       {"no login", "", PASSWORD},
        {"not UTF-8", "\xff\xfe", PASSWORD},
    };
    g_autofree char *said = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", wrongs[i].name);
        g_assert_null(try_from(*desk, wrongs[i].login, wrongs[i].password, "192.0.2.1", &error));
        g_assert_cmpstr(error_problem(error), ==, "wrong-password");
        if (said != NULL)
            g_assert_cmpstr(error->message, ==, said);
        g_free(said);
        said = g_strdup(error->message);
    }
    g_autofree char *sessions = test_desk_ask(*desk, "SELECT COUNT(*) FROM session");
    g_assert_cmpstr(sessions, ==, "0");
}

static void test_throttle(Fixture *desk, gconstpointer data)
{
    /* Rows instead of attempts: each attempt takes a tenth of a second by intention. */
    for (int i = 0; i < SIGN_IN_FAILURES_OF_BOTH; i++)
        test_desk_run(*desk, "INSERT INTO sign_in_failure (name, peer, at)"
                             " VALUES ('admin', '192.0.2.1', 1795458600000000)");
    g_autoptr(GError) error = NULL;
    g_assert_null(try_from(*desk, "admin", PASSWORD, "192.0.2.1", &error));
    g_assert_cmpstr(error_problem(error), ==, "too-many-attempts");
    g_autofree char *elsewhere = try_from(*desk, "admin", PASSWORD, "192.0.2.2", NULL);
    g_assert_nonnull(elsewhere);
    manual_clock_advance(&(*desk)->clock, SIGN_IN_WINDOW_US + 1);
    g_autofree char *later = try_from(*desk, "admin", PASSWORD, "192.0.2.1", NULL);
    g_assert_nonnull(later);
}

static void test_throttle_of_peer(Fixture *desk, gconstpointer data)
{
    for (int i = 0; i < SIGN_IN_FAILURES_OF_PEER; i++)
        test_desk_run(*desk, "INSERT INTO sign_in_failure (name, peer, at)"
                             " VALUES ('other', '192.0.2.1', 1795458600000000)");
    g_autoptr(GError) error = NULL;
    g_assert_null(try_from(*desk, "admin", PASSWORD, "192.0.2.1", &error));
    g_assert_cmpstr(error_problem(error), ==, "too-many-attempts");
}

static void test_idle(Fixture *desk, gconstpointer data)
{
    g_autofree char *secret = must(*desk);
    manual_clock_advance(&(*desk)->clock, SESSION_IDLE_US - 1);
    assert_session(*desk, secret, true); /* and it was seen */
    manual_clock_advance(&(*desk)->clock, SESSION_IDLE_US - 1);
    assert_session(*desk, secret, true);
    manual_clock_advance(&(*desk)->clock, SESSION_IDLE_US);
    assert_session(*desk, secret, false);
}

static void test_life(Fixture *desk, gconstpointer data)
{
    g_autofree char *secret = must(*desk);
    for (int64_t passed = 0; passed < SESSION_LIFE_US; passed += SESSION_IDLE_US / 2) {
        assert_session(*desk, secret, true);
        manual_clock_advance(&(*desk)->clock, SESSION_IDLE_US / 2);
    }
    assert_session(*desk, secret, false);
    g_autofree char *next = must(*desk);
    g_autofree char *sessions = test_desk_ask(*desk, "SELECT COUNT(*) FROM session");
    g_assert_cmpstr(sessions, ==, "1"); /* the one that has ended is forgotten */
}

static bool make_technician(DeskTx *tx, void *data, GError **error)
{
    g_autoptr(Employee) employee = g_new0(Employee, 1);
    employee->name = g_strdup("Tess");
    employee->login = g_strdup("tess");
    employee->email = g_strdup("tess@x.example");
    employee->email_key = g_strdup("tess@x.example");
    employee->role = g_strdup("admin");
    employee->active = true;
    return employee_create(tx, employee, error);
}

typedef struct {
    const char *name;
    bool ends;
} Change;

static bool change_admin(DeskTx *tx, void *data, GError **error)
{
    const Change *change = data;
    g_autoptr(Employee) employee = employee_lock(tx->db, 1, error);
    g_assert_nonnull(employee);
    if (strcmp(change->name, "name") == 0) {
        g_free(employee->name);
        employee->name = g_strdup("Another");
    } else if (strcmp(change->name, "role") == 0) {
        g_free(employee->role);
        employee->role = g_strdup("technician");
    } else if (strcmp(change->name, "active") == 0) {
        employee->active = false;
    } else {
        g_free(employee->password_hash);
        employee->password_hash = g_strdup("x");
    }
    return employee_change(tx, employee, error);
}

static void test_changes(Fixture *desk, gconstpointer data)
{
    static const Change changes[] = {
        {"name", false}, {"role", true}, {"active", true}, {"password", true}};
    g_autoptr(GError) error = NULL;
    desk_write((*desk)->desk, &(*desk)->employee, make_technician, NULL, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_test_message("%s", changes[i].name);
        test_desk_run(*desk, "UPDATE employee SET active = 1, role = 'admin' WHERE id = 1");
        if (i < 3) {
            g_autofree char *secret = must(*desk);
            desk_write((*desk)->desk, &(*desk)->employee, change_admin, (void *)&changes[i],
                       &error);
            g_assert_no_error(error);
            assert_session(*desk, secret, !changes[i].ends);
        }
    }
}

static void test_other_sessions(Fixture *desk, gconstpointer data)
{
    g_autofree char *here = must(*desk);
    g_autofree char *elsewhere = must(*desk);
    g_autoptr(Session) session = NULL;
    g_autoptr(Employee) employee = NULL;
    g_assert_true(session_of_employee((*desk)->desk, here, &session, &employee, NULL));
    g_autoptr(GError) error = NULL;
    NewPassword password = {"x", session->id};
    desk_write((*desk)->desk, &(*desk)->employee, set_password, &password, &error);
    g_assert_no_error(error);
    assert_session(*desk, here, true);
    assert_session(*desk, elsewhere, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
#define ADD(name, fn) g_test_add("/sign-in/" name, Fixture, NULL, set_up, fn, tear_down)
    ADD("right", test_right);
    ADD("login-is-forgiving", test_login_is_forgiving);
    ADD("wrong", test_wrong);
    ADD("throttle", test_throttle);
    ADD("throttle-of-peer", test_throttle_of_peer);
    ADD("idle", test_idle);
    ADD("life", test_life);
    ADD("changes", test_changes);
    ADD("other-sessions", test_other_sessions);
#undef ADD
    return g_test_run();
}
