/* SPDX-License-Identifier: Apache-2.0 */
/* A transport that keeps what it is given, for tests: every link of the process writes into one
 * list. */
#include "mail/transport-private.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *sent; /* of MemoryMail */

static void memory_mail_free(MemoryMail *mail)
{
    g_free(mail->envelope_from);
    g_free(mail->envelope_to);
    g_bytes_unref(mail->message);
    g_free(mail);
}

static GPtrArray *mails_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)memory_mail_free);
}

GPtrArray *transport_memory_take(void)
{
    pthread_mutex_lock(&lock);
    GPtrArray *taken = sent != NULL ? g_steal_pointer(&sent) : mails_new();
    pthread_mutex_unlock(&lock);
    return taken;
}

static TransportLink *memory_new(void)
{
    return g_new0(TransportLink, 1);
}

static void memory_close(TransportLink *link)
{
    (void)link;
}

static void memory_free(TransportLink *link)
{
    g_free(link);
}

static void memory_send_one(TransportLink *link, const Envelope *envelope,
                            GCancellable *cancellable, DeliveryOutcome *outcome)
{
    (void)cancellable;
    MemoryMail *mail = g_new0(MemoryMail, 1);
    mail->envelope_from = g_strdup(envelope->envelope_from);
    mail->envelope_to = g_strdup(envelope->envelope_to);
    mail->message = g_bytes_ref(envelope->message);
    pthread_mutex_lock(&lock);
    if (sent == NULL)
        sent = mails_new();
    g_ptr_array_add(sent, mail);
    pthread_mutex_unlock(&lock);
    outcome_set(outcome, DELIVERY_SENT, "dot", "250 Kept in memory");
    outcome->reply_code = 250;
    transport_say(link, "dot", "the message", outcome->reply);
}

static void memory_send(TransportLink *link, const Envelope *envelopes, size_t n,
                        GCancellable *cancellable, DeliveryOutcome *outcomes)
{
    transport_one_by_one(link, envelopes, n, cancellable, outcomes, memory_send_one);
}

const TransportKind transport_memory = {"memory",    memory_new, memory_close,
                                        memory_free, NULL,       memory_send};
