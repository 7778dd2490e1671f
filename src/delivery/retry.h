/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again. Pure: the random number comes in. */
#pragma once

#include "base/random.h"

#include <stdint.h>

/* A mail that nobody took for so long is given up (RFC 5321 §4.5.4.1 asks for 4 to 5 days). */
#define RETRY_GIVE_UP_US (5 * INT64_C(86400000000))

/* A mail that may have been accepted is sent again after this. */
#define RETRY_UNCERTAIN_US (60 * INT64_C(1000000))

/* How long to wait after the n-th attempt (1, 2, ...) was deferred: one minute at first, growing to
 * four hours, each with up to a fifth more at random so that a backlog does not come back in one
 * wave. */
int64_t retry_delay_us(int64_t attempts, Random *random);

/* How long to leave a relay alone that was down n times in a row: five seconds growing to five
 * minutes. */
int64_t relay_delay_us(int64_t failures);
