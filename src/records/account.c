/* SPDX-License-Identifier: Apache-2.0 */
#include "records/account.h"

#include "base/error.h"
#include "records/search.h"

#define COLUMNS                                                                                    \
    "number, name, email, email_key, email2, email2_key, domains, language, time_zone, manager, "  \
    "active, created_at, reference"

void account_free(Account *account)
{
    if (account == NULL)
        return;
    g_free(account->name);
    g_free(account->email);
    g_free(account->email_key);
    g_free(account->email2);
    g_free(account->email2_key);
    g_free(account->domains);
    g_free(account->language);
    g_free(account->time_zone);
    g_free(account->reference);
    g_free(account);
}

static Account *from_row(const DbRows *rows)
{
    Account *account = g_new0(Account, 1);
    account->number = db_rows_int(rows, 0);
    account->name = db_rows_dup(rows, 1);
    account->email = db_rows_dup(rows, 2);
    account->email_key = db_rows_dup(rows, 3);
    account->email2 = db_rows_dup(rows, 4);
    account->email2_key = db_rows_dup(rows, 5);
    account->domains = db_rows_dup(rows, 6);
    account->language = db_rows_dup(rows, 7);
    account->time_zone = db_rows_dup(rows, 8);
    account->manager = db_rows_int(rows, 9);
    account->active = db_rows_int(rows, 10) != 0;
    account->created_at = db_rows_int(rows, 11);
    account->reference = db_rows_dup(rows, 12);
    return account;
}

/* Takes `rows`, which has at most one row. */
static Account *take_one(DbRows *rows, int64_t number, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(Account) account = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (account == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-account", NULL,
                          "There is no account %" G_GINT64_FORMAT, number);
    return g_steal_pointer(&account);
}

Account *account_load(DbTx *tx, int64_t number, GError **error)
{
    return take_one(
        db_query(tx, error, "SELECT " COLUMNS " FROM account WHERE number = $1", "i", number),
        number, error);
}

Account *account_lock(DbTx *tx, int64_t number, GError **error)
{
    return take_one(
        db_query(tx, error,
                 "UPDATE account SET active = active WHERE number = $1 RETURNING " COLUMNS, "i",
                 number),
        number, error);
}

/* *key is NULL where there is no reference. Whoever takes the same one at this moment is refused by
 * the index. */
static bool check_reference(DbTx *tx, const Account *account, char **key, GError **error)
{
    bool found;
    int64_t taken;
    if (account->reference == NULL)
        return true;
    g_autofree char *folded = g_utf8_casefold(account->reference, -1);
    if (!db_query_int(tx, &found, &taken, error,
                      "SELECT number FROM account WHERE reference_key = $1 AND number <> $2", "si",
                      folded, account->number))
        return false;
    if (found) {
        error_set_problem(error, TD_ERROR_CONFLICT, "reference-taken", "/reference",
                          "Account %" G_GINT64_FORMAT " has the reference \"%s\" already;"
                          " choose another one",
                          taken, account->reference);
        return false;
    }
    *key = g_steal_pointer(&folded);
    return true;
}

bool account_insert(DbTx *tx, Account *account, GError **error)
{
    g_autofree char *key = NULL;
    if (!check_reference(tx, account, &key, error))
        return false;
    return db_insert(tx, &account->number, error,
                     "INSERT INTO account (name, email, email_key, email2, email2_key, domains,"
                     " language, time_zone, manager, active, created_at, reference,"
                     " reference_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
                     " $13) RETURNING number",
                     "ssssssssniiss", account->name, account->email, account->email_key,
                     account->email2, account->email2_key, account->domains, account->language,
                     account->time_zone, account->manager, (int64_t)account->active,
                     account->created_at, account->reference, key);
}

bool account_update(DbTx *tx, const Account *account, GError **error)
{
    g_autofree char *key = NULL;
    if (!check_reference(tx, account, &key, error))
        return false;
    return db_exec(tx, NULL, error,
                   "UPDATE account SET name = $2, email = $3, email_key = $4, email2 = $5,"
                   " email2_key = $6, domains = $7, language = $8, time_zone = $9, manager = $10,"
                   " active = $11, reference = $12, reference_key = $13 WHERE number = $1",
                   "issssssssniss", account->number, account->name, account->email,
                   account->email_key, account->email2, account->email2_key, account->domains,
                   account->language, account->time_zone, account->manager,
                   (int64_t)account->active, account->reference, key);
}

bool account_find_reference(DbTx *tx, const char *reference, int64_t *number, GError **error)
{
    g_autofree char *key = g_utf8_casefold(reference, -1);
    bool found;
    int64_t account = 0;
    if (!db_query_int(tx, &found, &account, error,
                      "SELECT number FROM account WHERE reference_key = $1", "s", key))
        return false;
    *number = found ? account : 0;
    return true;
}

bool account_find_named(DbTx *tx, const char *name, int64_t *count, int64_t *number, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT number FROM account WHERE name = $1 LIMIT 2", "s", name);
    if (rows == NULL)
        return false;
    int64_t found = 0;
    int64_t first = 0;
    for (; db_rows_next(rows); found++)
        first = found == 0 ? db_rows_int(rows, 0) : first;
    if (!db_rows_end(rows, error))
        return false;
    *count = found;
    *number = first;
    return true;
}

GPtrArray *account_list(DbTx *tx, int64_t after, const char *q, int limit, GError **error)
{
    g_autofree char *like = search_pattern(q);
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM account WHERE number > $1"
                            " AND LOWER(name) LIKE $2 ESCAPE '!' ORDER BY number LIMIT $3",
                            "isi", after, like, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
