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
 * Alerts Server is active; "sender-missing", "relay-missing", "not-tested": it cannot be activated
 * without a sender, without a relay, before a test mail was accepted with these settings). */
json_t *options_put(DeskTx *tx, const char *section, json_t *patch, GError **error);

/* The test mail, around sending it: begin gives the version of the settings; once it was accepted
 * they count as tested, unless they were changed meanwhile (*tested is false then). Only settings
 * that were tested can be activated. */
bool options_test_begin(DbTx *tx, int64_t *version, GError **error);
bool options_test_accepted(DeskTx *tx, int64_t version, const char *to, bool *tested,
                           GError **error);

/* {"tested": whether the present settings are, "at","to","by" of the last accepted test mail, null
 * where there was none}. New reference. */
json_t *options_test_get(DbTx *tx, GError **error);

/* Activates the Alerts Server of a sample desk, whose mail goes nowhere but into its own Maildir:
 * there is nothing to test. */
bool options_activate_sample(DeskTx *tx, GError **error);

/* The section "alerts-to-customers" as it would be after `patch`, read as strictly as by
 * options_put(), but for the rule that an alert needs an active Alerts Server; nothing is written.
 * New reference. Errors: INVALID (with the field). */
json_t *options_try_alerts_to_customers(DbTx *tx, json_t *patch, GError **error);

/* Reads what is to be different in a simulation, {"alerts_server"?:{"active"},
 * "alerts_to_customers"?:{...}}, as strictly as options_put(), and writes nothing. Gives what was
 * named, as it would be stored (new references). `path` is the JSON Pointer of `patch`. Errors:
 * INVALID (with the field; problem "not-simulated": an option that changes no decision). */
bool options_read_simulated(DbTx *tx, json_t *patch, const char *path, json_t **alerts_server,
                            json_t **alerts_to_customers, GError **error);
