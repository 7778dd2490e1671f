/* SPDX-License-Identifier: Apache-2.0 */
/* What several forms have in common: lists that people type as lines. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The lines of a text without their spaces, empty ones left out. With `commas`, commas, semicolons
 * and spaces end a line, too: for addresses and domains. New reference. */
json_t *fields_lines(const char *text, bool commas);

/* A list of texts as such lines. Free with g_free(). */
char *fields_join(const json_t *list);
