/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people and the desk do with messages on their way. Each move is one UPDATE that names the
 * states it may leave; when no row answers, the message is loaded and the refusal says what state
 * it is in.
 */
#include "outbox/outbox.h"

#include "base/error.h"
#include "outbox/ready-private.h"
#include "outbox/ready.h"
#include "outbox/row-private.h"

void outbox_message_free(OutboxMessage *message)
{
    if (message == NULL)
        return;
    g_free(message->kind);
    g_free(message->recipient);
    g_free(message->order_key);
    g_free(message->lease);
    g_free(message->sender);
    g_free(message->state_reason);
    g_free(message->last_reply);
    g_free(message->remote_id);
    g_free(message->message_hash);
    g_free(message);
}

void outbox_attempt_free(OutboxAttempt *attempt)
{
    if (attempt == NULL)
        return;
    g_free(attempt->outcome);
    g_free(attempt->stage);
    g_free(attempt->enhanced_status);
    g_free(attempt->reply);
    g_free(attempt);
}

OutboxMessage *outbox_from_row(const DbRows *rows)
{
    OutboxMessage *message = g_new0(OutboxMessage, 1);
    message->id = db_rows_int(rows, 0);
    message->kind = db_rows_dup(rows, 1);
    message->ref = db_rows_int(rows, 2);
    message->recipient = db_rows_dup(rows, 3);
    message->lane = db_rows_int(rows, 4);
    message->urgent = db_rows_int(rows, 5) != 0;
    message->order_key = db_rows_dup(rows, 6);
    message->order_seq = db_rows_int(rows, 7);
    outbox_state_from_name(db_rows_text(rows, 8), &message->state);
    message->due_at = db_rows_int(rows, 9);
    message->attempts = db_rows_int(rows, 10);
    message->lease = db_rows_dup(rows, 11);
    message->dated_at = db_rows_int(rows, 12);
    message->sender = db_rows_dup(rows, 13);
    message->uncertain = db_rows_int(rows, 14) != 0;
    message->state_reason = db_rows_dup(rows, 15);
    message->last_reply = db_rows_dup(rows, 16);
    message->remote_id = db_rows_dup(rows, 17);
    message->message_hash = db_rows_dup(rows, 18);
    message->composer = db_rows_int(rows, 19);
    message->queued_at = db_rows_int(rows, 20);
    message->accepted_at = db_rows_int(rows, 21);
    message->updated_at = db_rows_int(rows, 22);
    return message;
}

/* Ready at once where it may leave at once: most messages never wait for outbox_admit(). */
#define INSERT(engine, lock)                                                                       \
    "INSERT INTO outbox (kind, ref, recipient, lane, urgent, order_key, order_seq, state, due_at," \
    " attempts, uncertain, state_reason, queued_at, updated_at, stamp)"                            \
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $11,"                            \
    " CASE WHEN $8 = 'queued' AND $9 <= $11 AND " OUTBOX_IS_FREE(                                  \
        "$6", "$7") " THEN 1 + " OUTBOX_LAST_STAMP(engine, "$5", "$4") " END) RETURNING id"

bool outbox_insert(DbTx *tx, OutboxMessage *message, GError **error)
{
    return db_insert(tx, &message->id, error, OUTBOX_SQL(tx, INSERT), "sisiisisisi", message->kind,
                     message->ref, message->recipient, message->lane, (int64_t)message->urgent,
                     message->order_key, message->order_seq, outbox_state_name(message->state),
                     message->due_at, message->state_reason, message->queued_at);
}

bool outbox_withdraw(DbTx *tx, int64_t id, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM outbox WHERE id = $1", "i", id);
}

/* Takes `rows`; NULL without an error where there is no row. */
static OutboxMessage *take_one(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(OutboxMessage) message = db_rows_next(rows) ? outbox_from_row(rows) : NULL;
    return db_rows_end(rows, error) ? g_steal_pointer(&message) : NULL;
}

