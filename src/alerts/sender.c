/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/sender.h"

#include "base/error.h"
#include "base/json.h"

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
    g_free(identity);
}

char *sender_identity(const DeskSettings *desk, const AlertsServerSettings *server)
{
    json_auto_t *identity = json_object();
    json_set_text(identity, "from_name",
                  *server->from_name != '\0' ? server->from_name : desk->name);
    json_set_text(identity, "from_address", server->from_address);
    json_set_text(identity, "reply_to", server->reply_to);
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
