/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements on PostgreSQL. Each is prepared once for each connection, with the types of its
 * parameters given and not guessed: int8 and bytea travel in binary, text as it is. Results come as
 * text, which serves every type a column may have (sum() of int8 is numeric), and libpq has them
 * whole before the first row is shown.
 */
#include "db/postgresql-private.h"

#include "base/error.h"

#include <string.h>

/* From PostgreSQL's pg_type.dat; they never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };

typedef struct {
    char name[24];
    char types[DB_MAX_PARAMETERS + 1];
} PgStatement;

typedef struct {
    DbRows base;
    PGresult *result;
} PgRows;

void postgresql_statement_discard(void *item, void *owner)
{
    PgStatement *statement = item;
    PgConnection *connection = owner;
    if (!connection->broken) {
        g_autofree char *sql = g_strdup_printf("DEALLOCATE %s", statement->name);
        /* A connection lost here is found by the next statement. */
        postgresql_connection_run(connection, sql, NULL, NULL);
    }
    g_free(statement);
}

static Oid type_oid(char type)
{
    if (type == 'i')
        return OID_INT8;
    return type == 'b' ? OID_BYTEA : OID_TEXT;
}

static bool result_is_good(PgTx *tx, const PGresult *result, GError **error)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    tx->failure = postgresql_error_set(error, tx->connection, result, tx->reads_only);
    return false;
}

static PgStatement *statement_prepare(PgTx *tx, const char *sql, const char *types, size_t n_values,
                                      GError **error)
{
    PgConnection *connection = tx->connection;
    PgStatement *statement = g_new0(PgStatement, 1);
    Oid oids[DB_MAX_PARAMETERS];
    for (size_t i = 0; i < n_values; i++)
        oids[i] = type_oid(types[i]);
    g_snprintf(statement->name, sizeof statement->name, "t%" G_GUINT64_FORMAT,
               ++connection->last_name);
    g_strlcpy(statement->types, types, sizeof statement->types);

    PQsendPrepare(connection->handle, statement->name, sql, (int)n_values, oids);
    PGresult *result = postgresql_connection_answer(connection);
    bool ok = result_is_good(tx, result, error);
    PQclear(result);
    if (!ok) {
        g_free(statement);
        return NULL;
    }
    statement_cache_add(connection->statements, sql, statement);
    return statement;
}

static PgStatement *statement_find(PgTx *tx, const char *sql, const DbValue *values,
                                   size_t n_values, GError **error)
{
    char types[DB_MAX_PARAMETERS + 1];
    for (size_t i = 0; i < n_values; i++)
        types[i] = values[i].type;
    types[n_values] = '\0';
    PgStatement *statement = statement_cache_find(tx->connection->statements, sql);
    if (statement == NULL)
        return statement_prepare(tx, sql, types, n_values, error);
    if (strcmp(statement->types, types) == 0)
        return statement;
    error_set(error, TD_ERROR_INTERNAL,
              "One SQL text is used with parameters of two kinds, \"%s\" and \"%s\": %s",
              statement->types, types, sql);
    return NULL;
}

static PGresult *statement_run(PgTx *tx, const char *sql, const DbValue *values, size_t n_values,
                               GError **error)
{
    const char *data[DB_MAX_PARAMETERS];
    int lengths[DB_MAX_PARAMETERS], formats[DB_MAX_PARAMETERS];
    int64_t integers[DB_MAX_PARAMETERS];
    PgStatement *statement = statement_find(tx, sql, values, n_values, error);
    if (statement == NULL)
        return NULL;
    for (size_t i = 0; i < n_values; i++) {
        const DbValue *value = &values[i];
        integers[i] = GINT64_TO_BE(value->integer);
        data[i] = value->type == 'i' ? (const char *)&integers[i] : value->data;
        if (value->is_null)
            data[i] = NULL;
        lengths[i] = value->type == 'i' ? (int)sizeof integers[i] : (int)value->bytes;
        formats[i] = value->type != 's';
        if (value->bytes > G_MAXINT32) {
            error_set_problem(error, TD_ERROR_INVALID, "too-long", NULL,
                              "A value is larger than the database can keep; nothing was changed");
            return NULL;
        }
    }
    PQsendQueryPrepared(tx->connection->handle, statement->name, (int)n_values, data, lengths,
                        formats, 0);
    PGresult *result = postgresql_connection_answer(tx->connection);
    if (result_is_good(tx, result, error))
        return result;
    PQclear(result);
    return NULL;
}

