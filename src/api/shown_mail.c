/* SPDX-License-Identifier: Apache-2.0 */
#include "api/shown_mail.h"

#include "base/error.h"
#include "records/event.h"
#include "records/settings.h"
#include "records/signing_key.h"

#define PREVIEW_HEADER "X-Tidings-Preview"

char *shown_mail_sender(DbTx *tx, Composer *composer, GError **error)
{
    g_autoptr(Settings) settings = settings_load(tx, error);
    int64_t key;
    return settings != NULL && signing_key_current(tx, &key, error) &&
                   composer_load_keys(composer, tx, error)
               ? sender_identity(&settings->desk, &settings->alerts_server, key)
               : NULL;
}

/* Whether the recorded hash stands for the bytes of the present dated_at and sender: a repeated try
 * after a bounce may have another sender. */
static bool has_left(const OutboxMessage *message)
{
    return message->message_hash != NULL &&
           (message->state == OUTBOX_ACCEPTED || message->state == OUTBOX_BOUNCED);
}

static bool load_event(DbTx *tx, void *data, GError **error)
{
    Event *event = data;
    g_autoptr(Event) loaded = event_load(tx, event->id, error);
    if (loaded == NULL)
        return false;
    g_free(event->removed_why);
    event->removed_at = loaded->removed_at;
    event->removed_why = g_steal_pointer(&loaded->removed_why);
    return true;
}

/* Whether what it was made from is all there; else an error says what became of it. */
static bool check_content(ApiCall *call, const ShownMail *mail, GError **error)
{
    g_autoptr(Event) event = g_new0(Event, 1);
    event->id = mail->event;
    if (mail->event == 0)
        return true;
    if (!db_read(desk_db(call->api->desk), load_event, event, error))
        return false;
    if (event->removed_at != 0)
        event_content_refuse(event, "This mail was sent, but it", error);
    return event->removed_at == 0;
}

static GBytes *compose_again(ApiCall *call, const ShownMail *mail, GError **error)
{
    const OutboxMessage *message = mail->message;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) bytes = mail->kind->compose(call->api->composer, mail->source,
                                                  message->sender, message->dated_at, &failure);
    if (!has_left(message)) {
        if (bytes == NULL)
            g_propagate_error(error, g_steal_pointer(&failure));
        return g_steal_pointer(&bytes);
    }
    g_autofree char *hash = bytes != NULL ? compose_hash(bytes) : NULL;
    if (g_strcmp0(hash, message->message_hash) == 0)
        return g_steal_pointer(&bytes);
    if (!check_content(call, mail, error))
        return NULL;
    error_set_problem(
        error, TD_ERROR_CONFLICT, "cannot-reproduce", NULL,
        "This mail was sent, but version %d of the composer cannot make the same bytes"
        " again (it was made by version %" G_GINT64_FORMAT
        "), and other bytes are not shown in their place%s%s",
        COMPOSER_VERSION, message->composer, failure != NULL ? ": " : "",
        failure != NULL ? failure->message : "");
    return NULL;
}

HttpResponse *shown_mail(ApiCall *call, const ShownMail *mail, GError **error)
{
    bool preview = mail->message->dated_at == 0;
    g_autoptr(GBytes) bytes =
        preview ? mail->kind->compose(call->api->composer, mail->source, mail->sender_now,
                                      desk_now_us(call->api->desk), error)
                : compose_again(call, mail, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    HttpResponse *response = http_response_new(200, "message/rfc822", g_memdup2(data, size), size);
    if (preview)
        http_response_set_header(response, PREVIEW_HEADER, "not sent yet");
    return response;
}
