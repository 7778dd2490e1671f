/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a ticket: the ticket, who is on its lists, the event, the decisions. One opened as
 * Completed is opened first and closed then, as two events.
 */
#include "desk/ticket.h"

#include "base/error.h"
#include "base/limits.h"
#include "desk/ticket-private.h"
#include "records/contact.h"
#include "records/recipient.h"
#include "records/status.h"

static char *contact_name(DeskTx *tx, int64_t id)
{
    g_autoptr(Contact) contact = id != 0 ? contact_load(tx->db, id, NULL) : NULL;
    return contact != NULL ? g_strdup(contact->name) : NULL;
}

Recipient *ticket_add_recipient(DeskTx *tx, const Ticket *ticket, const RecipientDraft *draft,
                                GError **error)
{
    g_autoptr(Recipient) recipient = g_new0(Recipient, 1);
    recipient->ticket = ticket->number;
    recipient->email = g_strdup(draft->email);
    recipient->email_key = g_strdup(draft->email_key);
    recipient->added_at = tx->now_us;
    if (!contact_find(tx->db, ticket->account, draft->email_key, &recipient->contact, error))
        return NULL;
    recipient->name =
        draft->name != NULL ? g_strdup(draft->name) : contact_name(tx, recipient->contact);
    return recipient_insert(tx->db, recipient, error) ? g_steal_pointer(&recipient) : NULL;
}

static void too_many(GError **error)
{
    error_set_problem(error, TD_ERROR_INVALID, "too-many", "/recipients",
                      "A ticket can have at most %d external recipients, those added by default"
                      " included",
                      LIMIT_RECIPIENTS_PER_TICKET);
}

/* `seen` has the keys of those that were added already. */
static bool add_recipient(DeskTx *tx, const Ticket *ticket, GHashTable *seen,
                          const RecipientDraft *draft, GError **error)
{
    if (!g_hash_table_add(seen, draft->email_key))
        return true;
    if (g_hash_table_size(seen) > LIMIT_RECIPIENTS_PER_TICKET) {
        too_many(error);
        return false;
    }
    Recipient recipient = {.ticket = ticket->number,
                           .email = draft->email,
                           .email_key = draft->email_key,
                           .name = draft->name,
                           .added_at = tx->now_us};
    return recipient_insert_of(tx->db, &recipient, ticket->account, error);
}

/* The contact's primary address, or the account's first where there is no contact. */
static bool add_first_recipient(DeskTx *tx, const Ticket *ticket, const TicketPeople *people,
                                GHashTable *seen, GError **error)
{
    const TicketAccount *account = &people->account;
    const TicketContact *contact = &people->contact;
    RecipientDraft draft =
        ticket->contact != 0 ? (RecipientDraft){contact->email, contact->email_key, contact->name}
                             : (RecipientDraft){account->email, account->email_key, account->name};
    return add_recipient(tx, ticket, seen, &draft, error);
}

/* Gives all recipients that the ticket has then. */
static GPtrArray *add_recipients(DeskTx *tx, const Ticket *ticket, const TicketDraft *draft,
                                 const TicketPeople *people, const Settings *settings,
                                 GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    /* Whom the opener lists comes first, so that a name given by hand wins. */
    for (guint i = 0; draft->recipients != NULL && i < draft->recipients->len; i++)
        if (!add_recipient(tx, ticket, seen, draft->recipients->pdata[i], error))
            return NULL;
    if (settings->alerts.add_contact && !draft->from_writer &&
        !add_first_recipient(tx, ticket, people, seen, error))
        return NULL;
    if (settings->alerts.add_on_every_ticket && people->account.has_always &&
        !recipient_insert_always(tx->db, ticket->number, ticket->account, tx->now_us, error))
        return NULL;
    g_autoptr(GPtrArray) all = recipient_list(tx->db, ticket->number, error);
    if (all != NULL && all->len > LIMIT_RECIPIENTS_PER_TICKET) {
        too_many(error);
        return NULL;
    }
    return g_steal_pointer(&all);
}

static bool add_employee_recipient(DeskTx *tx, const Ticket *ticket, const Settings *settings,
                                   GError **error)
{
    const EmployeeRecipient manager = {.employee = ticket->manager};
    const EmployeeRecipient desk = {.email = settings->tickets.desk_recipient};
    if (ticket->manager != 0)
        return employee_recipient_insert(tx->db, ticket->number, &manager, error);
    return *desk.email == '\0' || employee_recipient_insert(tx->db, ticket->number, &desk, error);
}

static Ticket *ticket_from_draft(DeskTx *tx, const TicketDraft *draft)
{
    Ticket *ticket = g_new0(Ticket, 1);
    ticket->account = draft->account;
    ticket->contact = draft->contact;
    ticket->title = g_strdup(draft->title);
    ticket->description = g_strdup(draft->description != NULL ? draft->description : "");
    ticket->type = g_strdup(draft->type);
    ticket->priority = g_strdup(draft->priority != NULL ? draft->priority : "normal");
    ticket->status = draft->status != 0 ? draft->status : STATUS_NEW;
    ticket->manager = draft->manager;
    ticket->due_at = draft->due_at;
    ticket->resolution = g_strdup(draft->resolution != NULL ? draft->resolution : "");
    actor_copy(tx->actor, &ticket->opener);
    ticket->reference = g_strdup(draft->reference);
    ticket->opened_at = draft->opened_at != 0 ? draft->opened_at : tx->now_us;
    ticket->updated_at = ticket->opened_at;
    return ticket;
}

static bool insert(DeskTx *tx, Ticket *ticket, GError **error)
{
    if (!tx->trial)
        return ticket_insert(tx->db, ticket, error);
    ticket->number = TICKET_NUMBER_TRIAL - tx->trial_tickets++;
    return ticket_insert_trial(tx->db, ticket, error);
}

/* It has been told that it was opened. */
static bool close_at_once(DeskTx *tx, Ticket *ticket, int64_t closed_at, TicketNews *news,
                          GError **error)
{
    ticket->version++;
    ticket->status = STATUS_COMPLETED;
    ticket->closed_at = closed_at != 0 ? closed_at : tx->now_us;
    ticket->updated_at = ticket->closed_at;
    news->kind = EVENT_CLOSED;
    return ticket_update(tx->db, ticket, error) && ticket_tell(tx, ticket, news, error);
}

Ticket *ticket_open(DeskTx *tx, const TicketDraft *draft, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return NULL;
    g_autoptr(Ticket) ticket = ticket_from_draft(tx, draft);
    g_autoptr(TicketPeople) people = ticket_check_references(tx, ticket, error);
    if (people == NULL)
        return NULL;
    if (ticket->manager == 0)
        ticket->manager = people->account.manager;
    bool closed = status_is_closed(ticket->status);
    if (closed)
        ticket->status = STATUS_NEW;
    if (!insert(tx, ticket, error) || !add_employee_recipient(tx, ticket, settings, error))
        return NULL;
    g_autoptr(GPtrArray) recipients = add_recipients(tx, ticket, draft, people, settings, error);
    if (recipients == NULL)
        return NULL;
    TicketNews news = {.kind = EVENT_OPENED,
                       .notify = draft->notify,
                       .people = people,
                       .recipients = recipients,
                       .settings = settings};
    if (!ticket_tell(tx, ticket, &news, error) ||
        (closed && !close_at_once(tx, ticket, draft->closed_at, &news, error)))
        return NULL;
    return g_steal_pointer(&ticket);
}