OutboxMessage *outbox_load(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    OutboxMessage *message = take_one(
        db_query(tx, &failure, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = $1", "i", id),
        &failure);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    else if (message == NULL)
        error_set(error, TD_ERROR_NOT_FOUND,
                  "There is no message %" G_GINT64_FORMAT " in the outbox", id);
    return message;
}

OutboxMessage *outbox_find(DbTx *tx, const char *kind, int64_t ref, GError **error)
{
    return take_one(db_query(tx, error,
                             "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE kind = $1 AND ref = $2",
                             "si", kind, ref),
                    error);
}

GPtrArray *outbox_attempts(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT at, outcome, stage, reply_code, enhanced_status, reply FROM"
                 " (SELECT * FROM outbox_attempt WHERE outbox = $1 ORDER BY id DESC LIMIT 200)"
                 " AS latest ORDER BY id",
                 "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)outbox_attempt_free);
    while (db_rows_next(rows)) {
        OutboxAttempt *attempt = g_new0(OutboxAttempt, 1);
        attempt->at = db_rows_int(rows, 0);
        attempt->outcome = db_rows_dup(rows, 1);
        attempt->stage = db_rows_dup(rows, 2);
        attempt->reply_code = db_rows_int(rows, 3);
        attempt->enhanced_status = db_rows_dup(rows, 4);
        attempt->reply = db_rows_dup(rows, 5);
        g_ptr_array_add(list, attempt);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

static bool refuse(DbTx *tx, int64_t id, const char *verb, GError **error)
{
    g_autoptr(OutboxMessage) message = outbox_load(tx, id, error);
    if (message == NULL)
        return false;
    const char *hint = message->state == OUTBOX_SENDING
                           ? "; it is being sent at this very moment, so look again in a minute"
                           : "";
    error_set_problem(error, TD_ERROR_CONFLICT, "not-possible-now", NULL,
                      "It cannot be %s, because it is %s%s", verb,
                      outbox_state_name(message->state), hint);
    return false;
}

/* One that is cancelled lets the next of its order go. */
static bool cancel(DbTx *tx, int64_t id, const char *reason, int64_t now_us, int64_t *changed,
                   GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "UPDATE outbox SET state = 'cancelled', stamp = NULL,"
                            " state_reason = $2, updated_at = $3 WHERE id = $1"
                            " AND state IN ('held', 'queued', 'deferred', 'uncertain')"
                            " RETURNING order_key",
                            "isi", id, reason, now_us);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    g_autofree char *order_key = found ? db_rows_dup(rows, 0) : NULL;
    if (!db_rows_end(rows, error) || (found && !outbox_unblock(tx, order_key, now_us, error)))
        return false;
    *changed = found;
    return true;
}

/* It is made ready by the next outbox_admit(). */
static bool release(DbTx *tx, int64_t id, int64_t now_us, int64_t *changed, GError **error)
{
    return db_exec(tx, changed, error,
                   "UPDATE outbox SET state = 'queued', state_reason = NULL, due_at = $2,"
                   " queued_at = $2, updated_at = $2 WHERE id = $1 AND state = 'held'",
                   "ii", id, now_us);
}

/* What is sent again must leave before what came after it: that is no longer ready. */
static bool revive(DbTx *tx, int64_t id, const char *reason, int64_t now_us, int64_t *changed,
                   GError **error)
{
    return db_exec(tx, changed, error,
                   "UPDATE outbox SET state = 'queued', state_reason = $3, due_at = $2,"
                   " queued_at = $2, updated_at = $2"
                   " WHERE id = $1 AND state IN ('rejected', 'expired', 'bounced', 'cancelled')",
                   "iis", id, now_us, reason) &&
           (*changed == 0 ||
            db_exec(tx, NULL, error,
                    "UPDATE outbox SET stamp = NULL WHERE stamp IS NOT NULL AND order_key <> ''"
                    " AND " OUTBOX_IS_NOT_FINAL(
                        "state") " AND order_key = (SELECT order_key FROM outbox WHERE id = $1)"
                                 " AND order_seq > (SELECT order_seq FROM outbox WHERE id = $1)",
                    "i", id));
}

static bool retry(DbTx *tx, int64_t id, const char *reason, int64_t now_us, int64_t *changed,
                  GError **error)
{
    if (!db_exec(tx, changed, error,
                 "UPDATE outbox SET due_at = $2, updated_at = $2,"
                 " state_reason = CASE WHEN $3 IS NOT NULL THEN $3"
                 " WHEN state_reason = '" OUTBOX_ASK "' THEN NULL ELSE state_reason END"
                 " WHERE id = $1 AND " OUTBOX_IS_WAITING("state"),
                 "iis", id, now_us, reason))
        return false;
    return *changed == 1 || revive(tx, id, reason, now_us, changed, error);
}

bool outbox_cancel(DbTx *tx, int64_t id, const char *reason, int64_t now_us, GError **error)
{
    int64_t changed;
    return cancel(tx, id, reason, now_us, &changed, error) &&
           (changed == 1 || refuse(tx, id, "cancelled", error));
}

bool outbox_release(DbTx *tx, int64_t id, int64_t now_us, GError **error)
{
    int64_t changed;
    return release(tx, id, now_us, &changed, error) &&
           (changed == 1 || refuse(tx, id, "released", error));
}

bool outbox_retry(DbTx *tx, int64_t id, const char *reason, int64_t now_us, GError **error)
{
    int64_t changed;
    return retry(tx, id, reason, now_us, &changed, error) &&
           (changed == 1 || refuse(tx, id, "sent again", error));
}

bool outbox_cancel_waiting(DbTx *tx, const char *order_key, const char *reason, int64_t now_us,
                           GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE outbox SET state = 'cancelled', stamp = NULL, state_reason = $2,"
                   " updated_at = $3"
                   " WHERE order_key = $1 AND state <> 'sending' AND " OUTBOX_IS_NOT_FINAL("state"),
                   "ssi", order_key, reason, now_us);
}

bool outbox_hold_waiting(DbTx *tx, const char *reason, int limit, int64_t now_us, int64_t *moved,
                         GError **error)
{
    /* What is uncertain is not held: the table of moves has no way back to where it would be known.
     */
    return db_exec(
        tx, moved, error,
        "UPDATE outbox SET state = 'held', stamp = NULL, state_reason = $1, updated_at = $2"
        " WHERE id IN (SELECT id FROM outbox WHERE state " OUTBOX_LISTED
        " AND state IN ('queued', 'deferred') LIMIT $3)",
        "sii", reason, now_us, (int64_t)limit);
}

/* What was counted before it went (privacy/tally.h). */
static bool count_removed(DbTx *tx, int64_t counts[OUTBOX_N_STATES], int64_t *all, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT state, n FROM outbox_removed", "");
    if (rows == NULL)
        return false;
    OutboxState state;
    while (db_rows_next(rows))
        if (outbox_state_from_name(db_rows_text(rows, 0), &state)) {
            counts[state] += db_rows_int(rows, 1);
            *all += db_rows_int(rows, 1);
        }
    return db_rows_end(rows, error);
}

#define CENSUS_US    (10 * G_TIME_SPAN_MINUTE)
#define CENSUS_YOUNG 1000 /* ids that a transaction under way may still fill in */

typedef struct {
    int64_t below, rows, removed, counted_at_us;
} Census;

static Census census_get(OutboxCensus *census)
{
    pthread_mutex_lock(&census->lock);
    Census now = {census->below, census->rows, census->removed, census->counted_at_us};
    pthread_mutex_unlock(&census->lock);
    return now;
}

static void census_set(OutboxCensus *census, const Census *now)
{
    pthread_mutex_lock(&census->lock);
    census->below = now->below;
    census->rows = now->rows;
    census->removed = now->removed;
    census->counted_at_us = now->counted_at_us;
    pthread_mutex_unlock(&census->lock);
}

static bool count_below(DbTx *tx, int64_t removed, Census *census, GError **error)
{
    bool found;
    int64_t last = 0;
    if (!db_query_int(tx, &found, &last, error, "SELECT COALESCE(MAX(id), 0) FROM outbox", ""))
        return false;
    census->below = MAX(last - CENSUS_YOUNG, 0);
    census->removed = removed;
    census->counted_at_us = g_get_monotonic_time();
    return db_query_int(tx, &found, &census->rows, error,
                        "SELECT COUNT(*) FROM outbox WHERE id <= $1", "i", census->below);
}

/* Messages of all states. What was removed meanwhile was old, and so among those counted. */
static bool count_all(DbTx *tx, OutboxCensus *census, int64_t removed, int64_t *all, GError **error)
{
    bool found;
    int64_t above;
    Census now = {0};
    if (census != NULL) {
        now = census_get(census);
        if ((now.below == 0 || g_get_monotonic_time() - now.counted_at_us > CENSUS_US) &&
            !count_below(tx, removed, &now, error))
            return false;
        census_set(census, &now);
    }
    if (!db_query_int(tx, &found, &above, error, "SELECT COUNT(*) FROM outbox WHERE id > $1", "i",
                      now.below))
        return false;
    *all = now.rows + above - (now.below != 0 ? removed - now.removed : 0);
    return true;
}

bool outbox_count(DbTx *tx, OutboxCensus *census, int64_t counts[OUTBOX_N_STATES], GError **error)
{
    /* What is accepted stands in no index by state: it is the rest. */
    int64_t found[OUTBOX_N_STATES] = {0};
    int64_t removed = 0;
    int64_t all;
    if (!count_removed(tx, found, &removed, error) || !count_all(tx, census, removed, &all, error))
        return false;
    DbRows *rows =
        db_query(tx, error,
                 "SELECT state, COUNT(*) FROM outbox WHERE state " OUTBOX_LISTED " GROUP BY state"
                 " UNION ALL SELECT 'sending', COUNT(*) FROM outbox WHERE state = 'sending'",
                 "");
    if (rows == NULL)
        return false;
    int64_t others = 0;
    OutboxState state;
    while (db_rows_next(rows)) {
        int64_t count = db_rows_int(rows, 1);
        if (outbox_state_from_name(db_rows_text(rows, 0), &state)) {
            found[state] += count;
            others += count;
        }
    }
    found[OUTBOX_ACCEPTED] += all - others;
    if (!db_rows_end(rows, error))
        return false;
    for (int i = 0; i < OUTBOX_N_STATES; i++)
        counts[i] = found[i];
    return true;
}

bool outbox_count_held(DbTx *tx, int64_t most, int64_t *count, GError **error)
{
    bool found;
    return db_query_int(tx, &found, count, error,
                        "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE state " OUTBOX_LISTED
                        " AND state = 'held' LIMIT $1) AS found",
                        "i", most);
}

bool outbox_held(DbTx *tx, const char *reason, int64_t *count, int64_t *since, GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT COUNT(*), MIN(updated_at) FROM outbox WHERE state " OUTBOX_LISTED
                 " AND state = 'held' AND ($1 = '' OR state_reason = $1)",
                 "s", reason != NULL ? reason : "");
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    int64_t n = found ? db_rows_int(rows, 0) : 0;
    int64_t oldest = found ? db_rows_int(rows, 1) : 0;
    if (!db_rows_end(rows, error))
        return false;
    *count = n;
    *since = oldest;
    return true;
}

