/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread, one connection, nothing in it that blocks: libpq's steps are begun, and poll() waits
 * for the socket and for an eventfd by which other threads say "wake them" and "stop". They set a
 * flag and write to the eventfd, and never touch the connection.
 *
 *   AWAY --pause over--> CONNECTING --> SETTING_UP --> READY <--> SENDING
 *     ^------------ failed, lost, or no answer in time ----------------'
 *
 * NOTIFY in the transaction that writes the ticket would put all commits of the database in one
 * line: PostgreSQL holds a lock over the notifying commit. Here one small transaction every 20 ms
 * takes it; and because nothing is lost with a wake-up, that commit waits for no disk.
 */
#include "db/wake.h"

#include "base/error.h"
#include "base/random.h"
#include "db/postgresql-private.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CHANNEL          "tidings_outbox"
#define INTERVAL_US      20000
#define CONNECT_LIMIT_US (10 * G_USEC_PER_SEC)
#define ANSWER_LIMIT_US  (5 * G_USEC_PER_SEC)
#define FIRST_PAUSE_US   50000
#define LAST_PAUSE_US    (2 * G_USEC_PER_SEC)
#define STOP_GRACE_US    50000
#define ONCE_LIMIT_US    G_USEC_PER_SEC

#define SET_UP "SET client_min_messages = error; SET synchronous_commit = off"
#define LISTEN SET_UP "; LISTEN " CHANNEL
#define NOTIFY "NOTIFY " CHANNEL

typedef enum { AWAY, CONNECTING, SETTING_UP, READY, SENDING } Phase;

struct DbWake {
    PgDb *db;
    DbHeard heard;
    void *data;
    GThread *thread;
    int event_fd;

    /* Between the threads, with __atomic built-ins. */
    bool wanted; /* a NOTIFY */
    bool stopping;
    bool listening;
    int64_t n_sent, n_heard;

    /* The thread's own. */
    PGconn *handle; /* NULL while AWAY */
    Phase phase;
    short events;       /* what CONNECTING waits for */
    int64_t until_us;   /* READY: 0; AWAY: the next try; else when to give up */
    int64_t pause_us;   /* before the next try */
    int64_t not_before; /* the next NOTIFY */
    int64_t stop_by_us; /* 0: nobody has asked */
};

