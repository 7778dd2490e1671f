/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The breaker: many recipients in a row, of several domains, refused for the same reason. Then it
 * is not the recipients: a content filter, a blocked sender, a relay that lost its way. Going on
 * would reject the whole queue, and put every customer on the suppression list. Pure but for its
 * memory.
 */
#pragma once

#include "mail/transport.h"

#define BREAKER_RECIPIENTS 20
#define BREAKER_DOMAINS    5

typedef struct {
    char *status;        /* of the run: "5.7.1", or "550" where there was none; NULL: no run */
    int64_t began_at;    /* when its first was refused */
    GPtrArray *refused;  /* of char *: the run's recipients */
    GHashTable *domains; /* of them, lower case */
    bool tripped;
} Breaker;

void breaker_init(Breaker *breaker);
void breaker_clear(Breaker *breaker);

/* One more outcome, in the order in which they came. True when this one trips it. What says nothing
 * about a recipient (the relay is down, nobody knows) is passed over; every other outcome but a
 * refusal ends the run. */
bool breaker_see(Breaker *breaker, const DeliveryOutcome *outcome, const char *recipient,
                 int64_t now_us);

/* Begins anew. */
void breaker_reset(Breaker *breaker);
