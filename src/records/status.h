/* SPDX-License-Identifier: Apache-2.0 */
/* The ten ticket statuses: fixed codes, labels that a desk may rename. Behaviour hangs on the code
 * alone. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

typedef enum {
    STATUS_NEW = 100,
    STATUS_PENDING = 200,
    STATUS_SCHEDULED = 300,
    STATUS_IN_HOUSE = 400,
    STATUS_ON_SITE = 500,
    STATUS_LABORATORY = 600,
    STATUS_HOLD = 700,
    STATUS_OTHER = 800,
    STATUS_CANCELED = 900,
    STATUS_COMPLETED = 1000,
} StatusCode;

#define STATUS_N 10
extern const StatusCode status_codes[STATUS_N];

/* The English name; NULL for a number that is no status. */
const char *status_name(int code);

/* What this desk calls it: `labels` is {"100": "Neu", ...} (may be NULL), the English name where it
 * is silent. */
const char *status_label(int code, const json_t *labels);

/* Reads a code (100), a code as text ("100"), the English name or the desk's label, in any letter
 * case. */
bool status_read(const json_t *value, const json_t *labels, int *code);

static inline bool status_is_closed(int code)
{
    return code == STATUS_COMPLETED;
}
