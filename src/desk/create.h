/* SPDX-License-Identifier: Apache-2.0 */
/* A new desk: its identity, the built-in templates, the first admin and a token. Runs inside
 * desk_write(). */
#pragma once

#include "desk/desk.h"
#include "records/token.h"

typedef struct {
    const char *admin_login;
    const char *admin_name;
    const char *admin_email;
    const char *password_hash; /* secret_hash_password(), made before */
    bool sample;               /* with customers, and alerts switched on into a local Maildir */
} DeskPlan;

/* *secret is the token's text, shown once; secret_free() it. Errors: CONFLICT (problem
 * "desk-exists"). */
bool desk_create(DeskTx *tx, const DeskPlan *plan, char **secret, GError **error);

/* Adds what every desk has and one that an earlier program made has not: a signing key, the
 * built-in templates. Changes nothing that is there. */
bool desk_complete(DeskTx *tx, GError **error);

/* Whether desk_complete() would add something. */
bool desk_lacks(DbTx *tx, bool *lacks, GError **error);
