/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit: one thread owns the writing connection and commits many callers' work together, so
 * that they share one fsync. It takes whatever waits, runs each caller's function, takes those who
 * came in the meantime, commits, and only then answers them all. Nobody is delayed to fill a batch:
 * while one is on its way to the disk the next one gathers.
 *
 * What must hold:
 *   - Nobody is answered before the COMMIT that holds its work is on the disk.
 *   - One caller's failure takes back that caller's work alone. Most who fail have written nothing,
 *     and then there is nothing to take back. The first who has, spoils the transaction: it is
 *     undone, that caller's answer stands, and the others run again, now each in a savepoint of its
 *     own. (Savepoints for all from the start would have SQLite keep a copy of each page for each
 *     caller who changes it, to no avail nearly always.)
 *   - Broken deferred foreign keys, which SQLite checks only at COMMIT, are looked for after each
 *     caller, or they would fail everybody.
 *   - When the outer transaction is gone (full disk, I/O error), everybody's work is gone, and the
 *     next statement would silently be committed alone. Then nobody is answered and the callers run
 *     again one at a time, each in a transaction of its own, so only the guilty one fails.
 *   - A COMMIT that fails fails every caller in it. If it was the fsync that failed, the log may
 *     hold the commit all the same, and a crash before the next commit would bring it back:
 *     UNCERTAIN. All other errors mean that the log has no complete commit: nothing was written.
 */
#include "db/sqlite-private.h"

#include "base/error.h"
#include "base/monitor.h"

#include <errno.h>
#include <semaphore.h>

#define BATCH_MAX 64

/* One caller, on its stack. */
typedef struct {
    GList link;
    DbFn fn;
    void *data;
    bool taken;   /* out of the queue; under the writer's lock */
    sem_t answer; /* of its own: who is woken needs no lock that others hold */
    int answered; /* atomic; set before `answer` is posted */
    bool ok;
    bool spoiled; /* its failure is its answer: it does not run again with the others */
    GError *error;
} Job;

/* The callers of one commit. */
typedef struct {
    Job *jobs[BATCH_MAX];
    size_t n;
} Batch;

struct SqliteWriter {
    Db *db;
    SqliteConnection *connection;
    GThread *thread;
    Monitor monitor;
    GQueue waiting; /* of Job */
    bool stopping;
    GError *trouble;        /* why nothing could be written at the last try; NULL: it could */
    int64_t changes_before; /* rows ever changed, when the transaction began */
};

static void job_clear(Job *job)
{
    job->ok = false;
    g_clear_error(&job->error);
}

static bool has_broken_foreign_keys(SqliteConnection *connection)
{
    int broken = 0, unused = 0;
    sqlite3_db_status(connection->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &broken, &unused, 0);
    return broken != 0;
}

/* The disk's doing, and so everybody's: not what one caller asked for. */
static void note_trouble(SqliteWriter *writer, const GError *error)
{
    if (!error_is(error, TD_ERROR_UNAVAILABLE) && !error_is(error, TD_ERROR_UNCERTAIN))
        return;
    monitor_lock(&writer->monitor);
    g_clear_error(&writer->trouble);
    writer->trouble = g_error_copy(error);
    monitor_unlock(&writer->monitor);
}

static void forget_trouble(SqliteWriter *writer)
{
    monitor_lock(&writer->monitor);
    g_clear_error(&writer->trouble);
    monitor_unlock(&writer->monitor);
}

typedef enum {
    RUN_DONE,    /* the caller has an answer, and nothing is there that should not be */
    RUN_SPOILED, /* it failed, and what it wrote is still there */
    RUN_LOST,    /* the transaction is gone, or must be given up: everybody's work is undone */
} Run;

static Run job_run_fn(SqliteWriter *writer, Job *job)
{
    SqliteTx tx = {.base.db = writer->db, .connection = writer->connection};
    job->ok = db_fn_run(&tx.base, job->fn, job->data, &job->error);
    note_trouble(writer, tx.base.failed);
    g_clear_error(&tx.base.failed);
    if (tx.lost || sqlite_connection_is_idle(writer->connection))
        return RUN_LOST;
    if (job->ok && has_broken_foreign_keys(writer->connection)) {
        job->ok = false;
        error_set_problem(&job->error, TD_ERROR_CONFLICT, "unique", NULL,
                          "A record that this one belongs to is not there (FOREIGN KEY); nothing "
                          "was changed");
    }
    return job->ok || !tx.wrote ? RUN_DONE : RUN_SPOILED;
}

/* Runs one caller inside the batch's transaction. */
static Run job_run(SqliteWriter *writer, Job *job)
{
    job_clear(job);
    return job_run_fn(writer, job);
}

