/* SPDX-License-Identifier: Apache-2.0 */
/* Names with values, in order: headers, query parameters, route parameters. Few, so looked through
 * one by one. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct {
    char *name; /* owns the value too: one block holds both */
    const char *value;
} HttpField;

/* A GArray of HttpField that frees its texts. */
GArray *http_fields_new(void);

/* Copies both texts as they are. */
void http_fields_add(GArray *fields, const char *name, const char *value);

/* Header names compare in any letter case, parameter names exactly. NULL: none; borrowed. */
const char *http_fields_header(const GArray *fields, const char *name);
const char *http_fields_exact(const GArray *fields, const char *name);

/* Adds a header, or replaces the one of that name. Control characters in the value become spaces.
 */
void http_fields_set_header(GArray *fields, const char *name, const char *value);
void http_fields_add_header(GArray *fields, const char *name, const char *value);
