/* SPDX-License-Identifier: Apache-2.0 */
/* What follows when a desk was restored from a backup, or moved to another database. */
#pragma once

#include "desk/desk.h"

#define DESK_RESTORED "RESTORE" /* the audit's action */
#define DESK_MOVED    "MOVE"

typedef struct {
    int64_t held;      /* messages that are held now */
    int64_t uncertain; /* messages of which nobody knows whether they have left */
} DeskQuiet;

/* Leaves a row in the audit: `action`, and which backup, by its checksum. With `quiet` the desk
 * then does nothing by itself, because the one that the backup is of may have gone on: the Alerts
 * Server is deactivated and what waits is held; the Email Connector is off; all sessions, and links
 * that were not used, have ended. Runs inside desk_write(). */
bool desk_restored(DeskTx *tx, const char *action, const char *checksum, bool quiet,
                   DeskQuiet *result, GError **error);
