/* SPDX-License-Identifier: Apache-2.0 */
/* The suppression list: addresses that are not told anything, each with the evidence why. All
 * functions here run inside the caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define SUPPRESSION_NO_MAILBOX "no_such_mailbox" /* a mail server has said so */
#define SUPPRESSION_BY_PERSON  "added_by_person"
#define SUPPRESSION_UNREACHED  "keeps_bouncing" /* for now, but on several days */
#define SUPPRESSION_COMPLAINT  "complained"     /* its owner calls our mail spam */

typedef struct {
    char *email;
    char *email_key;
    char *reason; /* one of the above */
    /* JSON: {"alert", "copy", "sign_in" or "held","reply"} of a refusal, {"by","note"} of a person
     */
    char *evidence;
    int64_t since;
} Suppression;

void suppression_free(Suppression *suppression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Suppression, suppression_free)

bool suppression_has(DbTx *tx, const char *email_key, bool *has, GError **error);

/* *added is false where the address is on the list already: its first evidence stays. */
bool suppression_add(DbTx *tx, const Suppression *suppression, bool *added, GError **error);

/* Errors: NOT_FOUND (problem "not-suppressed"). */
Suppression *suppression_load(DbTx *tx, const char *email_key, GError **error);

/* By the compared form of the address, up to `limit` behind `after` ("": from the start). */
GPtrArray *suppression_list(DbTx *tx, const char *after, int limit, GError **error);

/* *removed is false where the address is not on the list. */
bool suppression_remove(DbTx *tx, const char *email_key, bool *removed, GError **error);

bool suppression_count(DbTx *tx, int64_t *count, GError **error);

/* Takes it off where a refusal since then put it there. */
bool suppression_forget_refusal(DbTx *tx, const char *email_key, int64_t since_us, GError **error);

/* Somebody writes from there, so it is reached again: takes it off where refusals or bounces put it
 * there. */
bool suppression_lift(DbTx *tx, const char *email_key, GError **error);

/* The evidence of a refusal by a mail server of `what`, "alert", (message_copy) "copy",
 * "sign_in" or "held", and of a person's own judgement (`note` may be NULL). Free with g_free(). */
char *suppression_evidence_of_reply(const char *what, int64_t id, const char *reply);
char *suppression_evidence_of_person(const char *by, const char *note);
