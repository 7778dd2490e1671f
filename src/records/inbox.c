/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail is filed exactly once because it has to claim its keys in table inbound_key first: a row
 * there is made or refused by the database, whoever else files the same mail at that moment. The
 * keys are claimed in one order by everybody, content first, so that two who wait for each other
 * cannot be.
 */
#include "records/inbox.h"

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, source, message_id, content_hash, text_hash, from_email, from_key, from_name, subject,"   \
    " bytes, received_at, state, reason, verified, ticket, message, account, outbox, same_as,"     \
    " about_key"

static const char *const names[INBOX_N_STATES] = {
    [INBOX_FILED] = "filed",
    [INBOX_UNMATCHED] = "unmatched",
    [INBOX_QUARANTINED] = "quarantined",
    [INBOX_SKIPPED] = "skipped",
    [INBOX_STOPPED] = "stopped",
    [INBOX_SETTLED] = "settled",
    [INBOX_NOTED] = "noted",
    [INBOX_DISCARDED] = "discarded",
};

const char *inbox_state_name(InboxState state)
{
    return names[state];
}

bool inbox_state_from_name(const char *name, InboxState *state)
{
    for (int i = 0; i < INBOX_N_STATES; i++)
        if (g_strcmp0(names[i], name) == 0) {
            *state = (InboxState)i;
            return true;
        }
    return false;
}

void inbox_mail_free(InboxMail *mail)
{
    if (mail == NULL)
        return;
    g_free(mail->source);
    g_free(mail->message_id);
    g_free(mail->content_hash);
    g_free(mail->text_hash);
    g_free(mail->from);
    g_free(mail->from_key);
    g_free(mail->from_name);
    g_free(mail->subject);
    g_free(mail->reason);
    g_free(mail->about_key);
    json_decref(mail->steps);
    g_free(mail);
}

void inbox_add_step(json_t *steps, const char *step, const char *outcome, const char *reason,
                    const char *text)
{
    json_t *row = json_object();
    json_set_text(row, "step", step);
    json_set_text(row, "outcome", outcome);
    json_set_text(row, "reason", reason);
    json_set_text(row, "text", text);
    json_array_append_new(steps, row);
}

/* ---- the same mail ---- */

char *inbox_content_key(const char *content_hash)
{
    return g_strconcat("content:", content_hash, NULL);
}

/* A Message-ID is whatever a stranger writes, of any length: its hash is the key. */
char *inbox_message_key(const char *message_id, const char *from_key)
{
    if (message_id == NULL)
        return NULL;
    g_autofree char *both = g_strdup_printf("%s\n%s", from_key, message_id);
    g_autofree char *hash = secret_hash(both, strlen(both));
    return g_strconcat("message:", hash, NULL);
}

bool inbox_claim(DbTx *tx, const char *key, int64_t now_us, int64_t *former, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "INSERT INTO inbound_key (key, at) VALUES ($1, $2)"
                 " ON CONFLICT (key) DO UPDATE SET at = $2, mail = NULL WHERE inbound_key.at < $3",
                 "sii", key, now_us, now_us - INBOX_SAME_US))
        return false;
    bool found = false;
    int64_t mail = 0;
    if (changed == 0 && !db_query_int(tx, &found, &mail, error,
                                      "SELECT mail FROM inbound_key WHERE key = $1", "s", key))
        return false;
    *former = mail;
    return true;
}

/* ---- rows ---- */

static bool insert_row(DbTx *tx, InboxMail *mail, GError **error)
{
    g_autofree char *steps = json_text(mail->steps);
    return db_insert(
        tx, &mail->id, error,
        "INSERT INTO inbound_mail (source, message_id, content_hash, text_hash, from_email,"
        " from_key, from_name, subject, bytes, received_at, state, reason, verified, ticket,"
        " message, account, outbox, same_as, about_key, steps) VALUES ($1, $2, $3, $4, $5, $6, $7,"
        " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) RETURNING id",
        "ssssssssiissinnnnnss", mail->source, mail->message_id, mail->content_hash, mail->text_hash,
        mail->from, mail->from_key, mail->from_name, mail->subject, mail->bytes, mail->received_at,
        inbox_state_name(mail->state), mail->reason, (int64_t)mail->verified, mail->ticket,
        mail->message, mail->account, mail->outbox, mail->same_as, mail->about_key, steps);
}

bool inbox_insert(DbTx *tx, InboxMail *mail, GBytes *raw, const char *const *keys, GError **error)
{
    size_t bytes;
    const void *data = g_bytes_get_data(raw, &bytes);
    if (!insert_row(tx, mail, error) ||
        !db_exec(tx, NULL, error, "INSERT INTO inbound_raw (mail, content) VALUES ($1, $2)", "ib",
                 mail->id, data != NULL ? data : "", bytes))
        return false;
    for (size_t i = 0; keys[i] != NULL; i++)
        if (!db_exec(tx, NULL, error, "UPDATE inbound_key SET mail = $2 WHERE key = $1", "si",
                     keys[i], mail->id))
            return false;
    return true;
}

bool inbox_update(DbTx *tx, const InboxMail *mail, GError **error)
{
    g_autofree char *steps = json_text(mail->steps);
    return db_exec(tx, NULL, error,
                   "UPDATE inbound_mail SET state = $2, reason = $3, ticket = $4, message = $5,"
                   " account = $6, steps = $7 WHERE id = $1",
                   "issnnns", mail->id, inbox_state_name(mail->state), mail->reason, mail->ticket,
                   mail->message, mail->account, steps);
}

