/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erasing a person: their addresses and their name are replaced by pseudonyms wherever they stand,
 * their own mails and attachments are deleted, and every decision stays and counts as before.
 *
 * It is a job with a row of its own (table erasure), done in pieces of at most some hundred rows,
 * each a transaction: whoever runs it may stop at any time, and whoever goes on comes to the same
 * end. First all that waits for them is cancelled; then each table is gone through by its ids; then
 * each ticket they stood on is locked and its texts are rewritten; then all of it again, until
 * nothing more is found, so that what was written meanwhile by a transaction that had read the old
 * address goes, too. The row has the addresses in it only while the job runs.
 */
#pragma once

#include "privacy/person.h"

/* The problem of what may be tried again in a minute. */
#define ERASURE_BEING_SENT "being-sent"

/* Begins, or finds the running job about one of the addresses: *id. The caller has asked
 * person_check_erasable(). Errors: CONFLICT (problem "being-sent": a mail to them is in the hands
 * of the mail server at this moment). */
bool erasure_begin(DbTx *tx, const Person *person, bool keep_tickets, const char *actor_name,
                   int64_t now_us, int64_t *id, GError **error);

/* One piece. *done: there is nothing more to do. Errors: as above. */
bool erasure_step(DbTx *tx, int64_t id, int64_t now_us, bool *done, GError **error);

/* A job that nobody has worked on since then; *id 0: there is none. */
bool erasure_find_left(DbTx *tx, int64_t before_us, int64_t *id, GError **error);

/* At most so many of its tickets are named. */
#define ERASURE_TICKETS 200

/* {"id","state":"running" or "done","pseudonym","keep_tickets","started_at","finished_at",
 * "changed":{table: rows},"n_tickets","tickets":[...]: to be looked through by a person}. New
 * reference. Errors: NOT_FOUND (problem "unknown-erasure"). */
json_t *erasure_show(DbTx *tx, int64_t id, GError **error);
