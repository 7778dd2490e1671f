/* SPDX-License-Identifier: Apache-2.0 */
#include "records/recipient.h"

#include "base/error.h"

/* The list of suppressed addresses and the contact's language are asked with them: nobody is told
 * without these questions. */
#define COLUMNS                                                                                    \
    "id, ticket, email, email_key, name, contact, muted, left_at, added_at,"                       \
    " EXISTS (SELECT 1 FROM suppression s WHERE s.email_key = recipient.email_key),"               \
    " (SELECT c.language FROM contact c WHERE c.id = recipient.contact)"

void recipient_free(Recipient *recipient)
{
    if (recipient == NULL)
        return;
    g_free(recipient->email);
    g_free(recipient->email_key);
    g_free(recipient->name);
    g_free(recipient->language);
    g_free(recipient);
}

static Recipient *from_row(const DbRows *rows)
{
    Recipient *recipient = g_new0(Recipient, 1);
    recipient->id = db_rows_int(rows, 0);
    recipient->ticket = db_rows_int(rows, 1);
    recipient->email = db_rows_dup(rows, 2);
    recipient->email_key = db_rows_dup(rows, 3);
    recipient->name = db_rows_dup(rows, 4);
    recipient->contact = db_rows_int(rows, 5);
    recipient->muted = db_rows_int(rows, 6) != 0;
    recipient->left_at = db_rows_int(rows, 7);
    recipient->added_at = db_rows_int(rows, 8);
    recipient->suppressed = db_rows_int(rows, 9) != 0;
    recipient->language = db_rows_dup(rows, 10);
    return recipient;
}

GPtrArray *recipient_list(DbTx *tx, int64_t ticket, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT " COLUMNS " FROM recipient WHERE ticket = $1 ORDER BY id", "i", ticket);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)recipient_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

Recipient *recipient_load(DbTx *tx, int64_t ticket, int64_t id, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM recipient WHERE id = $1 AND ticket = $2", "ii",
                 id, ticket);
    if (rows == NULL)
        return NULL;
    g_autoptr(Recipient) recipient = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (recipient == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-recipient", NULL,
                          "Ticket #%" G_GINT64_FORMAT " has no recipient %" G_GINT64_FORMAT, ticket,
                          id);
    return g_steal_pointer(&recipient);
}

bool recipient_insert(DbTx *tx, Recipient *recipient, GError **error)
{
    return db_insert(tx, &recipient->id, error,
                     "INSERT INTO recipient (ticket, email, email_key, name, contact, muted,"
                     " left_at, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                     "isssnini", recipient->ticket, recipient->email, recipient->email_key,
                     recipient->name, recipient->contact, (int64_t)recipient->muted,
                     recipient->left_at, recipient->added_at);
}

/* Which of an account's contacts an address belongs to: the oldest. */
#define CONTACT(column, key, account)                                                              \
    "(SELECT k." column " FROM contact_address ka JOIN contact k ON k.id = ka.contact"             \
    " WHERE ka.email_key = " key " AND k.account = " account " ORDER BY k.id LIMIT 1)"

bool recipient_insert_of(DbTx *tx, const Recipient *recipient, int64_t account, GError **error)
{
    return db_exec(
        tx, NULL, error,
        "INSERT INTO recipient (ticket, email, email_key, name, contact, muted, left_at, added_at)"
        " VALUES ($1, $2, $3, COALESCE($4, " CONTACT("name", "$3", "$5") "), " CONTACT(
            "id", "$3", "$5") ", $6, $7, $8)",
        "isssiini", recipient->ticket, recipient->email, recipient->email_key, recipient->name,
        account, (int64_t)recipient->muted, recipient->left_at, recipient->added_at);
}

bool recipient_insert_always(DbTx *tx, int64_t ticket, int64_t account, int64_t now_us,
                             GError **error)
{
    return db_exec(
        tx, NULL, error,
        "INSERT INTO recipient (ticket, email, email_key, name, contact, muted, left_at, added_at)"
        " SELECT $1, c.email, c.email_key, c.name, " CONTACT(
            "id", "c.email_key", "$2") ", 0,"
                                       " NULL, $3 FROM contact c WHERE c.account = $2 AND "
                                       "c.on_every_ticket = 1 AND c.active = 1"
                                       " ORDER BY c.id ON CONFLICT (ticket, email_key) DO NOTHING",
        "iii", ticket, account, now_us);
}

bool recipient_update(DbTx *tx, const Recipient *recipient, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE recipient SET name = $2, contact = $3, muted = $4, left_at = $5"
                   " WHERE id = $1",
                   "isnin", recipient->id, recipient->name, recipient->contact,
                   (int64_t)recipient->muted, recipient->left_at);
}

bool recipient_delete(DbTx *tx, int64_t id, GError **error)
{
    return db_exec(tx, NULL, error, "DELETE FROM recipient WHERE id = $1", "i", id);
}

void employee_recipient_free(EmployeeRecipient *recipient)
{
    if (recipient == NULL)
        return;
    g_free(recipient->email);
    g_free(recipient);
}

GPtrArray *employee_recipient_list(DbTx *tx, int64_t ticket, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT employee, email FROM employee_recipient WHERE ticket = $1 ORDER BY id",
        "i", ticket);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)employee_recipient_free);
    while (db_rows_next(rows)) {
        EmployeeRecipient *recipient = g_new0(EmployeeRecipient, 1);
        recipient->employee = db_rows_int(rows, 0);
        recipient->email = db_rows_dup(rows, 1);
        g_ptr_array_add(list, recipient);
    }
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool employee_recipient_insert(DbTx *tx, int64_t ticket, const EmployeeRecipient *recipient,
                               GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO employee_recipient (ticket, employee, email) VALUES ($1, $2, $3)",
                   "ins", ticket, recipient->employee, recipient->email);
}

bool employee_recipient_replace(DbTx *tx, int64_t ticket, GPtrArray *list, GError **error)
{
    if (!db_exec(tx, NULL, error, "DELETE FROM employee_recipient WHERE ticket = $1", "i", ticket))
        return false;
    for (guint i = 0; i < list->len; i++)
        if (!employee_recipient_insert(tx, ticket, list->pdata[i], error))
            return false;
    return true;
}
