/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a ticket. The lock is the first statement, so the events of one ticket have one order
 * and the second of two simultaneous closings sees the first: then nothing is different, and
 * nothing is written.
 */
#include "desk/ticket.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "desk/ticket-private.h"
#include "records/contact.h"
#include "records/status.h"

#include <string.h>

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

/* Gives those whom the ticket names then. */
static TicketPeople *apply_change(DeskTx *tx, Ticket *ticket, const TicketChange *change,
                                  json_t *changes, GError **error)
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
        return NULL;
    if (fields & TICKET_SET_STATUS && ticket->status != change->status) {
        note(changes, "status", json_integer(ticket->status), json_integer(change->status));
        ticket->status = change->status;
    }
    return ticket_check_references(tx, ticket, error);
}

static bool tell_closing(DeskTx *tx, Ticket *ticket, TicketNews *news, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    g_autoptr(GPtrArray) recipients =
        settings != NULL ? recipient_list(tx->db, ticket->number, error) : NULL;
    news->settings = settings;
    news->recipients = recipients;
    return recipients != NULL && ticket_tell(tx, ticket, news, error);
}

/* `news` is what a closing tells; settings and recipients are not in it yet. */
static bool write_change(DeskTx *tx, Ticket *ticket, bool was_closed, TicketNews *news,
                         GError **error)
{
    bool is_closed = status_is_closed(ticket->status);
    ticket->updated_at = tx->now_us;
    if (is_closed != was_closed)
        ticket->closed_at = is_closed ? tx->now_us : 0;
    if (!is_closed)
        ticket->not_told_at = 0;
    if (!ticket_update(tx->db, ticket, error))
        return false;
    if (is_closed && !was_closed)
        return tell_closing(tx, ticket, news, error);
    json_auto_t *facts = json_object();
    json_object_set(facts, "changes", news->changes);
    g_autoptr(Event) event =
        ticket_write_event(tx, ticket, was_closed && !is_closed ? EVENT_REOPENED : EVENT_CHANGED,
                           news->notify, facts, NULL, error);
    return event != NULL;
}

Ticket *ticket_change(DeskTx *tx, int64_t number, const TicketChange *change, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_lock(tx->db, number, error);
    if (ticket == NULL)
        return NULL;
    if (ticket->merged_into != 0 && change->fields & TICKET_SET_STATUS &&
        change->status != ticket->status) {
        error_set_problem(error, TD_ERROR_CONFLICT, "merged", "/status",
                          "Ticket #%" G_GINT64_FORMAT " was merged into #%" G_GINT64_FORMAT
                          ", and its status stays as it is: change the other's",
                          ticket->number, ticket->merged_into);
        return NULL;
    }
    bool was_closed = status_is_closed(ticket->status);
    json_auto_t *changes = json_object();
    g_autoptr(TicketPeople) people = apply_change(tx, ticket, change, changes, error);
    if (people == NULL)
        return NULL;
    TicketNews news = {.kind = EVENT_CLOSED,
                       .notify = change->notify,
                       .how = change->held_whole ? ALERTS_HELD_WHOLE : ALERTS_PLAIN,
                       .changes = changes,
                       .people = people};
    if (json_object_size(changes) > 0 && !write_change(tx, ticket, was_closed, &news, error))
        return NULL;
    return g_steal_pointer(&ticket);
}

bool ticket_reopen_on_reply(DeskTx *tx, int64_t number, bool by_person, TicketReopening *reopening,
                            GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    bool closed;
    int64_t not_told_at;
    if (settings == NULL || !ticket_hold(tx->db, number, &closed, &not_told_at, error))
        return false;
    bool now = closed && by_person && strcmp(settings->tickets.reopen_on_reply, "always") == 0;
    const TicketChange change = {
        .fields = TICKET_SET_STATUS, .status = STATUS_PENDING, .notify = true};
    g_autoptr(Ticket) ticket = now ? ticket_change(tx, number, &change, error) : NULL;
    if (now && ticket == NULL)
        return false;
    *reopening = now ? TICKET_REOPENED : closed ? TICKET_STAYS_CLOSED : TICKET_WAS_OPEN;
    return true;
}
