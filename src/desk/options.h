/* SPDX-License-Identifier: Apache-2.0 */
/* The options pages: what each field may be, and what follows from a change. All run inside
 * desk_write(). */
#pragma once

#include "desk/desk.h"

#include <jansson.h>

/* The section as the API shows it, defaults filled in: one of OPTIONS_* of records/settings.h.
 * Errors: NOT_FOUND. */
json_t *options_get(DbTx *tx, const char *section, GError **error);

/* Merges `patch` into the section: a field that is absent keeps its value, lists are replaced
 * whole. Every change is kept with who, when, before and after. Deactivating the Alerts Server
 * holds what waits. Returns the section after it. Errors: NOT_FOUND (section), INVALID (with the
 * field), CONFLICT (problem "alerts-server-inactive": an alert cannot be switched on before the
 * Alerts Server is active; "sender-missing": it cannot be activated without a sender). */
json_t *options_put(DeskTx *tx, const char *section, json_t *patch, GError **error);
