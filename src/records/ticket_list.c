/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement of a list has only those conditions that the filter names, so that the planner sees
 * which index serves it: one text for every combination, of constant pieces. Values are parameters.
 */
#include "records/ticket_list.h"

#include "records/search.h"
#include "records/ticket-private.h"

#define PARAMS_MAX 9

/* As the partial index ticket_open has it. */
#define IS_OPEN  "status < 900"
#define IS_ENDED "(status = 900 OR status = 1000)"

typedef struct {
    GString *sql;
    DbParam params[PARAMS_MAX];
    size_t n;
    char *pattern; /* that a parameter points to */
} Query;

static void query_clear(Query *query)
{
    g_string_free(query->sql, TRUE);
    g_free(query->pattern);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Query, query_clear)

static void append_param(Query *query, DbParam param)
{
    query->params[query->n++] = param;
    g_string_append_printf(query->sql, "$%zu", query->n);
}

/* " AND number < $3", where `value` is not 0. */
static void append_int(Query *query, const char *condition, int64_t value)
{
    if (value == 0)
        return;
    g_string_append(query->sql, " AND ");
    g_string_append(query->sql, condition);
    append_param(query, DB_PARAM_INT(value));
}

static void append_text(Query *query, const char *condition, const char *value)
{
    if (value == NULL)
        return;
    g_string_append(query->sql, " AND ");
    g_string_append(query->sql, condition);
    append_param(query, DB_PARAM_TEXT(value));
}

static void append_flag(Query *query, const char *condition, bool wanted)
{
    if (wanted)
        g_string_append_printf(query->sql, " AND %s", condition);
}

/* Heeds no letter case; on SQLite of ASCII letters only, and there INSTR() costs a third of LIKE.
 */
static void append_title(Query *query, DbEngine engine, const char *q)
{
    if (q == NULL || *q == '\0')
        return;
    bool sqlite = engine == DB_SQLITE;
    query->pattern = sqlite ? g_ascii_strdown(q, -1) : search_pattern_as_typed(q);
    g_string_append(query->sql, sqlite ? " AND INSTR(LOWER(title), " : " AND title ILIKE ");
    append_param(query, DB_PARAM_TEXT(query->pattern));
    g_string_append(query->sql, sqlite ? ") > 0" : " ESCAPE '!'");
}

static void append_order(Query *query, const TicketFilter *filter)
{
    g_string_append(query->sql,
                    filter->oldest_first ? " ORDER BY number" : " ORDER BY number DESC");
}

static void append_list(Query *query, DbEngine engine, const char *columns,
                        const TicketFilter *filter)
{
    g_string_append_printf(query->sql, "SELECT %s FROM ticket WHERE number >= ", columns);
    append_param(query, DB_PARAM_INT(filter->from));
    append_int(query, "number < ", filter->before);
    append_int(query, "status = ", filter->status);
    append_flag(query, IS_OPEN, filter->state == TICKETS_OPEN);
    append_flag(query, IS_ENDED, filter->state == TICKETS_ENDED);
    append_int(query, "account = ", filter->account);
    append_int(query, "manager = ", filter->manager);
    append_flag(query, "not_told_at IS NOT NULL", filter->not_told);
    append_text(query, "reference = ", filter->reference);
    append_title(query, engine, filter->q);
    append_order(query, filter);
    g_string_append(query->sql, " LIMIT ");
    append_param(query, DB_PARAM_INT(filter->limit));
}

typedef void *(*TakeRow)(const DbRows *rows);

