/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Make and change accounts, contacts, employees and tokens. All run inside desk_write(). The
 * structs come in filled by the door with checked texts and parsed addresses; what is checked here
 * is what only the database knows.
 */
#pragma once

#include "desk/desk.h"
#include "records/account.h"
#include "records/contact.h"
#include "records/employee.h"
#include "records/token.h"

/* Sets the number, id and created_at. Errors: INVALID (unknown manager, account; with the field).
 */
bool account_create(DeskTx *tx, Account *account, GError **error);
bool account_change(DeskTx *tx, const Account *account, GError **error);
bool contact_create(DeskTx *tx, Contact *contact, GError **error);
bool contact_change(DeskTx *tx, const Contact *contact, GError **error);

/* Errors: CONFLICT (problem "login-taken"; "last-admin": the last active admin can be neither made
 * inactive nor a technician). */
bool employee_create(DeskTx *tx, Employee *employee, GError **error);
bool employee_change(DeskTx *tx, const Employee *employee, GError **error);

/* Every scope a token may have, NULL-terminated. */
extern const char *const token_scopes[];
bool token_scope_known(const char *scope);

/* Whether a token with these scopes (separated by spaces) may do what needs `scope`. "admin" may do
 * everything. */
bool token_allows(const char *scopes, const char *scope);

/* Makes a token: *secret (NULL or a former run's, which is wiped) is shown once. Caller owns both.
 */
Token *token_create(DeskTx *tx, const char *name, const char *scopes, char **secret,
                    GError **error);

/* From the next request on it opens nothing. Errors: NOT_FOUND (problem "unknown-token"). */
bool token_revoke(DeskTx *tx, int64_t id, GError **error);
