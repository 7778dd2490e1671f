/* SPDX-License-Identifier: Apache-2.0 */
#include "records/contact.h"

#include "base/error.h"

#define COLUMNS                                                                                    \
    "id, account, name, email, email_key, emails, on_every_ticket, language, active, created_at, " \
    "sees"

void contact_free(Contact *contact)
{
    if (contact == NULL)
        return;
    g_free(contact->name);
    g_free(contact->email);
    g_free(contact->email_key);
    g_free(contact->emails);
    g_free(contact->language);
    g_free(contact->sees);
    g_free(contact);
}

static Contact *from_row(const DbRows *rows)
{
    Contact *contact = g_new0(Contact, 1);
    contact->id = db_rows_int(rows, 0);
    contact->account = db_rows_int(rows, 1);
    contact->name = db_rows_dup(rows, 2);
    contact->email = db_rows_dup(rows, 3);
    contact->email_key = db_rows_dup(rows, 4);
    contact->emails = db_rows_dup(rows, 5);
    contact->on_every_ticket = db_rows_int(rows, 6) != 0;
    contact->language = db_rows_dup(rows, 7);
    contact->active = db_rows_int(rows, 8) != 0;
    contact->created_at = db_rows_int(rows, 9);
    contact->sees = db_rows_dup(rows, 10);
    return contact;
}

/* Takes `rows`, which has at most one row. */
static Contact *take_one(DbRows *rows, int64_t id, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(Contact) contact = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (contact == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-contact", NULL,
                          "There is no contact %" G_GINT64_FORMAT, id);
    return g_steal_pointer(&contact);
}

Contact *contact_load(DbTx *tx, int64_t id, GError **error)
{
    return take_one(db_query(tx, error, "SELECT " COLUMNS " FROM contact WHERE id = $1", "i", id),
                    id, error);
}

Contact *contact_lock(DbTx *tx, int64_t id, GError **error)
{
    return take_one(db_query(tx, error,
                             "UPDATE contact SET active = active WHERE id = $1 RETURNING " COLUMNS,
                             "i", id),
                    id, error);
}

static bool insert_keys(DbTx *tx, int64_t id, const char *const *keys, GError **error)
{
    for (const char *const *key = keys; *key != NULL; key++)
        if (!db_exec(tx, NULL, error,
                     "INSERT INTO contact_address (contact, email_key) VALUES ($1, $2)"
                     " ON CONFLICT DO NOTHING",
                     "is", id, *key))
            return false;
    return true;
}

bool contact_insert(DbTx *tx, Contact *contact, const char *const *keys, GError **error)
{
    return db_insert(tx, &contact->id, error,
                     "INSERT INTO contact (account, name, email, email_key, emails,"
                     " on_every_ticket, language, active, created_at, sees)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                     "issssisiis", contact->account, contact->name, contact->email,
                     contact->email_key, contact->emails, (int64_t)contact->on_every_ticket,
                     contact->language, (int64_t)contact->active, contact->created_at,
                     contact->sees) &&
           insert_keys(tx, contact->id, keys, error);
}

bool contact_update(DbTx *tx, const Contact *contact, const char *const *keys, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE contact SET name = $2, email = $3, email_key = $4, emails = $5,"
                   " on_every_ticket = $6, language = $7, active = $8, sees = $9 WHERE id = $1",
                   "issssisis", contact->id, contact->name, contact->email, contact->email_key,
                   contact->emails, (int64_t)contact->on_every_ticket, contact->language,
                   (int64_t)contact->active, contact->sees) &&
           db_exec(tx, NULL, error, "DELETE FROM contact_address WHERE contact = $1", "i",
                   contact->id) &&
           insert_keys(tx, contact->id, keys, error);
}

static GPtrArray *take_list(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)contact_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *contact_list(DbTx *tx, int64_t after, int64_t account, int limit, GError **error)
{
    return take_list(db_query(tx, error,
                              "SELECT " COLUMNS " FROM contact WHERE id > $1"
                              " AND ($2 = 0 OR account = $2) ORDER BY id LIMIT $3",
                              "iii", after, account, (int64_t)limit),
                     error);
}

bool contact_find(DbTx *tx, int64_t account, const char *email_key, int64_t *id, GError **error)
{
    bool found;
    int64_t contact = 0;
    if (!db_query_int(tx, &found, &contact, error,
                      "SELECT c.id FROM contact c JOIN contact_address a ON a.contact = c.id"
                      " WHERE a.email_key = $1 AND c.account = $2 ORDER BY c.id LIMIT 1",
                      "si", email_key, account))
        return false;
    *id = found ? contact : 0;
    return true;
}