static GPtrArray *take_list(DbTx *tx, const Query *query, TakeRow take, GDestroyNotify free_one,
                            GError **error)
{
    DbRows *rows = db_query_list(tx, error, query->sql->str, query->params, query->n);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_one);
    while (db_rows_next(rows))
        g_ptr_array_add(list, take(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

static void *take_ticket(const DbRows *rows)
{
    return ticket_from_row(rows);
}

GPtrArray *ticket_list(DbTx *tx, const TicketFilter *filter, GError **error)
{
    g_auto(Query) query = {.sql = g_string_new(NULL)};
    append_list(&query, db_tx_engine(tx), TICKET_COLUMNS, filter);
    return take_list(tx, &query, take_ticket, (GDestroyNotify)ticket_free, error);
}

/* ---- short ---- */

#define ROW_COLUMNS                                                                                \
    "number, title, type, priority, status, account, contact, manager, due_at, opened_at, "        \
    "closed_at, updated_at, not_told_at"

void ticket_row_free(TicketRow *row)
{
    g_free(row->title);
    g_free(row->type);
    g_free(row->priority);
    g_free(row->account_name);
    g_free(row->contact_name);
    g_free(row->manager_name);
    g_free(row);
}

static void *take_row(const DbRows *rows)
{
    TicketRow *row = g_new0(TicketRow, 1);
    row->number = db_rows_int(rows, 0);
    row->title = db_rows_dup(rows, 1);
    row->type = db_rows_dup(rows, 2);
    row->priority = db_rows_dup(rows, 3);
    row->status = (int)db_rows_int(rows, 4);
    row->account = db_rows_int(rows, 5);
    row->contact = db_rows_int(rows, 6);
    row->manager = db_rows_int(rows, 7);
    row->due_at = db_rows_int(rows, 8);
    row->opened_at = db_rows_int(rows, 9);
    row->closed_at = db_rows_int(rows, 10);
    row->updated_at = db_rows_int(rows, 11);
    row->not_told_at = db_rows_int(rows, 12);
    row->account_name = db_rows_dup(rows, 13);
    row->contact_name = db_rows_dup(rows, 14);
    row->manager_name = db_rows_dup(rows, 15);
    row->recipients = db_rows_int(rows, 16);
    return row;
}

GPtrArray *ticket_list_rows(DbTx *tx, const TicketFilter *filter, GError **error)
{
    g_auto(Query) query = {
        .sql = g_string_new("SELECT t.number, t.title, t.type, t.priority, t.status, t.account,"
                            " t.contact, t.manager, t.due_at, t.opened_at, t.closed_at,"
                            " t.updated_at, t.not_told_at, a.name, c.name, m.name, (SELECT"
                            " COUNT(*) FROM recipient r WHERE r.ticket = t.number) FROM (")};
    append_list(&query, db_tx_engine(tx), ROW_COLUMNS, filter);
    g_string_append(query.sql, ") AS t JOIN account a ON a.number = t.account"
                               " LEFT JOIN contact c ON c.id = t.contact"
                               " LEFT JOIN employee m ON m.id = t.manager");
    g_string_append(query.sql,
                    filter->oldest_first ? " ORDER BY t.number" : " ORDER BY t.number DESC");
    return take_list(tx, &query, take_row, (GDestroyNotify)ticket_row_free, error);
}

bool ticket_newest(DbTx *tx, int64_t *number, GError **error)
{
    bool found;
    int64_t newest = 0;
    if (!db_query_int(tx, &found, &newest, error, "SELECT MAX(number) FROM ticket", ""))
        return false;
    *number = newest;
    return true;
}

bool ticket_count(DbTx *tx, int64_t most, int64_t counts[STATUS_N], GError **error)
{
    for (int i = 0; i < STATUS_N; i++) {
        bool found;
        if (!db_query_int(tx, &found, &counts[i], error,
                          "SELECT COUNT(*) FROM (SELECT 1 FROM ticket WHERE status = $1 LIMIT $2)"
                          " AS found",
                          "ii", (int64_t)status_codes[i], most))
            return false;
    }
    return true;
}

bool ticket_count_not_told_to(DbTx *tx, int64_t most, int64_t *count, GError **error)
{
    bool found;
    return db_query_int(tx, &found, count, error,
                        "SELECT COUNT(*) FROM (SELECT 1 FROM ticket WHERE not_told_at IS NOT NULL"
                        " LIMIT $1) AS found",
                        "i", most);
}
