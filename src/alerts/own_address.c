/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options keep addresses as people typed them; what is compared is their key. Each event asks
 * about the same few, so their keys are kept, by the text they belong to: a pure function's, which
 * nothing can make wrong.
 */
#include "alerts/own_address.h"

#include "mail/address.h"
#include "mail/signed_address.h"

#include <pthread.h>
#include <string.h>

#define KEPT_MAX 64 /* texts; more than a desk has at one time */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *keys; /* text -> key, "" where the text is no address */

/* With the lock held. */
static const char *key_of(const char *text)
{
    if (keys == NULL)
        keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *known = g_hash_table_lookup(keys, text);
    if (known != NULL)
        return known;
    char *key = NULL;
    if (!address_parse(text, NULL, NULL, &key, NULL))
        key = g_strdup("");
    if (g_hash_table_size(keys) >= KEPT_MAX)
        g_hash_table_remove_all(keys);
    g_hash_table_insert(keys, g_strdup(text), key);
    return key;
}

/* Whether one of these texts is that address, or it is a signed one made of them. */
static bool is_one_of(const char *const *own, size_t n, const char *email_key)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n && !found; i++) {
        const char *key = *own[i] != '\0' ? key_of(own[i]) : "";
        found = *key != '\0' &&
                (strcmp(key, email_key) == 0 || signed_address_looks_own(key, email_key));
    }
    pthread_mutex_unlock(&lock);
    return found;
}

bool own_address_of_mail(const Settings *settings, const char *email_key)
{
    const char *own[] = {
        settings->alerts_server.from_address,    settings->alerts_server.reply_to,
        settings->alerts_server.bounce_address,  settings->alerts.new_ticket.reply_to,
        settings->alerts.ticket_closed.reply_to, settings->email_connector.address};
    return is_one_of(own, G_N_ELEMENTS(own), email_key);
}

bool own_address_is(const Settings *settings, const char *email_key)
{
    const char *desk = settings->tickets.desk_recipient;
    return own_address_of_mail(settings, email_key) || is_one_of(&desk, 1, email_key);
}
