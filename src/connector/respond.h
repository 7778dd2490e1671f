/* SPDX-License-Identifier: Apache-2.0 */
/* How many automatic responses may go (RFC 3834 says to whom): windows, so that whatever shows no
 * sign of being a machine still ends. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RESPOND_WINDOWS 5

typedef struct {
    int minutes;
    int64_t address; /* that may have gone to one address, whatever the ticket */
    int64_t total;   /* that may have gone at all */
} RespondWindow;

extern const RespondWindow respond_windows[RESPOND_WINDOWS];

/* How many went within each window. */
typedef struct {
    int64_t address[RESPOND_WINDOWS];
    int64_t total[RESPOND_WINDOWS];
} RespondCounts;

/* NULL: one more may go. Else "window_address" or "window_total". */
const char *respond_limit(const RespondCounts *counts);
