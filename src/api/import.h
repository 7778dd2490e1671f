/* SPDX-License-Identifier: Apache-2.0 */
/* One row of an import: from its cells to a record that is made, changed or left as it is. */
#pragma once

#include "base/csv.h"
#include "desk/desk.h"

#include <jansson.h>

typedef enum { IMPORT_ACCOUNTS, IMPORT_CONTACTS, IMPORT_TICKETS, IMPORT_N_KINDS } ImportKind;

extern const char *const import_kind_names[IMPORT_N_KINDS + 1]; /* NULL-terminated */

/* Whether records of this kind have such a field; the field's name, or NULL. */
const char *import_field(ImportKind kind, const char *name);

/* How the cells of a row are read. All is borrowed. */
typedef struct {
    const char *const *fields; /* of each column; NULL: the column is left out */
    const json_t *values;      /* {"status":{"Solved":"Completed"}}: what stands for what */
    GTimeZone *zone;           /* of times that name none */
} ImportMapping;

/* The row as the API would take it: a new object. An empty cell says nothing. Errors: INVALID. */
json_t *import_row_read(const CsvRow *row, const ImportMapping *mapping, GError **error);

/* What makes two rows the same record; NULL where the row does not say it. Free with g_free(). */
char *import_row_key(ImportKind kind, const json_t *row);

typedef enum { IMPORT_CREATED, IMPORT_UPDATED, IMPORT_UNCHANGED } ImportOutcome;

typedef struct {
    ImportOutcome outcome;
    int64_t id;   /* the record's */
    bool written; /* where the row is refused: it has written something by then */
} ImportApplied;

/* Inside the transaction. `row` is changed. Errors: INVALID, CONFLICT, NOT_FOUND: of this row
 * alone. */
bool import_row_apply(DeskTx *tx, ImportKind kind, json_t *row, ImportApplied *applied,
                      GError **error);

/* The same for a ticket, which is made if none has its reference. */
bool import_ticket_apply(DeskTx *tx, json_t *row, ImportApplied *applied, GError **error);

/* The account that `row` names by "account", a number or the exact name, or "account_reference";
 * both are taken out of it. Errors: INVALID (problem "unknown-account"). */
bool import_find_owner(DbTx *tx, json_t *row, int64_t *account, GError **error);

/* The login or address in "manager" becomes the employee's id. Errors: INVALID (problem
 * "unknown-employee"). */
bool import_find_manager(DbTx *tx, json_t *row, GError **error);

/* *id is the account's contact with this address, 0 where there is none. Errors: INVALID. */
bool import_find_contact(DbTx *tx, int64_t account, const char *email, const char *field,
                         int64_t *id, GError **error);
