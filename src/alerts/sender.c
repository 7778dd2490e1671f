/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/sender.h"

#include "base/error.h"
#include "base/json.h"
#include "mail/hop.h"
#include "mail/signed_address.h"

#include <string.h>

static SenderIdentity *identity_ref(SenderIdentity *identity)
{
    g_atomic_int_inc(&identity->users);
    return identity;
}

void sender_identity_unref(SenderIdentity *identity)
{
    if (identity == NULL || !g_atomic_int_dec_and_test(&identity->users))
        return;
    g_free(identity->json);
    g_free(identity->from_name);
    g_free(identity->from_address);
    g_free(identity->reply_to);
    g_free(identity->separator);
    g_free(identity->bounce_address);
    g_free(identity);
}

char *sender_identity(const DeskSettings *desk, const AlertsServerSettings *server, int64_t key)
{
    json_auto_t *identity = json_object();
    json_set_text(identity, "from_name",
                  *server->from_name != '\0' ? server->from_name : desk->name);
    json_set_text(identity, "from_address", server->from_address);
    json_set_text(identity, "reply_to", server->reply_to);
    if (key != 0)
        json_set_int(identity, "key", key);
    if (key != 0 && server->signed_reply)
        json_set_bool(identity, "signed_reply", true);
    if (key != 0 && server->signed_bounce)
        json_set_bool(identity, "signed_bounce", true);
    if (key != 0 && (server->signed_reply || server->signed_bounce))
        json_set_text(identity, "separator",
                      strcmp(server->address_separator, "none") == 0 ? ""
                                                                     : server->address_separator);
    if (*server->bounce_address != '\0')
        json_set_text(identity, "bounce_address", server->bounce_address);
    return json_text(identity);
}

void sender_cache_init(SenderCache *cache)
{
    cache->last = NULL;
    monitor_init(&cache->lock);
}

void sender_cache_clear(SenderCache *cache)
{
    g_clear_pointer(&cache->last, sender_identity_unref);
    monitor_clear(&cache->lock);
}

static SenderIdentity *parse(const char *json, GError **error)
{
    json_auto_t *value = json != NULL ? json_loads(json, 0, NULL) : NULL;
    if (value == NULL) {
        error_set(error, TD_ERROR_CORRUPT, "The stored sender of a mail cannot be read");
        return NULL;
    }
    SenderIdentity *identity = g_new0(SenderIdentity, 1);
    identity->users = 1;
    identity->json = g_strdup(json);
    identity->from_name = g_strdup(json_get_text(value, "from_name"));
    identity->from_address = g_strdup(json_get_text(value, "from_address"));
    identity->reply_to = g_strdup(json_get_text(value, "reply_to"));
    identity->key = json_get_int(value, "key");
    identity->separator = g_strdup(json_get_text(value, "separator"));
    identity->signed_reply = json_get_bool(value, "signed_reply", false);
    identity->signed_bounce = json_get_bool(value, "signed_bounce", false);
    const char *bounce = json_get_text(value, "bounce_address");
    identity->bounce_address = g_strdup(*bounce != '\0' ? bounce : identity->from_address);
    return identity;
}

SenderIdentity *sender_cache_read(SenderCache *cache, const char *json, GError **error)
{
    SenderIdentity *identity = NULL;
    monitor_lock(&cache->lock);
    if (cache->last == NULL || g_strcmp0(cache->last->json, json) != 0) {
        SenderIdentity *parsed = parse(json, error);
        if (parsed != NULL) {
            g_clear_pointer(&cache->last, sender_identity_unref);
            cache->last = parsed;
            identity = identity_ref(parsed);
        }
    } else {
        identity = identity_ref(cache->last);
    }
    monitor_unlock(&cache->lock);
    return identity;
}

/* ---- what is signed ---- */

static const SigningKey *find_key(const SenderIdentity *identity, const SigningKeys *keys,
                                  GError **error)
{
    const SigningKey *key = signing_keys_find(keys, identity->key);
    if (key == NULL)
        error_set(error, TD_ERROR_UNAVAILABLE,
                  "Signing key %" G_GINT64_FORMAT " of this mail's sender is not in the database"
                  " (table signing_key), so the mail was not made. Restore that table from a"
                  " backup",
                  identity->key);
    return key;
}

bool sender_reply_to(const SenderIdentity *identity, const SigningKeys *keys, const char *own,
                     int64_t ticket, const char *recipient_key, char **reply_to, GError **error)
{
    const char *base = own != NULL ? own : identity->reply_to;
    if (!identity->signed_reply) {
        *reply_to = *base != '\0' ? g_strdup(base) : NULL;
        return true;
    }
    const SigningKey *key = find_key(identity, keys, error);
    if (key == NULL)
        return false;
    if (*base == '\0')
        base = identity->from_address;
    char *made = signed_address_reply(key, base, identity->separator, ticket, recipient_key);
    *reply_to = made != NULL ? made : g_strdup(base);
    return true;
}

bool sender_envelope(const SenderIdentity *identity, const SigningKeys *keys, int64_t outbox,
                     char **envelope_from, GError **error)
{
    if (!identity->signed_bounce) {
        *envelope_from = g_strdup(identity->bounce_address);
        return true;
    }
    const SigningKey *key = find_key(identity, keys, error);
    if (key == NULL)
        return false;
    char *made = signed_address_bounce(key, identity->bounce_address, identity->separator, outbox);
    *envelope_from = made != NULL ? made : g_strdup(identity->bounce_address);
    return true;
}

bool sender_hop(const SenderIdentity *identity, const SigningKeys *keys, int count,
                const char *message_id, char **hop, GError **error)
{
    if (identity->key == 0) {
        *hop = NULL;
        return true;
    }
    const SigningKey *key = find_key(identity, keys, error);
    if (key == NULL)
        return false;
    *hop = hop_mark(key, count, message_id);
    return true;
}