/* The same in a savepoint, so that it spoils nothing. */
static Run job_run_carefully(SqliteWriter *writer, Job *job)
{
    SqliteConnection *connection = writer->connection;
    job_clear(job);
    if (!sqlite_connection_run(connection, "SAVEPOINT caller", &job->error) ||
        job_run_fn(writer, job) == RUN_LOST)
        return RUN_LOST;
    GError **error = job->ok ? &job->error : NULL;
    if (!job->ok && !sqlite_connection_run(connection, "ROLLBACK TO caller", NULL))
        return RUN_LOST;
    bool released = sqlite_connection_run(connection, "RELEASE caller", error) &&
                    !sqlite_connection_is_idle(connection);
    return released ? RUN_DONE : RUN_LOST;
}

static void roll_back(SqliteWriter *writer)
{
    if (!sqlite_connection_is_idle(writer->connection))
        sqlite_connection_run(writer->connection, "ROLLBACK", NULL);
}

static void job_fail(Job *job, const GError *reason)
{
    job_clear(job);
    job->error = g_error_copy(reason);
}

/* Begins the transaction, or fails everybody who has no answer yet. */
static bool begin(SqliteWriter *writer, Batch *batch)
{
    g_autoptr(GError) error = NULL;
    writer->changes_before = sqlite3_total_changes64(writer->connection->handle);
    if (sqlite_connection_run(writer->connection, "BEGIN IMMEDIATE", &error))
        return true;
    note_trouble(writer, error);
    for (size_t i = 0; i < batch->n; i++)
        if (!batch->jobs[i]->spoiled)
            job_fail(batch->jobs[i], error);
    return false;
}

static void commit(SqliteWriter *writer, Batch *batch)
{
    g_autoptr(GError) error = NULL;
    if (sqlite_connection_run(writer->connection, "COMMIT", &error)) {
        metric_add(writer->db->counts.commits, 1);
        if (sqlite3_total_changes64(writer->connection->handle) != writer->changes_before)
            forget_trouble(writer);
        return;
    }
    if (sqlite3_extended_errcode(writer->connection->handle) == SQLITE_IOERR_FSYNC) {
        g_clear_error(&error);
        error_set(&error, TD_ERROR_UNCERTAIN,
                  "The disk reported an error when the change was to be made safe; it may or may "
                  "not have been kept. Look at the disk and at the system's log");
    }
    note_trouble(writer, error);
    roll_back(writer);
    /* Who had failed before keeps an error of its own. */
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->jobs[i]->ok)
            job_fail(batch->jobs[i], error);
    }
}

/* Takes what waits into the batch, as far as there is room. Call with the lock held. */
static void batch_fill(SqliteWriter *writer, Batch *batch)
{
    while (batch->n < BATCH_MAX && !g_queue_is_empty(&writer->waiting)) {
        Job *job = g_queue_pop_head_link(&writer->waiting)->data;
        job->taken = true;
        batch->jobs[batch->n++] = job;
    }
}

/* Whether somebody came while the others' functions ran: they share the same commit. */
static bool batch_grow(SqliteWriter *writer, Batch *batch)
{
    size_t before = batch->n;
    monitor_lock(&writer->monitor);
    batch_fill(writer, batch);
    monitor_unlock(&writer->monitor);
    return batch->n > before;
}

/* Runs everybody and commits. False when the transaction was lost under way: all is undone then. */
static bool run_together(SqliteWriter *writer, Batch *batch, bool may_grow)
{
    Run (*run)(SqliteWriter *, Job *) = job_run;
    if (!begin(writer, batch))
        return true;
    for (size_t i = 0; i < batch->n || (may_grow && batch_grow(writer, batch));) {
        Job *job = batch->jobs[i];
        Run ran = job->spoiled ? RUN_DONE : run(writer, job);
        if (ran == RUN_DONE) {
            i++;
            continue;
        }
        roll_back(writer);
        if (ran == RUN_LOST)
            return false;
        job->spoiled = true;
        metric_add(writer->db->counts.retries, (int64_t)i);
        if (!begin(writer, batch))
            return true;
        run = job_run_carefully;
        i = 0;
    }
    commit(writer, batch);
    return true;
}

/* What went wrong with nobody else in the transaction is this caller's own answer. */
static void answer_lost(Job *job)
{
    job->ok = false;
    if (job->error == NULL)
        error_set(&job->error, TD_ERROR_UNAVAILABLE,
                  "The database gave up the transaction; nothing was changed. Try again");
}

static void run_batch(SqliteWriter *writer, Batch *batch)
{
    if (run_together(writer, batch, true))
        return;
    if (batch->n == 1) {
        answer_lost(batch->jobs[0]);
        return;
    }
    for (size_t i = 0; i < batch->n; i++) {
        Batch alone = {.jobs = {batch->jobs[i]}, .n = 1};
        if (!batch->jobs[i]->spoiled && !run_together(writer, &alone, false))
            answer_lost(batch->jobs[i]);
    }
}

