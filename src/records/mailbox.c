/* SPDX-License-Identifier: Apache-2.0 */
#include "records/mailbox.h"

#define COLUMNS                                                                                    \
    "uidvalidity, filed_uid, done_uid, old_below, since_us, polled_at, state, reason, since,"      \
    " retry_at, waiting, filed"

char *mailbox_name(const char *username, const char *host, int port, const char *folder)
{
    return g_strdup_printf("%s@%s:%d/%s", username, host, port, folder);
}

void mailbox_state_free(MailboxState *state)
{
    if (state == NULL)
        return;
    g_free(state->mailbox);
    g_free(state->state);
    g_free(state->reason);
    g_free(state);
}

MailboxState *mailbox_state_load(DbTx *tx, const char *mailbox, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM mailbox WHERE name = $1", "s", mailbox);
    if (rows == NULL)
        return NULL;
    g_autoptr(MailboxState) state = g_new0(MailboxState, 1);
    state->mailbox = g_strdup(mailbox);
    if (db_rows_next(rows)) {
        state->position = (MailboxPosition){
            .uidvalidity = db_rows_int(rows, 0),
            .filed_uid = db_rows_int(rows, 1),
            .done_uid = db_rows_int(rows, 2),
            .old_below = db_rows_int(rows, 3),
            .since_us = db_rows_int(rows, 4),
            .polled_at = db_rows_int(rows, 5),
        };
        state->state = db_rows_dup(rows, 6);
        state->reason = db_rows_dup(rows, 7);
        state->since = db_rows_int(rows, 8);
        state->retry_at = db_rows_int(rows, 9);
        state->waiting = db_rows_int(rows, 10);
        state->filed = db_rows_int(rows, 11);
        state->polled_at = state->position.polled_at;
    } else {
        state->state = g_strdup("new");
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&state) : NULL;
}

bool mailbox_position_load(DbTx *tx, const char *mailbox, MailboxPosition *position, GError **error)
{
    g_autoptr(MailboxState) state = mailbox_state_load(tx, mailbox, error);
    if (state == NULL)
        return false;
    *position = state->position;
    return true;
}

static bool make_row(DbTx *tx, const char *mailbox, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO mailbox (name, uidvalidity, filed_uid, done_uid, old_below,"
                   " since_us, polled_at, state, since, retry_at, waiting, filed, held_until)"
                   " VALUES ($1, 0, 0, 0, 0, 0, 0, 'new', 0, 0, 0, 0, 0)"
                   " ON CONFLICT (name) DO NOTHING",
                   "s", mailbox);
}

/* ---- position ---- */

bool mailbox_position_begin(DbTx *tx, const char *mailbox, const MailboxPosition *position,
                            GError **error)
{
    return make_row(tx, mailbox, error) &&
           db_exec(tx, NULL, error,
                   "UPDATE mailbox SET uidvalidity = $2, filed_uid = $3, done_uid = $4,"
                   " old_below = $5, since_us = $6 WHERE name = $1 AND uidvalidity <> $2",
                   "siiiii", mailbox, position->uidvalidity, position->filed_uid,
                   position->done_uid, position->old_below, position->since_us);
}

bool mailbox_position_file(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           bool *first, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "UPDATE mailbox SET filed_uid = $3, filed = filed + 1"
                 " WHERE name = $1 AND uidvalidity = $2 AND filed_uid < $3",
                 "sii", mailbox, uidvalidity, uid))
        return false;
    *first = changed == 1;
    return true;
}

bool mailbox_position_pass(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE mailbox SET filed_uid = $3"
                   " WHERE name = $1 AND uidvalidity = $2 AND filed_uid < $3",
                   "sii", mailbox, uidvalidity, uid);
}

bool mailbox_position_done(DbTx *tx, const char *mailbox, int64_t uidvalidity, int64_t uid,
                           GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE mailbox SET done_uid = $3"
                   " WHERE name = $1 AND uidvalidity = $2 AND done_uid < $3 AND filed_uid >= $3",
                   "sii", mailbox, uidvalidity, uid);
}

/* ---- how it stands ---- */

bool mailbox_store_up(DbTx *tx, const char *mailbox, const char *note, int64_t waiting,
                      int64_t now_us, GError **error)
{
    return make_row(tx, mailbox, error) &&
           db_exec(tx, NULL, error,
                   "UPDATE mailbox SET since = CASE WHEN state = 'up' THEN since ELSE $4 END,"
                   " state = 'up', reason = $2, retry_at = 0, waiting = $3, polled_at = $4"
                   " WHERE name = $1",
                   "ssii", mailbox, note, waiting, now_us);
}

bool mailbox_store_down(DbTx *tx, const char *mailbox, const char *reason, int64_t retry_at,
                        int64_t now_us, GError **error)
{
    return make_row(tx, mailbox, error) &&
           db_exec(tx, NULL, error,
                   "UPDATE mailbox SET since = CASE WHEN state = 'down' THEN since ELSE $4 END,"
                   " state = 'down', reason = $2, retry_at = $3 WHERE name = $1",
                   "ssii", mailbox, reason, retry_at, now_us);
}

/* ---- who reads it ---- */

bool mailbox_take(DbTx *tx, const char *mailbox, const char *holder, int64_t now_us,
                  int64_t until_us, bool *taken, GError **error)
{
    int64_t changed;
    if (!make_row(tx, mailbox, error) ||
        !db_exec(tx, &changed, error,
                 "UPDATE mailbox SET holder = $2, held_until = $4"
                 " WHERE name = $1 AND (holder IS NULL OR holder = $2 OR held_until < $3)",
                 "ssii", mailbox, holder, now_us, until_us))
        return false;
    *taken = changed == 1;
    return true;
}

bool mailbox_release(DbTx *tx, const char *mailbox, const char *holder, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE mailbox SET holder = NULL, held_until = 0"
                   " WHERE name = $1 AND holder = $2",
                   "ss", mailbox, holder);
}
