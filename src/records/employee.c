/* SPDX-License-Identifier: Apache-2.0 */
#include "records/employee.h"

#include "base/error.h"

#define COLUMNS                                                                                    \
    "id, name, login, email, email_key, email2, email2_key, role, language, active, "              \
    "password_hash, created_at"

void employee_free(Employee *employee)
{
    if (employee == NULL)
        return;
    g_free(employee->name);
    g_free(employee->login);
    g_free(employee->email);
    g_free(employee->email_key);
    g_free(employee->email2);
    g_free(employee->email2_key);
    g_free(employee->role);
    g_free(employee->language);
    g_free(employee->password_hash);
    g_free(employee);
}

static Employee *from_row(const DbRows *rows)
{
    Employee *employee = g_new0(Employee, 1);
    employee->id = db_rows_int(rows, 0);
    employee->name = db_rows_dup(rows, 1);
    employee->login = db_rows_dup(rows, 2);
    employee->email = db_rows_dup(rows, 3);
    employee->email_key = db_rows_dup(rows, 4);
    employee->email2 = db_rows_dup(rows, 5);
    employee->email2_key = db_rows_dup(rows, 6);
    employee->role = db_rows_dup(rows, 7);
    employee->language = db_rows_dup(rows, 8);
    employee->active = db_rows_int(rows, 9) != 0;
    employee->password_hash = db_rows_dup(rows, 10);
    employee->created_at = db_rows_int(rows, 11);
    return employee;
}

/* Takes `rows`, which has at most one row. */
static Employee *take_one(DbRows *rows, const char *what, GError **error)
{
    if (rows == NULL)
        return NULL;
    g_autoptr(Employee) employee = db_rows_next(rows) ? from_row(rows) : NULL;
    if (!db_rows_end(rows, error))
        return NULL;
    if (employee == NULL)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-employee", NULL, "There is no %s",
                          what);
    return g_steal_pointer(&employee);
}

Employee *employee_load(DbTx *tx, int64_t id, GError **error)
{
    g_autofree char *what = g_strdup_printf("employee %" G_GINT64_FORMAT, id);
    return take_one(db_query(tx, error, "SELECT " COLUMNS " FROM employee WHERE id = $1", "i", id),
                    what, error);
}

Employee *employee_lock(DbTx *tx, int64_t id, GError **error)
{
    /* Every admin, for the question whether one is left. */
    return db_exec(tx, NULL, error,
                   "UPDATE employee SET active = active WHERE id = $1 OR role = 'admin'", "i", id)
               ? employee_load(tx, id, error)
               : NULL;
}

Employee *employee_load_by_login(DbTx *tx, const char *login, GError **error)
{
    g_autofree char *what = g_strdup_printf("employee with the login \"%s\"", login);
    return take_one(
        db_query(tx, error, "SELECT " COLUMNS " FROM employee WHERE login = $1", "s", login), what,
        error);
}

Employee *employee_load_by_typed(DbTx *tx, const char *typed_key, GError **error)
{
    DbRows *rows = db_query(tx, error,
                            "SELECT " COLUMNS " FROM employee WHERE active = 1 AND id IN"
                            " (SELECT id FROM employee WHERE login = $1"
                            " UNION SELECT id FROM employee WHERE email_key = $1"
                            " UNION SELECT id FROM employee WHERE email2_key = $1) LIMIT 2",
                            "s", typed_key);
    if (rows == NULL)
        return NULL;
    g_autoptr(Employee) employee = db_rows_next(rows) ? from_row(rows) : NULL;
    bool several = db_rows_next(rows);
    return db_rows_end(rows, error) && !several ? g_steal_pointer(&employee) : NULL;
}

Employee *employee_load_first_admin(DbTx *tx, GError **error)
{
    return take_one(db_query(tx, error,
                             "SELECT " COLUMNS " FROM employee WHERE role = 'admin' AND active = 1"
                             " ORDER BY id LIMIT 1",
                             ""),
                    "active employee with the role admin", error);
}

bool employee_insert(DbTx *tx, Employee *employee, GError **error)
{
    bool found;
    int64_t taken;
    if (!db_query_int(tx, &found, &taken, error, "SELECT id FROM employee WHERE login = $1", "s",
                      employee->login))
        return false;
    if (found) {
        error_set_problem(
            error, TD_ERROR_CONFLICT, "login-taken", "/login",
            "There is already an employee with the login \"%s\" (number %" G_GINT64_FORMAT
            "); choose another one",
            employee->login, taken);
        return false;
    }
    return db_insert(
        tx, &employee->id, error,
        "INSERT INTO employee (name, login, email, email_key, email2, email2_key, role,"
        " language, active, password_hash, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        "ssssssssisi", employee->name, employee->login, employee->email, employee->email_key,
        employee->email2, employee->email2_key, employee->role, employee->language,
        (int64_t)employee->active, employee->password_hash, employee->created_at);
}

bool employee_update(DbTx *tx, const Employee *employee, GError **error)
{
    return db_exec(tx, NULL, error,
                   "UPDATE employee SET name = $2, email = $3, email_key = $4, email2 = $5,"
                   " email2_key = $6, role = $7, language = $8, active = $9, password_hash = $10"
                   " WHERE id = $1",
                   "isssssssis", employee->id, employee->name, employee->email, employee->email_key,
                   employee->email2, employee->email2_key, employee->role, employee->language,
                   (int64_t)employee->active, employee->password_hash);
}

GPtrArray *employee_list(DbTx *tx, int64_t after, int limit, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT " COLUMNS " FROM employee WHERE id > $1 ORDER BY id LIMIT $2",
                 "ii", after, (int64_t)limit);
    if (rows == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)employee_free);
    while (db_rows_next(rows))
        g_ptr_array_add(list, from_row(rows));
    return db_rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}
