/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails that came in: one row each with what became of it and why, and the raw bytes beside it. The
 * row is written in the transaction of the change that the mail has caused. All functions here run
 * inside the caller's transaction.
 */
#pragma once

#include "db/db.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    INBOX_FILED,       /* a ticket was opened, or the mail stands on one */
    INBOX_UNMATCHED,   /* waits for a person */
    INBOX_QUARANTINED, /* cannot be read; kept as it came */
    INBOX_SKIPPED,     /* a rule says that it needs no ticket */
    INBOX_STOPPED,     /* our own mail coming back, a loop, or the same mail with another text */
    INBOX_SETTLED,     /* a report that has changed a message of the outbox */
    INBOX_NOTED,       /* a report that is worth knowing and changes nothing */
    INBOX_DISCARDED,   /* by a person */
    INBOX_N_STATES,
} InboxState;

/* "filed", "unmatched", ... */
const char *inbox_state_name(InboxState state);
bool inbox_state_from_name(const char *name, InboxState *state);

typedef struct {
    int64_t id;
    char *source;       /* the mailbox's name, or "ingest" */
    char *message_id;   /* without <>; NULL: it has none */
    char *content_hash; /* of the raw bytes */
    char *text_hash; /* of what a person reads of it: the same mail by another way has the same */
    char *from, *from_key; /* "": none that can be read */
    char *from_name;       /* NULL: none */
    char *subject;         /* "": none */
    int64_t bytes;
    int64_t received_at;
    InboxState state;
    char *reason;    /* a word, such as "unknown_sender" */
    bool verified;   /* the sender's domain was proved by Authentication-Results */
    int64_t ticket;  /* 0: none; so are the next four */
    int64_t message; /* the ticket's message that it became */
    int64_t account; /* whose mail it was taken for */
    int64_t outbox;  /* the message on its way that a report is about */
    int64_t same_as; /* the mail with the same Message-ID and sender that came before */
    char *about_key; /* the recipient that a report is about; NULL: none */
    json_t *steps;   /* [{"step","outcome","reason","text"}], in their order */
} InboxMail;

void inbox_mail_free(InboxMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InboxMail, inbox_mail_free)

/* Adds one step: what was asked, what the answer was ("yes", "no"), a word for the reason, and a
 * sentence for people. */
void inbox_add_step(json_t *steps, const char *step, const char *outcome, const char *reason,
                    const char *text);

/* How long the same Message-ID and sender are the same mail. */
#define INBOX_SAME_US (30 * INT64_C(86400) * 1000000)

/* What makes it the same mail: its bytes, and its Message-ID with its sender (NULL where it has no
 * Message-ID). Free with g_free(). */
char *inbox_content_key(const char *content_hash);
char *inbox_message_key(const char *message_id, const char *from_key);

/* Claims a key for the mail that is about to be inserted, so that of two who file it at once one
 * waits for the other. *former is 0 where it was free or older than INBOX_SAME_US, else the mail
 * that has it. A claim without a mail becomes one's own with inbox_insert(). */
bool inbox_claim(DbTx *tx, const char *key, int64_t now_us, int64_t *former, GError **error);

/* Writes the row and its raw bytes, and gives it the claimed keys (NULL-terminated). Sets mail->id.
 */
bool inbox_insert(DbTx *tx, InboxMail *mail, GBytes *raw, const char *const *keys, GError **error);

/* State, reason, ticket, message, account and steps. */
bool inbox_update(DbTx *tx, const InboxMail *mail, GError **error);

/* Errors: NOT_FOUND (problem "unknown-mail"). */
InboxMail *inbox_load(DbTx *tx, int64_t id, GError **error);

/* As inbox_load(), and nobody else changes it until the end of the transaction. */
InboxMail *inbox_lock(DbTx *tx, int64_t id, GError **error);

/* A state for asking: all but those that wait for a person or cannot be read. */
#define INBOX_PROCESSED "processed"

/* Newest first, ids below `before` (0: from the newest); `state`: a state's name, INBOX_PROCESSED,
 * or NULL: all. Without steps. */
GPtrArray *inbox_list(DbTx *tx, const char *state, int64_t ticket, int64_t before, int limit,
                      GError **error);

/* The bytes as they came. Errors: NOT_FOUND (problem "mail-removed" where only its row is left). */
GBytes *inbox_raw(DbTx *tx, int64_t id, GError **error);

/* Forgets at most `limit` keys that are older than INBOX_SAME_US. */
bool inbox_forget_keys(DbTx *tx, int64_t now_us, int limit, GError **error);

/* How many wait for a person, and how many could not be read. */
bool inbox_count(DbTx *tx, int64_t *unmatched, int64_t *quarantined, GError **error);

/* On how many different days (UTC) since then a report for this reason was about this address. */
bool inbox_report_days(DbTx *tx, const char *about_key, const char *reason, int64_t since_us,
                       int64_t *days, GError **error);
