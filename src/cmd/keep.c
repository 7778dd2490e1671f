/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/keep.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/monitor.h"
#include "base/text.h"
#include "keep/fill.h"
#include "keep/save.h"
#include "keep/target.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE_US (2 * US_PER_SECOND)

struct KeepWatch {
    Monitor lock;
    bool done;
    int64_t begun_us;
    GThread *thread;
};

/* A signal handler knows nothing else. */
static KeepTally tally;

static void on_signal(int number)
{
    __atomic_store_n(&tally.stop, true, __ATOMIC_RELAXED);
}

static void say(const KeepWatch *watch, bool terminal)
{
    const char *phase = __atomic_load_n(&tally.phase, __ATOMIC_RELAXED);
    fprintf(stderr, "%s%s: %" G_GINT64_FORMAT " records, %d seconds so far%s",
            terminal ? "\r\033[K" : "", phase != NULL ? phase : "Beginning",
            __atomic_load_n(&tally.rows, __ATOMIC_RELAXED), (int)keep_watch_seconds(watch),
            terminal ? "" : "\n");
}

static gpointer tell(gpointer data)
{
    KeepWatch *watch = data;
    bool terminal = isatty(STDERR_FILENO), told = false;
    int64_t next_us = watch->begun_us + PATIENCE_US;
    monitor_lock(&watch->lock);
    while (!watch->done) {
        if (monitor_wait_until(&watch->lock, next_us) || watch->done)
            continue;
        say(watch, terminal);
        told = true;
        /* On a terminal the line is written over; in a log it is one of few. */
        next_us += terminal ? US_PER_SECOND : 15 * US_PER_SECOND;
    }
    monitor_unlock(&watch->lock);
    if (told && terminal)
        fputs("\r\033[K", stderr);
    return NULL;
}

KeepWatch *keep_watch_start(void)
{
    KeepWatch *watch = g_new0(KeepWatch, 1);
    struct sigaction action = {.sa_handler = on_signal};
    tally = (KeepTally){0};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a limit of the shell's is an error of write(), as a full disk is */
    monitor_init(&watch->lock);
    watch->begun_us = g_get_monotonic_time();
    watch->thread = g_thread_try_new("progress", tell, watch, NULL);
    return watch;
}

void keep_watch_stop(KeepWatch *watch)
{
    if (watch == NULL)
        return;
    monitor_lock(&watch->lock);
    watch->done = true;
    monitor_signal(&watch->lock);
    monitor_unlock(&watch->lock);
    if (watch->thread != NULL)
        g_thread_join(watch->thread);
    monitor_clear(&watch->lock);
    g_free(watch);
}

KeepTally *keep_watch_tally(KeepWatch *watch)
{
    return &tally;
}

double keep_watch_seconds(const KeepWatch *watch)
{
    return (double)(g_get_monotonic_time() - watch->begun_us) / G_USEC_PER_SEC;
}

char *keep_size_words(int64_t bytes)
{
    return g_format_size((guint64)bytes);
}

json_t *keep_contents_json(const KeepContents *contents)
{
    const KeepHeader *header = &contents->header;
    json_t *json = json_object();
    json_set_text(json, "desk", header->desk_id);
    json_set_text(json, "engine", header->engine);
    json_set_time(json, "taken_at", header->taken_at);
    json_set_text(json, "program", header->program);
    json_set_int(json, "schema", header->schema);
    json_set_int(json, "tables", contents->tables);
    json_set_int(json, "rows", contents->rows);
    json_set_int(json, "bytes", contents->bytes);
    json_set_text(json, "checksum", contents->checksum);
    json_object_set(json, "records", contents->counts);
    return json;
}

char *keep_read_conf(const DeskFolder *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder->path, "tidings.conf", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) failure = NULL;
    if (g_file_get_contents(path, &text, NULL, &failure))
        return keep_conf_without_database(text);
    error_set(error, TD_ERROR_UNAVAILABLE, "%s cannot be read: %s", path, failure->message);
    return NULL;
}

int keep_open_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_set(error, errno == ENOENT ? TD_ERROR_NOT_FOUND : TD_ERROR_UNAVAILABLE,
                  "%s cannot be read: %s", path, g_strerror(errno));
    return fd;
}

typedef struct {
    const char *action, *checksum;
    bool quiet;
    DeskQuiet *result;
} Note;

static bool note(DeskTx *tx, void *data, GError **error)
{
    const Note *it = data;
    return desk_restored(tx, it->action, it->checksum, it->quiet, it->result, error);
}

bool keep_copy(Db *db, int fd, const KeepContents *contents, const char *action, bool quiet,
               KeepTally *progress, DeskQuiet *result, GError **error)
{
    int64_t now_us = clock_wall_us(clock_system());
    if (!keep_fill(db, fd, contents, now_us, progress, error))
        return false;
    g_autoptr(Desk) desk = desk_new(db, clock_system(), random_system());
    Actor actor = {ACTOR_SYSTEM, 0, (char *)"Tidings", CHANNEL_CLI};
    Note it = {action, contents->checksum, quiet, result};
    return desk_write(desk, &actor, note, &it, error) && keep_target_verified(db, error);
}

void keep_remove_sqlite(const char *file)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat(file, ends[i], NULL);
        g_unlink(path);
    }
}
