/* SPDX-License-Identifier: Apache-2.0 */
/* A whole desk for one test: a fresh database with the schema, the built-in templates, an admin, a
 * clock that stands still, and one account with a contact. */
#pragma once

#include "desk/ticket.h"
#include "support/test_db.h"

typedef struct {
    TestDb *db;
    ManualClock clock;
    Desk *desk;
    Actor employee;  /* the admin, on the command line */
    char *token;     /* of the first token, scope admin */
    int64_t account; /* "Bluebird", office@bluebird.example */
    int64_t contact; /* "Anna Field", anna@bluebird.example */
} TestDesk;

/* 2026-11-23T18:30:00Z: where every test's clock begins. */
#define TEST_NOW_US INT64_C(1795458600000000)

/* `on`: the Alerts Server is active, both alerts are switched on. */
TestDesk *test_desk_new(const char *engine, bool on);
void test_desk_free(TestDesk *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDesk, test_desk_free)

/* Merges a JSON patch into an options section; fails the test when it is refused. Before the Alerts
 * Server is activated its settings are noted as tested. */
void test_desk_options(TestDesk *test, const char *section, const char *patch);

/* Opens a ticket of the account, with these extra recipients (NULL-terminated, may be NULL). Gives
 * its number. */
int64_t test_desk_open(TestDesk *test, const Actor *actor, const char *const *recipients,
                       bool notify);

/* The same, which may fail: 0 and an error then. */
int64_t test_desk_try_open(TestDesk *test, const Actor *actor, const char *const *recipients,
                           bool notify, GError **error);

/* Changes the status; fails the test when it is refused. */
void test_desk_set_status(TestDesk *test, const Actor *actor, int64_t ticket, int status,
                          bool notify);

/* The first column of all rows, as test_desk_rows(). Free with g_free(). */
char *test_desk_ask(TestDesk *test, const char *sql);

/* All rows, columns with spaces, rows with "; ". Free with g_free(). */
char *test_desk_rows(TestDesk *test, const char *sql, int columns);

/* Waits until test_desk_rows() answers so, at most 20 s (times TEST_SLOW); fails the test then. */
void test_desk_wait(TestDesk *test, const char *sql, int columns, const char *want);

/* One statement, outside of any use case. */
void test_desk_run(TestDesk *test, const char *sql);
