/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP answer. Every answer carries X-Content-Type-Options: nosniff, and Cache-Control:
 * no-store unless the handler sets another.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stddef.h>

typedef struct HttpResponse HttpResponse;

/* Takes `body` (g_malloc'ed); NULL for none. content_type may be NULL with no body. */
HttpResponse *http_response_new(int status, const char *content_type, char *body, size_t bytes);

/* Takes the reference to `value`. application/json */
HttpResponse *http_response_json(int status, json_t *value);

/* problem+json (RFC 9457): {"type","title","status","detail","field"?}; type is "/problems/" and
 * the problem's name. 401 carries WWW-Authenticate: Bearer, 503 a Retry-After. An internal error
 * shows no detail to the outside. */
HttpResponse *http_response_problem(const GError *error);

/* The same, with the place in the input, both from 1; 0: none. */
HttpResponse *http_response_problem_at(const GError *error, int line, int column);

/* The same from its parts, for a status that no error code has (404 of the router, 405). `field`
 * may be NULL. */
HttpResponse *http_response_problem_new(int status, const char *problem, const char *title,
                                        const char *detail, const char *field);

/* Replaces a header of that name, in any letter case; Set-Cookie is added. Control characters in
 * the value become spaces, so that no text from outside can begin another header. */
void http_response_set_header(HttpResponse *response, const char *name, const char *value);

int http_response_status(const HttpResponse *response);
const char *http_response_header(const HttpResponse *response, const char *name);

/* Never NULL; NUL-terminated. `bytes` may be NULL. */
const char *http_response_body(const HttpResponse *response, size_t *bytes);
void http_response_free(HttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpResponse, http_response_free)
