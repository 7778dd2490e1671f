/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process's lease (outbox/lease.h), as its threads see it: the token that claims carry, and
 * the moment after which nothing claimed under it may leave any more. A renewal moves that moment
 * for everything under way; a lease that was lost never comes back, and a new term begins.
 */
#pragma once

#include "base/clock.h"
#include "base/monitor.h"
#include "base/random.h"
#include "db/db.h"

typedef struct {
    int users;
    char *token;
    int64_t ends_at; /* boot time less a margin; atomic; 0: lost */
} Term;

Term *term_ref(Term *term);
void term_unref(Term *term);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Term, term_unref)

typedef struct {
    Db *db; /* borrowed, as are clock and random */
    const Clock *clock;
    Random *random;
    int64_t lease_us;
    Monitor lock; /* guards all below; held while the lease is being renewed */
    Term *term;
    int64_t renew_at; /* boot time */
    int64_t until_us; /* as the lease's row has it: the wall clock may jump past it */
} TermKeeper;

#define LEASE_DEFAULT_US (60 * US_PER_SECOND)
#define LEASE_MIN_US     (2 * US_PER_SECOND)

/* `lease_us` 0: the default. */
void term_keeper_init(TermKeeper *keeper, Db *db, const Clock *clock, Random *random,
                      int64_t lease_us);
void term_keeper_clear(TermKeeper *keeper);

/* The term in force, a reference of the caller's own; takes or renews the lease first where that is
 * due. NULL on error. Any thread; blocks. */
Term *term_keep(TermKeeper *keeper, GError **error);

/* How long until term_keep() has something to do, in microseconds of the monotonic clock. */
int64_t term_keeper_wait_us(const TermKeeper *keeper);

/* At the end, when nothing is claimed any more. */
bool term_end(TermKeeper *keeper, GError **error);
