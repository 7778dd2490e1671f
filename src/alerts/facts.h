/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of an event: the ticket as it was at that moment, with the names and labels of then, as
 * JSON. They are what a mail is made from, so a later change of the ticket, the account or the
 * options changes no mail.
 */
#pragma once

#include "records/actor.h"
#include "records/settings.h"
#include "records/ticket.h"
#include "records/ticket_people.h"

#include <jansson.h>

/* How much of a description or a resolution goes into a mail; the ticket itself keeps all of it. */
#define FACTS_TEXT_BYTES (64 * 1024)

/* `people` are the ticket's. Pure; new reference. */
json_t *facts_snapshot(const Ticket *ticket, const TicketPeople *people, const Actor *actor,
                       const Settings *settings);

/* The merge fields for one recipient (product.md, section 4): an object of objects of texts, ""
 * where there is nothing. Times are written for people, in the customer's time zone. Pure; new
 * reference. */
json_t *facts_merge_fields(const json_t *facts, const char *recipient_name,
                           const char *recipient_email);
