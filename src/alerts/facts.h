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
#include "records/ticket_message.h"
#include "records/ticket_people.h"

#include <jansson.h>

/* How much of a description or a resolution goes into a mail; the ticket itself keeps all of it. */
#define FACTS_TEXT_BYTES (64 * 1024)

/* How much goes into it of what was written on the ticket: so many messages, so much of each. */
#define FACTS_MESSAGES      5
#define FACTS_MESSAGE_BYTES (8 * 1024)

/* `people` are the ticket's. Pure; new reference. */
json_t *facts_snapshot(const Ticket *ticket, const TicketPeople *people, const Actor *actor,
                       const Settings *settings);

/* Notes with the ticket what was written on it (TicketMessage *, oldest first), for its list of
 * correspondence; nothing where there is nothing. */
void facts_set_correspondence(json_t *facts, const GPtrArray *messages);

/* Notes with them the sender name and the reply address that this alert has of its own; takes away
 * what it has not. */
void facts_set_sender(json_t *facts, const AlertSettings *alert);

/* The text as it goes into the facts: cut at a character's border, where it is longer than
 * FACTS_TEXT_BYTES, with words that say so. Free with g_free(). */
char *facts_text(const char *text);

/* The same for texts that may be longer. */
char *facts_text_within(const char *text, size_t max_bytes);

/* Makes the merge fields of alerts/fields.h for one recipient out of the facts, in their place:
 * what depends on the mail's language (BCP 47) is written as alerts/locale.h says. What there is
 * nothing of is null or missing, which renders as nothing. */
void facts_to_merge_fields(json_t *facts, const char *recipient_name, const char *recipient_email,
                           const char *language);
