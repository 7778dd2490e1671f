/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the API: who calls, and the plumbing that every resource shares. */
#pragma once

#include "api/api.h"
#include "api/token_cache.h"
#include "base/json.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>

#define API_PREFIX          "/api/v1"
#define API_PAGE_ITEMS      50                /* of a collection where the caller does not say */
#define API_PAGE_BYTES      (4 * 1024 * 1024) /* of texts in one page, about */
#define IDEMPOTENCY_KEEP_US US_PER_DAY

struct Api {
    Desk *desk;
    Composer *composer;
    ApiTestSend test_send;
    void *test_send_data;
    ApiTestTemplate test_template;
    void *test_template_data;
    ApiAlertsServer alerts_server;
    void *alerts_server_data;
    gint simulations; /* running; atomic */
    gint stopping;    /* what takes long ends soon; atomic */
    ApiResume resume;
    void *resume_data;
    ApiDoctor doctor;
    void *doctor_data;
    gint doctors; /* running; atomic */
    ApiMetrics metrics;
    void *metrics_data;
    TokenCache *tokens;
    HttpRouter *inside;     /* of api_call_as() */
    struct ApiBound *bound; /* one for each route: what the router hands back to us */
};

typedef struct ApiCall ApiCall;

/* Gives the answer, or NULL with an error. */
typedef HttpResponse *(*ApiHandler)(ApiCall *call, GError **error);

typedef struct {
    const char *method;
    const char *pattern;
    const char *scope; /* what a token must have; NULL: none, and no token either */
    ApiHandler handler;
    const char *const *query; /* the query parameters it knows, NULL-terminated; NULL: none */
} ApiRoute;

struct ApiCall {
    Api *api;
    const ApiRoute *route;
    const HttpRequest *request;
    Actor actor;
    char *scopes;       /* separated by spaces; NULL on routes that ask for none */
    int64_t token;      /* 0: the desk's own socket */
    bool token_in_work; /* api_write() asks whether its token is still there, and that is all that
                           the call asks the database: so it needs no transaction of its own */
    bool token_unsure;  /* it was found before; whether it is still there has not been asked */
    json_t *body;       /* what api_body() read; owned */
    bool noted;         /* its row of table audit is written */
    char *fingerprint; /* stands for the body in an Idempotency-Key's hash; NULL: the body itself */
};

/* auth.c: fills in who calls. Errors: UNAUTHENTICATED, DENIED, and those of db_read(). */
bool api_authenticate(ApiCall *call, GError **error);

/* Asks whether a token that is unsure is still there: in the caller's transaction, or (NULL) in one
 * of its own. Errors: as above. */
bool api_check_token(ApiCall *call, DbTx *tx, GError **error);

/* Errors: DENIED (problem "missing-scope", naming it). */
bool api_require_scope(const ApiCall *call, const char *scope, GError **error);

/* The desk's own socket, or a peer on this machine that nobody speaks through. */
bool api_is_near(const HttpRequest *request);

/* ---- reading the request ---- */

/* The body as JSON of any kind; borrowed. Errors: MALFORMED (problems "not-json": another
 * Content-Type; "bad-json", "not-utf8"), LIMIT. */
json_t *api_body(ApiCall *call, GError **error);

/* For requests that need no words: an empty body, or an object without fields. */
bool api_no_body(ApiCall *call, GError **error);

/* The id in the path. Errors: NOT_FOUND with `problem` (a literal), where it is no number. */
bool api_param_id(const ApiCall *call, const char *name, const char *problem, int64_t *id,
                  GError **error);

/* A query parameter that names a record: 0 where it is not given. Errors: INVALID. */
bool api_query_id(const ApiCall *call, const char *name, int64_t *id, GError **error);

/* `cursor` and `limit`. Errors: INVALID (problems "bad-cursor", "out-of-range"). */
typedef struct {
    int64_t cursor; /* 0: from the start */
    int limit;
} ApiPage;
bool api_page(const ApiCall *call, ApiPage *page, GError **error);

/* The cursor in a text (NULL or "": none, 0). */
bool api_cursor(const char *text, int64_t *after, GError **error);

/* `limit` alone. */
bool api_page_limit(const ApiCall *call, int *limit, GError **error);

/* ---- who has changed what (audit.c) ---- */

/* Writes the row of a route that is listed there, in the transaction of its change. */
bool api_note(ApiCall *call, DeskTx *tx, GError **error);

/* Writes it after a call that worked without a transaction of its own. */
void api_note_afterwards(ApiCall *call, const HttpResponse *response);

/* ---- working ---- */

/* Makes the answer's JSON inside the transaction: a new reference, NULL with an error. May run more
 * than once: `data` is only read, or written from afresh at each run. */
typedef json_t *(*ApiReadFn)(ApiCall *call, DbTx *tx, void *data, GError **error);
typedef json_t *(*ApiWriteFn)(ApiCall *call, DeskTx *tx, void *data, GError **error);

/* Runs `fn` in db_read(); 200 with what it made. */
HttpResponse *api_read(ApiCall *call, ApiReadFn fn, void *data, GError **error);

/* As api_read(), but hands over the JSON. */
json_t *api_read_json(ApiCall *call, ApiReadFn fn, void *data, GError **error);

/* Runs `fn` in desk_write() and answers with `status`; 204 has no body. A POST with an
 * Idempotency-Key claims it as its first statement and keeps the answer as its last; a repetition
 * gets the kept answer. Errors: INVALID (problems "bad-idempotency-key", "idempotency-key-reused"),
 * and those of `fn` and desk_write(). */
HttpResponse *api_write(ApiCall *call, int status, ApiWriteFn fn, void *data, GError **error);

/* Runs `fn` in desk_try(): 200 with what it made, and nothing is changed. An Idempotency-Key means
 * nothing here. */
HttpResponse *api_try(ApiCall *call, ApiWriteFn fn, void *data, GError **error);

/* As api_write() in two parts: `work` runs inside the transaction and leaves in `data` what the
 * answer is made of; `show` makes it (a new reference), when the transaction is over and nobody
 * waits for it any more, or inside it where a key keeps the answer. */
typedef bool (*ApiWorkFn)(ApiCall *call, DeskTx *tx, void *data, GError **error);
typedef json_t *(*ApiShowFn)(const void *data);
HttpResponse *api_write_and_show(ApiCall *call, int status, ApiWorkFn work, ApiShowFn show,
                                 void *data, GError **error);

/* The fields of an answer that must not be kept with an Idempotency-Key: they are null in a
 * repetition. */
#define API_SECRET_FIELD "token"

/* One POST whose work is no transaction (it talks to another server): at most one run for each
 * Idempotency-Key, the answer kept. Errors: also CONFLICT (problem "still-running": a call with
 * this key has begun and has not ended). */
typedef json_t *(*ApiTalkFn)(ApiCall *call, void *data, GError **error);
HttpResponse *api_work(ApiCall *call, ApiTalkFn fn, void *data, GError **error);
