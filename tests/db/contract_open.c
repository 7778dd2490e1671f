/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing, and URLs that cannot be opened. */
#include "contract.h"

#include "base/error.h"
#include "db/wake.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_bad_urls(void)
{
    const char *cases[] = {"",
                           "desk.db",
                           "mysql://user:secret@host/desk",
                           "sqlite:",
                           "sqlite::memory:",
                           "postgresql://user:secret%zz@host/desk",
                           "postgres://user:secret@host:port:port/desk?secret",
                           "postgresql://user:secret@host/desk?secret=1"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i]);
        g_assert_null(db_open(cases[i], NULL, &error));
        g_assert_error(error, TD_ERROR, TD_ERROR_INVALID);
        g_assert_null(strstr(error->message, "secret"));
    }
    db_close(NULL);
}

static void test_reopen(void)
{
    g_autoptr(TestDb) test = contract_db();
    contract_run(test_db_handle(test), "INSERT INTO thing (id, name) VALUES (1, 'kept')");
    test_db_close(test);
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) again = db_open(test_db_url(test), NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(contract_int(again, "SELECT count(*) FROM thing WHERE name = 'kept'"), ==, 1);
}

static void heard(void *data) {}

/* SQLite has nothing to wake, and its callers need not ask which engine it is. */
static void test_wake(void)
{
    g_autoptr(TestDb) test = contract_db();
    g_autoptr(GError) error = NULL;
    DbWake *wake = db_wake_start(test_db_handle(test), heard, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(wake != NULL, ==, db_engine(test_db_handle(test)) == DB_POSTGRESQL);
    db_wake_send(wake);
    db_wake_once(test_db_handle(test));
    g_assert_cmpint(db_wake_counts(wake).heard, >=, 0);
    db_wake_stop(wake);
}

void contract_add_open(void)
{
    contract_add("open/bad-urls", test_bad_urls);
    contract_add("open/reopen", test_reopen);
    contract_add("open/wake", test_wake);
}
