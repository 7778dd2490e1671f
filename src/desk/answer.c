/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/answer.h"

#include "alerts/facts.h"
#include "alerts/mail_kind.h"
#include "base/error.h"
#include "base/json.h"
#include "desk/answer-private.h"
#include "desk/suppressions.h"
#include "desk/ticket-private.h"
#include "outbox/outbox.h"
#include "template/template.h"

#include <string.h>

AnswerAudience answer_audience(MessageKind kind, MessageVisibility visibility, ActorKind author)
{
    if (kind == MESSAGE_AUTOMATIC)
        return AUDIENCE_NOBODY;
    return visibility == MESSAGE_INTERNAL || author == ACTOR_CUSTOMER ? AUDIENCE_EMPLOYEES
                                                                      : AUDIENCE_EXTERNAL;
}

/* ---- what is refused ---- */

static bool refuse(GError **error, const char *problem, const char *field, const char *why)
{
    error_set_problem(error, TD_ERROR_INVALID, problem, field,
                      "The message was not filed, and nothing was sent: %s", why);
    return false;
}

static bool check_attachments(const AnswerDraft *draft, GError **error)
{
    if (draft->n_attachments > ATTACHMENTS_MAX)
        return refuse(error, "too-many", "/attachments", "it has more than 100 attachments");
    size_t bytes = 0;
    for (size_t i = 0; i < draft->n_attachments; i++)
        bytes += g_bytes_get_size(draft->attachments[i].content);
    return bytes <= ATTACHMENT_BYTES_MAX ||
           refuse(error, "too-long", "/attachments",
                  "its attachments are larger than 25 MiB together");
}

/* What a template may not have in its HTML, an answer may not either. Its braces are no tags:
 * others stand for them, which no text from outside has. */
static bool check_html(const char *html, GError **error)
{
    static const char unbraced[] = "{{=\x01 \x02=}}";
    if (html == NULL)
        return true;
    g_autofree char *text = g_strconcat(unbraced, html, NULL);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Template) parsed = template_parse(text, strlen(text), &failure);
    return (parsed != NULL && template_prepare_html(parsed, &failure)) ||
           refuse(error, error_problem(failure), "/html", failure->message);
}

static bool check(const AnswerDraft *draft, GError **error)
{
    if (*draft->text == '\0' && draft->n_attachments == 0)
        return refuse(error, "empty", "/text", "it has neither a text nor an attachment");
    return check_attachments(draft, error) && check_html(draft->html, error);
}

/* ---- filing ---- */

static json_t *make_facts(DeskTx *tx, const Ticket *ticket, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    g_autoptr(TicketPeople) people =
        settings != NULL
            ? ticket_people_load(tx->db, ticket->account, ticket->contact, ticket->manager, error)
            : NULL;
    return people != NULL ? facts_snapshot(ticket, people, tx->actor, settings) : NULL;
}

static TicketMessage *message_from(const DeskTx *tx, const AnswerDraft *draft)
{
    TicketMessage *message = g_new0(TicketMessage, 1);
    message->kind = draft->kind;
    message->visibility = draft->visibility;
    actor_copy(tx->actor, &message->author);
    message->incoming = draft->incoming;
    message->subject = g_strdup(draft->subject);
    message->text = g_strdup(draft->text);
    message->quoted = g_strdup(draft->quoted);
    message->html = g_strdup(draft->html);
    message->from = g_strdup(draft->from);
    message->from_key = g_strdup(draft->from_key);
    message->sender = draft->sender;
    message->message_id = g_strdup(draft->message_id);
    message->in_reply_to = g_strdup(draft->in_reply_to);
    message->hops = draft->hops;
    message->at = tx->now_us;
    return message;
}

/* The event, and the message that names it. */
static bool write_message(DeskTx *tx, Ticket *ticket, const json_t *facts, TicketMessage *message,
                          GError **error)
{
    ticket->updated_at = tx->now_us;
    if (!ticket_update(tx->db, ticket, error))
        return false;
    g_autoptr(Event) event = ticket_write_event(tx, ticket, EVENT_MESSAGE_ADDED, true, facts,
                                                desk_settings(tx, NULL), error);
    if (event == NULL)
        return false;
    message->ticket = ticket->number;
    message->event = event->id;
    message->version = event->version;
    return ticket_message_insert(tx->db, message, error);
}

static bool write_attachments(DeskTx *tx, const AnswerDraft *draft, int64_t message, GError **error)
{
    for (size_t i = 0; i < draft->n_attachments; i++) {
        const AttachmentDraft *from = &draft->attachments[i];
        g_autofree char *name = attachment_name_clean(from->name);
        g_autofree char *type = attachment_type_clean(from->content_type);
        Attachment attachment = {.message = message,
                                 .name = name,
                                 .content_type = type,
                                 .content_id = (char *)from->content_id,
                                 .content = from->content};
        if (!attachment_insert(tx->db, &attachment, error))
            return false;
    }
    return true;
}

