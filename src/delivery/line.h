/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line to one relay: what this process knows of it beyond its row in the database (relay.h).
 * Plain data; whoever holds one guards it.
 */
#pragma once

#include "delivery/breaker.h"
#include "delivery/pace.h"
#include "delivery/settings.h"

typedef struct {
    char *fingerprint; /* DeliveryRoute's */
    Pace pace;
    int in_flight;    /* claimed for it, not yet settled */
    int busy;         /* connections at work */
    int open;         /* connections at work, or kept open for the next mail */
    bool blocked;     /* in trouble: what is queued for it here goes back untried */
    int64_t failures; /* in a row */
    int64_t retry_at; /* of the last failure that counted; 0: none */
    Breaker breaker;
    int64_t stopped_at; /* when the breaker stopped it (wall); 0: it did not */
} Line;

Line *line_new(const char *fingerprint, int connections);
void line_free(Line *line);

/* What may be claimed for a relay now. */
typedef enum {
    LINE_CLOSED, /* nothing */
    LINE_PROBE,  /* one message, to see whether it is back */
    LINE_OPEN,   /* as many as its pace has room for */
} LineState;

/* `stored` is the relay's row; `room` is set with LINE_OPEN, and may be 0. Unblocks a line that has
 * nothing in flight any more. One that the breaker stopped is closed until a person has said "go
 * on", which the row shows. */
LineState line_look(Line *line, const RelayState *stored, int max_connections, int64_t now_us,
                    int *room);

/* Counts a failure. When a relay goes, all connections fail one after the other: that is one
 * failure, so nothing counts before the next try is due. */
void line_failed(Line *line, int64_t now_us);
void line_answered(Line *line);
