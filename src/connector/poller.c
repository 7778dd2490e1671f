/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that looks at the options, and starts and stops the mailboxes' threads as they say. */
#include "connector/poller.h"

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "connector/poller-private.h"

#include <string.h>

#define LOOK_MS 1000

struct Poller {
    PollerSetup setup;
    char *holder;
    GThread *thread;
    GPtrArray *boxes; /* of Box *; the thread's until it has ended */
    Monitor monitor;  /* guards the next two */
    bool woken;
    bool stopping;
    char *failure; /* the thread's: why the options could not be read; NULL: they could */
};

void poller_mailbox_free(PollerMailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_free(mailbox->name);
    g_free(mailbox->host);
    g_free(mailbox->security);
    g_free(mailbox->username);
    secret_free(mailbox->password);
    oauth_source_unref(mailbox->oauth);
    g_free(mailbox->ca_file);
    g_free(mailbox->folder);
    g_free(mailbox->move_to);
    g_free(mailbox->fingerprint);
    g_free(mailbox);
}

/* ---- mailboxes ---- */

/* All at once: each of them may have to end a transaction first. */
static void boxes_stop(const GPtrArray *boxes)
{
    for (guint i = 0; i < boxes->len; i++) {
        Box *box = boxes->pdata[i];
        monitor_lock(&box->monitor);
        box->stopping = true;
        monitor_broadcast(&box->monitor);
        monitor_unlock(&box->monitor);
        g_cancellable_cancel(box->cancel);
    }
    for (guint i = 0; i < boxes->len; i++) {
        Box *box = boxes->pdata[i];
        g_thread_join(g_steal_pointer(&box->thread));
    }
}

static void box_free(Box *box)
{
    if (box == NULL)
        return;
    poller_mailbox_free(box->options);
    g_object_unref(box->cancel);
    monitor_clear(&box->monitor);
    g_free(box->last_reason);
    g_free(box);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Box, box_free)

/* Takes the mailbox. NULL where there is no thread for it: it is tried again. */
static Box *box_start(const Poller *poller, PollerMailbox *mailbox)
{
    g_autoptr(Box) box = g_new0(Box, 1);
    g_autoptr(GError) error = NULL;
    box->setup = &poller->setup;
    box->holder = poller->holder;
    box->options = mailbox;
    box->cancel = g_cancellable_new();
    monitor_init(&box->monitor);
    box->thread = g_thread_try_new("mailbox", box_run, box, &error);
    if (box->thread != NULL)
        return g_steal_pointer(&box);
    log_error("The mailbox %s cannot be read: %s. It is tried again", mailbox->name,
              error->message);
    return NULL;
}

static void wake_boxes(const Poller *poller)
{
    for (guint i = 0; i < poller->boxes->len; i++) {
        Box *box = poller->boxes->pdata[i];
        monitor_lock(&box->monitor);
        box->woken = true;
        monitor_broadcast(&box->monitor);
        monitor_unlock(&box->monitor);
    }
}

/* The place of the mailbox with these options, byte for byte; -1: none. */
static int find(const GPtrArray *mailboxes, const char *fingerprint)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        const PollerMailbox *mailbox = mailboxes->pdata[i];
        if (mailbox != NULL && strcmp(mailbox->fingerprint, fingerprint) == 0)
            return (int)i;
    }
    return -1;
}

/* Stops what is not wanted any more, before anything new begins: it may be the same mailbox. */
static void keep_wanted(Poller *poller, const GPtrArray *wanted)
{
    g_autoptr(GPtrArray) leaving = g_ptr_array_new_with_free_func((GDestroyNotify)box_free);
    for (guint i = poller->boxes->len; i > 0; i--) {
        Box *box = poller->boxes->pdata[i - 1];
        if (find(wanted, box->options->fingerprint) < 0)
            g_ptr_array_add(leaving, g_ptr_array_steal_index(poller->boxes, i - 1));
    }
    boxes_stop(leaving);
}

static bool is_read(const Poller *poller, const char *fingerprint)
{
    for (guint i = 0; i < poller->boxes->len; i++) {
        const Box *box = poller->boxes->pdata[i];
        if (strcmp(box->options->fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

static void follow_options(Poller *poller)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) wanted = poller->setup.mailboxes(poller->setup.mailboxes_data, &error);
    if (wanted == NULL) {
        if (g_strcmp0(poller->failure, error->message) != 0)
            log_warning("The Email Connector's options cannot be read: %s. Mailboxes are read as "
                        "before",
                        error->message);
        g_free(poller->failure);
        poller->failure = g_strdup(error->message);
        return;
    }
    g_clear_pointer(&poller->failure, g_free);
    keep_wanted(poller, wanted);
    while (wanted->len > 0) {
        PollerMailbox *mailbox = g_ptr_array_steal_index(wanted, 0);
        if (is_read(poller, mailbox->fingerprint)) {
            poller_mailbox_free(mailbox);
            continue;
        }
        Box *box = box_start(poller, mailbox);
        if (box != NULL)
            g_ptr_array_add(poller->boxes, box);
    }
}

/* ---- the poller ---- */

static bool wait_for_change(Poller *poller)
{
    int ms = poller->setup.look_ms > 0 ? poller->setup.look_ms : LOOK_MS;
    int64_t until_us = g_get_monotonic_time() + ms * US_PER_MS;
    monitor_lock(&poller->monitor);
    while (!poller->stopping && !poller->woken && monitor_wait_until(&poller->monitor, until_us))
        ;
    bool woken = poller->woken;
    bool on = !poller->stopping;
    poller->woken = false;
    monitor_unlock(&poller->monitor);
    if (on && woken)
        wake_boxes(poller);
    return on;
}

static gpointer run(gpointer data)
{
    Poller *poller = data;
    do
        follow_options(poller);
    while (wait_for_change(poller));
    boxes_stop(poller->boxes);
    return NULL;
}

static void poller_free(Poller *poller)
{
    g_ptr_array_unref(poller->boxes);
    monitor_clear(&poller->monitor);
    g_free(poller->holder);
    g_free(poller->failure);
    g_free(poller);
}

Poller *poller_start(const PollerSetup *setup, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Poller *poller = g_new0(Poller, 1);
    poller->setup = *setup;
    /* One process writes an SQLite desk: what a former one held is free at once. */
    poller->holder =
        db_engine(setup->db) == DB_SQLITE ? g_strdup("desk") : random_base32(setup->random, 24);
    poller->boxes = g_ptr_array_new_with_free_func((GDestroyNotify)box_free);
    monitor_init(&poller->monitor);
    poller->thread = g_thread_try_new("connector", run, poller, &failure);
    if (poller->thread != NULL)
        return poller;
    error_set(error, TD_ERROR_UNAVAILABLE, "No thread can be started to read mailboxes: %s",
              failure->message);
    poller_free(poller);
    return NULL;
}

static void tell(Poller *poller, bool *what)
{
    monitor_lock(&poller->monitor);
    *what = true;
    monitor_broadcast(&poller->monitor);
    monitor_unlock(&poller->monitor);
}

void poller_wake(Poller *poller)
{
    tell(poller, &poller->woken);
}

void poller_stop(Poller *poller)
{
    if (poller == NULL)
        return;
    tell(poller, &poller->stopping);
    g_thread_join(poller->thread);
    poller_free(poller);
}
