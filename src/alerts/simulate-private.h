/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulation reads: events with their decisions, and the options that were in force. */
#pragma once

#include "alerts/decide.h"
#include "alerts/simulate.h"
#include "records/event.h"
#include "records/settings.h"

/* One decision with its event; of an event that has none, `alert` is 0 and nothing below it is
 * set. */
typedef struct {
    int64_t event, at_us, ticket;
    EventKind event_kind;
    ActorKind actor;
    int64_t actor_id;
    Channel channel;
    bool notify;
    OptionVersions options; /* never unknown */
    int64_t alert;
    AlertKind kind;
    char *recipient, *recipient_key;
    AlertReason was;
    AlertRecipientFacts facts;
} SimulatedRow;

/* A place in the order of events: everything at or before it was read. */
typedef struct {
    int64_t at_us, event;
} SimulatedPlace;

/* The decisions of the next events behind `after`, before to_us; whole events, at most
 * SIMULATE_CHUNK of them. An empty array is the end. Of SimulatedRow; NULL on error. */
#define SIMULATE_CHUNK 1000
GArray *simulate_read(DbTx *tx, const SimulatedPlace *after, int64_t to_us, GError **error);

/* Options as they were at an event, and as they are to be. */
typedef struct {
    bool was_active, is_active;
    AlertsToCustomersSettings was, is;
} OptionsThen;

void options_then_free(OptionsThen *then);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OptionsThen, options_then_free)
OptionsThen *options_then_load(DbTx *tx, const OptionVersions *versions,
                               const SimulatedOptions *laid_over, GError **error);
