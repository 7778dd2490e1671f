/* SPDX-License-Identifier: Apache-2.0 */
/* Between the job (erase.c) and its steps (erase_steps.c). */
#pragma once

#include "privacy/erase_tables.h"

#include <jansson.h>

typedef struct {
    Erasing erasing;
    json_t *person;
    int64_t pass, step, cursor, changed;
    json_t *counts;
} ErasureWork;

/* Ids of messages to them that are not final: int64_t. *sending: one of them is being sent. */
GArray *erasure_waiting(DbTx *tx, const ErasedWords *words, bool *sending, GError **error);

/* Sets the error of a mail that is being sent; false. */
bool erasure_refuse_sending(GError **error);

int64_t erasure_n_steps(void);

/* One look of the step that is next: *well says whether it could, *end that the step is over. Gives
 * the name that its changes are counted under. */
const char *erasure_run(ErasureWork *work, bool *end, bool *well, GError **error);
