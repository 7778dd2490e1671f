/* SPDX-License-Identifier: Apache-2.0 */
#include "records/mail_forward.h"

#include "base/error.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, mail, recipient, recipient_key, decision, reason, waits_for, body_text, hops, at"

void mail_forward_free(MailForward *forward)
{
    if (forward == NULL)
        return;
    g_free(forward->recipient);
    g_free(forward->recipient_key);
    g_free(forward->reason);
    g_free(forward->waits_for);
    g_free(forward->text);
    g_free(forward);
}

bool mail_forward_insert(DbTx *tx, MailForward *forward, GError **error)
{
    return db_insert(tx, &forward->id, error,
                     "INSERT INTO mail_forward (mail, recipient, recipient_key, decision, reason,"
                     " waits_for, body_text, hops, at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
                     "issssssii", forward->mail, forward->recipient, forward->recipient_key,
                     forward->sent ? "send" : "suppress", forward->reason, forward->waits_for,
                     forward->text, forward->hops, forward->at);
}

/* Takes `rows`, which has at most one row. NULL without an error where it has none. */
static MailForward *take_one(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(MailForward) forward = NULL;
    if (db_rows_next(rows)) {
        forward = g_new0(MailForward, 1);
        forward->id = db_rows_int(rows, 0);
        forward->mail = db_rows_int(rows, 1);
        forward->recipient = db_rows_dup(rows, 2);
        forward->recipient_key = db_rows_dup(rows, 3);
        forward->sent = strcmp(db_rows_text(rows, 4), "send") == 0;
        forward->reason = db_rows_dup(rows, 5);
        forward->waits_for = db_rows_dup(rows, 6);
        forward->text = db_rows_dup(rows, 7);
        forward->hops = db_rows_int(rows, 8);
        forward->at = db_rows_int(rows, 9);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&forward) : NULL;
}

MailForward *mail_forward_load(DbTx *tx, int64_t id, GError **error)
{
    GError *failure = NULL;
    MailForward *forward = take_one(
        db_query(tx, &failure, "SELECT " COLUMNS " FROM mail_forward WHERE id = $1", "i", id),
        &failure);
    if (forward == NULL && failure == NULL)
        error_set_problem(&failure, TD_ERROR_NOT_FOUND, "not-forwarded", NULL,
                          "There is no forwarded mail %" G_GINT64_FORMAT, id);
    if (failure != NULL)
        g_propagate_error(error, failure);
    return forward;
}

MailForward *mail_forward_find(DbTx *tx, int64_t mail, GError **error)
{
    return take_one(
        db_query(tx, error, "SELECT " COLUMNS " FROM mail_forward WHERE mail = $1", "i", mail),
        error);
}