bool outbox_held_long(DbTx *tx, int64_t before_us, int64_t most, int64_t *count, int64_t *since,
                      GError **error)
{
    DbRows *rows =
        db_query(tx, error,
                 "SELECT COUNT(*), MIN(updated_at) FROM (SELECT updated_at FROM outbox"
                 " WHERE state = 'held' AND updated_at < $1 ORDER BY updated_at LIMIT $2)"
                 " AS found",
                 "ii", before_us, most);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    int64_t n = found ? db_rows_int(rows, 0) : 0;
    int64_t oldest = found ? db_rows_int(rows, 1) : 0;
    if (!db_rows_end(rows, error))
        return false;
    *count = n;
    *since = oldest;
    return true;
}

#define FIRST(state)                                                                               \
    "SELECT queued_at FROM (SELECT queued_at FROM outbox WHERE state " OUTBOX_LISTED               \
    " AND state = '" state "' ORDER BY id LIMIT 1) AS first_" state

bool outbox_oldest_waiting(DbTx *tx, int64_t *since, GError **error)
{
    bool found;
    int64_t oldest = 0;
    if (!db_query_int(tx, &found, &oldest, error,
                      "SELECT MIN(queued_at) FROM (" FIRST("queued") " UNION ALL " FIRST(
                          "deferred") " UNION ALL " FIRST("uncertain") ") AS waiting",
                      ""))
        return false;
    *since = found ? oldest : 0;
    return true;
}
