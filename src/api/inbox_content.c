/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads of a mail in the inbox, and how many mails wait for one. */
#include "api/render.h"
#include "api/resources.h"
#include "connector/by_hand.h"

static json_t *addresses(const GPtrArray *list)
{
    json_t *items = json_array();
    for (guint i = 0; i < list->len; i++) {
        const InboundAddress *address = list->pdata[i];
        json_t *value = json_object();
        json_set_text(value, "email", address->email);
        json_set_text(value, "name", *address->name != '\0' ? address->name : NULL);
        json_array_append_new(items, value);
    }
    return items;
}

static json_t *attachments(const InboundMail *mail)
{
    json_t *items = json_array();
    for (guint i = 0; i < mail->attachments->len; i++) {
        const InboundAttachment *attachment = mail->attachments->pdata[i];
        json_t *value = json_object();
        json_set_text(value, "name", attachment->name);
        json_set_text(value, "content_type", attachment->content_type);
        json_set_int(value, "bytes", (int64_t)g_bytes_get_size(attachment->bytes));
        json_array_append_new(items, value);
    }
    return items;
}

static json_t *render(const InboundMail *mail)
{
    json_t *value = json_object();
    json_set_text(value, "subject", mail->subject);
    json_set_time(value, "date", mail->date_us);
    json_object_set_new(value, "to", addresses(mail->to));
    json_object_set_new(value, "cc", addresses(mail->cc));
    json_set_text(value, "text", mail->text);
    json_set_bool(value, "text_is_html", mail->text_is_html);
    json_object_set_new(value, "attachments", attachments(mail));
    return value;
}

HttpResponse *inbox_content(ApiCall *call, GError **error)
{
    int64_t id;
    g_autoptr(MailRead) read = api_param_id(call, "id", "unknown-mail", &id, error)
                                   ? inbox_read_again(desk_db(call->api->desk), id, error)
                                   : NULL;
    return read != NULL ? http_response_json(200, render(read->mail)) : NULL;
}

static json_t *counts(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    int64_t unmatched, quarantined;
    if (!inbox_count(tx, &unmatched, &quarantined, error))
        return NULL;
    json_t *value = json_object();
    json_set_int(value, "unmatched", unmatched);
    json_set_int(value, "quarantined", quarantined);
    return value;
}

HttpResponse *inbox_counts(ApiCall *call, GError **error)
{
    return api_read(call, counts, NULL, error);
}
