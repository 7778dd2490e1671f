/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a copy of a message, and why (not). */
#pragma once

#include "alerts/compose_copy.h"
#include "desk/answer.h"
#include "records/ticket.h"

/* What is true of one who could get a copy. */
typedef struct {
    bool server_active;
    bool own_address; /* an address of the desk itself */
    bool author;      /* who wrote it */
    bool muted;
    bool left_ticket;
    bool inactive; /* an employee who does not work here any more */
    bool suppressed;
} CopyFacts;

/* First match wins, in the order of the fields; `facts` NULL: nobody is on the list. Pure. */
CopyReason copy_decide(bool server_active, const CopyFacts *facts);

/* One message and those it is for. All is borrowed. */
typedef struct {
    const Ticket *ticket;
    const TicketMessage *message; /* with its version */
    const json_t *facts;          /* the event's */
    const char *outbox_kind;
    bool urgent;
    const char *builtin; /* the template, where template_id is 0 */
    int64_t template_id;
} Copying;

/* Writes the rows of an audience, and the outbox's. */
bool copies_write(DeskTx *tx, const Copying *copying, AnswerAudience audience, GError **error);

/* The same for one address, which is the customer's; `name` may be NULL. */
bool copies_write_one(DeskTx *tx, const Copying *copying, const char *email, const char *email_key,
                      const char *name, GError **error);
