/* SPDX-License-Identifier: Apache-2.0 */
/* Canaries: mails that the desk sends to itself on a schedule, a row each; what became of one on
 * its way out is its outbox row (kind "canary", `ref` its id). All functions here run inside the
 * caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    char *recipient;
    bool comes_back;     /* the Email Connector is to receive it */
    int64_t at;          /* when it was due and made */
    int64_t received_at; /* 0: not */
    /* of its outbox row: */
    char *state;
    char *reply;         /* the mail server's last words; NULL: none */
    int64_t accepted_at; /* 0: not */
} Canary;

void canary_free(Canary *canary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Canary, canary_free)

/* `slot` is the time by the schedule: one canary each, whoever comes first. *id is 0 where another
 * process was. */
bool canary_insert(DbTx *tx, const char *recipient, bool comes_back, int64_t slot, int64_t now_us,
                   int64_t *id, GError **error);

/* The newest ones first, at most `limit`. Of Canary *. */
GPtrArray *canary_list(DbTx *tx, int limit, GError **error);

/* One alone, without what its outbox row says; NULL without an error where there is none. */
Canary *canary_find(DbTx *tx, int64_t id, GError **error);

/* Only the first time counts. */
bool canary_received(DbTx *tx, int64_t id, int64_t now_us, GError **error);

/* The outbox's rows of those made before `before_us` that are still to leave. Of int64_t. */
GArray *canary_list_waiting(DbTx *tx, int64_t before_us, GError **error);

/* Forgets those made before `before_us`, but never the newest ones, with their outbox rows. */
bool canary_forget(DbTx *tx, int64_t before_us, GError **error);
