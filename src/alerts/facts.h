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

/* Notes with them the sender name and the reply address that this alert has of its own; takes away
 * what it has not. */
void facts_set_sender(json_t *facts, const AlertSettings *alert);

/* The text as it goes into the facts: cut at a character's border, where it is longer than
 * FACTS_TEXT_BYTES, with words that say so. Free with g_free(). */
char *facts_text(const char *text);

/* The same for texts that may be longer. */
char *facts_text_within(const char *text, size_t max_bytes);

/* The merge fields of alerts/fields.h for one recipient: an object of objects of texts, "" where
 * there is nothing. What depends on the mail's language (BCP 47) is written as alerts/locale.h
 * says. Pure; new reference. */
json_t *facts_merge_fields(const json_t *facts, const char *recipient_name,
                           const char *recipient_email, const char *language);
