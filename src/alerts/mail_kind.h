/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of the outbox's messages is made from: delivery knows rows and bytes, and asks
 * here for the rest. Whoever puts a new kind into the outbox registers it with the composer before
 * anything is sent (app/); "alert", "message", "auto_response", "sign_in", "held" and "canary" are
 * there from the start.
 *
 * Every kind keeps promise 6 (docs/delivery.md): `compose` depends on stored things alone.
 */
#pragma once

#include "alerts/compose.h"

/* Kinds whose `ref` is a message_copy's id. */
#define OUTBOX_KIND_MESSAGE       "message"
#define OUTBOX_KIND_AUTO_RESPONSE "auto_response"

/* Its `ref` is a one_time_link's id. */
#define OUTBOX_KIND_SIGN_IN "sign_in"

/* Its `ref` is a held_notice's id. */
#define OUTBOX_KIND_HELD "held"

typedef struct {
    const char *kind; /* the outbox's */

    /* Reads what n messages (at most ALERT_LIST_MAX) are made from: sources[i], NULL at first, for
     * refs[i]; stays NULL where there is no such record. What is wrong with one alone is said when
     * it is composed. What is set is the caller's, also after an error, which speaks of the
     * database and not of the mails. */
    bool (*load)(DbTx *tx, Composer *composer, const int64_t *refs, size_t n, void **sources,
                 GError **error);

    /* The mail's bytes; NULL with an error where it cannot be made. `sender` is the JSON of
     * sender_identity(). Any thread, no database. */
    GBytes *(*compose)(Composer *composer, const void *source, const char *sender, int64_t dated_at,
                       GError **error);

    void (*free_source)(void *source);

    /* In the transaction that settles it as accepted or rejected. NULL: nothing is to be done. */
    bool (*settled)(DbTx *tx, int64_t ref, GError **error);

    /* The ticket whose closing it tells of, 0: of something else. NULL: never. */
    int64_t (*closing)(const void *source);

    bool null_sender; /* it leaves with an empty envelope sender: no bounce is wanted */

    /* How many of them are in memory at one time for each connection, where they may be large; 0:
     * any number. */
    size_t at_once;
} MailKind;

/* Those that are there from the start. */
extern const MailKind mail_kind_alert, mail_kind_message, mail_kind_auto_response,
    mail_kind_sign_in, mail_kind_held, mail_kind_canary;

/* `kind` is a constant that outlives the composer. Replaces one of the same name. Before the first
 * message is sent. */
void composer_register(Composer *composer, const MailKind *kind);

/* NULL where there is none of this name. */
const MailKind *composer_find(const Composer *composer, const char *kind);
