/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/relay.h"

void relay_state_clear(RelayState *relay)
{
    g_clear_pointer(&relay->state, g_free);
    g_clear_pointer(&relay->reason, g_free);
}

bool relay_load(DbTx *tx, const char *route, RelayState *relay, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT state, reason, since, retry_at FROM relay WHERE name = $1", "s", route);
    if (rows == NULL)
        return false;
    RelayState found = {0};
    if (db_rows_next(rows)) {
        found.state = db_rows_dup(rows, 0);
        found.reason = db_rows_dup(rows, 1);
        found.since = db_rows_int(rows, 2);
        found.retry_at = db_rows_int(rows, 3);
    } else {
        found.state = g_strdup("up");
    }
    if (!db_rows_end(rows, error)) {
        relay_state_clear(&found);
        return false;
    }
    *relay = found;
    return true;
}

bool relay_store_trouble(DbTx *tx, const char *route, const char *state, const char *reason,
                         int64_t retry_at, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "INSERT INTO relay (name, state, reason, since, retry_at)"
                   " VALUES ($1, $2, $3, $4, $5)"
                   " ON CONFLICT (name) DO UPDATE SET"
                   " since = CASE WHEN relay.state = excluded.state THEN relay.since"
                   " ELSE excluded.since END,"
                   " state = excluded.state, reason = excluded.reason, retry_at = excluded.retry_at"
                   " WHERE relay.state <> '" RELAY_STOPPED "'",
                   "sssin", route, state, reason, now_us, retry_at);
}

bool relay_store_up(DbTx *tx, const char *route, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE relay SET state = 'up', reason = NULL, since = $2, retry_at = NULL"
                   " WHERE name = $1 AND state NOT IN ('up', '" RELAY_STOPPED "')",
                   "si", route, now_us);
}

bool relay_resume(DbTx *tx, int64_t now_us, int64_t *resumed, GError **error)
{
    return db_exec(tx, resumed, error,
                   "UPDATE relay SET state = 'up', reason = NULL, since = $1, retry_at = NULL"
                   " WHERE state = '" RELAY_STOPPED "'",
                   "i", now_us);
}
