/* SPDX-License-Identifier: Apache-2.0 */
/* What an outcome changes on the suppression list. */
#pragma once

#include "delivery/private.h"

/* Runs in the transaction that has just settled this job: "no such mailbox" puts the address on the
 * list with the reply as evidence; the success of a mail that a person forced takes it off. */
bool undeliverable_note(DbTx *tx, const Job *job, int64_t now_us, GError **error);
