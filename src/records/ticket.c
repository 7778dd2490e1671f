/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ticket.h"

#include "base/error.h"
#include "records/ticket-private.h"

#define COLUMNS TICKET_COLUMNS

void ticket_free(Ticket *ticket)
{
    if (ticket == NULL)
        return;
    g_free(ticket->title);
    g_free(ticket->description);
    g_free(ticket->type);
    g_free(ticket->priority);
    g_free(ticket->resolution);
    g_free(ticket->reference);
    actor_clear(&ticket->opener);
    g_free(ticket);
}

Ticket *ticket_from_row(const DbRows *rows)
{
    Ticket *ticket = g_new0(Ticket, 1);
    ticket->number = db_rows_int(rows, 0);
    ticket->version = db_rows_int(rows, 1);
    ticket->account = db_rows_int(rows, 2);
    ticket->contact = db_rows_int(rows, 3);
    ticket->title = db_rows_dup(rows, 4);
    ticket->description = db_rows_dup(rows, 5);
    ticket->type = db_rows_dup(rows, 6);
    ticket->priority = db_rows_dup(rows, 7);
    ticket->status = (int)db_rows_int(rows, 8);
    ticket->manager = db_rows_int(rows, 9);
    ticket->due_at = db_rows_int(rows, 10);
    ticket->resolution = db_rows_dup(rows, 11);
    actor_kind_from_name(db_rows_text(rows, 12), &ticket->opener.kind);
    ticket->opener.id = db_rows_int(rows, 13);
    ticket->opener.name = db_rows_dup(rows, 14);
    channel_from_name(db_rows_text(rows, 15), &ticket->opener.channel);
    ticket->opened_at = db_rows_int(rows, 16);
    ticket->closed_at = db_rows_int(rows, 17);
    ticket->updated_at = db_rows_int(rows, 18);
    ticket->not_told_at = db_rows_int(rows, 19);
    ticket->merged_into = db_rows_int(rows, 20);
    ticket->reference = db_rows_dup(rows, 21);
    return ticket;
}

static void unknown(int64_t number, GError **error)
{
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-ticket", NULL,
                      "There is no ticket #%" G_GINT64_FORMAT, number);
}

static Ticket *take_one(DbRows *rows, int64_t number, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(Ticket) ticket = db_rows_next(rows) ? ticket_from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (ticket == NULL)
        unknown(number, error);
    return g_steal_pointer(&ticket);
}

Ticket *ticket_load(DbTx *tx, int64_t number, GError **error)
{
    return take_one(
        db_query(tx, error, "SELECT " COLUMNS " FROM ticket WHERE number = $1", "i", number),
        number, error);
}

Ticket *ticket_lock(DbTx *tx, int64_t number, GError **error)
{
    return take_one(db_query(tx, error,
                             "UPDATE ticket SET version = version + 1 WHERE number = $1"
                             " RETURNING " COLUMNS,
                             "i", number),
                    number, error);
}

/* Only one transaction at a time writes on SQLite: there the lock is held already. */
#define HOLD(lock) "SELECT (closed_at IS NOT NULL), not_told_at FROM ticket WHERE number = $1" lock

bool ticket_hold(DbTx *tx, int64_t number, bool *closed, int64_t *not_told_at, GError **error)
{
    const char *sql = db_tx_engine(tx) == DB_POSTGRESQL ? HOLD(" FOR NO KEY UPDATE") : HOLD("");
    DbRows *rows = db_query(tx, error, sql, "i", number);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    bool is_closed = found && db_rows_int(rows, 0) != 0;
    int64_t at_us = found ? db_rows_int(rows, 1) : 0;
    if (!db_rows_end(rows, error))
        return false;
    if (!found) {
        unknown(number, error);
        return false;
    }
    *closed = is_closed;
    *not_told_at = at_us;
    return true;
}

bool ticket_find_reference(DbTx *tx, const char *reference, int64_t *number, int64_t *opened_at,
                           GError **error)
{
    DbRows *rows = db_query(tx, error, "SELECT number, opened_at FROM ticket WHERE reference = $1",
                            "s", reference);
    if (rows == NULL)
        return false;
    bool found = db_rows_next(rows);
    *number = found ? db_rows_int(rows, 0) : 0;
    *opened_at = found ? db_rows_int(rows, 1) : 0;
    return db_rows_end(rows, error);
}

bool ticket_set_merged(DbTx *tx, int64_t number, int64_t into, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE ticket SET merged_into = $2 WHERE number = $1 OR merged_into = $1", "ii",
                   number, into);
}

bool ticket_set_not_told(DbTx *tx, int64_t number, int64_t at_us, GError **error)
{
    return db_exec(tx, NULL, error, "UPDATE ticket SET not_told_at = $2 WHERE number = $1", "in",
                   number, at_us);
}

bool ticket_count_not_told(DbTx *tx, int64_t *count, GError **error)
{
    bool found;
    return db_query_int(tx, &found, count, error,
                        "SELECT COUNT(*) FROM ticket WHERE not_told_at IS NOT NULL", "");
}

#define INSERTED                                                                                   \
    "version, account, contact, title, description, type, priority, status, manager, due_at,"      \
    " resolution, opener_kind, opener_id, opener_name, channel, opened_at, closed_at, updated_at," \
    " reference"
#define VALUES      "1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18"
#define VALUE_TYPES "inssssinnssnssinis"
#define VALUES_OF(ticket)                                                                          \
    (ticket)->account, (ticket)->contact, (ticket)->title, (ticket)->description, (ticket)->type,  \
        (ticket)->priority, (int64_t)(ticket)->status, (ticket)->manager, (ticket)->due_at,        \
        (ticket)->resolution, actor_kind_name((ticket)->opener.kind), (ticket)->opener.id,         \
        (ticket)->opener.name, channel_name((ticket)->opener.channel), (ticket)->opened_at,        \
        (ticket)->closed_at, (ticket)->updated_at, (ticket)->reference

bool ticket_insert(DbTx *tx, Ticket *ticket, GError **error)
{
    ticket->version = 1;
    return db_insert(tx, &ticket->number, error,
                     "INSERT INTO ticket (" INSERTED ") VALUES (" VALUES ") RETURNING number",
                     VALUE_TYPES, VALUES_OF(ticket));
}

bool ticket_insert_trial(DbTx *tx, Ticket *ticket, GError **error)
{
    ticket->version = 1;
    return db_exec(tx, NULL, error,
                   "INSERT INTO ticket (" INSERTED ", number) VALUES (" VALUES ", $19)",
                   VALUE_TYPES "i", VALUES_OF(ticket), ticket->number);
}

bool ticket_update(DbTx *tx, const Ticket *ticket, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE ticket SET version = $2, account = $3, contact = $4, title = $5,"
                   " description = $6, type = $7, priority = $8, status = $9, manager = $10,"
                   " due_at = $11, resolution = $12, closed_at = $13, updated_at = $14,"
                   " not_told_at = $15"
                   " WHERE number = $1",
                   "iiinssssinnsnin", ticket->number, ticket->version, ticket->account,
                   ticket->contact, ticket->title, ticket->description, ticket->type,
                   ticket->priority, (int64_t)ticket->status, ticket->manager, ticket->due_at,
                   ticket->resolution, ticket->closed_at, ticket->updated_at, ticket->not_told_at);
}

GPtrArray *ticket_take_list(DbRows *rows, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)ticket_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, ticket_from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
