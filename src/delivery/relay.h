/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the relay, as a row, so that every page and metric of every process can say why
 * mail waits. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *state;  /* "up", "down" or "misconfigured" */
    char *reason; /* NULL with "up" */
    int64_t since;
    int64_t retry_at; /* 0 with "up" */
} RelayState;

void relay_state_clear(RelayState *relay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RelayState, relay_state_clear)

/* `route` is a DeliveryRoute's fingerprint: with other settings it is another relay, which is "up"
 * until it shows otherwise; so a corrected password is tried at once. */
bool relay_load(DbTx *tx, const char *route, RelayState *relay, GError **error);

/* "down" or "misconfigured". Keeps `since` while the state stays the same. */
bool relay_store_trouble(DbTx *tx, const char *route, const char *state, const char *reason,
                         int64_t retry_at, int64_t now_us, GError **error);

/* Writes nothing where nothing was wrong: this runs with every batch of every sender. */
bool relay_store_up(DbTx *tx, const char *route, int64_t now_us, GError **error);
