/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and contacts as they come in: what an object names is read into the record, the rest of
 * it stays. Errors: INVALID, with the field. */
#pragma once

#include "records/account.h"
#include "records/contact.h"

#include <jansson.h>

bool account_read(json_t *body, Account *account, bool is_new, GError **error);
bool contact_read(json_t *body, Contact *contact, bool is_new, GError **error);

/* The same into a new record. Caller owns. */
Account *account_read_new(json_t *body, GError **error);
Contact *contact_read_new(json_t *body, GError **error);
