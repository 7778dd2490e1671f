/* SPDX-License-Identifier: Apache-2.0 */
/* Options as lines of KEY=VALUE, both ways: what is shown can be given back. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Prints "new_ticket.enabled=true" for every value inside `object`, each with `prefix` before it.
 */
void assign_print(const json_t *object, const char *prefix);

/* Reads "new_ticket.enabled=true" into `body`. The value is JSON where it parses as JSON, else a
 * text; where `present` (the options as they are, may be NULL) holds a text at that place, anything
 * that is no JSON text is one too, so that phone=112 needs no quotes. Errors: a wrong command line.
 */
bool assign_read(const char *assignment, const json_t *present, json_t *body, GError **error);
