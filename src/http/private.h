/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share, and nobody else. */
#pragma once

#include "http/request.h"
#include "http/response.h"
#include "http/target.h"

struct HttpRequest {
    char *method;
    char *text;         /* the target as it came */
    HttpTarget *target; /* NULL when `refused` is set for the target's sake */
    GError *refused;    /* why no handler may see it; NULL: none */
    GArray *headers;
    GArray *params;
    GString *body;
    char *peer;
    bool local;
    const void *caller;
    const char *route;              /* the pattern that it ran by; NULL: none yet */
    char id[HTTP_REQUEST_ID_BYTES]; /* "": it has none */
};

struct HttpResponse {
    int status;
    GArray *headers;
    char *body;
    size_t bytes;
    size_t length; /* what Content-Length says: of a HEAD the body's that was dropped */
};

/* Takes a header as it came from a connection; one that two readers could understand differently
 * makes the request refused (RFC 9112 §5.1, §6.3): a name that is no token, NUL in the value, the
 * second of a header that may come once; so does an Authorization, Content-Type or Idempotency-Key
 * that is not UTF-8. */
void http_request_take_header(HttpRequest *request, const char *name, size_t name_bytes,
                              const char *value, size_t value_bytes);

/* When all headers are there: a body framed in two ways, or in one that we do not know, makes the
 * request refused. */
void http_request_check_framing(HttpRequest *request);

void http_request_append_body(HttpRequest *request, const void *data, size_t bytes);
void http_request_drop_body(HttpRequest *request);
void http_request_set_peer(HttpRequest *request, const char *peer);
void http_request_add_param(HttpRequest *request, const char *name, const char *value);

/* Gives it its id, when all headers are there. */
void http_request_name(HttpRequest *request);

/* Puts the request's id into the answer: the header X-Request-ID, and "request_id" of a problem. */
void http_response_name(HttpResponse *response, const char *id);

/* The answer to a request that no handler may see; NULL when one may. */
HttpResponse *http_request_refusal(const HttpRequest *request);

/* Keeps the length for Content-Length (RFC 9110 §9.3.2). */
void http_response_drop_body(HttpResponse *response);
