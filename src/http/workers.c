/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One queue, one lock held for a few instructions, one condition. pthread and not GMutex: the
 * thread sanitizer sees these, and not those of an uninstrumented GLib.
 */
#include "http/workers.h"

#include "base/error.h"

#include <pthread.h>

struct HttpWorkers {
    void (*run)(void *job);
    void (*refuse)(void *job);
    pthread_mutex_t lock;
    pthread_cond_t more;
    GQueue queue;
    guint limit;
    guint idle; /* threads that wait on `more` */
    bool dropping;
    bool stopping;
    GPtrArray *threads;
};

static void *worker_main(void *data)
{
    HttpWorkers *workers = data;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        void *job = g_queue_pop_head(&workers->queue);
        if (job != NULL) {
            pthread_mutex_unlock(&workers->lock);
            workers->run(job);
            pthread_mutex_lock(&workers->lock);
        } else if (workers->stopping) {
            break;
        } else {
            workers->idle++;
            pthread_cond_wait(&workers->more, &workers->lock);
            workers->idle--;
        }
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

HttpWorkers *http_workers_start(int threads, int queue, void (*run)(void *job),
                                void (*refuse)(void *job), GError **error)
{
    g_autoptr(HttpWorkers) workers = g_new0(HttpWorkers, 1);
    workers->run = run;
    workers->refuse = refuse;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->more, NULL);
    g_queue_init(&workers->queue);
    workers->limit = (guint)queue;
    workers->threads = g_ptr_array_new();
    for (int i = 0; i < threads; i++) {
        g_autoptr(GError) cause = NULL;
        GThread *thread = g_thread_try_new("http-worker", worker_main, workers, &cause);
        if (thread == NULL) {
            error_set(error, TD_ERROR_UNAVAILABLE,
                      "Cannot start thread %d of %d for requests: %s. Allow more threads, or fewer "
                      "workers.",
                      i + 1, threads, cause->message);
            return NULL;
        }
        g_ptr_array_add(workers->threads, thread);
    }
    return g_steal_pointer(&workers);
}

bool http_workers_push(HttpWorkers *workers, void *job)
{
    pthread_mutex_lock(&workers->lock);
    bool taken = !workers->dropping && workers->queue.length < workers->limit;
    bool wake = taken && workers->idle > 0;
    if (taken)
        g_queue_push_tail(&workers->queue, job);
    pthread_mutex_unlock(&workers->lock);
    if (wake)
        pthread_cond_signal(&workers->more);
    return taken;
}

void http_workers_drop(HttpWorkers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->dropping = true;
    GQueue dropped = workers->queue;
    g_queue_init(&workers->queue);
    pthread_mutex_unlock(&workers->lock);
    for (void *job = g_queue_pop_head(&dropped); job != NULL; job = g_queue_pop_head(&dropped))
        workers->refuse(job);
}

void http_workers_free(HttpWorkers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_mutex_unlock(&workers->lock);
    pthread_cond_broadcast(&workers->more);
    for (guint i = 0; i < workers->threads->len; i++)
        g_thread_join(workers->threads->pdata[i]);
    g_ptr_array_unref(workers->threads);
    pthread_cond_destroy(&workers->more);
    pthread_mutex_destroy(&workers->lock);
    g_free(workers);
}
