/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include "base/error.h"
#include "base/log.h"
#include "base/monitor.h"
#include "records/metric.h"

#include <sys/resource.h>
#include <sys/statvfs.h>

#define FOLD_US         (10 * G_TIME_SPAN_SECOND)
#define DISK_FREE_LEAST (INT64_C(100) * 1024 * 1024)

struct Watch {
    Metrics *metrics;
    Db *db;
    GThread *thread;
    Monitor monitor;
    bool stopping;
};

/* A failure is said once: the Alerts Server and the requests say more of it. */
static gpointer run(gpointer data)
{
    Watch *watch = data;
    bool failing = false;
    monitor_lock(&watch->monitor);
    while (!watch->stopping) {
        int64_t until = g_get_monotonic_time() + FOLD_US;
        while (!watch->stopping && monitor_wait_until(&watch->monitor, until))
            ;
        if (watch->stopping)
            break;
        monitor_unlock(&watch->monitor);
        g_autoptr(GError) error = NULL;
        bool ok = metric_fold(watch->metrics, watch->db, &error);
        if (!ok && !failing)
            log_info("What was counted cannot be kept: %s. It is tried again", error->message);
        failing = !ok;
        monitor_lock(&watch->monitor);
    }
    monitor_unlock(&watch->monitor);
    return NULL;
}

Watch *watch_start(Metrics *metrics, Db *db, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Watch *watch = g_new0(Watch, 1);
    watch->metrics = metrics;
    watch->db = db;
    monitor_init(&watch->monitor);
    watch->thread = g_thread_try_new("metrics", run, watch, &failure);
    if (watch->thread != NULL)
        return watch;
    error_set(error, TD_ERROR_UNAVAILABLE, "The thread metrics cannot be started: %s",
              failure->message);
    monitor_clear(&watch->monitor);
    g_free(watch);
    return NULL;
}

void watch_stop(Watch *watch)
{
    if (watch == NULL)
        return;
    monitor_lock(&watch->monitor);
    watch->stopping = true;
    monitor_broadcast(&watch->monitor);
    monitor_unlock(&watch->monitor);
    g_thread_join(watch->thread);
    monitor_clear(&watch->monitor);
    g_free(watch);
}

/* ---- how this process is ---- */

#define GAUGE(id, called, words, ...)                                                              \
    static const MetricFamily id = {                                                               \
        .name = called, .type = METRIC_GAUGE, .help = words, __VA_ARGS__}

GAUGE(in_flight, "tidings_http_in_flight", "Requests under way in this process.", .unit = NULL);
GAUGE(queue, "tidings_http_queue", "Requests that wait for a worker.", .unit = NULL);
GAUGE(db_waiting, "tidings_database_writes_waiting", "Writes that wait for their turn (SQLite).",
      .unit = NULL);
GAUGE(db_used, "tidings_database_connections", "Connections in use in this process.", .unit = NULL);
GAUGE(db_max, "tidings_database_connections_max", "Connections that this process may use.",
      .unit = NULL);
GAUGE(db_file, "tidings_database_file_bytes", "Size of the SQLite file.", .unit = "bytes");
GAUGE(db_wal, "tidings_database_wal_bytes", "Size of SQLite's write-ahead log.", .unit = "bytes");
GAUGE(disk_free, "tidings_disk_free_bytes", "Room left in the desk's folder for its user.",
      .unit = "bytes");
GAUGE(start_time, "process_start_time_seconds", "When this process began, as Unix time.",
      .unit = "seconds");
GAUGE(open_fds, "process_open_fds", "Open file descriptors.", .unit = NULL);
GAUGE(max_fds, "process_max_fds", "Open file descriptors that are allowed.", .unit = NULL);

static const MetricFamily wake_sent = {.name = "tidings_wakeups_sent",
                                       .type = METRIC_COUNTER,
                                       .help = "Wake-ups that this process sent to the desk's"
                                               " other processes."};
static const MetricFamily wake_heard = {.name = "tidings_wakeups_heard",
                                        .type = METRIC_COUNTER,
                                        .help = "Wake-ups that this process heard from the"
                                                " desk's other processes."};

/* -1: not known. */
static int64_t free_bytes(const char *folder)
{
    struct statvfs about;
    if (statvfs(folder, &about) != 0)
        return -1;
    return (int64_t)about.f_bavail * (int64_t)about.f_frsize;
}

static int64_t count_fds(void)
{
    int64_t n = -1; /* the folder itself */
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    if (folder == NULL)
        return 0;
    while (g_dir_read_name(folder) != NULL)
        n++;
    return n;
}

static void append_process(MetricText *text, const WatchParts *parts)
{
    struct rlimit limit;
    metric_text_begin(text, &start_time);
    metric_text_seconds(text, NULL, parts->started_at_us);
    metric_text_one(text, &open_fds, count_fds());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metric_text_one(text, &max_fds, (int64_t)limit.rlim_cur);
    metric_text_one(text, &disk_free, free_bytes(parts->folder));
}

static void append_database(MetricText *text, Db *db)
{
    DbStatus status;
    db_status(db, &status);
    metric_text_one(text, &db_waiting, status.waiting);
    metric_text_one(text, &db_used, status.connections);
    metric_text_one(text, &db_max, status.connections_max);
    if (status.file_bytes < 0)
        return;
    metric_text_one(text, &db_file, status.file_bytes);
    metric_text_one(text, &db_wal, status.wal_bytes);
}

void watch_append_gauges(MetricText *text, const WatchParts *parts)
{
    append_process(text, parts);
    append_database(text, parts->db);
    if (parts->server != NULL) {
        HttpServerStatus status;
        http_server_status(parts->server, &status);
        metric_text_one(text, &in_flight, status.in_flight);
        metric_text_one(text, &queue, status.waiting);
    }
    if (parts->wake != NULL) {
        DbWakeCounts counts = db_wake_counts(parts->wake);
        metric_text_one(text, &wake_sent, counts.sent);
        metric_text_one(text, &wake_heard, counts.heard);
    }
}

void watch_check_disk(ReadyList *list, const char *folder)
{
    int64_t bytes = free_bytes(folder);
    bool ok = bytes < 0 || bytes >= DISK_FREE_LEAST;
    ready_add(list, "disk", ok,
              g_strdup(ok ? "There is room in the desk's folder."
                          : "Less than 100 MiB are left in the desk's folder: make room, or"
                            " changes fail soon."));
}
