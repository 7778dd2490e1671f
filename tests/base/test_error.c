/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <string.h>

static void test_table(void)
{
    for (int code = 0; code < TD_ERROR_N_CODES; code++) {
        const ErrorInfo *info = error_info((TdErrorCode)code);
        g_assert_nonnull(info->problem);
        g_assert_nonnull(info->title);
        g_assert_cmpint(info->http_status, >=, 400);
        g_assert_cmpint(info->exit_code, >, 0);
        g_assert_cmpint(info->exit_code, !=, 2); /* 2 is a wrong command line */
        for (int other = 0; other < code; other++)
            g_assert_cmpstr(info->problem, !=, error_info((TdErrorCode)other)->problem);
    }
}

static void test_problem_and_field_survive_a_copy(void)
{
    g_autoptr(GError) error = NULL;
    error_set_problem(&error, TD_ERROR_INVALID, "bad-address", "/recipients/2", "no %s", "good");
    g_autoptr(GError) copy = g_error_copy(error);
    g_assert_cmpstr(error_problem(copy), ==, "bad-address");
    g_assert_cmpstr(error_field(copy), ==, "/recipients/2");
    g_assert_cmpstr(copy->message, ==, "no good");
    g_assert_cmpint(error_http_status(copy), ==, 422);
    g_assert_true(error_is(copy, TD_ERROR_INVALID));
    g_assert_false(error_is(copy, TD_ERROR_BUSY));
}

static void test_foreign_errors_are_internal(void)
{
    g_autoptr(GError) error = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "gone");
    g_assert_cmpint(error_http_status(error), ==, 500);
    g_assert_cmpstr(error_problem(error), ==, "internal");
    g_assert_null(error_field(error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/error/table", test_table);
    g_test_add_func("/base/error/copy", test_problem_and_field_survive_a_copy);
    g_test_add_func("/base/error/foreign", test_foreign_errors_are_internal);
    return g_test_run();
}
