/* SPDX-License-Identifier: Apache-2.0 */
/* The brake: whether an event would tell unusually many customers. */
#pragma once

#include "base/clock.h"
#include "db/db.h"
#include "records/event.h"
#include "records/settings.h"

/* The longest that the option brake.minutes can be. */
#define BRAKE_MINUTES_MAX   1440
#define BRAKE_WINDOW_MAX_US (BRAKE_MINUTES_MAX * US_PER_MINUTE)

/* How many of the newest alerts are looked at, one look after the other, until the answer is
 * certain. */
#define BRAKE_N_LOOKS 3
int64_t brake_look(int look, const BrakeSettings *settings);

/* What such a look has seen. */
typedef struct {
    int64_t sent; /* alerts that were looked at */
    guint told;   /* distinct addresses of them */
    guint known;  /* of these, those that are about to be told again */
} BrakeSeen;

/* The rule, for `size` addresses that are about to be told. True, with *held, when the look at
 * `looked` alerts is enough to know; when none was, what the brake has held already in the window
 * decides. */
bool brake_is_certain(const BrakeSettings *settings, guint size, const BrakeSeen *seen,
                      int64_t looked, bool *held);

/* Whether the event has to be held, as a whole. `addresses` is the set (compared forms as keys) of
 * those it is about to tell. It is held when they, together with the distinct addresses that its
 * actor has told in the window before it, are more than the limit; addresses that were all told in
 * the window already are never held. Runs inside the event's transaction, after the event was
 * written and before its alerts are. */
bool brake_holds(DbTx *tx, const Event *event, GHashTable *addresses, const BrakeSettings *settings,
                 bool *held, GError **error);
