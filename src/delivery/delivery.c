/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping. The threads end in the order in which work flows: no more claims, then no
 * more sending, then every outcome is recorded.
 */
#include "delivery/delivery.h"

#include "base/error.h"
#include "delivery/private.h"

static GThread *start_thread(const char *name, GThreadFunc run, Delivery *delivery, GError **error)
{
    g_autoptr(GError) failure = NULL;
    GThread *thread = g_thread_try_new(name, run, delivery, &failure);
    if (thread == NULL)
        error_set(error, TD_ERROR_UNAVAILABLE, "The thread %s cannot be started: %s", name,
                  failure->message);
    return thread;
}

bool delivery_add_senders(Delivery *delivery, int n, GError **error)
{
    while ((int)delivery->senders->len < n) {
        GThread *thread = start_thread("sender", delivery_sender_run, delivery, error);
        if (thread == NULL)
            return false;
        g_ptr_array_add(delivery->senders, thread);
    }
    return true;
}

/* The renewer: keeps the lease while the dispatcher has nothing to claim, or waits for a commit. */
static gpointer renewer_run(gpointer data)
{
    Delivery *delivery = data;
    monitor_lock(&delivery->monitor);
    while (!delivery->settler_stop) {
        gint64 until = g_get_monotonic_time() + term_keeper_wait_us(&delivery->keeper);
        monitor_wait_cond_until(&delivery->monitor, &delivery->renewer_stop, until);
        if (delivery->settler_stop)
            break;
        monitor_unlock(&delivery->monitor);
        /* Without the database the term runs out, and nothing leaves any more; the dispatcher says
         * what is wrong. */
        term_unref(term_keep(&delivery->keeper, NULL));
        monitor_lock(&delivery->monitor);
    }
    monitor_unlock(&delivery->monitor);
    return NULL;
}

static bool start_threads(Delivery *delivery, GError **error)
{
    delivery->settler = start_thread("settler", delivery_settler_run, delivery, error);
    if (delivery->settler == NULL)
        return false;
    delivery->renewer = start_thread("lease", renewer_run, delivery, error);
    if (delivery->renewer == NULL)
        return false;
    delivery->dispatcher = start_thread("dispatcher", delivery_dispatcher_run, delivery, error);
    return delivery->dispatcher != NULL;
}

/* On SQLite this process is the only sender there can be, so whatever is `sending` was its
 * predecessor's. The lease is taken after that, which forgets all there are. */
static bool take_over(Delivery *delivery, GError **error)
{
    bool only_sender = db_engine(delivery->setup.db) == DB_SQLITE;
    g_auto(DeliverySettings) settings = {0};
    if (!delivery_settings_load(&delivery->setup, &settings, error))
        return false;
    delivery->ask = settings.ask;
    if (!delivery_take_back(delivery, only_sender, 0, error))
        return false;
    g_autoptr(Term) term = term_keep(&delivery->keeper, error);
    return term != NULL;
}

Delivery *delivery_start(const DeliverySetup *setup, GError **error)
{
    Delivery *delivery = g_new0(Delivery, 1);
    delivery->setup = *setup;
    delivery->maildir = g_strdup(setup->maildir);
    delivery->setup.maildir = delivery->maildir;
    delivery->senders = g_ptr_array_new();
    delivery->lines = g_ptr_array_new_with_free_func((GDestroyNotify)line_free);
    delivery->cancel = g_cancellable_new();
    delivery->max_connections = 1;
    term_keeper_init(&delivery->keeper, setup->db, setup->clock, setup->random, setup->lease_us);
    monitor_init(&delivery->monitor);
    monitor_cond_init(&delivery->more_jobs);
    monitor_cond_init(&delivery->more_settled);
    monitor_cond_init(&delivery->renewer_stop);
    g_queue_init(&delivery->jobs);
    g_queue_init(&delivery->settled);
    if (!take_over(delivery, error) || !start_threads(delivery, error)) {
        delivery_stop(delivery, 0);
        return NULL;
    }
    return delivery;
}

void delivery_wake(Delivery *delivery)
{
    monitor_lock(&delivery->monitor);
    delivery->woken = true;
    monitor_broadcast(&delivery->monitor);
    monitor_unlock(&delivery->monitor);
}

/* What is being sent gets its time; then its connections are broken. */
static void wait_for_senders(Delivery *delivery, int64_t grace_ms)
{
    gint64 until = g_get_monotonic_time() + grace_ms * G_TIME_SPAN_MILLISECOND;
    monitor_lock(&delivery->monitor);
    delivery->stopping = true;
    monitor_broadcast(&delivery->monitor);
    pthread_cond_broadcast(&delivery->more_jobs);
    while (delivery->busy > 0 && monitor_wait_until(&delivery->monitor, until))
        ;
    monitor_unlock(&delivery->monitor);
    g_cancellable_cancel(delivery->cancel);
}

/* What was claimed and not begun goes back; then every outcome is recorded. */
static void settle_rest(Delivery *delivery)
{
    monitor_lock(&delivery->monitor);
    while (!g_queue_is_empty(&delivery->jobs))
        g_queue_push_tail(&delivery->settled, g_queue_pop_head(&delivery->jobs));
    delivery->settler_stop = true;
    pthread_cond_signal(&delivery->more_settled);
    pthread_cond_signal(&delivery->renewer_stop);
    monitor_unlock(&delivery->monitor);
    g_clear_pointer(&delivery->settler, g_thread_join);
    g_clear_pointer(&delivery->renewer, g_thread_join);
    /* If this fails the lease runs out by itself. */
    term_end(&delivery->keeper, NULL);
}

static void delivery_free(Delivery *delivery)
{
    g_ptr_array_unref(delivery->senders);
    g_ptr_array_unref(delivery->lines);
    g_object_unref(delivery->cancel);
    pthread_cond_destroy(&delivery->more_jobs);
    pthread_cond_destroy(&delivery->more_settled);
    pthread_cond_destroy(&delivery->renewer_stop);
    monitor_clear(&delivery->monitor);
    term_keeper_clear(&delivery->keeper);
    g_free(delivery->maildir);
    g_free(delivery);
}

void delivery_stop(Delivery *delivery, int64_t grace_ms)
{
    if (delivery == NULL)
        return;
    wait_for_senders(delivery, grace_ms);
    g_clear_pointer(&delivery->dispatcher, g_thread_join);
    for (guint i = 0; i < delivery->senders->len; i++)
        g_thread_join(delivery->senders->pdata[i]);
    settle_rest(delivery);
    delivery_free(delivery);
}
