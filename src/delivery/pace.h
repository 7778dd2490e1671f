/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much one relay is given at a time. Pure functions.
 *
 * Connections: all that the options allow, half of them when the relay pushes back (421, or a 4xx
 * to a greeting or a sender), one more after each round of successes.
 *
 * Messages: as many for each connection as it sends in a quarter of a second. More would only lie
 * in this process's hands: they would be repeated after a crash, and what is urgent would wait
 * behind them. A relay that takes a second for a mail gets them by twos, a fast one by PACE_MAX.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Messages for each connection: at least one being sent and one ready, so that it never waits for a
 * commit; at most so many, which together with the connections is what a crash can repeat. */
#define PACE_MIN 2
#define PACE_MAX 32

typedef struct {
    double connections;
    int64_t message_us; /* what one message takes on one connection, smoothed; 0: not known yet */
} Pace;

void pace_init(Pace *pace, int connections);

/* n messages were sent on one connection in `took_us`. `max`: what the options allow. */
void pace_sent(Pace *pace, int n, int64_t took_us, int max);

/* The relay wants less. False where there is only one connection, which cannot be halved. */
bool pace_push_back(Pace *pace);

int pace_connections(const Pace *pace, int max);

/* Messages that may be in this process's hands at one time. */
int pace_window(const Pace *pace, int max);

/* How many of the `waiting` messages one connection takes at once: its part, so that all
 * connections end at about the same time; but no fewer than it sends in a few milliseconds, since
 * what goes together is loaded, sent and answered together. From 1 to PACE_MAX. */
int pace_share(const Pace *pace, int waiting, int max);
