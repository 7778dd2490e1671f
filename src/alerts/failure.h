/* SPDX-License-Identifier: Apache-2.0 */
/* What did not arrive, by its cause: a hundred refusals in the same words are one trouble. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define FAILURE_CAUSES  100  /* listed at most, those with the most alerts */
#define FAILURE_DOMAINS 5    /* named of each */
#define FAILURE_LOOK    2000 /* the newest so many of each state are looked at */

/* A reply without what differs from one recipient to the next (addresses, numbers, queue ids), but
 * with its codes: "550 5.1.1 <a@b.example>: User unknown" gives "550 5.1.1 User unknown". NULL and
 * "" give "". Pure. Free with g_free(). */
char *failure_words(const char *reply);

/* Stands for one cause in a state of the outbox: 16 letters. Pure. Free with g_free(). */
char *failure_cause(const char *state, const char *reply);

typedef struct {
    char *cause;
    char *state; /* "rejected", "expired", "bounced" or "deferred" */
    char *words;
    int64_t count;
    int64_t latest_at;
    int64_t alert;      /* the latest of them */
    GPtrArray *domains; /* char *: some of the recipients' */
} Failure;

void failure_free(Failure *failure);

/* Those whose state is of `since_us` or later, the most frequent first: Failure *. *all says
 * whether all of them were looked at. */
GPtrArray *failure_list(DbTx *tx, int64_t since_us, bool *all, GError **error);