static bool flag(const bool *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static void set_flag(bool *at, bool value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

/* ---- the connection ---- */

static void enter(DbWake *wake, Phase phase, int64_t limit_us)
{
    wake->phase = phase;
    wake->until_us = limit_us != 0 ? g_get_monotonic_time() + limit_us : 0;
}

static void lose(DbWake *wake)
{
    if (wake->phase == SENDING)
        set_flag(&wake->wanted, true); /* it may not have got through */
    PQfinish(g_steal_pointer(&wake->handle));
    set_flag(&wake->listening, false);
    int64_t half_us = wake->pause_us / 2;
    enter(wake, AWAY, half_us + (int64_t)random_below(random_system(), (uint64_t)half_us));
    wake->pause_us = MIN(wake->pause_us * 2, LAST_PAUSE_US);
}

/* libpq would print notices on standard error. */
static void ignore_notice(void *data, const PGresult *result) {}

static void begin_connecting(DbWake *wake)
{
    wake->handle = PQconnectStartParams((const char *const *)wake->db->keywords,
                                        (const char *const *)wake->db->values, 0);
    wake->events = POLLOUT;
    enter(wake, CONNECTING, CONNECT_LIMIT_US);
    if (wake->handle == NULL || PQstatus(wake->handle) == CONNECTION_BAD) {
        lose(wake);
        return;
    }
    PQsetNoticeReceiver(wake->handle, ignore_notice, NULL);
}

static void send_sql(DbWake *wake, const char *sql, Phase phase)
{
    enter(wake, phase, ANSWER_LIMIT_US);
    if (PQsendQuery(wake->handle, sql) == 0)
        lose(wake);
}

static void go_on_connecting(DbWake *wake)
{
    switch (PQconnectPoll(wake->handle)) {
    case PGRES_POLLING_OK:
        PQsetnonblocking(wake->handle, 1);
        send_sql(wake, wake->heard != NULL ? LISTEN : SET_UP, SETTING_UP);
        break;
    case PGRES_POLLING_FAILED:
        lose(wake);
        break;
    case PGRES_POLLING_READING:
        wake->events = POLLIN;
        break;
    default:
        wake->events = POLLOUT;
    }
}

/* ---- what the server says ---- */

/* All results of what was sent last are in. */
static void answered(DbWake *wake)
{
    bool is_new = wake->phase == SETTING_UP;
    if (wake->phase == SENDING)
        __atomic_add_fetch(&wake->n_sent, 1, __ATOMIC_RELAXED);
    enter(wake, READY, 0);
    if (!is_new)
        return;
    wake->pause_us = FIRST_PAUSE_US;
    if (wake->heard == NULL)
        return;
    set_flag(&wake->listening, true);
    wake->heard(wake->data); /* nobody knows what was missed before */
}

static void read_results(DbWake *wake)
{
    while ((wake->phase == SETTING_UP || wake->phase == SENDING) && !PQisBusy(wake->handle)) {
        PGresult *result = PQgetResult(wake->handle);
        bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
        if (result == NULL)
            answered(wake);
        else if (!good)
            lose(wake);
        PQclear(result);
    }
}

static void read_notifications(DbWake *wake)
{
    int64_t n = 0;
    for (PGnotify *notify = PQnotifies(wake->handle); notify != NULL;
         notify = PQnotifies(wake->handle)) {
        n += notify->be_pid != PQbackendPID(wake->handle);
        PQfreemem(notify);
    }
    if (n == 0)
        return;
    __atomic_add_fetch(&wake->n_heard, n, __ATOMIC_RELAXED);
    wake->heard(wake->data);
}

static void read_socket(DbWake *wake)
{
    if (PQconsumeInput(wake->handle) == 0) {
        lose(wake);
        return;
    }
    read_results(wake);
    if (wake->handle != NULL)
        read_notifications(wake);
}

/* ---- the thread ---- */

static bool is_over(DbWake *wake)
{
    if (!flag(&wake->stopping))
        return false;
    int64_t now_us = g_get_monotonic_time();
    if (wake->stop_by_us == 0)
        wake->stop_by_us = now_us + STOP_GRACE_US;
    bool has_more = wake->phase == SENDING || (wake->phase == READY && flag(&wake->wanted));
    return !has_more || now_us >= wake->stop_by_us;
}

/* What can be done without waiting. */
static void act(DbWake *wake)
{
    int64_t now_us = g_get_monotonic_time();
    if (wake->phase == AWAY && now_us >= wake->until_us) {
        begin_connecting(wake);
    } else if (wake->phase == READY) {
        bool due = now_us >= wake->not_before || wake->stop_by_us != 0;
        if (due && __atomic_exchange_n(&wake->wanted, false, __ATOMIC_ACQ_REL)) {
            wake->not_before = now_us + INTERVAL_US;
            send_sql(wake, NOTIFY, SENDING);
        }
    } else if (wake->phase != AWAY && now_us >= wake->until_us) {
        lose(wake);
    }
}

static int wait_ms(const DbWake *wake)
{
    int64_t until_us = wake->until_us;
    if (wake->phase == READY)
        until_us = flag(&wake->wanted) ? wake->not_before : INT64_MAX;
    if (wake->stop_by_us != 0)
        until_us = MIN(until_us, wake->stop_by_us);
    if (until_us == INT64_MAX)
        return -1;
    return (int)MAX((until_us - g_get_monotonic_time() + 999) / 1000, 0);
}

/* Waits for the socket, the eventfd or the time; then reads what is there. */
static void wait_and_read(DbWake *wake)
{
    short events = POLLIN;
    if (wake->phase == CONNECTING)
        events = wake->events;
    if (wake->phase > CONNECTING && PQflush(wake->handle) == 1)
        events = POLLIN | POLLOUT;
    struct pollfd fds[] = {
        {.fd = wake->event_fd, .events = POLLIN},
        {.fd = wake->handle != NULL ? PQsocket(wake->handle) : -1, .events = events},
    };
    if (poll(fds, G_N_ELEMENTS(fds), wait_ms(wake)) <= 0)
        return;
    eventfd_t count;
    if (fds[0].revents != 0)
        eventfd_read(wake->event_fd, &count);
    if (fds[1].revents == 0)
        return;
    if (wake->phase == CONNECTING)
        go_on_connecting(wake);
    else
        read_socket(wake);
}

static gpointer wake_main(gpointer data)
{
    DbWake *wake = data;
    while (!is_over(wake)) {
        act(wake);
        wait_and_read(wake);
    }
    PQfinish(g_steal_pointer(&wake->handle));
    return NULL;
}

/* ---- from other threads ---- */

DbWake *db_wake_start(Db *db, DbHeard heard, void *data, GError **error)
{
    if (db_engine(db) != DB_POSTGRESQL)
        return NULL;
    DbWake *wake = g_new0(DbWake, 1);
    wake->db = (PgDb *)db;
    wake->heard = heard;
    wake->data = data;
    wake->pause_us = FIRST_PAUSE_US;
    wake->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake->event_fd >= 0)
        wake->thread = g_thread_try_new("db-wake", wake_main, wake, NULL);
    if (wake->thread != NULL)
        return wake;
    error_set(error, TD_ERROR_UNAVAILABLE,
              "The thread that wakes other processes cannot be started; nothing was changed. Allow "
              "more threads or open files");
    db_wake_stop(wake);
    return NULL;
}

/* A full eventfd is as good as one more count in it. */
static void ring(DbWake *wake)
{
    eventfd_write(wake->event_fd, 1);
}

void db_wake_send(DbWake *wake)
{
    if (wake != NULL && !__atomic_exchange_n(&wake->wanted, true, __ATOMIC_ACQ_REL))
        ring(wake);
}

void db_wake_stop(DbWake *wake)
{
    if (wake == NULL)
        return;
    set_flag(&wake->stopping, true);
    if (wake->thread != NULL) {
        ring(wake);
        g_thread_join(wake->thread);
    }
    if (wake->event_fd >= 0)
        close(wake->event_fd);
    g_free(wake);
}

DbWakeCounts db_wake_counts(const DbWake *wake)
{
    if (wake == NULL)
        return (DbWakeCounts){0};
    return (DbWakeCounts){
        .sent = __atomic_load_n(&wake->n_sent, __ATOMIC_RELAXED),
        .heard = __atomic_load_n(&wake->n_heard, __ATOMIC_RELAXED),
        .listening = flag(&wake->listening),
    };
}

void db_wake_once(Db *base)
{
    if (db_engine(base) != DB_POSTGRESQL)
        return;
    PgDb *db = (PgDb *)base;
    int64_t by_us = g_get_monotonic_time() + ONCE_LIMIT_US;
    PgConnection *connection = postgresql_connection_take(db, db->pool, by_us, by_us, NULL);
    if (connection == NULL)
        return;
    postgresql_connection_run(connection, NOTIFY, NULL, NULL);
    postgresql_connection_give_back(connection);
}
