/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a ticket is for that a person opens of a mail, as a request says it. */
#pragma once

#include "api/call.h"
#include "connector/by_hand.h"

/* Reads {"account"} or {"new_account":{"name","email"?,"domains"?}}, with {"new_contact":{"name",
 * "email"?}}? beside it. Fills in *opening, which is empty. */
bool inbox_read_opening(ApiCall *call, InboxOpening *opening, GError **error);
