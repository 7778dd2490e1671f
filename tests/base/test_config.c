/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"
#include "base/error.h"

#include <glib/gstdio.h>

static Config *load_text(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("tidings-conf-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    Config *config = config_load(path, error);
    g_unlink(path);
    return config;
}

static void test_reads(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config =
        load_text("# a comment\ndatabase = "
                  "postgresql:///desk\n\nlisten=127.0.0.1:9000\nlease_seconds = 5\nlog = json\n"
                  "log_level = debug\nlog_addresses = true\n",
                  &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config->database, ==, "postgresql:///desk");
    g_assert_cmpstr(config->listen, ==, "127.0.0.1:9000");
    g_assert_cmpint(config->lease_seconds, ==, 5);
    g_assert_cmpint(config->log.format, ==, LOG_JSON);
    g_assert_cmpint(config->log.level, ==, LOG_DEBUG);
    g_assert_true(config->log.addresses);
}

static void test_missing_file_is_empty(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load("/nonexistent/tidings.conf", &error);
    g_assert_no_error(error);
    g_assert_null(config->database);
}

static void test_refuses(void)
{
    const char *cases[] = {"datbase = x\n",          "no equals sign\n",     "lease_seconds = 1\n",
                           "lease_seconds = soon\n", "lease_seconds =\n",    "log = loud\n",
                           "log_level = all\n",      "log_addresses = yes\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(load_text(cases[i], &error));
        g_assert_true(error_is(error, TD_ERROR_INVALID));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/config/reads", test_reads);
    g_test_add_func("/base/config/missing", test_missing_file_is_empty);
    g_test_add_func("/base/config/refuses", test_refuses);
    return g_test_run();
}
