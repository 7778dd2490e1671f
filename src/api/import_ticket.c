/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of another desk. The reference, what that desk called the ticket, makes an import that is
 * repeated go on where it stopped: a ticket that is here already is left as it is, for by now
 * people may have worked on it.
 *
 * A ticket is opened by the use case that opens all of them, by an actor whose channel is "import":
 * its events and decisions are written, and the decisions say that nobody is told.
 */
#include "api/import.h"

#include "api/ticket_input.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "records/status.h"

#include <string.h>

static bool refuse(const char *problem, const char *field, const char *what, GError **error)
{
    error_set_problem(error, TD_ERROR_INVALID, problem, field, "%s", what);
    return false;
}

/* ---- what the ticket has beside what POST takes ---- */

static bool take_reference(json_t *row, TicketDraft *draft, GError **error)
{
    draft->reference = g_strdup(json_get_text(row, "reference"));
    json_object_del(row, "reference");
    if (*draft->reference == '\0')
        return refuse("missing-field", "/reference",
                      "the row has no reference: without one it would come twice when the import"
                      " is repeated",
                      error);
    if (g_utf8_strlen(draft->reference, -1) > LIMIT_REFERENCE_CHARS)
        return refuse("too-long", "/reference", "the reference is too long", error);
    return true;
}

static bool take_time(json_t *row, const char *name, int64_t *time_us, GError **error)
{
    g_autofree char *text = g_strdup(json_get_text(row, name));
    json_object_del(row, name);
    return *text == '\0' || text_to_time(text, name, time_us, error);
}

static bool take_times(json_t *row, TicketDraft *draft, int64_t now_us, GError **error)
{
    if (!take_time(row, "opened", &draft->opened_at, error) ||
        !take_time(row, "closed", &draft->closed_at, error))
        return false;
    if (draft->opened_at > now_us)
        return refuse("invalid", "/opened", "the ticket was opened in the future", error);
    if (draft->closed_at > now_us)
        return refuse("invalid", "/closed", "the ticket was closed in the future", error);
    int64_t opened_at = draft->opened_at != 0 ? draft->opened_at : now_us;
    if (draft->closed_at != 0 && draft->closed_at < opened_at)
        return refuse("invalid", "/closed", "the ticket was closed before it was opened", error);
    return true;
}

/* ---- whom it names ---- */

static bool find_contact(DbTx *tx, json_t *row, int64_t account, GError **error)
{
    const char *email = json_get_text(row, "contact");
    int64_t id = 0;
    if (*email == '\0')
        return true;
    if (!import_find_contact(tx, account, email, "/contact", &id, error))
        return false;
    if (id == 0) {
        error_set_problem(error, TD_ERROR_INVALID, "unknown-contact", "/contact",
                          "%s: account %" G_GINT64_FORMAT " has no contact with this address",
                          email, account);
        return false;
    }
    json_object_set_new(row, "contact", json_integer(id));
    return true;
}

/* Addresses become the objects that POST takes. */
static void spell_recipients(json_t *row)
{
    const json_t *addresses = json_object_get(row, "recipients");
    if (addresses == NULL)
        return;
    json_t *list = json_array();
    size_t i;
    json_t *address;
    json_array_foreach(addresses, i, address)
    {
        json_t *one = json_object();
        json_object_set(one, "email", address);
        json_array_append_new(list, one);
    }
    json_object_set_new(row, "recipients", list);
}

static bool name_people(DbTx *tx, json_t *row, GError **error)
{
    int64_t account = 0;
    if (!import_find_owner(tx, row, &account, error) || !find_contact(tx, row, account, error) ||
        !import_find_manager(tx, row, error))
        return false;
    json_object_set_new(row, "account", json_integer(account));
    spell_recipients(row);
    return true;
}

/* ---- the ticket ---- */

/* Two desks may have called different tickets the same. */
static bool is_same(const TicketDraft *draft, int64_t number, int64_t opened_at, GError **error)
{
    if (draft->opened_at == 0 || draft->opened_at == opened_at)
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "reference-taken", "/reference",
                      "Ticket #%" G_GINT64_FORMAT " has the reference \"%s\" already, and was"
                      " opened at another time",
                      number, draft->reference);
    return false;
}

static bool open_ticket(DeskTx *tx, const TicketDraft *draft, ImportApplied *applied,
                        GError **error)
{
    applied->written = true;
    g_autoptr(Ticket) ticket = ticket_open(tx, draft, error);
    if (ticket == NULL)
        return false;
    applied->id = ticket->number;
    applied->outcome = IMPORT_CREATED;
    return true;
}

bool import_ticket_apply(DeskTx *tx, json_t *row, ImportApplied *applied, GError **error)
{
    g_auto(TicketOpening) opening = {0};
    TicketDraft *draft = &opening.draft;
    int64_t opened_at = 0;
    if (!take_reference(row, draft, error) || !take_times(row, draft, tx->now_us, error) ||
        !ticket_find_reference(tx->db, draft->reference, &applied->id, &opened_at, error))
        return false;
    if (applied->id != 0) {
        applied->outcome = IMPORT_UNCHANGED;
        return is_same(draft, applied->id, opened_at, error);
    }
    return name_people(tx->db, row, error) && ticket_opening_read(row, &opening, error) &&
           ticket_opening_settle(tx->db, &opening, error) && open_ticket(tx, draft, applied, error);
}
