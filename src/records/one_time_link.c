/* SPDX-License-Identifier: Apache-2.0 */
#include "records/one_time_link.h"

#include "base/error.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, purpose, hash, typed_key, employee, account, contact, email, email_key, name, template,"  \
    " template_version, language, facts, created_at, expires_at, used_at"

/* Somebody's, not used, not ended; $3 is now. */
#define USABLE                                                                                     \
    "purpose = $1 AND hash = $2 AND used_at IS NULL AND expires_at > $3"                           \
    " AND (employee IS NOT NULL OR account IS NOT NULL)"

static const char *const names[LINK_N_PURPOSES] = {
    [LINK_CUSTOMER_SIGN_IN] = "customer_sign_in",
    [LINK_PASSWORD_RESET] = "password_reset",
};

const char *link_purpose_name(LinkPurpose purpose)
{
    return names[purpose];
}

void one_time_link_free(OneTimeLink *link)
{
    if (link == NULL)
        return;
    g_free(link->hash);
    g_free(link->typed_key);
    g_free(link->email);
    g_free(link->email_key);
    g_free(link->name);
    g_free(link->language);
    g_free(link->facts);
    g_free(link);
}

static OneTimeLink *from_row(const DbRows *rows)
{
    OneTimeLink *link = g_new0(OneTimeLink, 1);
    link->id = db_rows_int(rows, 0);
    for (int i = 0; i < LINK_N_PURPOSES; i++)
        if (strcmp(names[i], db_rows_text(rows, 1)) == 0)
            link->purpose = (LinkPurpose)i;
    link->hash = db_rows_dup(rows, 2);
    link->typed_key = db_rows_dup(rows, 3);
    link->employee = db_rows_int(rows, 4);
    link->account = db_rows_int(rows, 5);
    link->contact = db_rows_int(rows, 6);
    link->email = db_rows_dup(rows, 7);
    link->email_key = db_rows_dup(rows, 8);
    link->name = db_rows_dup(rows, 9);
    link->template_id = db_rows_int(rows, 10);
    link->template_version = db_rows_int(rows, 11);
    link->language = db_rows_dup(rows, 12);
    link->facts = db_rows_dup(rows, 13);
    link->created_at = db_rows_int(rows, 14);
    link->expires_at = db_rows_int(rows, 15);
    link->used_at = db_rows_int(rows, 16);
    return link;
}

/* Takes `rows`; NULL without an error where there is none. */
static OneTimeLink *take_one(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(OneTimeLink) link = db_rows_next(rows) ? from_row(rows) : NULL;
    return db_rows_end(rows, error) ? g_steal_pointer(&link) : NULL;
}

bool one_time_link_insert(DbTx *tx, OneTimeLink *link, GError **error)
{
    return db_insert(tx, &link->id, error,
                     "INSERT INTO one_time_link (purpose, hash, typed_key, employee, account,"
                     " contact, email, email_key, name, template, template_version, language,"
                     " facts, created_at, expires_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
                     " RETURNING id",
                     "sssnnnsssiissii", names[link->purpose], link->hash, link->typed_key,
                     link->employee, link->account, link->contact, link->email, link->email_key,
                     link->name, link->template_id, link->template_version, link->language,
                     link->facts, link->created_at, link->expires_at);
}

bool one_time_link_count(DbTx *tx, LinkPurpose purpose, const char *typed_key, int64_t since_us,
                         int64_t *by_typed, int64_t *total, GError **error)
{
    bool found;
    return db_query_int(tx, &found, by_typed, error,
                        "SELECT COUNT(*) FROM one_time_link WHERE purpose = $1 AND typed_key = $2"
                        " AND created_at > $3",
                        "ssi", names[purpose], typed_key, since_us) &&
           db_query_int(tx, &found, total, error,
                        "SELECT COUNT(*) FROM one_time_link WHERE created_at > $1", "i", since_us);
}

OneTimeLink *one_time_link_load(DbTx *tx, int64_t id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    OneTimeLink *link = take_one(
        db_query(tx, &failure, "SELECT " COLUMNS " FROM one_time_link WHERE id = $1", "i", id),
        &failure);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    else if (link == NULL)
        error_set(error, TD_ERROR_NOT_FOUND, "There is no one-time link %" G_GINT64_FORMAT, id);
    return link;
}

OneTimeLink *one_time_link_find(DbTx *tx, LinkPurpose purpose, const char *hash, int64_t now_us,
                                GError **error)
{
    return take_one(db_query(tx, error, "SELECT " COLUMNS " FROM one_time_link WHERE " USABLE,
                             "ssi", names[purpose], hash, now_us),
                    error);
}

static bool end_others(DbTx *tx, const OneTimeLink *link, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE one_time_link SET used_at = $1 WHERE purpose = $2 AND used_at IS NULL"
                   " AND expires_at > $1 AND COALESCE(employee, 0) = $3"
                   " AND ($3 <> 0 OR email_key = $4)",
                   "isis", now_us, names[link->purpose], link->employee, link->email_key);
}

OneTimeLink *one_time_link_take(DbTx *tx, LinkPurpose purpose, const char *hash, int64_t now_us,
                                GError **error)
{
    g_autoptr(OneTimeLink) link = take_one(
        db_query(tx, error,
                 "UPDATE one_time_link SET used_at = $3 WHERE " USABLE " RETURNING " COLUMNS, "ssi",
                 names[purpose], hash, now_us),
        error);
    return link != NULL && end_others(tx, link, now_us, error) ? g_steal_pointer(&link) : NULL;
}

bool one_time_link_end_all(DbTx *tx, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE one_time_link SET facts = NULL, used_at = COALESCE(used_at, $1)"
                   " WHERE used_at IS NULL OR facts IS NOT NULL",
                   "i", now_us);
}

bool one_time_link_erase(DbTx *tx, int64_t id, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE one_time_link SET facts = NULL WHERE id = $1", "i", id);
}

GArray *one_time_link_list_unsent(DbTx *tx, int64_t now_us, int limit, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT id FROM one_time_link WHERE facts IS NOT NULL"
                            " AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
                            "ii", now_us, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(list, id);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool one_time_link_forget(DbTx *tx, int64_t before_us, int limit, GError **error)
{
    return db_exec(tx, NULL, error,
                   "DELETE FROM one_time_link WHERE id IN (SELECT id FROM one_time_link"
                   " WHERE created_at < $1 AND facts IS NULL ORDER BY created_at LIMIT $2)",
                   "ii", before_us, (int64_t)limit);
}
