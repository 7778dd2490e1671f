/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell script keeps the server: it makes the cluster, starts the server, waits until its
 * standard input ends, and then stops the server by its pid and removes the folder. The other end
 * of that pipe is held by this process alone, so also a test that aborts leaves nothing behind.
 *
 * PostgreSQL refuses to run as root; then the script becomes user "postgres" first. fsync is off:
 * what is tested is our side of durability, not the server's.
 */
#include "support/pg_cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct PgCluster {
    char *folder;
    GPid keeper;
    int keeper_input;
};

static const char keeper_script[] =
    "bin=$1 dir=$2\n"
    "trap '' INT TERM HUP\n"
    "cd \"$dir\" || exit 1\n"
    "if \"$bin/initdb\" -D \"$dir/data\" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync"
    " --no-instructions >\"$dir/initdb.log\" 2>&1; then\n"
    "  (trap - TERM; exec \"$bin/postgres\" -D \"$dir/data\" -c listen_addresses= -c "
    "unix_socket_directories=\"$dir\""
    " -c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=60"
    " -c autovacuum=off -c max_wal_size=256MB -c deadlock_timeout=50ms"
    " >\"$dir/server.log\" 2>&1 </dev/null) &\n"
    "  pid=$!\n"
    "  cat >/dev/null\n"
    "  kill -TERM $pid\n" /* enough for one that is still starting and ignores INT */
    "  kill -INT $pid\n"
    "  wait $pid\n"
    "else\n"
    "  : >\"$dir/failed\"\n"
    "  cat >/dev/null\n"
    "fi\n"
    "rm -rf \"$dir\"\n";

/* "15" before "9.6": by number. */
static double version_of(const char *folder)
{
    return g_ascii_strtod(folder, NULL);
}

/* The folder with initdb and postgres, or NULL. */
static char *find_programs(void)
{
    const char *root = "/usr/lib/postgresql";
    g_autofree char *best = NULL;
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    const char *name = NULL;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *initdb = g_build_filename(root, name, "bin", "initdb", NULL);
        if (!g_file_test(initdb, G_FILE_TEST_IS_EXECUTABLE))
            continue;
        if (best == NULL || version_of(name) > version_of(best)) {
            g_free(best);
            best = g_strdup(name);
        }
    }
    if (best != NULL)
        return g_build_filename(root, best, "bin", NULL);
    g_autofree char *in_path = g_find_program_in_path("initdb");
    return in_path == NULL ? NULL : g_path_get_dirname(in_path);
}

/* Between fork and exec. */
static void become_user(void *data)
{
    const struct passwd *user = data;
    if (user != NULL &&
        (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
}

static bool start_keeper(PgCluster *cluster, const char *programs, GError **error)
{
    struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (geteuid() == 0 &&
        (user == NULL || chown(cluster->folder, user->pw_uid, user->pw_gid) != 0)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "PostgreSQL does not run as root and there is no user postgres");
        return false;
    }
    const char *argv[] = {"/bin/sh",       "-c", keeper_script, "keeper", programs,
                          cluster->folder, NULL};
    if (!g_spawn_async_with_pipes(cluster->folder, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                  become_user, user, &cluster->keeper, &cluster->keeper_input, NULL,
                                  NULL, error))
        return false;
    return fcntl(cluster->keeper_input, F_SETFD, FD_CLOEXEC) == 0;
}

static bool is_ready(const PgCluster *cluster)
{
    g_autofree char *url = pg_cluster_url(cluster, "postgres");
    PGconn *connection = PQconnectdb(url);
    bool ready = PQstatus(connection) == CONNECTION_OK;
    PQfinish(connection);
    return ready;
}

static bool wait_ready(const PgCluster *cluster, GError **error)
{
    g_autofree char *failed = g_build_filename(cluster->folder, "failed", NULL);
    g_autofree char *socket = g_build_filename(cluster->folder, ".s.PGSQL.5432", NULL);
    int64_t deadline_us = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < deadline_us && !g_file_test(failed, G_FILE_TEST_EXISTS)) {
        if (g_file_test(socket, G_FILE_TEST_EXISTS) && is_ready(cluster))
            return true;
        g_usleep(20000);
    }
    g_autofree char *log_path = g_build_filename(cluster->folder, "initdb.log", NULL);
    g_autofree char *log = NULL;
    g_file_get_contents(log_path, &log, NULL, NULL);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "The PostgreSQL cluster did not start: %s",
                log != NULL ? log : "no log");
    return false;
}

PgCluster *pg_cluster_start(GError **error)
{
    g_autofree char *programs = find_programs();
    if (programs == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "initdb is not installed");
        return NULL;
    }
    PgCluster *cluster = g_new0(PgCluster, 1);
    cluster->keeper_input = -1;
    cluster->folder = g_dir_make_tmp("tidings-pg-XXXXXX", error);
    if (cluster->folder != NULL && start_keeper(cluster, programs, error) &&
        wait_ready(cluster, error))
        return cluster;
    pg_cluster_stop(cluster);
    return NULL;
}

void pg_cluster_stop(PgCluster *cluster)
{
    if (cluster == NULL)
        return;
    if (cluster->keeper_input >= 0) {
        close(cluster->keeper_input);
        while (waitpid(cluster->keeper, NULL, 0) < 0 && errno == EINTR)
            continue;
    } else if (cluster->folder != NULL) {
        rmdir(cluster->folder);
    }
    g_free(cluster->folder);
    g_free(cluster);
}

const char *pg_cluster_folder(const PgCluster *cluster)
{
    return cluster->folder;
}

char *pg_cluster_url(const PgCluster *cluster, const char *database)
{
    return g_strdup_printf("postgresql:///%s?host=%s&user=postgres", database, cluster->folder);
}

void pg_cluster_run(const PgCluster *cluster, const char *database, const char *sql)
{
    g_autofree char *url = pg_cluster_url(cluster, database);
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        g_error("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

static PgCluster *shared;

static void stop_shared(void)
{
    pg_cluster_stop(g_steal_pointer(&shared));
}

PgCluster *pg_cluster_shared(void)
{
    if (shared != NULL)
        return shared;
    g_autoptr(GError) error = NULL;
    shared = pg_cluster_start(&error);
    if (shared == NULL)
        g_error("%s", error->message);
    atexit(stop_shared);
    return shared;
}
