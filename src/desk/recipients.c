/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/recipients.h"

#include "alerts/closing.h"
#include "alerts/decide.h"
#include "alerts/facts.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "desk/ticket-private.h"
#include "outbox/outbox.h"
#include "records/employee.h"
#include "records/status.h"

static bool write_event(DeskTx *tx, const Ticket *ticket, const json_t *facts, GError **error)
{
    if (json_object_size(facts) == 0)
        return true;
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, EVENT_RECIPIENTS_CHANGED, true, facts, NULL, error);
    return event != NULL;
}

/* Appends an address to the list `name` of the event's facts. */
static void note(json_t *facts, const char *name, const char *email)
{
    json_t *list = json_object_get(facts, name);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(facts, name, list);
    }
    json_array_append_new(list, json_string(email));
}

/* Whether the ticket's closing still reaches anybody: a mail that was cancelled or decided may have
 * been the one. */
static bool review_closing(DeskTx *tx, const Ticket *ticket, GError **error)
{
    return !status_is_closed(ticket->status) ||
           closing_review(tx->db, ticket->number, tx->now_us, NULL, error);
}

static Recipient *insert(DeskTx *tx, const Ticket *ticket, const RecipientDraft *draft,
                         json_t *facts, GError **error)
{
    Recipient *recipient = ticket_add_recipient(tx, ticket, draft, error);
    if (recipient != NULL)
        note(facts, "added", recipient->email);
    return recipient;
}

static bool remove_one(DeskTx *tx, const Recipient *recipient, json_t *facts, GError **error)
{
    g_autofree char *order_key = alert_order_key(recipient->ticket, recipient->email_key);
    note(facts, "removed", recipient->email);
    return outbox_cancel_waiting(tx->db, order_key, "recipient_removed", tx->now_us, error) &&
           recipient_delete(tx->db, recipient->id, error);
}

static bool too_many(size_t n, GError **error)
{
    if (n <= LIMIT_RECIPIENTS_PER_TICKET)
        return false;
    error_set_problem(error, TD_ERROR_INVALID, "too-many", NULL,
                      "A ticket can have at most %d external recipients",
                      LIMIT_RECIPIENTS_PER_TICKET);
    return true;
}

static const RecipientDraft *find_draft(GPtrArray *drafts, const char *email_key)
{
    for (guint i = 0; i < drafts->len; i++) {
        const RecipientDraft *draft = drafts->pdata[i];
        if (g_strcmp0(draft->email_key, email_key) == 0)
            return draft;
    }
    return NULL;
}

static bool rename_one(DeskTx *tx, Recipient *recipient, const char *name, json_t *facts,
                       GError **error)
{
    if (g_strcmp0(recipient->name, name) == 0)
        return true;
    g_free(recipient->name);
    recipient->name = g_strdup(name);
    note(facts, "renamed", recipient->email);
    return recipient_update(tx->db, recipient, error);
}

/* Removes whom the new list does not name and renames the rest; `kept` gets the keys of the rest.
 */
static bool prune(DeskTx *tx, GPtrArray *present, GPtrArray *drafts, GHashTable *kept,
                  json_t *facts, GError **error)
{
    for (guint i = 0; i < present->len; i++) {
        Recipient *recipient = present->pdata[i];
        const RecipientDraft *draft = find_draft(drafts, recipient->email_key);
        if (draft == NULL) {
            if (!remove_one(tx, recipient, facts, error))
                return false;
            continue;
        }
        g_hash_table_add(kept, g_strdup(recipient->email_key));
        if (draft->name != NULL && !rename_one(tx, recipient, draft->name, facts, error))
            return false;
    }
    return true;
}

GPtrArray *recipients_replace(DeskTx *tx, int64_t number, GPtrArray *drafts, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    g_autoptr(GPtrArray) present = recipient_list(tx->db, number, error);
    if (present == NULL)
        return NULL;
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_auto_t *facts = json_object();
    if (!prune(tx, present, drafts, kept, facts, error))
        return NULL;
    for (guint i = 0; i < drafts->len; i++) {
        const RecipientDraft *draft = drafts->pdata[i];
        if (!g_hash_table_add(kept, g_strdup(draft->email_key)))
            continue;
        if (too_many(g_hash_table_size(kept), error))
            return NULL;
        g_autoptr(Recipient) recipient = insert(tx, ticket, draft, facts, error);
        if (recipient == NULL)
            return NULL;
    }
    return review_closing(tx, ticket, error) && write_event(tx, ticket, facts, error)
               ? recipient_list(tx->db, number, error)
               : NULL;
}

