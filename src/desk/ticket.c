/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main road of the program. A change takes the ticket's lock with its first statement, so
 * events of one ticket have one order and the second of two simultaneous closings sees the first.
 */
#include "desk/ticket.h"

#include "alerts/alert.h"
#include "alerts/decide.h"
#include "alerts/facts.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "desk/ticket-private.h"
#include "records/account.h"
#include "records/contact.h"
#include "records/employee.h"
#include "records/recipient.h"
#include "records/status.h"

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

/* ---- what a ticket refers to ---- */

/* A record that the request names and that is not there is the request's mistake, not a missing
 * page. */
static bool blame_field(GError **error, GError *failure, const char *field)
{
    if (error_is(failure, TD_ERROR_NOT_FOUND)) {
        error_set_problem(error, TD_ERROR_INVALID, error_problem(failure), field, "%s",
                          failure->message);
        g_error_free(failure);
    } else {
        g_propagate_error(error, failure);
    }
    return false;
}

bool ticket_check_references(DeskTx *tx, const Ticket *ticket, GError **error)
{
    GError *failure = NULL;
    g_autoptr(Account) account = account_load(tx->db, ticket->account, &failure);
    if (account == NULL)
        return blame_field(error, failure, "/account");
    if (ticket->contact != 0) {
        g_autoptr(Contact) contact = contact_load(tx->db, ticket->contact, &failure);
        if (contact == NULL)
            return blame_field(error, failure, "/contact");
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
            return blame_field(error, failure, "/manager");
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

bool ticket_tell(DeskTx *tx, const Ticket *ticket, EventKind kind, bool notify, json_t *changes,
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
                             recipients, settings, &tx->queued, error);
}

/* ---- opening ---- */

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

/* ---- changing ---- */

/* {"title": {"before": ..., "after": ...}}; takes both values. */
static void note(json_t *changes, const char *name, json_t *before, json_t *after)
{
    json_t *pair = json_object();
    json_object_set_new(pair, "before", before);
    json_object_set_new(pair, "after", after);
    json_object_set_new(changes, name, pair);
}

static json_t *text_value(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static void apply_text(json_t *changes, const char *name, char **slot, const char *value)
{
    if (g_strcmp0(*slot, value) == 0)
        return;
    note(changes, name, text_value(*slot), text_value(value));
    g_free(*slot);
    *slot = g_strdup(value);
}

/* The words of long texts are not repeated in every event; that they changed is. */
static void apply_long_text(json_t *changes, const char *name, char **slot, const char *value)
{
    if (g_strcmp0(*slot, value) == 0)
        return;
    note(changes, name, json_null(), json_null());
    g_free(*slot);
    *slot = g_strdup(value);
}

static void apply_id(json_t *changes, const char *name, int64_t *slot, int64_t value)
{
    if (*slot == value)
        return;
    note(changes, name, *slot != 0 ? json_integer(*slot) : json_null(),
         value != 0 ? json_integer(value) : json_null());
    *slot = value;
}

static void apply_time(json_t *changes, const char *name, int64_t *slot, int64_t value)
{
    if (*slot == value)
        return;
    g_autofree char *before = *slot != 0 ? text_from_time(*slot) : NULL;
    g_autofree char *after = value != 0 ? text_from_time(value) : NULL;
    note(changes, name, text_value(before), text_value(after));
    *slot = value;
}

/* A contact of the former account cannot stay. */
static bool forget_foreign_contact(DeskTx *tx, Ticket *ticket, json_t *changes, GError **error)
{
    if (ticket->contact == 0)
        return true;
    g_autoptr(Contact) contact = contact_load(tx->db, ticket->contact, error);
    if (contact == NULL)
        return false;
    if (contact->account != ticket->account)
        apply_id(changes, "contact", &ticket->contact, 0);
    return true;
}

static bool apply_change(DeskTx *tx, Ticket *ticket, const TicketChange *change, json_t *changes,
                         GError **error)
{
    unsigned fields = change->fields;
    if (fields & TICKET_SET_TITLE)
        apply_text(changes, "title", &ticket->title, change->title);
    if (fields & TICKET_SET_DESCRIPTION)
        apply_long_text(changes, "description", &ticket->description, change->description);
    if (fields & TICKET_SET_PRIORITY)
        apply_text(changes, "priority", &ticket->priority, change->priority);
    if (fields & TICKET_SET_TYPE)
        apply_text(changes, "type", &ticket->type, change->type);
    if (fields & TICKET_SET_RESOLUTION)
        apply_long_text(changes, "resolution", &ticket->resolution, change->resolution);
    if (fields & TICKET_SET_DUE)
        apply_time(changes, "due", &ticket->due_at, change->due_at);
    if (fields & TICKET_SET_MANAGER)
        apply_id(changes, "manager", &ticket->manager, change->manager);
    if (fields & TICKET_SET_ACCOUNT)
        apply_id(changes, "account", &ticket->account, change->account);
    if (fields & TICKET_SET_CONTACT)
        apply_id(changes, "contact", &ticket->contact, change->contact);
    else if (fields & TICKET_SET_ACCOUNT && !forget_foreign_contact(tx, ticket, changes, error))
        return false;
    if (fields & TICKET_SET_STATUS && ticket->status != change->status) {
        note(changes, "status", json_integer(ticket->status), json_integer(change->status));
        ticket->status = change->status;
    }
    return ticket_check_references(tx, ticket, error);
}

static bool write_change(DeskTx *tx, Ticket *ticket, bool was_closed, bool notify, json_t *changes,
                         GError **error)
{
    bool is_closed = status_is_closed(ticket->status);
    ticket->updated_at = tx->now_us;
    if (is_closed != was_closed)
        ticket->closed_at = is_closed ? tx->now_us : 0;
    if (!ticket_update(tx->db, ticket, error))
        return false;
    if (is_closed && !was_closed) {
        g_autoptr(Settings) settings = settings_load(tx->db, error);
        return settings != NULL &&
               ticket_tell(tx, ticket, EVENT_CLOSED, notify, changes, settings, error);
    }
    json_auto_t *facts = json_object();
    json_object_set(facts, "changes", changes);
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, was_closed && !is_closed ? EVENT_REOPENED : EVENT_CHANGED,
                           notify, facts, error);
    return event != NULL;
}

Ticket *ticket_change(DeskTx *tx, int64_t number, const TicketChange *change, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    bool was_closed = status_is_closed(ticket->status);
    json_auto_t *changes = json_object();
    if (!apply_change(tx, ticket, change, changes, error))
        return NULL;
    if (json_object_size(changes) > 0 &&
        !write_change(tx, ticket, was_closed, change->notify, changes, error))
        return NULL;
    return g_steal_pointer(&ticket);
}
