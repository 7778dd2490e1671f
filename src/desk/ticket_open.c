/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a ticket: the ticket, who is on its lists, the event, the decisions. One opened as
 * Completed is opened first and closed then, as two events.
 */
#include "desk/ticket.h"

#include "base/error.h"
#include "base/limits.h"
#include "desk/ticket-private.h"
#include "records/account.h"
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

static bool add_recipient(DeskTx *tx, const Ticket *ticket, GHashTable *seen,
                          const RecipientDraft *draft, GError **error)
{
    if (g_hash_table_contains(seen, draft->email_key))
        return true;
    if (g_hash_table_size(seen) >= LIMIT_RECIPIENTS_PER_TICKET) {
        error_set_problem(error, TD_ERROR_INVALID, "too-many", "/recipients",
                          "A ticket can have at most %d external recipients, those added by default"
                          " included",
                          LIMIT_RECIPIENTS_PER_TICKET);
        return false;
    }
    g_hash_table_add(seen, g_strdup(draft->email_key));
    g_autoptr(Recipient) recipient = ticket_add_recipient(tx, ticket, draft, error);
    return recipient != NULL;
}

static bool add_contact_recipient(DeskTx *tx, const Ticket *ticket, GHashTable *seen,
                                  const Contact *contact, GError **error)
{
    RecipientDraft draft = {contact->email, contact->email_key, contact->name};
    return add_recipient(tx, ticket, seen, &draft, error);
}

/* The contact's primary address, or the account's first where there is no contact. */
static bool add_first_recipient(DeskTx *tx, const Ticket *ticket, GHashTable *seen, GError **error)
{
    if (ticket->contact != 0) {
        g_autoptr(Contact) contact = contact_load(tx->db, ticket->contact, error);
        return contact != NULL && add_contact_recipient(tx, ticket, seen, contact, error);
    }
    g_autoptr(Account) account = account_load(tx->db, ticket->account, error);
    if (account == NULL)
        return false;
    RecipientDraft draft = {account->email, account->email_key, account->name};
    return add_recipient(tx, ticket, seen, &draft, error);
}

static bool add_recipients(DeskTx *tx, const Ticket *ticket, const TicketDraft *draft,
                           const Settings *settings, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    /* Whom the opener lists comes first, so that a name given by hand wins. */
    for (guint i = 0; draft->recipients != NULL && i < draft->recipients->len; i++)
        if (!add_recipient(tx, ticket, seen, draft->recipients->pdata[i], error))
            return false;
    if (settings->alerts.add_contact && !add_first_recipient(tx, ticket, seen, error))
        return false;
    g_autoptr(GPtrArray) always = contact_list_on_every_ticket(tx->db, ticket->account, error);
    if (always == NULL)
        return false;
    for (guint i = 0; i < always->len; i++)
        if (!add_contact_recipient(tx, ticket, seen, always->pdata[i], error))
            return false;
    return true;
}

static bool add_employee_recipients(DeskTx *tx, const Ticket *ticket, const Settings *settings,
                                    GError **error)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)employee_recipient_free);
    if (ticket->manager != 0 || *settings->tickets.desk_recipient != '\0') {
        EmployeeRecipient *recipient = g_new0(EmployeeRecipient, 1);
        recipient->employee = ticket->manager;
        if (ticket->manager == 0)
            recipient->email = g_strdup(settings->tickets.desk_recipient);
        g_ptr_array_add(list, recipient);
    }
    return employee_recipient_replace(tx->db, ticket->number, list, error);
}

static Ticket *ticket_from_draft(DeskTx *tx, const TicketDraft *draft, GError **error)
{
    g_autoptr(Ticket) ticket = g_new0(Ticket, 1);
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
    ticket->opened_at = tx->now_us;
    ticket->updated_at = tx->now_us;
    if (!ticket_check_references(tx, ticket, error))
        return NULL;
    if (ticket->manager == 0) {
        g_autoptr(Account) account = account_load(tx->db, ticket->account, error);
        if (account == NULL)
            return NULL;
        ticket->manager = account->manager;
    }
    return g_steal_pointer(&ticket);
}

Ticket *ticket_open(DeskTx *tx, const TicketDraft *draft, GError **error)
{
    g_autoptr(Settings) settings = settings_load(tx->db, error);
    if (settings == NULL)
        return NULL;
    g_autoptr(Ticket) ticket = ticket_from_draft(tx, draft, error);
    if (ticket == NULL)
        return NULL;
    bool closed = status_is_closed(ticket->status);
    if (closed)
        ticket->status = STATUS_NEW;
    if (!ticket_insert(tx->db, ticket, error) ||
        !add_recipients(tx, ticket, draft, settings, error) ||
        !add_employee_recipients(tx, ticket, settings, error) ||
        !ticket_tell(tx, ticket, EVENT_OPENED, draft->notify, NULL, settings, error))
        return NULL;
    if (closed) {
        ticket->version++;
        ticket->status = STATUS_COMPLETED;
        ticket->closed_at = tx->now_us;
        if (!ticket_update(tx->db, ticket, error) ||
            !ticket_tell(tx, ticket, EVENT_CLOSED, draft->notify, NULL, settings, error))
            return NULL;
    }
    return g_steal_pointer(&ticket);
}