static InboxMail *from_row(const DbRows *rows)
{
    InboxMail *mail = g_new0(InboxMail, 1);
    mail->id = db_rows_int(rows, 0);
    mail->source = db_rows_dup(rows, 1);
    mail->message_id = db_rows_dup(rows, 2);
    mail->content_hash = db_rows_dup(rows, 3);
    mail->text_hash = db_rows_dup(rows, 4);
    mail->from = db_rows_dup(rows, 5);
    mail->from_key = db_rows_dup(rows, 6);
    mail->from_name = db_rows_dup(rows, 7);
    mail->subject = db_rows_dup(rows, 8);
    mail->bytes = db_rows_int(rows, 9);
    mail->received_at = db_rows_int(rows, 10);
    inbox_state_from_name(db_rows_text(rows, 11), &mail->state);
    mail->reason = db_rows_dup(rows, 12);
    mail->verified = db_rows_int(rows, 13) != 0;
    mail->ticket = db_rows_int(rows, 14);
    mail->message = db_rows_int(rows, 15);
    mail->account = db_rows_int(rows, 16);
    mail->outbox = db_rows_int(rows, 17);
    mail->same_as = db_rows_int(rows, 18);
    mail->about_key = db_rows_dup(rows, 19);
    return mail;
}

static InboxMail *load(DbTx *tx, const char *sql, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error, sql, "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(InboxMail) mail = db_rows_next(rows) ? from_row(rows) : NULL;
    if (mail != NULL)
        mail->steps = json_loads(db_rows_text(rows, 20), 0, NULL);
    if (!db_rows_end(rows, error))
        return NULL;
    if (mail == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-mail", NULL,
                          "There is no mail %" G_GINT64_FORMAT " in the inbox", id);
    else if (mail->steps == NULL)
        mail->steps = json_array();
    return g_steal_pointer(&mail);
}

InboxMail *inbox_load(DbTx *tx, int64_t id, GError **error)
{
    return load(tx, "SELECT " COLUMNS ", steps FROM inbound_mail WHERE id = $1", id, error);
}

InboxMail *inbox_lock(DbTx *tx, int64_t id, GError **error)
{
    return load(tx,
                "UPDATE inbound_mail SET state = state WHERE id = $1 RETURNING " COLUMNS ", steps",
                id, error);
}

static DbRows *query_list(DbTx *tx, const char *state, int64_t ticket, int64_t below, int64_t limit,
                          GError **error)
{
    if (state == NULL)
        return db_query(tx, error,
                        "SELECT " COLUMNS " FROM inbound_mail WHERE id < $1"
                        " AND ($2 = 0 OR ticket = $2) ORDER BY id DESC LIMIT $3",
                        "iii", below, ticket, limit);
    if (strcmp(state, INBOX_PROCESSED) == 0)
        return db_query(tx, error,
                        "SELECT " COLUMNS " FROM inbound_mail WHERE id < $1"
                        " AND state NOT IN ('unmatched', 'quarantined')"
                        " AND ($2 = 0 OR ticket = $2) ORDER BY id DESC LIMIT $3",
                        "iii", below, ticket, limit);
    return db_query(tx, error,
                    "SELECT " COLUMNS " FROM inbound_mail WHERE state = $1 AND id < $2"
                    " AND ($3 = 0 OR ticket = $3) ORDER BY id DESC LIMIT $4",
                    "siii", state, below, ticket, limit);
}

GPtrArray *inbox_list(DbTx *tx, const char *state, int64_t ticket, int64_t before, int limit,
                      GError **error)
{
    DbRows *rows = query_list(tx, state, ticket, before != 0 ? before : INT64_MAX, limit, error);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)inbox_mail_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* Its row may outlive its bytes. */
static void refuse_raw(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(InboxMail) mail = inbox_load(tx, id, error);
    if (mail != NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "mail-removed", NULL,
                          "Mail %" G_GINT64_FORMAT " is not here as it came any more: it was"
                          " removed, as the retention options say or with the person who wrote it",
                          id);
}

GBytes *inbox_raw(DbTx *tx, int64_t id, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT content FROM inbound_raw WHERE mail = $1", "i", id);
    if (rows == NULL)
        return NULL;
    g_autoptr(GBytes) raw = NULL;
    if (db_rows_next(rows)) {
        size_t bytes;
        const void *data = db_rows_blob(rows, 0, &bytes);
        raw = g_bytes_new(data, bytes);
    }
    if (!db_rows_end(rows, error))
        return NULL;
    if (raw == NULL)
        refuse_raw(tx, id, error);
    return g_steal_pointer(&raw);
}

bool inbox_forget_keys(DbTx *tx, int64_t now_us, int limit, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM inbound_key WHERE key IN (SELECT key FROM inbound_key"
                   " WHERE at < $1 ORDER BY at LIMIT $2)",
                   "ii", now_us - INBOX_SAME_US, (int64_t)limit);
}

static bool count_state(DbTx *tx, InboxState state, int64_t *count, GError **error)
{
    bool found;
    return db_query_int(tx, &found, count, error,
                        "SELECT COUNT(*) FROM inbound_mail WHERE state = $1", "s",
                        inbox_state_name(state));
}

bool inbox_count(DbTx *tx, int64_t *unmatched, int64_t *quarantined, GError **error)
{
    return count_state(tx, INBOX_UNMATCHED, unmatched, error) &&
           count_state(tx, INBOX_QUARANTINED, quarantined, error);
}

bool inbox_report_days(DbTx *tx, const char *about_key, const char *reason, int64_t since_us,
                       int64_t *days, GError **error)
{
    bool found;
    return db_query_int(tx, &found, days, error,
                        "SELECT COUNT(DISTINCT received_at / 86400000000) FROM inbound_mail"
                        " WHERE about_key = $1 AND reason = $2 AND received_at >= $3",
                        "ssi", about_key, reason, since_us);
}
