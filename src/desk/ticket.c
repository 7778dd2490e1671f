/* SPDX-License-Identifier: Apache-2.0 */
/* What opening and changing a ticket share: its references, its events, and telling of them. */
#include "desk/ticket.h"

#include "alerts/closing.h"
#include "alerts/decide.h"
#include "alerts/facts.h"
#include "base/error.h"
#include "base/json.h"
#include "desk/blame.h"
#include "desk/ticket-private.h"
#include "records/account.h"
#include "records/contact.h"
#include "records/employee.h"
#include "records/recipient.h"

void recipient_draft_free(RecipientDraft *draft)
{
    if (draft == NULL)
        return;
    g_free(draft->email);
    g_free(draft->email_key);
    g_free(draft->name);
    g_free(draft);
}

void ticket_draft_clear(TicketDraft *draft)
{
    g_free(draft->title);
    g_free(draft->description);
    g_free(draft->type);
    g_free(draft->priority);
    g_free(draft->resolution);
    g_clear_pointer(&draft->recipients, g_ptr_array_unref);
}

void ticket_change_clear(TicketChange *change)
{
    g_free(change->title);
    g_free(change->description);
    g_free(change->priority);
    g_free(change->type);
    g_free(change->resolution);
}

bool ticket_check_references(DeskTx *tx, const Ticket *ticket, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Account) account = account_load(tx->db, ticket->account, &failure);
    if (account == NULL)
        return desk_blame_field(error, failure, "/account");
    if (ticket->contact != 0) {
        g_autoptr(Contact) contact = contact_load(tx->db, ticket->contact, &failure);
        if (contact == NULL)
            return desk_blame_field(error, failure, "/contact");
        if (contact->account != ticket->account) {
            error_set_problem(error, TD_ERROR_INVALID, "unknown-contact", "/contact",
                              "Contact %" G_GINT64_FORMAT " belongs to account %" G_GINT64_FORMAT
                              ", not to account %" G_GINT64_FORMAT,
                              contact->id, contact->account, ticket->account);
            return false;
        }
    }
    if (ticket->manager != 0) {
        g_autoptr(Employee) manager = employee_load(tx->db, ticket->manager, &failure);
        if (manager == NULL)
            return desk_blame_field(error, failure, "/manager");
    }
    return true;
}

/* ---- events ---- */

Event *ticket_write_event(DeskTx *tx, const Ticket *ticket, EventKind kind, bool notify,
                          const json_t *facts, GError **error)
{
    g_autoptr(Event) event = g_new0(Event, 1);
    event->ticket = ticket->number;
    event->version = ticket->version;
    event->kind = kind;
    actor_copy(tx->actor, &event->actor);
    event->at = tx->now_us;
    event->notify = notify;
    event->facts = json_text(facts);
    return event_insert(tx->db, event, error) ? g_steal_pointer(&event) : NULL;
}

bool ticket_tell(DeskTx *tx, Ticket *ticket, EventKind kind, bool notify, json_t *changes,
                 const Settings *settings, GError **error)
{
    json_auto_t *facts = facts_snapshot(tx->db, ticket, tx->actor, settings, error);
    if (facts == NULL)
        return false;
    if (changes != NULL)
        json_object_set(facts, "changes", changes);
    g_autoptr(Event) event = ticket_write_event(tx, ticket, kind, notify, facts, error);
    if (event == NULL)
        return false;
    g_autoptr(GPtrArray) recipients = recipient_list(tx->db, ticket->number, error);
    return recipients != NULL &&
           alerts_decide_all(tx->db, ticket, event,
                             kind == EVENT_OPENED ? ALERT_NEW_TICKET : ALERT_TICKET_CLOSED, false,
                             recipients, settings, &tx->queued, error) &&
           (kind != EVENT_CLOSED ||
            closing_review(tx->db, ticket->number, tx->now_us, &ticket->not_told_at, error));
}
