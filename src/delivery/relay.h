/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the relay, as a row, so that every page and metric of every process can say why
 * mail waits. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* The breaker's state: only a person ends it. */
#define RELAY_STOPPED "stopped"

typedef struct {
    char *state;  /* "up", "down", "misconfigured" or "stopped" */
    char *reason; /* NULL with "up" */
    int64_t since;
    int64_t retry_at; /* 0 with "up" and "stopped" */
} RelayState;

void relay_state_clear(RelayState *relay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RelayState, relay_state_clear)

/* `route` is a DeliveryRoute's fingerprint: with other settings it is another relay, which is "up"
 * until it shows otherwise; so a corrected password is tried at once. */
bool relay_load(DbTx *tx, const char *route, RelayState *relay, GError **error);

/* "down", "misconfigured" or "stopped". Keeps `since` while the state stays the same; a relay that
 * is stopped stays so. */
bool relay_store_trouble(DbTx *tx, const char *route, const char *state, const char *reason,
                         int64_t retry_at, int64_t now_us, GError **error);

/* Writes nothing where nothing was wrong: this runs with every batch of every sender. */
bool relay_store_up(DbTx *tx, const char *route, int64_t now_us, GError **error);

/* A person's "go on" for every relay that the breaker stopped; *resumed counts them. */
bool relay_resume(DbTx *tx, int64_t now_us, int64_t *resumed, GError **error);
