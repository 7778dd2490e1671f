/* SPDX-License-Identifier: Apache-2.0 */
/* A mail of the inbox that was sent on: how that is shown. */
#pragma once

#include "api/call.h"
#include "records/inbox.h"

/* What became of the mail's forward; null where there is none. New reference; NULL with an error.
 */
json_t *render_forward(DbTx *tx, const char *desk_id, int64_t mail, GError **error);

/* The same as a sentence; nothing where it is null, or was not sent (a step says why). */
void explain_forward(const json_t *forward, GString *text);

/* inbox.c: a mail with its steps and its forward. */
json_t *render_inbox_mail(const ApiCall *call, DbTx *tx, const InboxMail *mail, GError **error);
