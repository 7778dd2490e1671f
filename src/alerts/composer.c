/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/composer.h"

#include "alerts/mail_kind.h"
#include "base/monitor.h"
#include "records/signing_key.h"

/* Parsed templates that are kept; when there are more, all are forgotten and parsed again. */
#define CACHE_MAX 200

struct Composer {
    char *desk_id;
    Monitor lock;
    GHashTable *parsed; /* "id:version:language" -> Words * */
    SigningKeys *keys;
    SenderCache senders;
    GHashTable *kinds; /* name -> const MailKind *; not written to once mail is sent */
};

Composer *composer_new(const char *desk_id)
{
    Composer *composer = g_new0(Composer, 1);
    composer->desk_id = g_strdup(desk_id);
    composer->keys = signing_keys_new(NULL, 0);
    monitor_init(&composer->lock);
    sender_cache_init(&composer->senders);
    composer->parsed =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)words_unref);
    composer->kinds = g_hash_table_new(g_str_hash, g_str_equal);
    composer_register(composer, &mail_kind_alert);
    composer_register(composer, &mail_kind_message);
    composer_register(composer, &mail_kind_auto_response);
    composer_register(composer, &mail_kind_sign_in);
    composer_register(composer, &mail_kind_held);
    composer_register(composer, &mail_kind_canary);
    return composer;
}

void composer_free(Composer *composer)
{
    if (composer == NULL)
        return;
    g_hash_table_unref(composer->kinds);
    g_hash_table_unref(composer->parsed);
    monitor_clear(&composer->lock);
    sender_cache_clear(&composer->senders);
    signing_keys_unref(composer->keys);
    g_free(composer->desk_id);
    g_free(composer);
}

const char *composer_desk_id(const Composer *composer)
{
    return composer->desk_id;
}

SenderIdentity *composer_sender(Composer *composer, const char *sender, GError **error)
{
    return sender_cache_read(&composer->senders, sender, error);
}

void composer_register(Composer *composer, const MailKind *kind)
{
    g_hash_table_replace(composer->kinds, (char *)kind->kind, (void *)kind);
}

const MailKind *composer_find(const Composer *composer, const char *kind)
{
    return g_hash_table_lookup(composer->kinds, kind);
}

/* ---- keys ---- */

bool composer_load_keys(Composer *composer, DbTx *tx, GError **error)
{
    SigningKeys *keys = signing_keys_load(tx, error);
    if (keys == NULL)
        return false;
    monitor_lock(&composer->lock);
    SigningKeys *former = composer->keys;
    composer->keys = keys;
    monitor_unlock(&composer->lock);
    signing_keys_unref(former);
    return true;
}

SigningKeys *composer_keys(Composer *composer)
{
    monitor_lock(&composer->lock);
    SigningKeys *keys = signing_keys_ref(composer->keys);
    monitor_unlock(&composer->lock);
    return keys;
}

/* ---- parsed templates ---- */

static char *cache_key(int64_t template_id, int64_t version, const char *language)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", template_id, version,
                           language);
}

Words *composer_find_words(Composer *composer, int64_t template_id, int64_t version,
                           const char *language)
{
    g_autofree char *key = cache_key(template_id, version, language);
    monitor_lock(&composer->lock);
    Words *words = g_hash_table_lookup(composer->parsed, key);
    if (words != NULL)
        words_ref(words);
    monitor_unlock(&composer->lock);
    return words;
}

Words *composer_words(Composer *composer, const TicketTemplate *record, GError **error)
{
    const TemplateText *text = record->texts->pdata[0];
    if (record->version == 0)
        return words_parse(text->subject, text->text, text->html, NULL, error);
    g_autofree char *key = cache_key(record->id, record->version, text->language);
    monitor_lock(&composer->lock);
    Words *words = g_hash_table_lookup(composer->parsed, key);
    if (words == NULL &&
        (words = words_parse(text->subject, text->text, text->html, NULL, error)) != NULL) {
        if (g_hash_table_size(composer->parsed) >= CACHE_MAX)
            g_hash_table_remove_all(composer->parsed);
        g_hash_table_insert(composer->parsed, g_steal_pointer(&key), words);
    }
    if (words != NULL)
        words_ref(words);
    monitor_unlock(&composer->lock);
    return words;
}
