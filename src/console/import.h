/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a CSV file may be. Pure. */
#pragma once

#include <jansson.h>

/* [{"value","label","selected"}]: the fields of this kind ("accounts", "contacts", "tickets"),
 * `selected` may be NULL. New reference. */
json_t *import_choices(const char *kind, const char *selected);

/* `columns` ({"Customer": null, "email": "email"}) with what their names let guess. New reference.
 */
json_t *import_guess(const char *kind, const json_t *columns);
