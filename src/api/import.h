/* SPDX-License-Identifier: Apache-2.0 */
/* One row of an import: from its cells to a record that is made, changed or left as it is. */
#pragma once

#include "base/csv.h"
#include "desk/desk.h"

#include <jansson.h>

typedef enum { IMPORT_ACCOUNTS, IMPORT_CONTACTS, IMPORT_N_KINDS } ImportKind;

extern const char *const import_kind_names[IMPORT_N_KINDS + 1]; /* NULL-terminated */

/* Whether records of this kind have such a field; the field's name, or NULL. */
const char *import_field(ImportKind kind, const char *name);

/* The row as the API would take it: a new object. `fields` has the field of each column, NULL: the
 * column is left out. An empty cell says nothing. Errors: INVALID. */
json_t *import_row_read(const CsvRow *row, const char *const *fields, GError **error);

/* What makes two rows the same record; NULL where the row does not say it. Free with g_free(). */
char *import_row_key(ImportKind kind, const json_t *row);

typedef enum { IMPORT_CREATED, IMPORT_UPDATED, IMPORT_UNCHANGED } ImportOutcome;

/* Inside the transaction. *id is the record's. Errors: INVALID, CONFLICT: of this row alone. */
bool import_row_apply(DeskTx *tx, ImportKind kind, const json_t *row, ImportOutcome *outcome,
                      int64_t *id, GError **error);
