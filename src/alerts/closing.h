/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Customers not told": whether the closing of a ticket has reached anybody (product.md, section 3,
 * promise 7). The rule is one pure function; the rest keeps ticket.not_told_at true to it, inside
 * the transaction of whatever changes it.
 */
#pragma once

#include "alerts/policy.h"
#include "db/db.h"
#include "outbox/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One decision about a closing with what has become of it. */
typedef struct {
    AlertDecision decision;
    AlertReason reason;
    OutboxState state; /* with suppress: not looked at */
    bool by_person;    /* with cancelled: a person cancelled this very mail */
} ClosingDecision;

typedef enum {
    CLOSING_SILENT,     /* nobody was to be told: somebody chose so */
    CLOSING_TOLD,       /* at least one mail was accepted */
    CLOSING_ON_ITS_WAY, /* nobody yet, and it can still come to that */
    CLOSING_NOT_TOLD,   /* it is certain that nobody was told, and nobody chose that */
} ClosingOutcome;

/* `decisions`: those of the ticket's newest closing and of every Ticket Closed alert that was sent
 * by hand after it. */
ClosingOutcome closing_judge(const ClosingDecision *decisions, size_t n);

/* Locks the ticket, judges its newest closing and sets or clears the flag; what is on its way
 * leaves it as it is. Does nothing where the ticket is open. *not_told_at (may be NULL): what the
 * flag is then, 0 where it is clear. */
bool closing_review(DbTx *tx, int64_t ticket, int64_t now_us, int64_t *not_told_at, GError **error);

/* The ticket whose closing an alert tells of; 0 for every other alert. */
bool closing_of_alert(DbTx *tx, int64_t alert, int64_t *ticket, GError **error);

/* A mail about a closing of this ticket was accepted: closing_review() where the flag is set.
 * Nearly always it is not: then this is one look at the ticket, and no lock. */
bool closing_told(DbTx *tx, int64_t ticket, int64_t now_us, GError **error);