Recipient *recipients_add(DeskTx *tx, int64_t number, const RecipientDraft *draft, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    g_autoptr(GPtrArray) present = recipient_list(tx->db, number, error);
    if (present == NULL || too_many(present->len + 1, error))
        return NULL;
    for (guint i = 0; i < present->len; i++) {
        const Recipient *other = present->pdata[i];
        if (g_strcmp0(other->email_key, draft->email_key) == 0) {
            error_set_problem(error, TD_ERROR_CONFLICT, "recipient-exists", "/email",
                              "%s is on this ticket's list already (recipient %" G_GINT64_FORMAT
                              ")",
                              other->email, other->id);
            return NULL;
        }
    }
    json_auto_t *facts = json_object();
    g_autoptr(Recipient) recipient = insert(tx, ticket, draft, facts, error);
    if (recipient == NULL || !write_event(tx, ticket, facts, error))
        return NULL;
    return g_steal_pointer(&recipient);
}

Recipient *recipients_change(DeskTx *tx, int64_t number, int64_t id, const RecipientChange *change,
                             GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    g_autoptr(Recipient) recipient = recipient_load(tx->db, number, id, error);
    if (recipient == NULL)
        return NULL;
    json_auto_t *facts = json_object();
    if (change->set_name && !rename_one(tx, recipient, change->name, facts, error))
        return NULL;
    if (change->set_muted && recipient->muted != change->muted) {
        recipient->muted = change->muted;
        note(facts, change->muted ? "muted" : "unmuted", recipient->email);
        if (!recipient_update(tx->db, recipient, error))
            return NULL;
    }
    return write_event(tx, ticket, facts, error) ? g_steal_pointer(&recipient) : NULL;
}

bool recipients_remove(DeskTx *tx, int64_t number, int64_t id, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return false;
    g_autoptr(Recipient) recipient = recipient_load(tx->db, number, id, error);
    json_auto_t *facts = json_object();
    return recipient != NULL && remove_one(tx, recipient, facts, error) &&
           review_closing(tx, ticket, error) && write_event(tx, ticket, facts, error);
}

/* The alert that this event has just decided; there is exactly one. */
static Alert *alert_of_event(DeskTx *tx, int64_t event, GError **error)
{
    bool found;
    int64_t id = 0;
    if (!db_query_int(tx->db, &found, &id, error, "SELECT id FROM alert WHERE event = $1", "i",
                      event))
        return NULL;
    return alert_load(tx->db, id, error);
}

Alert *recipients_send_latest(DeskTx *tx, int64_t number, int64_t id, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return NULL;
    g_autoptr(GPtrArray) recipients =
        g_ptr_array_new_with_free_func((GDestroyNotify)recipient_free);
    Recipient *recipient = recipient_load(tx->db, number, id, error);
    if (recipient == NULL)
        return NULL;
    g_ptr_array_add(recipients, recipient);
    bool closed = status_is_closed(ticket->status);
    int64_t latest;
    if (!alert_latest_event(tx->db, number, closed, &latest, error))
        return NULL;
    if (latest == 0) {
        error_set_problem(error, TD_ERROR_CONFLICT, "nothing-to-send", NULL,
                          "Ticket #%" G_GINT64_FORMAT " has no event that an alert could tell of",
                          number);
        return NULL;
    }
    g_autoptr(Event) told = event_load(tx->db, latest, error);
    if (told == NULL)
        return NULL;
    if (event_content_is_gone(told)) {
        event_content_refuse(told, "The latest alert of this ticket", error);
        return NULL;
    }
    AlertKind kind = closed ? ALERT_TICKET_CLOSED : ALERT_NEW_TICKET;
    json_auto_t *facts = json_loads(told->facts, 0, NULL);
    facts_set_sender(facts, alert_settings(&settings->alerts, kind));
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, EVENT_LATEST_ALERT_SENT, true, facts, settings, error);
    if (event == NULL ||
        !alerts_decide_all(tx->db, ticket, event, facts, kind, ALERTS_BY_HAND, recipients, settings,
                           &tx->made, error) ||
        !review_closing(tx, ticket, error))
        return NULL;
    return alert_of_event(tx, event->id, error);
}

bool employee_recipients_replace(DeskTx *tx, int64_t number, GPtrArray *list, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return false;
    json_auto_t *facts = json_object();
    json_t *employees = json_array();
    json_object_set_new(facts, "employee_recipients", employees);
    for (guint i = 0; i < list->len; i++) {
        const EmployeeRecipient *recipient = list->pdata[i];
        if (recipient->employee != 0) {
            g_autoptr(GError) failure = NULL;
            g_autoptr(Employee) employee = employee_load(tx->db, recipient->employee, &failure);
            if (employee == NULL && error_is(failure, TD_ERROR_NOT_FOUND)) {
                error_set_problem(error, TD_ERROR_INVALID, error_problem(failure), NULL, "%s",
                                  failure->message);
                return false;
            }
            if (employee == NULL) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return false;
            }
            json_array_append_new(employees, json_string(employee->name));
        } else {
            json_array_append_new(employees, json_string(recipient->email));
        }
    }
    return employee_recipient_replace(tx->db, number, list, error) &&
           write_event(tx, ticket, facts, error);
}
