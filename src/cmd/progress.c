/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include "base/clock.h"
#include "base/monitor.h"

#include <stdio.h>
#include <unistd.h>

#define PATIENCE_US (2 * US_PER_SECOND)

struct Progress {
    const char *what;
    Monitor lock;
    bool done;
    GThread *thread;
};

static gpointer tell(gpointer data)
{
    Progress *progress = data;
    bool terminal = isatty(STDERR_FILENO);
    bool told = false;
    int64_t start_us = g_get_monotonic_time();
    int64_t next_us = start_us + PATIENCE_US;
    monitor_lock(&progress->lock);
    while (!progress->done) {
        if (monitor_wait_until(&progress->lock, next_us) || progress->done)
            continue;
        fprintf(stderr, "%s%s: %d seconds so far%s", terminal ? "\r" : "", progress->what,
                (int)((next_us - start_us) / US_PER_SECOND), terminal ? "" : "\n");
        next_us += PATIENCE_US;
        told = true;
    }
    monitor_unlock(&progress->lock);
    if (told && terminal)
        fputs("\n", stderr);
    return NULL;
}

Progress *progress_start(const char *what)
{
    Progress *progress = g_new0(Progress, 1);
    progress->what = what;
    monitor_init(&progress->lock);
    progress->thread = g_thread_try_new("progress", tell, progress, NULL);
    return progress;
}

void progress_stop(Progress *progress)
{
    monitor_lock(&progress->lock);
    progress->done = true;
    monitor_signal(&progress->lock);
    monitor_unlock(&progress->lock);
    if (progress->thread != NULL)
        g_thread_join(progress->thread);
    monitor_clear(&progress->lock);
    g_free(progress);
}
