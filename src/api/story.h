/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions with what became of them, for lists: as alert_story_load(), but without the attempts,
 * which no list shows. */
#pragma once

#include "alerts/explain.h"
#include "api/call.h"

/* Takes `alert`, on failure too. */
AlertStory *story_load(DbTx *tx, Alert *alert, GError **error);

/* Takes the alerts out of `alerts` (Alert *), which is empty of them afterwards. AlertStory *. */
GPtrArray *story_load_all(DbTx *tx, GPtrArray *alerts, GError **error);
