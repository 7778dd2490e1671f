/* SPDX-License-Identifier: Apache-2.0 */
/* The access tokens of the relays. */
#pragma once

#include "delivery/delivery.h"
#include "mail/oauth.h"
#include "records/settings.h"

/* The source of a relay's access tokens: the same as before as long as its settings are the same,
 * so that a token serves its whole life. A new reference. Any thread. */
OAuthSource *delivery_token_source(const DeliverySetup *setup, const RelaySettings *relay,
                                   const char *client_secret);
