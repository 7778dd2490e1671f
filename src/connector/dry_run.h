/* SPDX-License-Identifier: Apache-2.0 */
/* What would happen to a mail if it came now: which rule fires and why, and every step. Writes
 * nothing. */
#pragma once

#include "connector/read.h"
#include "db/db.h"

#include <jansson.h>

/* {"action","reason","ticket","account","steps","rules":[{"name","fit"}],"rule":{"name","action",
 * "phrase","account_text","key"}|null}. New reference; NULL with an error. Runs inside the caller's
 * transaction. A mail that cannot be read has the action "quarantine". */
json_t *mail_dry_run(DbTx *tx, const MailRead *read, GError **error);
