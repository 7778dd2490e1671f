/* SPDX-License-Identifier: Apache-2.0 */
/* One copy of a message: its mail, and what a person may do with it. */
#include "alerts/compose_copy.h"
#include "api/render_message.h"
#include "api/resources.h"
#include "api/shown_mail.h"
#include "base/error.h"
#include "desk/answer.h"

typedef struct {
    int64_t number, id;
    CopyVerb verb;
    Composer *composer;
    CopyStory *story;
    CopySource *source;
    char *sender_now;
    int64_t event; /* of its message */
} Copy;

static void copy_clear(Copy *copy)
{
    g_clear_pointer(&copy->story, copy_story_free);
    g_clear_pointer(&copy->source, copy_source_free);
    g_clear_pointer(&copy->sender_now, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copy, copy_clear)

static bool read_ids(const ApiCall *call, Copy *copy, GError **error)
{
    return api_param_id(call, "number", "unknown-ticket", &copy->number, error) &&
           api_param_id(call, "id", "unknown-copy", &copy->id, error);
}

static CopyStory *load_story(DbTx *tx, const Copy *copy, GError **error)
{
    g_autoptr(MessageCopy) record = message_copy_load(tx, copy->id, error);
    if (record == NULL)
        return NULL;
    if (record->ticket == copy->number)
        return copy_story_load(tx, g_steal_pointer(&record), error);
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-copy", NULL,
                      "Ticket #%" G_GINT64_FORMAT " has no copy %" G_GINT64_FORMAT " of a message",
                      copy->number, copy->id);
    return NULL;
}

/* ---- its mail ---- */

static bool load_mail(DbTx *tx, void *data, GError **error)
{
    Copy *copy = data;
    copy_clear(copy);
    copy->story = load_story(tx, copy, error);
    if (copy->story == NULL)
        return false;
    g_autoptr(TicketMessage) message =
        ticket_message_load(tx, copy->number, copy->story->copy->message, error);
    if (message == NULL)
        return false;
    copy->event = message->event;
    copy->source = copy_source_load(tx, copy->composer, copy->story->copy, error);
    if (copy->source == NULL)
        return false;
    if (copy->story->row == NULL) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "no-message", NULL,
                          "The mail of copy %" G_GINT64_FORMAT " is not in the outbox any more",
                          copy->id);
        return false;
    }
    copy->sender_now = shown_mail_sender(tx, copy->composer, error);
    return copy->sender_now != NULL;
}

HttpResponse *copies_message(ApiCall *call, GError **error)
{
    g_auto(Copy) copy = {.composer = call->api->composer};
    if (!read_ids(call, &copy, error) ||
        !db_read(desk_db(call->api->desk), load_mail, &copy, error))
        return NULL;
    const ShownMail shown = {.message = copy.story->row,
                             .kind = composer_find(copy.composer, copy.story->row->kind),
                             .source = copy.source,
                             .sender_now = copy.sender_now,
                             .event = copy.event};
    return shown_mail(call, &shown, error);
}

/* ---- what a person may do ---- */

static json_t *act(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Copy *copy = data;
    if (!message_copy_act(tx, copy->number, copy->id, copy->verb, error))
        return NULL;
    g_autoptr(CopyStory) story = load_story(tx->db, copy, error);
    return story != NULL ? render_copy(story, composer_desk_id(call->api->composer)) : NULL;
}

static HttpResponse *act_as(ApiCall *call, CopyVerb verb, GError **error)
{
    Copy copy = {.verb = verb};
    return read_ids(call, &copy, error) && api_no_body(call, error)
               ? api_write(call, 200, act, &copy, error)
               : NULL;
}

HttpResponse *copies_retry(ApiCall *call, GError **error)
{
    return act_as(call, COPY_RETRY, error);
}

HttpResponse *copies_cancel(ApiCall *call, GError **error)
{
    return act_as(call, COPY_CANCEL, error);
}

HttpResponse *copies_release(ApiCall *call, GError **error)
{
    return act_as(call, COPY_RELEASE, error);
}
