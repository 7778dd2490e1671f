/* SPDX-License-Identifier: Apache-2.0 */
/* What customers change. Each acts as the visitor, in the caller's transaction. */
#include "base/error.h"
#include "base/json.h"
#include "desk/customer-private.h"
#include "desk/ticket-private.h"
#include "desk/ticket.h"
#include "records/audit.h"
#include "records/recipient.h"

#include <string.h>

static bool refuse_link(const Visitor *visitor, GError **error)
{
    if (visitor->customer != NULL)
        return false;
    error_set_problem(error, TD_ERROR_DENIED, "link-only", NULL,
                      "A link in a mail opens its ticket and nothing else. Please sign in first");
    return true;
}

static bool refuse_empty(const char *text, const char *field, GError **error)
{
    if (*text != '\0')
        return false;
    error_set_problem(error, TD_ERROR_INVALID, "missing-field", field, "%s is needed", field);
    return true;
}

/* ---- a ticket ---- */

static const CustomerPlace *find_place(const Visitor *visitor, int64_t account, GError **error)
{
    const GPtrArray *places = visitor->customer->places;
    for (guint i = 0; i < places->len; i++) {
        const CustomerPlace *place = places->pdata[i];
        if (account == 0 || place->account == account)
            return place;
    }
    error_set_problem(error, TD_ERROR_DENIED, "unknown-account", "/account",
                      "You cannot open tickets for that customer");
    return NULL;
}

static bool file(DeskTx *tx, int64_t number, const char *text, const AttachmentDraft *attachments,
                 size_t n_attachments, GError **error)
{
    AnswerDraft draft = {
        .kind = MESSAGE_ANSWER,
        .visibility = MESSAGE_PUBLIC,
        .text = text,
        .attachments = attachments,
        .n_attachments = n_attachments,
    };
    g_autoptr(TicketMessage) message = ticket_answer(tx, number, &draft, error);
    return message != NULL;
}

static Ticket *open_as(DeskTx *tx, const Visitor *visitor, const CustomerPlace *place,
                       const CustomerTicketDraft *from, GError **error)
{
    g_auto(TicketDraft) draft = {.account = place->account,
                                 .contact = place->contact,
                                 .title = g_strdup(from->title),
                                 .description = g_strdup(from->text),
                                 .from_writer = true,
                                 .notify = true};
    RecipientDraft *writer = g_new0(RecipientDraft, 1);
    writer->email = g_strdup(visitor->email);
    writer->email_key = g_strdup(visitor->email_key);
    writer->name = g_strdup(visitor->name);
    draft.recipients = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_draft_free);
    g_ptr_array_add(draft.recipients, writer);
    return ticket_open(tx, &draft, error);
}

static Ticket *open_and_file(DeskTx *tx, const Visitor *visitor, const CustomerPlace *place,
                             const CustomerTicketDraft *draft, GError **error)
{
    g_autoptr(Ticket) ticket = open_as(tx, visitor, place, draft, error);
    return ticket != NULL && file(tx, ticket->number, draft->text, draft->attachments,
                                  draft->n_attachments, error)
               ? g_steal_pointer(&ticket)
               : NULL;
}

int64_t customer_open_ticket(DeskTx *tx, const Visitor *visitor, const CustomerTicketDraft *draft,
                             GError **error)
{
    if (refuse_link(visitor, error) || refuse_empty(draft->title, "/title", error) ||
        refuse_empty(draft->text, "/text", error))
        return 0;
    const CustomerPlace *place = find_place(visitor, draft->account, error);
    if (place == NULL)
        return 0;
    Actor actor = visitor->actor;
    actor.id = place->contact;
    const Actor *caller = tx->actor;
    tx->actor = &actor;
    g_autoptr(Ticket) ticket = open_and_file(tx, visitor, place, draft, error);
    tx->actor = caller;
    return ticket != NULL ? ticket->number : 0;
}

/* ---- a comment ---- */

bool customer_comment(DeskTx *tx, const Visitor *visitor, int64_t number, const char *text,
                      const AttachmentDraft *attachments, size_t n_attachments, GError **error)
{
    if (!customer_check(tx->db, visitor, number, error))
        return false;
    const Actor *caller = tx->actor;
    tx->actor = &visitor->actor;
    TicketReopening reopening;
    bool ok = file(tx, number, text, attachments, n_attachments, error) &&
              ticket_reopen_on_reply(tx, number, true, &reopening, error);
    tx->actor = caller;
    return ok;
}

/* ---- the ticket's list ---- */

static bool change_list(DeskTx *tx, const Visitor *visitor, int64_t number, bool leave,
                        json_t *addresses, GError **error)
{
    g_autoptr(GPtrArray) list = recipient_list(tx->db, number, error);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        Recipient *recipient = list->pdata[i];
        if (!customer_has_address(visitor, recipient->email_key, recipient->contact) ||
            (recipient->left_at != 0) == leave)
            continue;
        recipient->left_at = leave ? tx->now_us : 0;
        if (!recipient_update(tx->db, recipient, error))
            return false;
        json_array_append_new(addresses, json_string(recipient->email));
    }
    return list != NULL;
}

static bool leave_list(DeskTx *tx, const Visitor *visitor, int64_t number, bool leave,
                       GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    json_t *addresses = json_array();
    json_auto_t *facts = json_object();
    json_object_set_new(facts, leave ? "left" : "returned", addresses);
    if (ticket == NULL || !change_list(tx, visitor, number, leave, addresses, error))
        return false;
    if (json_array_size(addresses) == 0)
        return true;
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, EVENT_RECIPIENTS_CHANGED, true, facts, NULL, error);
    return event != NULL;
}

bool customer_leave(DeskTx *tx, const Visitor *visitor, int64_t number, bool leave, GError **error)
{
    if (!customer_check(tx->db, visitor, number, error))
        return false;
    const Actor *caller = tx->actor;
    tx->actor = &visitor->actor;
    bool ok = leave_list(tx, visitor, number, leave, error);
    tx->actor = caller;
    return ok;
}

bool customer_choose_language(DeskTx *tx, const Visitor *visitor, const char *language,
                              GError **error)
{
    return !refuse_link(visitor, error) &&
           customer_set_language(tx->db, visitor->customer, language, error) &&
           audit_insert(tx->db, &visitor->actor, tx->now_us, "POST", "/portal/language", NULL,
                        error);
}
