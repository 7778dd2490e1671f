/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the desk itself, which are never told anything. */
#pragma once

#include "records/settings.h"

#include <stdbool.h>

/* Whether an alert leaves from the address with this compared form, or its answers or bounces go
 * there, signed or not. Any thread. */
bool own_address_is(const Settings *settings, const char *email_key);