bool postgresql_tx_exec(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                        int64_t *changed, GError **error)
{
    PGresult *result = statement_run((PgTx *)tx, sql, values, n_values, error);
    if (result == NULL)
        return false;
    /* The server counts the rows of a SELECT, too; they were not written. */
    if (changed != NULL)
        *changed = g_str_has_prefix(PQcmdStatus(result), "SELECT")
                       ? 0
                       : g_ascii_strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return true;
}

bool postgresql_tx_insert(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                          int64_t *id, GError **error)
{
    PGresult *result = statement_run((PgTx *)tx, sql, values, n_values, error);
    if (result == NULL)
        return false;
    bool one = PQntuples(result) == 1 && PQnfields(result) == 1;
    if (one)
        *id = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    else
        db_not_one_row_set(error, sql);
    PQclear(result);
    return one;
}

DbRows *postgresql_tx_query(DbTx *tx, const char *sql, const DbValue *values, size_t n_values,
                            GError **error)
{
    PGresult *result = statement_run((PgTx *)tx, sql, values, n_values, error);
    if (result == NULL)
        return NULL;
    if (PQresultMemorySize(result) > DB_MAX_ROWS_BYTES) {
        db_too_large_set(error);
        PQclear(result);
        return NULL;
    }
    PgRows *rows = g_new0(PgRows, 1);
    rows->result = result;
    rows->base.n_rows = PQntuples(result);
    rows->base.n_columns = PQnfields(result);
    return &rows->base;
}

/* bytea comes as "\x" and hexadecimal digits. */
static DbCell cell_from_hex(const PgRows *rows, const char *hex, size_t length)
{
    size_t bytes = length >= 2 ? (length - 2) / 2 : 0;
    char *data = g_malloc(bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (char)(g_ascii_xdigit_value(hex[2 + 2 * i]) * 16 +
                         g_ascii_xdigit_value(hex[3 + 2 * i]));
    data[bytes] = '\0';
    return (DbCell){
        .kind = DB_CELL_BLOB, .data = db_rows_keep((DbRows *)&rows->base, data), .bytes = bytes};
}

DbCell postgresql_rows_cell(const DbRows *base, int column)
{
    const PgRows *rows = (const PgRows *)base;
    if (PQgetisnull(rows->result, base->row, column))
        return (DbCell){.kind = DB_CELL_NULL};
    const char *text = PQgetvalue(rows->result, base->row, column);
    size_t length = (size_t)PQgetlength(rows->result, base->row, column);
    switch (PQftype(rows->result, column)) {
    case OID_BOOL: /* a comparison in the column list; SQLite gives an integer */
        return (DbCell){.kind = DB_CELL_INTEGER, .integer = text[0] == 't'};
    case OID_BYTEA:
        return cell_from_hex(rows, text, length);
    case OID_INT8:
        return (DbCell){.kind = DB_CELL_INTEGER, .integer = g_ascii_strtoll(text, NULL, 10)};
    default:
        return (DbCell){.kind = DB_CELL_TEXT, .data = text, .bytes = length};
    }
}

void postgresql_rows_free(DbRows *base)
{
    PgRows *rows = (PgRows *)base;
    PQclear(rows->result);
    g_free(rows);
}

bool postgresql_tx_script(DbTx *base, const char *sql, GError **error)
{
    PgTx *tx = (PgTx *)base;
    PgConnection *connection = tx->connection;
    if (!postgresql_connection_run(connection, sql, &tx->failure, error))
        return false;
    if (PQtransactionStatus(connection->handle) == PQTRANS_INTRANS)
        return true;
    connection->broken = true;
    error_set(error, TD_ERROR_INTERNAL, "A script ended the transaction that it ran in");
    return false;
}
