/* SPDX-License-Identifier: Apache-2.0 */
/* What several forms have in common: lists that people type as lines, and fields that go by another
 * name than in the API. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The lines of a text without their spaces, empty ones left out. With `commas`, commas, semicolons
 * and spaces end a line, too: for addresses and domains. New reference. */
json_t *fields_lines(const char *text, bool commas);

/* A list of texts as such lines. Free with g_free(). */
char *fields_join(const json_t *list);

/* Where a field of the API's request stands in a form. */
typedef struct {
    const char *pointer; /* a JSON Pointer, or the beginning of one */
    const char *name;
} FieldName;

/* {"name": true} for the first of `names` that the refused `field` (NULL: none) begins with. New
 * reference. */
json_t *fields_mark(const char *field, const FieldName *names, size_t n);
