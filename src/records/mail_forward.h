/* SPDX-License-Identifier: Apache-2.0 */
/* Mails that waited for a person and were sent on to the desk's internal address, or why not: at
 * most one row for each mail. A row never changes: mails are made from it. All functions here run
 * inside the caller's transaction. */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id; /* `ref` of its outbox row */
    int64_t mail;
    char *recipient, *recipient_key;
    bool sent;
    char *reason;    /* "sent", or a word that says why not */
    char *waits_for; /* a sentence: why the mail waits */
    char *text;      /* what a person reads of the mail */
    int64_t hops;    /* of its hop mark (mail/hop.h); 0: none */
    int64_t at;
} MailForward;

void mail_forward_free(MailForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailForward, mail_forward_free)

/* Sets forward->id. */
bool mail_forward_insert(DbTx *tx, MailForward *forward, GError **error);

/* Errors: NOT_FOUND (problem "not-forwarded"). */
MailForward *mail_forward_load(DbTx *tx, int64_t id, GError **error);

/* NULL without an error where the mail has none. */
MailForward *mail_forward_find(DbTx *tx, int64_t mail, GError **error);
