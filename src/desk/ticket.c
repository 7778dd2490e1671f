/* SPDX-License-Identifier: Apache-2.0 */
/* What opening and changing a ticket share: its references, its events, and telling of them. */
#include "desk/ticket.h"

#include "alerts/closing.h"
#include "alerts/decide.h"
#include "alerts/facts.h"
#include "alerts/merge.h"
#include "base/error.h"
#include "base/json.h"
#include "desk/ticket-private.h"

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
    g_free(draft->reference);
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

static bool check(bool found, const char *problem, const char *field, const char *what, int64_t id,
                  GError **error)
{
    if (!found)
        error_set_problem(error, TD_ERROR_INVALID, problem, field,
                          "There is no %s %" G_GINT64_FORMAT, what, id);
    return found;
}

TicketPeople *ticket_check_references(DeskTx *tx, const Ticket *ticket, GError **error)
{
    g_autoptr(TicketPeople) people =
        ticket_people_load(tx->db, ticket->account, ticket->contact, ticket->manager, error);
    if (people == NULL)
        return NULL;
    bool has_contact = people->contact.name != NULL || ticket->contact == 0;
    bool has_manager = people->manager_name != NULL || ticket->manager == 0;
    if (!check(people->account.name != NULL, "unknown-account", "/account", "account",
               ticket->account, error) ||
        !check(has_contact, "unknown-contact", "/contact", "contact", ticket->contact, error))
        return NULL;
    if (ticket->contact != 0 && people->contact.account != ticket->account) {
        error_set_problem(error, TD_ERROR_INVALID, "unknown-contact", "/contact",
                          "Contact %" G_GINT64_FORMAT " belongs to account %" G_GINT64_FORMAT
                          ", not to account %" G_GINT64_FORMAT,
                          ticket->contact, people->contact.account, ticket->account);
        return NULL;
    }
    if (!check(has_manager, "unknown-employee", "/manager", "employee", ticket->manager, error))
        return NULL;
    return g_steal_pointer(&people);
}

/* ---- events ---- */

Event *ticket_write_event(DeskTx *tx, const Ticket *ticket, EventKind kind, bool notify,
                          const json_t *facts, const Settings *settings, GError **error)
{
    g_autoptr(Event) event = g_new0(Event, 1);
    event->ticket = ticket->number;
    event->version = ticket->version;
    event->kind = kind;
    actor_copy(tx->actor, &event->actor);
    event->at = tx->now_us;
    event->notify = notify;
    event->facts = json_text(facts);
    event->options = settings != NULL ? settings->versions : OPTION_VERSIONS_UNKNOWN;
    return event_insert(tx->db, event, error) ? g_steal_pointer(&event) : NULL;
}

static bool merge_opening(DeskTx *tx, const Ticket *ticket, const Event *event,
                          const Settings *settings, GError **error)
{
    return !settings->alerts.merge_open_and_close ||
           alerts_merge_opening(tx->db, ticket->number, event->id, tx->now_us, error);
}

/* New reference. */
static json_t *facts_to_tell(DeskTx *tx, const Ticket *ticket, const TicketNews *news,
                             AlertKind kind, GError **error)
{
    json_auto_t *facts = facts_snapshot(ticket, news->people, tx->actor, news->settings);
    facts_set_sender(facts, alert_settings(&news->settings->alerts, kind));
    if (news->changes != NULL)
        json_object_set(facts, "changes", news->changes);
    if (kind == ALERT_NEW_TICKET)
        return json_incref(facts);
    g_autoptr(GPtrArray) messages =
        ticket_message_list_recent(tx->db, ticket->number, FACTS_MESSAGES, error);
    if (messages == NULL)
        return NULL;
    facts_set_correspondence(facts, messages);
    return json_incref(facts);
}

bool ticket_tell(DeskTx *tx, Ticket *ticket, const TicketNews *news, GError **error)
{
    AlertKind kind = news->kind == EVENT_OPENED ? ALERT_NEW_TICKET : ALERT_TICKET_CLOSED;
    json_auto_t *facts = facts_to_tell(tx, ticket, news, kind, error);
    if (facts == NULL)
        return false;
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, news->kind, news->notify, facts, news->settings, error);
    if (event == NULL)
        return false;
    return alerts_decide_all(tx->db, ticket, event, facts, kind, news->how, news->recipients,
                             news->settings, &tx->made, error) &&
           (kind == ALERT_NEW_TICKET || merge_opening(tx, ticket, event, news->settings, error)) &&
           (kind == ALERT_NEW_TICKET ||
            closing_review(tx->db, ticket->number, tx->now_us, &ticket->not_told_at, error));
}
