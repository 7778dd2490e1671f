/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue and the threads that empty it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct HttpWorkers HttpWorkers;

/* `run` is called on a worker thread with each job; `refuse` instead of it for a job that was not
 * begun when http_workers_drop() was called. Errors: UNAVAILABLE (no threads). */
HttpWorkers *http_workers_start(int threads, int queue, void (*run)(void *job),
                                void (*refuse)(void *job), GError **error);

/* False: the queue is full; the job is not taken. Any thread. */
bool http_workers_push(HttpWorkers *workers, void *job);

/* How many jobs wait, about. */
int http_workers_waiting(const HttpWorkers *workers);

/* Refuses what waits in the queue, and whatever is pushed from now on. */
void http_workers_drop(HttpWorkers *workers);

/* Waits for the jobs that run, and joins. The queue must have been dropped or be empty. NULL is
 * allowed. */
void http_workers_free(HttpWorkers *workers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpWorkers, http_workers_free)
