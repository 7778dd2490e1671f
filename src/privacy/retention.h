/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention: what is kept no longer than the options say (records/retention.h) goes, in the
 * housekeeping, in pieces of at most RETENTION_CHUNK rows, each a transaction.
 *
 * What never goes, whatever its age: what is on its way (held, queued, sending, deferred,
 * uncertain) and all that it is made from; mails that wait for a person or cannot be read; the
 * content and the decisions of tickets that are open, or whose customers were not told; a ticket's
 * decisions while one of them is younger, because the later mails name the earlier ones in their
 * References. Tickets themselves, with what was written on them, are the desk's and stay.
 *
 * Decisions and messages are counted before they go (privacy/tally.h).
 */
#pragma once

#include "db/db.h"
#include "records/retention.h"

#include <jansson.h>

/* Rows that one piece looks at. */
#define RETENTION_CHUNK 500

/* How many rows a question about what would go looks at. */
#define RETENTION_LOOK 100000

/* One piece of the work: of the first rule that is due. *more: there is more to do right now. Two
 * processes that do it at once wait for each other. */
bool retention_step(DbTx *tx, int64_t now_us, int64_t *removed, bool *more, GError **error);

/* [{"rule","days","would_go","looked_at_all","oldest","removed","removed_at"}] with these settings:
 * what would go now, of the first RETENTION_LOOK rows. New reference. */
json_t *retention_plan(DbTx *tx, const RetentionSettings *settings, int64_t now_us, GError **error);
