/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each mailbox was read, and how it went last.
 *
 * A mailbox is known by user name, host, port and folder. Its position is a UID under one
 * UIDVALIDITY (RFC 3501 §2.3.1.1): all up to `filed_uid` has been filed or passed over, all up to
 * `done_uid` was flagged or moved, too. The first is written by whoever files the mail, in the same
 * transaction; so a mail is filed once, whatever breaks in between.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t uidvalidity; /* 0: never looked at */
    int64_t filed_uid;
    int64_t done_uid;
    int64_t old_below; /* what has a smaller UID and arrived before `since_us` is the past: it is */
    int64_t since_us;  /* left alone */
    int64_t polled_at; /* the last time that it was read without an error; 0: never */
} MailboxPosition;

/* "user@host:port/folder". Free with g_free(). */
char *mailbox_name(const char *username, const char *host, int port, const char *folder);

/* All 0 where the mailbox was never looked at. */
bool mailbox_position_load(DbTx *tx, const char *mailbox, MailboxPosition *position,
                           GError **error);

/* Begins at a new UIDVALIDITY: replaces the position as a whole, but for `polled_at`. */
bool mailbox_position_begin(DbTx *tx, const char *mailbox, const MailboxPosition *position,
                            GError **error);

/* The first statement of the transaction that files a mail. *first: it is to be filed, and its
 * commit makes that known. Otherwise it was filed already, or the mailbox is at another UIDVALIDITY
 * by now: write nothing, that is success. */
bool mailbox_position_file(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           bool *first, GError **error);

/* All up to `uid` is not to be filed: it is gone, or it is the past. */
bool mailbox_position_pass(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           GError **error);

/* All up to `uid` is flagged or moved. */
bool mailbox_position_done(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           GError **error);

/* How it stands, for people. */
typedef struct {
    char *mailbox;
    char *state;  /* "new", "up" or "down" */
    char *reason; /* "down": what happened, in words; "up": what does not work all the same, or NULL
                   */
    int64_t since;
    int64_t polled_at; /* the last time without an error; 0: never */
    int64_t retry_at;  /* 0 but with "down" */
    int64_t waiting;   /* mails that were there and not yet filed */
    int64_t filed;     /* mails filed from there in all */
    MailboxPosition position;
} MailboxState;

void mailbox_state_free(MailboxState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailboxState, mailbox_state_free)

/* Never NULL on success: "new" where nothing is known yet. */
MailboxState *mailbox_state_load(DbTx *tx, const char *mailbox, GError **error);

/* `note` is the reason of "up"; NULL: all is well. */
bool mailbox_store_up(DbTx *tx, const char *mailbox, const char *note, int64_t waiting,
                      int64_t now_us, GError **error);
bool mailbox_store_down(DbTx *tx, const char *mailbox, const char *reason, int64_t retry_at,
                        int64_t now_us, GError **error);

/* One process at a time reads a mailbox. *taken: it is this one's until `until_us`; also to go on.
 * Only a matter of efficiency: mailbox_position_file() keeps the promise. */
bool mailbox_take(DbTx *tx, const char *mailbox, const char *holder, int64_t now_us,
                  int64_t until_us, bool *taken, GError **error);
bool mailbox_release(DbTx *tx, const char *mailbox, const char *holder, GError **error);
