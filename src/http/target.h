/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request (RFC 9112 §3.2), taken apart. Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTP_QUERY_PARAMETERS_MAX 64

typedef struct {
    GPtrArray
        *segments; /* decoded parts of the path between slashes, owned: "/a//b" has "a", "", "b" */
    char *path;    /* the segments, joined again */
    GArray *query; /* of HttpField (http/fields.h) */
    GPtrArray *query_names; /* borrowed from `query`, NULL-terminated */
} HttpTarget;

/* Decodes %-sequences, and "+" to a space where `plus` says so. Errors: MALFORMED, problem
 * "bad-request": a bad
 * %-sequence, NUL, not UTF-8. */
char *http_percent_decode(const char *text, size_t bytes, bool plus, GError **error);

/* Reads "/path?query", or the absolute form "http://host/path?query". Errors: as above, and no
 * leading slash, a query parameter named twice, more than HTTP_QUERY_PARAMETERS_MAX of them. */
HttpTarget *http_target_parse(const char *text, GError **error);
void http_target_free(HttpTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpTarget, http_target_free)
