/* SPDX-License-Identifier: Apache-2.0 */
/* A password that is set by a mailed link, on either engine: what it ends, and when it is refused.
 */
#include "desk/sign_in.h"

#include "base/error.h"
#include "base/secret.h"
#include "desk/one_time_link.h"
#include "support/test_desk.h"

#include <string.h>

static const char *engine;

#define OLD "the old password"
#define NEW "the new password"

typedef struct {
    int64_t employee;
    const char *text; /* what was typed, or a link's secret */
    char *hash;
} Call;

static bool set_password(DeskTx *tx, void *data, GError **error)
{
    const Call *call = data;
    return password_change(tx, call->employee, call->hash, 0, error);
}

static bool request(DeskTx *tx, void *data, GError **error)
{
    const Call *call = data;
    return one_time_link_request(tx, LINK_PASSWORD_RESET, call->text, error);
}

static bool use(DeskTx *tx, void *data, GError **error)
{
    const Call *call = data;
    return password_reset(tx, call->text, call->hash, error);
}

static TestDesk *desk_with_password(void)
{
    g_autoptr(GError) error = NULL;
    TestDesk *test = test_desk_new(engine, true);
    test_desk_options(test, "web-interface", "{\"public_url\":\"https://help.example\"}");
    g_autofree char *hash = secret_hash_password(OLD, &error);
    Call call = {.employee = test->employee.id, .hash = hash};
    desk_write(test->desk, &test->employee, set_password, &call, &error);
    g_assert_no_error(error);
    return test;
}

/* What the newest link has in it. */
static char *link_for(TestDesk *test, const char *typed)
{
    g_autoptr(GError) error = NULL;
    Call call = {.text = typed};
    desk_write(test->desk, &test->employee, request, &call, &error);
    g_assert_no_error(error);
    g_autofree char *facts =
        test_desk_ask(test, "SELECT facts FROM one_time_link ORDER BY id DESC LIMIT 1");
    const char *path = strstr(facts, "/password/");
    g_assert_nonnull(path);
    return g_strndup(path + strlen("/password/"), ONE_TIME_LINK_LETTERS);
}

/* The problem that it gives; NULL: the new password is set. */
static const char *reset(TestDesk *test, const char *secret)
{
    static char problem[64];
    g_autoptr(GError) error = NULL;
    g_autofree char *hash = secret_hash_password(NEW, NULL);
    Call call = {.text = secret, .hash = hash};
    if (desk_write(test->desk, &test->employee, use, &call, &error))
        return NULL;
    g_strlcpy(problem, error_problem(error), sizeof problem);
    return problem;
}

/* A session's secret; NULL with the problem. */
static char *try_sign_in(TestDesk *test, const char *password, const char **problem)
{
    static char last[64];
    g_autoptr(GError) error = NULL;
    SignIn attempt = {.login = "admin", .password = password, .peer = "192.0.2.1"};
    char *secret = sign_in(test->desk, &attempt, &error);
    g_strlcpy(last, error != NULL ? error_problem(error) : "", sizeof last);
    *problem = last;
    return secret;
}

static void assert_sign_in(TestDesk *test, const char *password, const char *want)
{
    const char *problem;
    char *secret = try_sign_in(test, password, &problem);
    g_assert_cmpstr(problem, ==, want);
    secret_free(secret);
}

static bool is_session(TestDesk *test, const char *secret)
{
    Session *session = NULL;
    Employee *employee = NULL;
    bool is = session_of_employee(test->desk, secret, &session, &employee, NULL);
    session_free(session);
    employee_free(employee);
    return is;
}

static void test_reset(void)
{
    g_autoptr(TestDesk) test = desk_with_password();
    const char *problem;
    char *session = try_sign_in(test, OLD, &problem);
    g_assert_true(is_session(test, session));
    g_autofree char *link = link_for(test, "admin");
    g_assert_cmpstr(reset(test, link), ==, NULL);
    g_assert_false(is_session(test, session));
    secret_free(session);
    assert_sign_in(test, OLD, "wrong-password");
    assert_sign_in(test, NEW, "");
    g_assert_cmpstr(reset(test, link), ==, "link-not-good");
}

static void test_newest(void)
{
    g_autoptr(TestDesk) test = desk_with_password();
    g_autofree char *first = link_for(test, "admin");
    g_autofree char *second = link_for(test, "admin");
    g_assert_cmpstr(reset(test, second), ==, NULL);
    g_assert_cmpstr(reset(test, first), ==, "link-not-good");
    g_assert_cmpstr(reset(test, "nothing"), ==, "link-not-good");
}

static void test_late(void)
{
    g_autoptr(TestDesk) test = desk_with_password();
    g_autofree char *link = link_for(test, "admin");
    manual_clock_advance(&test->clock, (ONE_TIME_LINK_MINUTES * INT64_C(60) + 1) * G_USEC_PER_SEC);
    g_assert_cmpstr(reset(test, link), ==, "link-not-good");
    assert_sign_in(test, OLD, "");
}

static void test_inactive(void)
{
    g_autoptr(TestDesk) test = desk_with_password();
    g_autofree char *link = link_for(test, "admin");
    test_desk_run(test, "UPDATE employee SET active = 0");
    g_assert_cmpstr(reset(test, link), ==, "link-not-good");
    test_desk_run(test, "UPDATE employee SET active = 1");
    assert_sign_in(test, OLD, "");
}

static void test_forgiven(void)
{
    g_autoptr(TestDesk) test = desk_with_password();
    for (int i = 0; i < SIGN_IN_FAILURES_OF_BOTH; i++)
        assert_sign_in(test, "wrong", "wrong-password");
    assert_sign_in(test, OLD, "too-many-attempts");
    g_autofree char *link = link_for(test, "admin");
    g_assert_cmpstr(reset(test, link), ==, NULL);
    assert_sign_in(test, NEW, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    engine = test_db_engine(argc, argv);
    g_test_add_func("/desk/password-reset/reset", test_reset);
    g_test_add_func("/desk/password-reset/newest", test_newest);
    g_test_add_func("/desk/password-reset/late", test_late);
    g_test_add_func("/desk/password-reset/inactive", test_inactive);
    g_test_add_func("/desk/password-reset/forgiven", test_forgiven);
    return g_test_run();
}
