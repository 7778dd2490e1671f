/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many messages were accepted, and how long that took, for plots: counted by whoever settles
 * them, in the same transaction, so that nobody has to look at a million messages. Times stand in
 * bins, eight to a power of ten; what is said of them later is right to about 15 %.
 */
#pragma once

#include "base/clock.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define TALLY_TIMES    80 /* bins: up to 10^10 ms */
#define TALLY_FAILED   80 /* rejected, expired */
#define TALLY_DEFERRED 81
#define TALLY_BINS     82

typedef struct {
    int64_t n[TALLY_BINS];
} Tally;

/* Accepted, so long after its event. Pure. */
void tally_accepted(Tally *tally, int64_t after_us);

/* How many were accepted; and the time within which this share (0 to 1) of them were, in
 * milliseconds. Pure. */
int64_t tally_sum(const Tally *tally);
double tally_share_ms(const Tally *tally, double share);

/* Adds it to the counts of now. `sender` keeps several servers from waiting for each other. */
bool tally_store(DbTx *tx, const Tally *tally, int64_t now_us, const char *sender, GError **error);

/* Forgets minutes after two days and hours after 40. */
bool tally_forget(DbTx *tx, int64_t now_us, GError **error);

#define TALLY_MINUTE_US US_PER_MINUTE
#define TALLY_HOUR_US   (60 * TALLY_MINUTE_US)

/* Reads what was counted from `from_us` on into n steps of `step_us`, of the counts of this width
 * (TALLY_MINUTE_US or TALLY_HOUR_US). `tallies` has n, all zero. */
bool tally_load(DbTx *tx, int64_t width_us, int64_t from_us, int64_t step_us, size_t n,
                Tally *tallies, GError **error);
