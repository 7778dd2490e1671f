/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger in sentences that a customer's boss could read. Pure, but for what takes a DbTx. */
#pragma once

#include "alerts/alert.h"
#include "outbox/outbox.h"
#include "records/event.h"
#include "records/ticket.h"

/* One decision with what became of it. */
typedef struct {
    Alert *alert;
    OutboxMessage *message; /* NULL: suppressed */
    GPtrArray *attempts;    /* of OutboxAttempt *; NULL: suppressed */
    char *options_note;     /* explain_options(); NULL: nothing to say of them */
} AlertStory;

void alert_story_free(AlertStory *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AlertStory, alert_story_free)

/* Takes `alert`; freed with the story, and on error. */
AlertStory *alert_story_load(DbTx *tx, Alert *alert, GError **error);

/* Notes with each story that hangs on the options what those in force at its event were, and who
 * had made them so. `stories`: AlertStory *, each without a note yet. */
bool explain_options(DbTx *tx, GPtrArray *stories, GError **error);

/* "Told: the mail was accepted on 23 November 2026 at 18:32 UTC (250 2.0.0 Ok: queued as 4F2A)."
 * One sentence or two, with a full stop. Free with g_free(). */
char *explain_alert(const AlertStory *story);

/* The same of a decision that is not made yet: "Will be told." A literal. */
const char *explain_preview(const AlertStory *story);

/* The same of a reason alone. A literal. */
const char *explain_reason(AlertReason reason);

/* "Ticket #1042 was opened by Erika Muster on 23 November 2026 at 18:32 UTC, on the command line."
 */
char *explain_event(const Event *event);

/* "Nobody was told that this ticket was closed. ..." and what can be done, ended with a newline;
 * NULL where the ticket is not flagged. `stories`: AlertStory *. Free with g_free(). */
char *explain_not_told(const Ticket *ticket, GPtrArray *stories);

/* The whole story of a ticket: events in order, under each its recipients. Free with g_free().
 * `events`: Event *; `stories`: AlertStory *. */
char *explain_ticket(GPtrArray *events, GPtrArray *stories);
