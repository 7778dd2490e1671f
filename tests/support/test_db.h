/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh, empty database for one test, on either engine. */
#pragma once

#include "db/db.h"

#include <glib.h>

typedef struct TestDb TestDb;

/* The engine that the test program was told to use: its first argument after those of the test
 * framework, "sqlite" where there is none. Call after g_test_init(). */
const char *test_db_engine(int argc, char **argv);

/* `engine`: "sqlite" (a file in a temporary folder) or "postgresql" (a new database in the shared
 * cluster). Fails the test when it cannot be made. */
TestDb *test_db_new(const char *engine);

/* As test_db_new(), opened with options; NULL is default. */
TestDb *test_db_new_with(const char *engine, const DbOptions *options);

/* Borrowed. */
Db *test_db_handle(const TestDb *test);
const char *test_db_url(const TestDb *test);

/* Closes the handle, so that the test can open the URL again itself. */
void test_db_close(TestDb *test);

/* Closes and removes. NULL is allowed. */
void test_db_free(TestDb *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDb, test_db_free)
