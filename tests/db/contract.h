/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite: the same tests for every engine. Each file adds its own group. */
#pragma once

#include "db/db.h"
#include "support/test_db.h"

extern const char *contract_engine;

void contract_add_values(void);
void contract_add_insert(void);
void contract_add_transactions(void);
void contract_add_concurrency(void);
void contract_add_migrations(void);
void contract_add_open(void);
void contract_add_tables(void);

/* g_test_add_func() under /db/ENGINE/. */
void contract_add(const char *name, GTestFunc test);

/* A fresh database of the engine under test, with the tables
 *   parent (id BIGINT PRIMARY KEY)
 *   thing (id BIGINT PRIMARY KEY, name TEXT UNIQUE, data BYTEA, amount BIGINT,
 *          parent BIGINT REFERENCES parent, late BIGINT REFERENCES parent, checked at COMMIT) */
TestDb *contract_db(void);

/* One statement in a transaction of its own, which must succeed. */
void contract_run(Db *db, const char *sql);

/* What `sql` gives in its first row and column; there must be one. */
int64_t contract_int(Db *db, const char *sql);

/* A transaction that must succeed. */
void contract_write(Db *db, DbFn fn, void *data);
void contract_read(Db *db, DbFn fn, void *data);

/* A transaction that must fail with this code (and problem, where not NULL). */
void contract_write_fails(Db *db, DbFn fn, void *data, int code, const char *problem);

/* A DbFn: runs the statement that is its data. */
bool contract_exec_fn(DbTx *tx, void *sql, GError **error);

/* Starts and joins threads. */
GThread *contract_thread(GThreadFunc fn, void *data);
