/* SPDX-License-Identifier: Apache-2.0 */
/* What the use cases of tickets and recipients share. */
#pragma once

#include "alerts/decide.h"
#include "desk/ticket.h"
#include "records/event.h"
#include "records/recipient.h"
#include "records/settings.h"
#include "records/ticket_people.h"

#include <jansson.h>

/* Reads those whom the ticket names, and checks that they exist and belong together; errors name
 * the field. A manager of 0 is the account's. */
TicketPeople *ticket_check_references(DeskTx *tx, const Ticket *ticket, GError **error);

/* Writes an event of this kind at the ticket's present version. `facts` is borrowed; `settings` are
 * those that its decisions will be made under, NULL where it has none. Caller owns. */
Event *ticket_write_event(DeskTx *tx, const Ticket *ticket, EventKind kind, bool notify,
                          const json_t *facts, const Settings *settings, GError **error);

/* What is told, of whom, to whom. All is borrowed. */
typedef struct {
    EventKind kind; /* opened or closed */
    bool notify;
    AlertsHow how;
    json_t *changes; /* kept with the facts; may be NULL */
    const TicketPeople *people;
    GPtrArray *recipients; /* recipient_list() */
    const Settings *settings;
} TicketNews;

/* Writes the event of an opening or closing with its facts, and decides for every recipient of the
 * ticket; sets ticket->not_told_at where a closing reaches nobody. */
bool ticket_tell(DeskTx *tx, Ticket *ticket, const TicketNews *news, GError **error);

/* Writes a recipient of the ticket: finds the account's contact with this address, and takes the
 * contact's name where none was given. Caller owns. */
Recipient *ticket_add_recipient(DeskTx *tx, const Ticket *ticket, const RecipientDraft *draft,
                                GError **error);
