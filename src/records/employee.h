/* SPDX-License-Identifier: Apache-2.0 */
/* Employees: people who work at the desk. All functions here run inside the caller's transaction.
 */
#pragma once

#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t id;
    char *name;
    char *login; /* lower case, unique */
    char *email, *email_key;
    char *email2, *email2_key; /* NULL: none */
    char *role;                /* "admin" or "technician" */
    char *language;            /* NULL: the desk's */
    bool active;
    char *password_hash; /* argon2id; NULL: cannot sign in with a password */
    int64_t created_at;
} Employee;

void employee_free(Employee *employee);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Employee, employee_free)

/* Errors of all loads: NOT_FOUND (problem "unknown-employee"). */
Employee *employee_load(DbTx *tx, int64_t id, GError **error);
Employee *employee_load_by_login(DbTx *tx, const char *login, GError **error);

/* The active one who has this address (compared form) or login; NULL without an error where there
 * is none, or several have it. */
Employee *employee_load_by_typed(DbTx *tx, const char *typed_key, GError **error);

/* The first statement of every change: nobody else changes an employee until the end of the
 * transaction, so two admins cannot take away each other. */
Employee *employee_lock(DbTx *tx, int64_t id, GError **error);

/* The one to act for on the desk's own socket: the active admin with the lowest id. */
Employee *employee_load_first_admin(DbTx *tx, GError **error);

/* Sets employee->id. Errors: CONFLICT (the login is taken). */
bool employee_insert(DbTx *tx, Employee *employee, GError **error);
bool employee_update(DbTx *tx, const Employee *employee, GError **error);

/* Up to `limit` with an id greater than `after`, by id. */
GPtrArray *employee_list(DbTx *tx, int64_t after, int limit, GError **error);
