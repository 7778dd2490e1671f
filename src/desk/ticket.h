/* SPDX-License-Identifier: Apache-2.0 */
/* Open, change, close, reopen a ticket. All run inside desk_write(). */
#pragma once

#include "desk/desk.h"
#include "records/ticket.h"

/* A recipient as it came in, its address already parsed (mail/address.h). */
typedef struct {
    char *email, *email_key;
    char *name; /* NULL: none */
} RecipientDraft;

void recipient_draft_free(RecipientDraft *draft);

typedef struct {
    int64_t account;
    int64_t contact; /* 0: none */
    int64_t manager; /* 0: the account's */
    char *title;
    char *description;
    char *type;     /* NULL: none */
    char *priority; /* NULL: normal */
    int status;     /* StatusCode; 0: New */
    int64_t due_at; /* 0: none */
    char *resolution;
    char *reference;              /* of an imported one; NULL: none */
    int64_t opened_at, closed_at; /* of an imported one; 0: now */
    GPtrArray *recipients;        /* of RecipientDraft *: whom the opener lists; may be NULL */
    bool from_writer; /* by mail: whom it was written from stands in `recipients`, and takes the
                         place of the contact's or account's address there */
    bool notify;
} TicketDraft;

void ticket_draft_clear(TicketDraft *draft);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TicketDraft, ticket_draft_clear)

/* A ticket opened as Completed is opened and closed in one step: two events. Errors: INVALID
 * (problems "unknown-account", "unknown-contact", "unknown-employee", "too-many", "missing-field";
 * with the field). Caller owns. */
Ticket *ticket_open(DeskTx *tx, const TicketDraft *draft, GError **error);

/* Which fields a change sets. */
typedef enum {
    TICKET_SET_STATUS = 1 << 0,
    TICKET_SET_TITLE = 1 << 1,
    TICKET_SET_DESCRIPTION = 1 << 2,
    TICKET_SET_PRIORITY = 1 << 3,
    TICKET_SET_TYPE = 1 << 4,
    TICKET_SET_DUE = 1 << 5,
    TICKET_SET_RESOLUTION = 1 << 6,
    TICKET_SET_MANAGER = 1 << 7,
    TICKET_SET_CONTACT = 1 << 8,
    TICKET_SET_ACCOUNT = 1 << 9,
} TicketFields;

typedef struct {
    unsigned fields; /* TicketFields */
    int status;
    char *title, *description, *priority, *type, *resolution;
    int64_t due_at, manager, contact, account;
    bool notify;
    bool held_whole; /* part of an action that the brake holds as a whole */
} TicketChange;

void ticket_change_clear(TicketChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TicketChange, ticket_change_clear)

/* Writes one event, or none where nothing is different. A change to Completed is a closing and
 * tells the customers; away from it a reopening. Two closings at once are one: the second finds the
 * ticket closed and changes nothing. Errors: NOT_FOUND (the ticket), INVALID as above, CONFLICT
 * (problem "merged": the status of a ticket that was merged into another). Caller owns.
 */
Ticket *ticket_change(DeskTx *tx, int64_t number, const TicketChange *change, GError **error);

/* What a customer's reply does to a closed ticket (options/tickets, reopen_on_reply). */
typedef enum {
    TICKET_WAS_OPEN,
    TICKET_REOPENED,     /* "always" */
    TICKET_STAYS_CLOSED, /* "never", or "ask": until a person reopens it */
} TicketReopening;

/* After the reply was filed, in the same transaction. A machine's (`by_person` false) opens
 * nothing. Errors: NOT_FOUND. */
bool ticket_reopen_on_reply(DeskTx *tx, int64_t number, bool by_person, TicketReopening *reopening,
                            GError **error);
