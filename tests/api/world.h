/* SPDX-License-Identifier: Apache-2.0 */
/* A desk with an API in this process, for the tests of this folder: one admin, one account with one
 * contact, a token with the scope admin. Everything fails the test when it cannot be done. */
#pragma once

#include "api/api.h"
#include "base/clock.h"
#include "http/http.h"
#include "support/test_db.h"

#include <jansson.h>

#define WORLD_START_US (INT64_C(1795545128) * US_PER_SECOND) /* 2026-11-24T18:32:08Z */

typedef struct {
    TestDb *db;
    ManualClock clock;
    Desk *desk;
    Composer *composer;
    Api *api;
    Metrics *metrics;
    HttpRouter *router;
    char *token;     /* scope admin */
    int64_t admin;   /* employee */
    int64_t account; /* its address: office@bluebird.example */
    int64_t contact; /* of the account: anna@bluebird.example */
} World;

World *world_new(const char *engine);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* How a call differs from a plain one of the admin's token. */
typedef struct {
    const char *token;        /* NULL: the world's; "": none */
    bool local;               /* over the desk's socket, without a token unless one is given */
    const char *employee;     /* the header Tidings-Employee */
    const char *key;          /* the header Idempotency-Key */
    const char *content_type; /* NULL: application/json where there is a body */
    size_t bytes;             /* of the body; 0: its length */
} CallOptions;

typedef struct {
    int status;
    HttpResponse *response;
    json_t *json; /* the body; NULL: it is no JSON */
} Answer;

/* `body` may be NULL; `options` too. */
Answer *world_call_with(World *world, const char *method, const char *target, const char *body,
                        const CallOptions *options);
Answer *world_call(World *world, const char *method, const char *target, const char *body);
void answer_free(Answer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answer, answer_free)

/* As world_call(), where another status fails the test. New reference; NULL for an empty body. */
json_t *world_ok(World *world, const char *method, const char *target, const char *body,
                 int status);

/* Fails the test unless it is problem+json with this status and this problem's name. */
void assert_problem(const Answer *answer, int status, const char *problem);

/* A new ticket of the world's account; `more` is put behind its fields, such as
 * "\"status\":1000". Gives its number. */
int64_t world_open_ticket(World *world, const char *more);

/* Sets the Alerts Server's settings, tests them (nothing is sent; afterwards no process sends test
 * mails) and activates it. */
void world_activate(World *world, const char *settings);

/* Activates the Alerts Server (a Maildir nobody looks at) or deactivates it, and switches the two
 * alerts. */
void world_set_alerts(World *world, bool server, bool new_ticket, bool ticket_closed);

/* Runs SQL without rows. */
void world_sql(World *world, const char *sql);
int64_t world_sql_int(World *world, const char *sql);

/* How many rows every table has, and the sum of the tickets' versions. Free with g_free(). */
char *world_rows(World *world);

/* A target with numbers in it. Free with g_free(). */
#define target_new(...) g_strdup_printf("/api/v1" __VA_ARGS__)

/* "/a/b/0" in a JSON value: borrowed; NULL: not there. */
json_t *json_at(json_t *value, const char *pointer);
const char *text_at(json_t *value, const char *pointer);
int64_t int_at(json_t *value, const char *pointer);
