/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/relay.h"

#define RELAY "default"

void relay_state_clear(RelayState *relay)
{
    g_clear_pointer(&relay->state, g_free);
    g_clear_pointer(&relay->reason, g_free);
}

bool relay_load(DbTx *tx, RelayState *relay, GError **error)
{
    DbRows *rows = db_query(
        tx, error, "SELECT state, reason, since, retry_at FROM relay WHERE name = '" RELAY "'", "");
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

bool relay_store_trouble(DbTx *tx, const char *state, const char *reason, int64_t retry_at,
                         int64_t now_us, GError **error)
{
    return db_exec(
        tx, NULL, error,
        "INSERT INTO relay (name, state, reason, since, retry_at)"
        " VALUES ('" RELAY "', $1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET"
        " since = CASE WHEN relay.state = excluded.state THEN relay.since"
        " ELSE excluded.since END,"
        " state = excluded.state, reason = excluded.reason, retry_at = excluded.retry_at",
        "ssin", state, reason, now_us, retry_at);
}

bool relay_store_up(DbTx *tx, int64_t now_us, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE relay SET state = 'up', reason = NULL, since = $1, retry_at = NULL"
                   " WHERE name = '" RELAY "' AND state <> 'up'",
                   "i", now_us);
}
