/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wake-ups between the processes of one desk on PostgreSQL (NOTIFY and LISTEN). They are the hurry
 * and not the truth: one that is lost costs what the listener's own look at the database takes (the
 * Alerts Server's poll, each second), and nothing else. On SQLite there is one process, and nothing
 * to wake.
 */
#pragma once

#include "db/db.h"

typedef struct DbWake DbWake;

/* There was at least one wake-up from another process, or may have been while the connection was
 * away. Runs on the thread of the DbWake: must be quick and not block. */
typedef void (*DbHeard)(void *data);

/* Starts one thread with a connection of its own, which it makes again with growing pauses (up to
 * two seconds) whenever it is lost. `heard` NULL: only to send. Borrows `db` for its settings; none
 * of its connections is used. NULL without an error on SQLite: all functions below take NULL.
 * Errors: UNAVAILABLE (no thread). */
DbWake *db_wake_start(Db *db, DbHeard heard, void *data, GError **error);

/* Wakes the other processes that listen; this one does not hear itself. At most one NOTIFY leaves
 * every 20 ms: it stands for all calls before it. While the connection is away, one waits for it.
 * Never blocks. Any thread. */
void db_wake_send(DbWake *wake);

/* Sends what waits if the server takes it within 50 ms, then ends: within 100 ms, whatever the
 * server does (only the look-up of its host's name has limits of its own). NULL is allowed. */
void db_wake_stop(DbWake *wake);

typedef struct {
    int64_t sent;  /* NOTIFYs that the server has confirmed */
    int64_t heard; /* NOTIFYs of other processes */
    bool listening;
} DbWakeCounts;
DbWakeCounts db_wake_counts(const DbWake *wake);

/* For a process that has no DbWake because it ends soon: wakes the others on one of the Db's pooled
 * connections. Blocks for at most a second; what goes wrong is passed over. */
void db_wake_once(Db *db);
