/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every test has a database of its own, so tests do not depend on each other's rows or order. On
 * SQLite that is a folder with the file and its log, on PostgreSQL a database in the one cluster of
 * the process.
 */
#include "support/test_db.h"

#include "support/pg_cluster.h"

#include <glib/gstdio.h>
#include <string.h>

struct TestDb {
    Db *db;
    char *url;
    char *folder;   /* SQLite */
    char *database; /* PostgreSQL */
};

const char *test_db_engine(int argc, char **argv)
{
    const char *engine = argc > 1 ? argv[1] : "sqlite";
    if (strcmp(engine, "sqlite") != 0 && strcmp(engine, "postgresql") != 0)
        g_error("%s is no engine: sqlite or postgresql", engine);
    return engine;
}

static void make_sqlite(TestDb *test)
{
    g_autoptr(GError) error = NULL;
    test->folder = g_dir_make_tmp("tidings-db-XXXXXX", &error);
    g_assert_no_error(error);
    test->url = g_strdup_printf("sqlite:%s/desk.db", test->folder);
}

static void make_postgresql(TestDb *test)
{
    static int count;
    PgCluster *cluster = pg_cluster_shared();
    test->database = g_strdup_printf("test_%d", ++count);
    g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s", test->database);
    pg_cluster_run(cluster, "postgres", sql);
    test->url = pg_cluster_url(cluster, test->database);
}

TestDb *test_db_new_with(const char *engine, const DbOptions *options)
{
    TestDb *test = g_new0(TestDb, 1);
    if (strcmp(engine, "postgresql") == 0)
        make_postgresql(test);
    else
        make_sqlite(test);
    g_autoptr(GError) error = NULL;
    test->db = db_open(test->url, options, &error);
    g_assert_no_error(error);
    g_assert_nonnull(test->db);
    return test;
}

TestDb *test_db_new(const char *engine)
{
    return test_db_new_with(engine, NULL);
}

Db *test_db_handle(const TestDb *test)
{
    return test->db;
}

const char *test_db_url(const TestDb *test)
{
    return test->url;
}

void test_db_close(TestDb *test)
{
    g_clear_pointer(&test->db, db_close);
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

void test_db_free(TestDb *test)
{
    if (test == NULL)
        return;
    test_db_close(test);
    if (test->folder != NULL)
        remove_folder(test->folder);
    if (test->database != NULL) {
        g_autofree char *sql =
            g_strdup_printf("DROP DATABASE IF EXISTS %s WITH (FORCE)", test->database);
        pg_cluster_run(pg_cluster_shared(), "postgres", sql);
    }
    g_free(test->folder);
    g_free(test->database);
    g_free(test->url);
    g_free(test);
}
