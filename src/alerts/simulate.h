/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would have been decided: the policy over recorded events, under the options of then with
 * some of them changed. Nothing is written and nothing is sent.
 *
 * The facts are those that were recorded with each event and decision: who was on the list, muted,
 * gone, suppressed. What is not changed is as it was: without changes the answer is what was really
 * decided, decision by decision. Events from before these facts were kept are taken as far as the
 * reason of their decision tells.
 */
#pragma once

#include "alerts/compose.h"
#include "alerts/policy.h"
#include "db/db.h"

#include <jansson.h>

/* Events that one simulation goes through at most. */
#define SIMULATE_EVENTS_MAX 1000000

typedef struct {
    /* Stored objects whose fields are laid over the options of then; NULL: nothing is changed. */
    const json_t *alerts_server;
    const json_t *alerts_to_customers;
} SimulatedOptions;

typedef struct {
    int64_t from_us, to_us; /* events at or after, and before */
    SimulatedOptions options;
    gint *stop; /* atomic; another thread sets it to 1 to end the simulation. NULL: none does */
} Simulation;

typedef struct {
    int64_t event, alert, ticket, at_us;
    AlertKind kind;
    const char *recipient; /* "" where the ticket had none */
    AlertVerdict was, is;
} SimulatedDecision;

typedef void (*SimulateSink)(const SimulatedDecision *decision, void *data);

/* Gives every decision to `sink`, by the time of its event. Reads in chunks, each a short
 * transaction of its own; blocks until all is done. Errors: LIMIT (problem
 * "too-many-events": more than SIMULATE_EVENTS_MAX), UNAVAILABLE (it was stopped), and those of
 * db_read(). *events counts the events. */
bool alerts_simulate(Db *db, const Simulation *simulation, SimulateSink sink, void *data,
                     int64_t *events, GError **error);

/* The mail that one recipient of an event would get, whether or not they would be told. */
typedef struct {
    Alert *alert; /* as it would be */
    ComposeSource *source;
    char *from_name, *from_address, *reply_to; /* "": none */
} SimulatedMail;

void simulated_mail_clear(SimulatedMail *mail);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimulatedMail, simulated_mail_clear)

/* Where the options that are laid over name a template, or nothing was really sent, the mail is
 * made from the newest version of the template; else from the version that was really used. Runs
 * inside the caller's transaction; compose_text() then needs none. Errors: NOT_FOUND (problems
 * "unknown-event", "unknown-alert": the event had no such recipient). */
bool simulate_mail(DbTx *tx, int64_t event, const char *recipient_key,
                   const SimulatedOptions *options, SimulatedMail *mail, GError **error);
