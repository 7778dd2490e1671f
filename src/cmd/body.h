/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line's options to the request's body: the one way to build it. */
#pragma once

#include "cmd/job.h"

typedef struct {
    gboolean given; /* of those without a value */
    char *text;
    char **list;
} OptionValue;

void option_value_clear(OptionValue *value);
bool option_value_given(const OptionValue *value);

/* The options (an array of const Option *) as GOption wants them, pointing into `values`, which has
 * one for each; ends with an empty one. Free with g_free() before `values`. */
GOptionEntry *option_entries(const GPtrArray *options, OptionValue *values);

/* A new object with the field of every body option that was given. Errors: a wrong command line
 * (two options for one field, no number, no time), those of text_read_file(). */
json_t *body_from_options(const GPtrArray *options, const OptionValue *values, GError **error);

/* The text of a file, or of standard input for "-"; at most LIMIT_REQUEST_BODY_BYTES. Free with
 * g_free(). Errors: NOT_FOUND (it cannot be read), MALFORMED (not UTF-8), LIMIT. */
char *text_read_file(const char *path, GError **error);

/* {"email","name"?} from "ADDRESS" or "NAME <ADDRESS>". */
json_t *body_person(const char *text);
