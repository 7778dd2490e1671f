/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API under /api/v1: a door. Every request is authenticated here, its JSON is read strictly
 * here, and one use case of desk/ does the work; no handler writes a record by itself.
 *
 * What it promises to other programs is written in openapi.json, which is also served.
 */
#pragma once

#include "alerts/compose.h"
#include "desk/desk.h"
#include "http/router.h"

#include <jansson.h>

typedef struct Api Api;

/* Borrows both. Thread-safe once its routes are added and its hooks are set. */
Api *api_new(Desk *desk, Composer *composer);

/* After the router's last request: its routes point in here. NULL is allowed. */
void api_free(Api *api);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Api, api_free)

void api_add_routes(Api *api, HttpRouter *router);

/* One of the routes, in the order of their table. */
typedef struct {
    const char *method;
    const char *pattern;
    const char *scope; /* NULL: anybody may call it, without a token */
} ApiRouteInfo;
size_t api_n_routes(void);
ApiRouteInfo api_route(size_t index);

/* In whose name another door of this process makes a request: it has made sure who that is. */
typedef struct {
    Actor actor;
    const char *scopes; /* as a token's: what this caller may do */
} ApiCaller;

/* Runs one request without a connection. Never NULL. Any thread; may block. */
HttpResponse *api_call_as(Api *api, const ApiCaller *caller, HttpRequest *request);

/* Ends what takes long (simulations) with UNAVAILABLE, now and from now on: before the server is
 * stopped, which waits for its requests. Any thread. */
void api_stop(Api *api);

/* Sends a test mail to `to` by a relay (1: the first one) with the sender and reply addresses that
 * alerts use, and returns when the last reply is in: {"ok":bool,
 * "steps":[{"step","sent","reply"}]}, a new reference. A server that refuses is an answer with "ok"
 * false, not an error. Runs on a worker's thread, may block. */
typedef json_t *(*ApiTestSend)(const char *to, int relay, void *data, GError **error);

/* Without it POST /options/alerts-server/test answers 503. */
void api_set_test_send(Api *api, ApiTestSend test_send, void *data);

/* Composes the mail and sends it to `to` by the first relay, as ApiTestSend does. */
typedef json_t *(*ApiTestTemplate)(const ComposeSource *source, const char *to, void *data,
                                   GError **error);

/* Without it POST /templates/{id}/test-send answers 503. */
void api_set_test_template(Api *api, ApiTestTemplate test_template, void *data);

/* How the Alerts Server and its relays are: {"active":bool, "transport", "relays":[{"name",
 * "state":"up", "down", "misconfigured" or "stopped", "reason", "since", "retry_at"}], "relay": the
 * first of them}, a new reference. Any thread, may block. */
typedef json_t *(*ApiAlertsServer)(void *data, GError **error);

/* Without it GET /alerts-server answers 503, and /metrics says nothing of the relay. */
void api_set_alerts_server(Api *api, ApiAlertsServer alerts_server, void *data);

/* A person's "go on" to the relays that the breaker stopped; *resumed counts them. A worker's
 * thread, may block. */
typedef bool (*ApiResume)(int64_t *resumed, void *data, GError **error);
void api_set_resume(Api *api, ApiResume resume, void *data);

/* A look at all that the desk depends on (doctor/doctor.h); `only` names one check, NULL: all. Ends
 * soon once *stop is 1. A new reference. A worker's thread, blocks for up to a minute. */
typedef json_t *(*ApiDoctor)(const char *only, const gint *stop, void *data, GError **error);

/* Without it GET /doctor answers 503. */
void api_set_doctor(Api *api, ApiDoctor doctor, void *data);

/* Adds to /metrics what other parts of this process count, in Prometheus's text format. Any thread,
 * must not block. */
typedef void (*ApiMetrics)(GString *text, void *data);
void api_set_metrics(Api *api, ApiMetrics metrics, void *data);
