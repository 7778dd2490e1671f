/* SPDX-License-Identifier: Apache-2.0 */
#include "records/suppression.h"

#include "base/error.h"
#include "base/json.h"

#define COLUMNS "email, email_key, reason, evidence, since"

void suppression_free(Suppression *suppression)
{
    if (suppression == NULL)
        return;
    g_free(suppression->email);
    g_free(suppression->email_key);
    g_free(suppression->reason);
    g_free(suppression->evidence);
    g_free(suppression);
}

static Suppression *from_row(const DbRows *rows)
{
    Suppression *suppression = g_new0(Suppression, 1);
    suppression->email = db_rows_dup(rows, 0);
    suppression->email_key = db_rows_dup(rows, 1);
    suppression->reason = db_rows_dup(rows, 2);
    suppression->evidence = db_rows_dup(rows, 3);
    suppression->since = db_rows_int(rows, 4);
    return suppression;
}

bool suppression_has(DbTx *tx, const char *email_key, bool *has, GError **error)
{
    int64_t one;
    return db_query_int(tx, has, &one, error, "SELECT 1 FROM suppression WHERE email_key = $1", "s",
                        email_key);
}

bool suppression_add(DbTx *tx, const Suppression *suppression, bool *added, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error,
                 "INSERT INTO suppression (" COLUMNS ") VALUES ($1, $2, $3, $4, $5)"
                 " ON CONFLICT (email_key) DO NOTHING",
                 "ssssi", suppression->email, suppression->email_key, suppression->reason,
                 suppression->evidence, suppression->since))
        return false;
    *added = changed == 1;
    return true;
}

Suppression *suppression_load(DbTx *tx, const char *email_key, GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT " COLUMNS " FROM suppression WHERE email_key = $1",
                            "s", email_key);
    if (rows == NULL)
        return NULL;
    g_autoptr(Suppression) suppression = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (suppression == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "not-suppressed", NULL,
                          "%s is not on the suppression list", email_key);
    return g_steal_pointer(&suppression);
}

GPtrArray *suppression_list(DbTx *tx, const char *after, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM suppression WHERE email_key > $1"
                            " ORDER BY email_key LIMIT $2",
                            "si", after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)suppression_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool suppression_remove(DbTx *tx, const char *email_key, bool *removed, GError **error)
{
    int64_t changed;
    if (!db_exec(tx, &changed, error, "DELETE FROM suppression WHERE email_key = $1", "s",
                 email_key))
        return false;
    *removed = changed == 1;
    return true;
}

bool suppression_count(DbTx *tx, int64_t *count, GError **error)
{
    bool found;
    return db_query_int(tx, &found, count, error, "SELECT COUNT(*) FROM suppression", "");
}

bool suppression_forget_refusal(DbTx *tx, const char *email_key, int64_t since_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM suppression WHERE email_key = $1 AND since >= $2"
                   " AND reason = '" SUPPRESSION_NO_MAILBOX "'",
                   "si", email_key, since_us);
}

bool suppression_lift(DbTx *tx, const char *email_key, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM suppression WHERE email_key = $1 AND reason IN"
                   " ('" SUPPRESSION_NO_MAILBOX "', '" SUPPRESSION_UNREACHED "')",
                   "s", email_key);
}

char *suppression_evidence_of_reply(const char *what, int64_t id, const char *reply)
{
    json_auto_t *value = json_object();
    json_set_id(value, what, id);
    json_set_text(value, "reply", reply);
    return json_text(value);
}

char *suppression_evidence_of_person(const char *by, const char *note)
{
    json_auto_t *value = json_object();
    json_set_text(value, "by", by);
    json_set_text(value, "note", note);
    return json_text(value);
}
