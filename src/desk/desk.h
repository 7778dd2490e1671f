/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk: use cases, one verb each, that every door calls. A use case runs inside desk_write(),
 * which is one transaction: records, event, decisions and outbox rows are committed together, or
 * none of them is.
 */
#pragma once

#include "alerts/decide.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "db/db.h"
#include "records/actor.h"
#include "records/settings.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Desk Desk;

/* Borrows all three. Thread-safe. */
Desk *desk_new(Db *db, const Clock *clock, Random *random);
void desk_free(Desk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Desk, desk_free)

Db *desk_db(const Desk *desk);
int64_t desk_now_us(const Desk *desk);

/* Called after a commit that has put something into the outbox, on the writer's thread: must be
 * quick and not block. Set it before the first write. */
typedef void (*DeskCommitted)(void *data);
void desk_set_committed(Desk *desk, DeskCommitted committed, void *data);

/* Where what is committed is counted; borrowed. Set it before the first write. NULL: nowhere. */
void desk_set_metrics(Desk *desk, Metrics *metrics);
Metrics *desk_metrics(const Desk *desk);

/* What a use case works with. */
typedef struct {
    DbTx *db;
    const Actor *actor;
    int64_t now_us;
    Random *random;
    bool trial;         /* inside desk_try(): it will be undone */
    int trial_tickets;  /* how many tickets it has opened */
    AlertsMade made;    /* `queued` is set by use cases that put something into the outbox */
    Settings *settings; /* what desk_settings() has read; NULL: not yet */
} DeskTx;

/* The options as they stand in this transaction, read once. Borrowed: they live as long as it does.
 * Errors: those of settings_load(). */
const Settings *desk_settings(DeskTx *tx, GError **error);

/* May run more than once (see db_write()): builds its results afresh. */
typedef bool (*DeskFn)(DeskTx *tx, void *data, GError **error);

/* Errors: those of `fn` and of db_write(). Blocks until the change is durable. */
bool desk_write(Desk *desk, const Actor *actor, DeskFn fn, void *data, GError **error);

/* Finds out what a change would do by doing it: as desk_write(), but all that `fn` has written is
 * undone, and nobody is woken. It takes no ticket number (see TICKET_NUMBER_TRIAL);
 * other ids that PostgreSQL drew stay drawn. */
bool desk_try(Desk *desk, const Actor *actor, DeskFn fn, void *data, GError **error);
