/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is next: the SQL that the files of this folder share.
 *
 * A message is *ready* when it is due and not blocked by an earlier one of its order_key; then, and
 * only then, it has a stamp, and messages leave in the order of (urgent first, stamp). The stamps
 * of one lane go up by one from message to message, and a lane that had nothing waiting starts
 * where the queue's head is: so lanes take turns, however long one of them is (start-time fair
 * queueing). The head and a lane's last stamp are looked up in the index of what is ready: there is
 * no counter, and no row that all transactions would wait for. Two that run at the same moment may
 * give out the same stamp, which costs nothing but a turn.
 *
 * What is not ready lies in an index by its due time, and outbox_admit() stamps it when that has
 * come. So the cost of a claim does not depend on how many are deferred, blocked or held.
 */
#pragma once

/* Written out, word for word as the partial indices have it (records/schema.c): for an IN with more
 * than two texts SQLite makes a table each time a statement runs, also for one that only has to see
 * whether a row it changes belongs into an index. */
#define OUTBOX_IS_WAITING(state)                                                                   \
    "(" state " = 'queued' OR " state " = 'deferred' OR " state " = 'uncertain')"
#define OUTBOX_IS_NOT_FINAL(state)                                                                 \
    "(" state " = 'held' OR " state " = 'queued' OR " state " = 'sending' OR " state               \
    " = 'deferred' OR " state " = 'uncertain')"

/* SQLite, which keeps no statistics unless told to, would rather look up a state and sort. */
#define SQLITE_READY     " INDEXED BY outbox_ready"
#define SQLITE_LANE      " INDEXED BY outbox_lane"
#define SQLITE_DUE       " INDEXED BY outbox_due"
#define SQLITE_LARGER    "MAX"
#define POSTGRESQL_READY ""
#define POSTGRESQL_LANE  ""
#define POSTGRESQL_DUE   ""

#define POSTGRESQL_LARGER "GREATEST"

/* Nothing earlier of the same order is still on its way. */
#define OUTBOX_IS_FREE(order_key, order_seq)                                                       \
    "(" order_key " = '' OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.order_key = " order_key     \
    " AND e.order_seq < " order_seq " AND " OUTBOX_IS_NOT_FINAL("e.state") "))"

/* The stamp after which a lane's next message comes. `engine`: SQLITE or POSTGRESQL. */
#define OUTBOX_LAST_STAMP(engine, urgent, lane_number)                                             \
    engine##_LARGER "(COALESCE((SELECT r.stamp FROM outbox r" engine##_READY                       \
        " WHERE r.stamp IS NOT NULL AND r.urgent = " urgent " ORDER BY r.stamp LIMIT 1), 0),"      \
        " COALESCE((SELECT l.stamp FROM outbox l" engine##_LANE                                    \
        " WHERE l.stamp IS NOT NULL AND l.lane = " lane_number " AND l.urgent = " urgent           \
        " ORDER BY l.stamp DESC LIMIT 1), 0))"

/* One text for each engine. */
#define OUTBOX_SQL(tx, text)                                                                       \
    (db_tx_engine(tx) == DB_POSTGRESQL ? text(POSTGRESQL, " FOR UPDATE SKIP LOCKED")               \
                                       : text(SQLITE, ""))
