/* SPDX-License-Identifier: Apache-2.0 */
/* What a refusal says about the address. Pure functions. */
#pragma once

#include "mail/transport.h"

/* Whether a reply says that there is no such mailbox: a 5xx with the enhanced status (RFC 3463)
 * 5.1.1, 5.1.2, 5.1.3, 5.1.6 or 5.1.10, or, where there is no such status or one that says nothing
 * ("", 5.0.0, 5.1.0, 5.5.0), a text that is known to mean the same. Policy (5.7.x), full mailboxes
 * (5.2.2) and every other status say nothing of the kind, whatever their text is. `enhanced` is ""
 * where there is none; `text` may have the code in front (as DeliveryOutcome.reply has) and may be
 * NULL. */
bool reply_says_no_mailbox(int code, const char *enhanced, const char *text);

/* The same of an outcome: only a refusal for good at RCPT, DATA or the final dot speaks of the
 * recipient. */
bool outcome_says_no_mailbox(const DeliveryOutcome *outcome);
