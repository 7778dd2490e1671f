/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the desk itself, which are never told anything. */
#pragma once

#include "records/settings.h"

#include <stdbool.h>

/* Whether mail leaves from the address with this compared form, or its answers or bounces go there,
 * signed or not: a mail to it comes back. Any thread. */
bool own_address_of_mail(const Settings *settings, const char *email_key);

/* The same, or it is the desk's address among the Employee Recipients: no customer's. */
bool own_address_is(const Settings *settings, const char *email_key);