TicketMessage *ticket_answer(DeskTx *tx, int64_t number, const AnswerDraft *draft, GError **error)
{
    g_autoptr(Ticket) ticket = check(draft, error) ? ticket_lock(tx->db, number, error) : NULL;
    json_auto_t *facts = ticket != NULL ? make_facts(tx, ticket, error) : NULL;
    if (facts == NULL)
        return NULL;
    g_autoptr(TicketMessage) message = message_from(tx, draft);
    AnswerAudience audience = answer_audience(draft->kind, draft->visibility, tx->actor->kind);
    const Copying copying = {
        .ticket = ticket,
        .message = message,
        .facts = facts,
        .outbox_kind = OUTBOX_KIND_MESSAGE,
        .builtin = audience == AUDIENCE_EMPLOYEES ? "employee_copy" : "reply",
    };
    return write_message(tx, ticket, facts, message, error) &&
                   write_attachments(tx, draft, message->id, error) &&
                   copies_write(tx, &copying, audience, error)
               ? g_steal_pointer(&message)
               : NULL;
}

static TicketMessage *respond(DeskTx *tx, Ticket *ticket, const AutoResponse *response,
                              GError **error)
{
    const AnswerDraft draft = {.kind = MESSAGE_AUTO_RESPONSE,
                               .text = "",
                               .in_reply_to = response->in_reply_to,
                               .hops = response->hops};
    json_auto_t *facts = make_facts(tx, ticket, error);
    if (facts == NULL)
        return NULL;
    g_autoptr(TicketMessage) message = message_from(tx, &draft);
    const Copying copying = {
        .ticket = ticket,
        .message = message,
        .facts = facts,
        .outbox_kind = OUTBOX_KIND_AUTO_RESPONSE,
        .urgent = true,
        .builtin = "auto_response",
        .template_id = response->template_id,
    };
    return write_message(tx, ticket, facts, message, error) &&
                   copies_write_one(tx, &copying, response->to, response->to_key, response->to_name,
                                    error)
               ? g_steal_pointer(&message)
               : NULL;
}

TicketMessage *ticket_auto_respond(DeskTx *tx, int64_t number, const AutoResponse *response,
                                   GError **error)
{
    const Actor tidings = {ACTOR_SYSTEM, 0, (char *)"Tidings", tx->actor->channel};
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL || desk_settings(tx, error) == NULL)
        return NULL;
    DeskTx as_tidings = *tx; /* the settings, which were read before, stay the caller's */
    as_tidings.actor = &tidings;
    TicketMessage *message = respond(&as_tidings, ticket, response, error);
    tx->made = as_tidings.made;
    return message;
}

/* ---- on its way ---- */

static OutboxMessage *load_row(DeskTx *tx, const MessageCopy *copy, GError **error)
{
    static const char *const kinds[] = {OUTBOX_KIND_MESSAGE, OUTBOX_KIND_AUTO_RESPONSE};
    g_autoptr(GError) failure = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds) && copy->reason == COPY_ANSWERED; i++) {
        OutboxMessage *row = outbox_find(tx->db, kinds[i], copy->id, &failure);
        if (row != NULL)
            return row;
        if (failure != NULL) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return NULL;
        }
    }
    error_set_problem(error, TD_ERROR_CONFLICT, "no-message", NULL,
                      "There is no mail to act on: this recipient was not sent a copy (%s)",
                      copy_reason_name(copy->reason));
    return NULL;
}

bool message_copy_act(DeskTx *tx, int64_t ticket, int64_t id, CopyVerb verb, GError **error)
{
    g_autoptr(MessageCopy) copy = message_copy_load(tx->db, id, error);
    if (copy == NULL)
        return false;
    if (copy->ticket != ticket) {
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-copy", NULL,
                          "Ticket #%" G_GINT64_FORMAT " has no copy %" G_GINT64_FORMAT
                          " of a message",
                          ticket, id);
        return false;
    }
    g_autoptr(OutboxMessage) row = load_row(tx, copy, error);
    if (row == NULL)
        return false;
    tx->made.queued = true;
    switch (verb) {
    case COPY_RETRY:
        return suppression_refuse_listed(tx, copy->recipient, copy->recipient_key, error) &&
               outbox_retry(tx->db, row->id, NULL, tx->now_us, error);
    case COPY_CANCEL:
        return outbox_cancel(tx->db, row->id, OUTBOX_CANCELLED_BY_HAND, tx->now_us, error);
    case COPY_RELEASE:
        return outbox_release(tx->db, row->id, tx->now_us, error);
    }
    return false;
}
