/* SPDX-License-Identifier: Apache-2.0 */
#include "api/render_message.h"

#include "alerts/compose_copy.h"
#include "alerts/mail_kind.h"
#include "api/render.h"
#include "base/json.h"

void copy_story_free(CopyStory *story)
{
    if (story == NULL)
        return;
    message_copy_free(story->copy);
    outbox_message_free(story->row);
    g_free(story);
}

CopyStory *copy_story_load(DbTx *tx, MessageCopy *copy, GError **error)
{
    static const char *const kinds[] = {OUTBOX_KIND_MESSAGE, OUTBOX_KIND_AUTO_RESPONSE};
    g_autoptr(CopyStory) story = g_new0(CopyStory, 1);
    g_autoptr(GError) failure = NULL;
    story->copy = copy;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds) && copy->reason == COPY_ANSWERED &&
                       story->row == NULL && failure == NULL;
         i++)
        story->row = outbox_find(tx, kinds[i], copy->id, &failure);
    if (failure == NULL)
        return g_steal_pointer(&story);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

GPtrArray *message_copy_stories(DbTx *tx, int64_t message, GError **error)
{
    g_autoptr(GPtrArray) copies = message_copy_list(tx, message, error);
    g_autoptr(GPtrArray) stories = g_ptr_array_new_with_free_func((GDestroyNotify)copy_story_free);
    for (guint i = 0; copies != NULL && i < copies->len; i++) {
        CopyStory *story = copy_story_load(tx, g_steal_pointer(&copies->pdata[i]), error);
        if (story == NULL)
            return NULL;
        g_ptr_array_add(stories, story);
    }
    return copies != NULL ? g_steal_pointer(&stories) : NULL;
}

json_t *render_copy(const CopyStory *story, const char *desk_id)
{
    static const OutboxMessage none = {0};
    const MessageCopy *copy = story->copy;
    const OutboxMessage *row = story->row != NULL ? story->row : &none;
    bool sent = copy->reason == COPY_ANSWERED;
    g_autofree char *message_id = sent ? compose_copy_id(desk_id, copy->id) : NULL;
    json_t *value = json_object();
    json_set_int(value, "id", copy->id);
    json_set_bool(value, "employee", copy->to_employee);
    json_set_text(value, "recipient", copy->recipient);
    json_set_text(value, "recipient_name", copy->recipient_name);
    json_set_text(value, "decision", sent ? "send" : "suppress");
    json_set_text(value, "reason", copy_reason_name(copy->reason));
    json_set_text(value, "state", story->row != NULL ? outbox_state_name(row->state) : NULL);
    json_set_text(value, "state_reason", row->state_reason);
    json_set_int(value, "attempts", row->attempts);
    json_set_bool(value, "uncertain", row->uncertain);
    json_set_text(value, "message_id", message_id);
    json_set_text(value, "last_reply", row->last_reply);
    json_set_time(value, "due_at", story->row != NULL ? render_next_try(row) : 0);
    json_set_time(value, "accepted_at", row->accepted_at);
    return value;
}

static json_t *render_attachment(const Attachment *attachment)
{
    json_t *value = json_object();
    json_set_int(value, "id", attachment->id);
    json_set_text(value, "name", attachment->name);
    json_set_text(value, "content_type", attachment->content_type);
    json_set_int(value, "bytes", attachment->bytes);
    json_set_text(value, "hash", attachment->hash);
    return value;
}

json_t *render_ticket_message(const TicketMessage *message, GPtrArray *attachments,
                              GPtrArray *copies, const char *desk_id)
{
    json_t *value = json_object();
    json_set_int(value, "id", message->id);
    json_set_int(value, "ticket", message->ticket);
    json_set_int(value, "event", message->event);
    json_set_int(value, "version", message->version);
    json_set_text(value, "kind", message_kind_name(message->kind));
    json_set_text(value, "visibility", message_visibility_name(message->visibility));
    json_object_set_new(value, "author", render_actor(&message->author));
    json_set_text(value, "channel", channel_name(message->author.channel));
    json_set_bool(value, "incoming", message->incoming);
    json_set_text(value, "from", message->from);
    json_set_text(value, "sender", message_sender_name(message->sender));
    json_set_text(value, "subject", message->subject);
    json_set_text(value, "text", message->text);
    json_set_text(value, "quoted", message->quoted);
    json_set_text(value, "html", message->html);
    json_set_text(value, "message_id", message->message_id);
    json_set_text(value, "in_reply_to", message->in_reply_to);
    json_set_time(value, "at", message->at);
    json_t *files = json_array();
    for (guint i = 0; i < attachments->len; i++)
        json_array_append_new(files, render_attachment(attachments->pdata[i]));
    json_object_set_new(value, "attachments", files);
    json_t *list = json_array();
    for (guint i = 0; i < copies->len; i++)
        json_array_append_new(list, render_copy(copies->pdata[i], desk_id));
    json_object_set_new(value, "copies", list);
    return value;
}
