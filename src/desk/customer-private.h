/* SPDX-License-Identifier: Apache-2.0 */
/* What the use cases of customers share. */
#pragma once

#include "desk/customer.h"

/* Whether this visitor sees this ticket. Errors: NOT_FOUND (problem "unknown-ticket"), in the words
 * that a ticket has which is not there. */
bool customer_check(DbTx *tx, const Visitor *visitor, int64_t number, GError **error);

/* Whether an address on a ticket's list is theirs: theirs as it is, or their contact's. */
bool customer_has_address(const Visitor *visitor, const char *email_key, int64_t contact);