/* Waits for work. False: there is none and will be none. */
static bool batch_wait(SqliteWriter *writer, Batch *batch)
{
    batch->n = 0;
    monitor_lock(&writer->monitor);
    while (g_queue_is_empty(&writer->waiting) && !writer->stopping)
        monitor_wait(&writer->monitor);
    batch_fill(writer, batch);
    monitor_unlock(&writer->monitor);
    return batch->n > 0;
}

/* A job is gone as soon as it is posted. */
static void batch_answer(Batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        __atomic_store_n(&batch->jobs[i]->answered, 1, __ATOMIC_RELEASE);
        sem_post(&batch->jobs[i]->answer);
    }
}

static void *writer_main(void *data)
{
    SqliteWriter *writer = data;
    Batch batch;
    while (batch_wait(writer, &batch)) {
        run_batch(writer, &batch);
        batch_answer(&batch);
    }
    return NULL;
}

static void writer_free(SqliteWriter *writer)
{
    sqlite_connection_close(writer->connection);
    g_clear_error(&writer->trouble);
    monitor_clear(&writer->monitor);
    g_free(writer);
}

SqliteWriter *sqlite_writer_start(Db *db, SqliteConnection *connection, GError **error)
{
    SqliteWriter *writer = g_new0(SqliteWriter, 1);
    writer->db = db;
    writer->connection = connection;
    monitor_init(&writer->monitor);
    g_queue_init(&writer->waiting);
    g_autoptr(GError) local = NULL;
    writer->thread = g_thread_try_new("db-writer", writer_main, writer, &local);
    if (writer->thread == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "The system gave no thread for writing to the database (%s). Raise its limits",
                  local->message);
        writer_free(writer);
        return NULL;
    }
    return writer;
}

void sqlite_writer_stop(SqliteWriter *writer)
{
    monitor_lock(&writer->monitor);
    writer->stopping = true;
    monitor_signal(&writer->monitor);
    monitor_unlock(&writer->monitor);
    g_thread_join(writer->thread);
    writer_free(writer);
}

/* Takes back a job that the writer has not even taken. */
static bool job_withdraw(SqliteWriter *writer, Job *job)
{
    monitor_lock(&writer->monitor);
    bool taken = job->taken;
    if (!taken)
        g_queue_unlink(&writer->waiting, &job->link);
    monitor_unlock(&writer->monitor);
    if (!taken)
        error_set(&job->error, TD_ERROR_BUSY,
                  "Too many changes wait for the database and this one's turn did not come in "
                  "time; nothing was changed. Try again soon");
    return !taken;
}

/* False once `deadline_us` (g_get_monotonic_time()) has passed. */
static bool job_wait_until(Job *job, int64_t deadline_us)
{
    struct timespec when = {.tv_sec = (time_t)(deadline_us / G_USEC_PER_SEC),
                            .tv_nsec = (long)(deadline_us % G_USEC_PER_SEC) * 1000};
    int rc;
    do
        rc = sem_clockwait(&job->answer, CLOCK_MONOTONIC, &when);
    while (rc != 0 && errno == EINTR);
    return rc == 0;
}

/* Waits for the answer: for a turn until the deadline, then for as long as it takes. */
static void job_wait(SqliteWriter *writer, Job *job, int64_t deadline_us)
{
    if (!job_wait_until(job, deadline_us)) {
        if (job_withdraw(writer, job))
            return;
        while (sem_wait(&job->answer) != 0)
            ; /* interrupted by a signal */
    }
    /* What the writer's thread has written is seen from here on. */
    int answered = __atomic_load_n(&job->answered, __ATOMIC_ACQUIRE);
    g_assert(answered);
}

bool sqlite_writer_run(SqliteWriter *writer, DbFn fn, void *data, GError **error)
{
    Job job = {.fn = fn, .data = data};
    job.link.data = &job;
    sem_init(&job.answer, 0, 0);
    int64_t deadline_us = g_get_monotonic_time() + writer->db->busy_timeout_ms * 1000;

    monitor_lock(&writer->monitor);
    g_queue_push_tail_link(&writer->waiting, &job.link);
    monitor_signal(&writer->monitor);
    monitor_unlock(&writer->monitor);
    job_wait(writer, &job, deadline_us);

    sem_destroy(&job.answer);
    if (job.error != NULL)
        g_propagate_error(error, job.error);
    return job.ok;
}

size_t sqlite_writer_waiting(SqliteWriter *writer)
{
    monitor_lock(&writer->monitor);
    size_t n = g_queue_get_length(&writer->waiting);
    monitor_unlock(&writer->monitor);
    return n;
}

bool sqlite_writer_is_well(SqliteWriter *writer, GError **error)
{
    monitor_lock(&writer->monitor);
    GError *trouble = writer->trouble != NULL ? g_error_copy(writer->trouble) : NULL;
    monitor_unlock(&writer->monitor);
    if (trouble != NULL)
        g_propagate_error(error, trouble);
    return trouble == NULL;
}
