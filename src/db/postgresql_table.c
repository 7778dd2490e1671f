/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole tables on PostgreSQL: a query in single-row mode, and COPY in its binary format, which is
 * the fastest way in. Values travel in binary both ways: bigint as 8 bytes, text and bytea as they
 * are. COPY believes what it is given, so the caller sees to it that a cell is of its column's
 * type.
 */
#include "db/postgresql-private.h"

#include "base/error.h"

#include <string.h>

/* From PostgreSQL's pg_type.dat; they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25
};

#define COPY_BYTES 65536 /* sent at once */

static int64_t integer_of(const unsigned char *bytes, int n)
{
    uint64_t value = n > 0 && bytes[0] >= 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static DbCell cell_of(const PGresult *result, int column)
{
    DbCell cell = {.kind = DB_CELL_OTHER};
    if (PQgetisnull(result, 0, column)) {
        cell.kind = DB_CELL_NULL;
        return cell;
    }
    const char *data = PQgetvalue(result, 0, column);
    int bytes = PQgetlength(result, 0, column);
    switch (PQftype(result, column)) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        cell.kind = DB_CELL_INTEGER;
        cell.integer = integer_of((const unsigned char *)data, bytes);
        return cell;
    case OID_NAME:
    case OID_TEXT:
        cell.kind = DB_CELL_TEXT;
        break;
    case OID_BYTEA:
        cell.kind = DB_CELL_BLOB;
        break;
    default:
        return cell;
    }
    cell.data = data;
    cell.bytes = (size_t)bytes;
    return cell;
}

/* Whoever wants no more rows need not wait for millions of them. */
static void give_up(PgConnection *connection)
{
    char message[256];
    PGcancel *cancel = PQgetCancel(connection->handle);
    if (cancel != NULL)
        PQcancel(cancel, message, sizeof message);
    PQfreeCancel(cancel);
    PQclear(postgresql_connection_answer(connection));
}

typedef enum { EACH_MORE, EACH_END, EACH_FAILED, EACH_ENOUGH } EachState;

static EachState take_result(PgTx *tx, const PGresult *result, DbRowFn fn, void *data,
                             GError **error)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK)
        return EACH_END;
    if (status != PGRES_SINGLE_TUPLE) {
        tx->failure = postgresql_error_set(error, tx->connection, result, tx->reads_only);
        return EACH_FAILED;
    }
    int n = PQnfields(result);
    g_autofree DbCell *cells = g_new0(DbCell, n + 1);
    for (int i = 0; i < n; i++)
        cells[i] = cell_of(result, i);
    return fn(cells, n, data, error) ? EACH_MORE : EACH_ENOUGH;
}

bool postgresql_tx_each(DbTx *base, const char *sql, DbRowFn fn, void *data, GError **error)
{
    PgTx *tx = (PgTx *)base;
    PGconn *handle = tx->connection->handle;
    PQsendQueryParams(handle, sql, 0, NULL, NULL, NULL, NULL, 1);
    PQsetSingleRowMode(handle);
    EachState state = EACH_MORE;
    while (state == EACH_MORE) {
        PGresult *result = postgresql_connection_next(tx->connection);
        state = take_result(tx, result, fn, data, error);
        PQclear(result);
    }
    if (state == EACH_ENOUGH)
        give_up(tx->connection);
    else
        PQclear(postgresql_connection_answer(tx->connection));
    return state == EACH_END;
}

/* ---- COPY ---- */

static void put_int(GByteArray *out, int64_t value, int bytes)
{
    unsigned char big_endian[8];
    for (int i = 0; i < bytes; i++)
        big_endian[i] = (unsigned char)((uint64_t)value >> (8 * (bytes - 1 - i)));
    g_byte_array_append(out, big_endian, (guint)bytes);
}

static bool put_cell(GByteArray *out, const DbCell *cell)
{
    switch (cell->kind) {
    case DB_CELL_NULL:
        put_int(out, -1, 4);
        return true;
    case DB_CELL_INTEGER:
        put_int(out, 8, 4);
        put_int(out, cell->integer, 8);
        return true;
    case DB_CELL_TEXT:
    case DB_CELL_BLOB:
        put_int(out, (int64_t)cell->bytes, 4);
        g_byte_array_append(out, (const guint8 *)cell->data, (guint)cell->bytes);
        return true;
    default:
        return false;
    }
}

static bool send_out(PgTx *tx, GByteArray *out, GError **error)
{
    if (PQputCopyData(tx->connection->handle, (const char *)out->data, (int)out->len) == 1) {
        g_byte_array_set_size(out, 0);
        return true;
    }
    tx->failure = postgresql_error_set(error, tx->connection, NULL, false);
    return false;
}

static bool send_rows(PgTx *tx, const char *table, size_t n, DbNextFn next, void *data,
                      GError **error)
{
    static const char signature[] = "PGCOPY\n\377\r\n";
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)signature, sizeof signature); /* with its NUL */
    put_int(out, 0, 8); /* no flags, no extension */
    DbCell cells[DB_MAX_PARAMETERS];
    g_autoptr(GError) failure = NULL;
    while (next(cells, data, &failure)) {
        put_int(out, (int64_t)n, 2);
        for (size_t i = 0; i < n; i++)
            if (!put_cell(out, &cells[i])) {
                db_strange_cell_set(error, table);
                return false;
            }
        if (out->len >= COPY_BYTES && !send_out(tx, out, error))
            return false;
    }
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    put_int(out, -1, 2);
    return send_out(tx, out, error);
}

bool postgresql_tx_load(DbTx *base, const char *table, const char *const *columns, DbNextFn next,
                        void *data, GError **error)
{
    PgTx *tx = (PgTx *)base;
    PgConnection *connection = tx->connection;
    g_autofree char *list = db_quoted_list(columns);
    g_autofree char *sql =
        g_strdup_printf("COPY \"%s\" (%s) FROM STDIN (FORMAT binary)", table, list);
    PQsendQuery(connection->handle, sql);
    PGresult *begun = postgresql_connection_next(connection);
    bool ok = PQresultStatus(begun) == PGRES_COPY_IN;
    if (!ok)
        tx->failure = postgresql_error_set(error, connection, begun, false);
    PQclear(begun);
    if (!ok) {
        PQclear(postgresql_connection_answer(connection));
        return false;
    }
    ok = send_rows(tx, table, g_strv_length((char **)columns), next, data, error);
    PQputCopyEnd(connection->handle, ok ? NULL : "given up");
    PGresult *ended = postgresql_connection_answer(connection);
    if (ok && PQresultStatus(ended) != PGRES_COMMAND_OK) {
        tx->failure = postgresql_error_set(error, connection, ended, false);
        ok = false;
    }
    PQclear(ended);
    return ok;
}
