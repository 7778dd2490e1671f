/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted of decisions before they go, so that what the desk can say of how many there were
 * stays the same: for each day the decisions by kind, decision, reason and final state, for the
 * whole outbox its messages by state, and for each ticket what its story no longer shows.
 */
#pragma once

#include "db/db.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_ALERT         "alert"
#define LEDGER_COPY          "copy"
#define LEDGER_AUTO_RESPONSE "auto_response"

/* One decision that goes. */
typedef struct {
    const char *ledger;
    const char *kind; /* "new_ticket", "answer", ...; "" where there are no kinds */
    const char *decision, *reason;
    const char *state; /* of its message; "": it has none */
    int64_t ticket;    /* 0: none to tell of it */
    int64_t at;
} CountedDecision;

/* Sums up what goes in one transaction. */
typedef struct RemovedCounts RemovedCounts;
RemovedCounts *removed_counts_new(void);
void removed_counts_free(RemovedCounts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RemovedCounts, removed_counts_free)

void removed_counts_decision(RemovedCounts *counts, const CountedDecision *decision);
void removed_counts_message(RemovedCounts *counts, const char *kind, const char *state);

/* Adds it to what is stored. `days` is the rule that they went by. */
bool removed_counts_store(DbTx *tx, const RemovedCounts *counts, int64_t now_us, int64_t days,
                          GError **error);

/* "Decisions older than 90 days were removed on 3 May 2027; they were: 3 told, 1 suppressed
 * (muted)."; NULL without an error where none were. Free with g_free(). */
bool removed_words(DbTx *tx, int64_t ticket, char **words, GError **error);

/* How many decisions there are, and how many were counted before they went: [{"ledger","kind",
 * "decision","reason","state","kept","removed"}]. New reference. Looks at every decision. */
json_t *decision_totals(DbTx *tx, GError **error);
