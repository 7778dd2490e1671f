/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings employee`: the people who work at the desk. An employee is named by login or id. */
#include "cmd/commands.h"

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cmd/password.h"
#include "cmd/records.h"

#include <string.h>

#define EMPLOYEES "/api/v1/employees"

static const Shown columns[] = {
    {"ID", "id", SHOWN_VALUE},         {"LOGIN", "login", SHOWN_VALUE},
    {"NAME", "name", SHOWN_VALUE},     {"ADDRESS", "email", SHOWN_VALUE},
    {"ROLE", "role", SHOWN_VALUE},     {"PASSWORD", "has_password", SHOWN_VALUE},
    {"ACTIVE", "active", SHOWN_VALUE}, {0},
};

static bool run_list(Job *job, GError **error)
{
    return list_records(job, EMPLOYEES, columns, "There are no employees.", error);
}

/* The id of the one that the first argument names. A login is looked for first: it may be digits.
 */
static bool find_id(const Job *job, int64_t *id, GError **error)
{
    const char *named = job_arguments(job)[0];
    json_auto_t *all = job_collect(job, EMPLOYEES, error);
    if (all == NULL)
        return false;
    g_autofree char *login = g_ascii_strdown(named, -1);
    size_t i;
    json_t *employee;
    json_array_foreach(json_object_get(all, "items"), i, employee)
    {
        if (strcmp(json_get_text(employee, "login"), login) == 0) {
            *id = json_get_int(employee, "id");
            return true;
        }
    }
    if (text_to_int(named, 1, INT64_MAX, id))
        return true;
    g_autofree char *shown = plain_line(named);
    error_set(error, TD_ERROR_NOT_FOUND,
              "There is no employee with the login \"%s\"; `tidings employee list` shows them",
              shown);
    return false;
}

/* PATCH; the new record, or NULL. */
static json_t *patch(Job *job, GError **error)
{
    int64_t id;
    if (!find_id(job, &id, error))
        return NULL;
    g_autofree char *target = g_strdup_printf(EMPLOYEES "/%" G_GINT64_FORMAT, id);
    return client_call(job_client(job), "PATCH", target, job_body(job), error);
}

static void print_employee(const Job *job, const json_t *employee, const char *format)
{
    g_autofree char *login = plain_line(json_get_text(employee, "login"));
    g_autofree char *name = plain_line(json_get_text(employee, "name"));
    if (!job_print_json(job, employee))
        command_print("%s %s (%s)\n", format, login, name);
}

static bool run_change(Job *job, GError **error)
{
    json_auto_t *employee = job_has_body(job, error) ? patch(job, error) : NULL;
    if (employee != NULL)
        print_employee(job, employee, "Changed employee");
    return employee != NULL;
}

static bool add_password(Job *job, bool needed, GError **error)
{
    char *password = NULL;
    if (!password_read(job, needed, &password, error))
        return false;
    if (password != NULL)
        json_set_text(job_body(job), "password", password);
    secret_free(password);
    return true;
}

static bool run_password(Job *job, GError **error)
{
    json_auto_t *employee = add_password(job, true, error) ? patch(job, error) : NULL;
    if (employee != NULL)
        print_employee(job, employee, "A new password was set for");
    return employee != NULL;
}

static bool run_add(Job *job, GError **error)
{
    if (!add_password(job, false, error))
        return false;
    json_auto_t *employee = client_call(job_client(job), "POST", EMPLOYEES, job_body(job), error);
    if (employee != NULL)
        print_employee(job, employee, "Added employee");
    return employee != NULL;
}

static const Option login[] = {
    {"login", OPTION_TEXT, NULL, "LOGIN", "What they sign in with: a-z, 0-9 and . _ @ -"},
    {0},
};

static const Option fields[] = {
    {"name", OPTION_TEXT, NULL, "TEXT", "Who it is"},
    {"email", OPTION_TEXT, NULL, "ADDRESS", "Where mail goes to"},
    {"email2", OPTION_TEXT, NULL, "ADDRESS", "A second address"},
    {"role", OPTION_TEXT, NULL, "ROLE", "admin or technician (the default)"},
    {"language", OPTION_TEXT, NULL, "TAG", "Such as de (default: the desk's)"},
    {0},
};

static const Option activity[] = {
    {"inactive", OPTION_FALSE, "active", NULL, "Works here no more: cannot sign in"},
    {"active", OPTION_TRUE, NULL, NULL, "Back again"},
    {0},
};

int command_employee(int argc, char **argv)
{
    static const Subcommand subcommands[] = {
        {.name = "list", .summary = "List employees, by id", .run = run_list},
        {.name = "add",
         .summary = "Add an employee",
         .options = {login, fields, password_options},
         .needs = "login,name,email",
         .run = run_add},
        {.name = "change",
         .arguments = "LOGIN",
         .summary = "Change an employee, named by login or id",
         .options = {fields, activity},
         .run = run_change},
        {.name = "password",
         .arguments = "LOGIN",
         .summary = "Set an employee's password, at a prompt or from standard input",
         .options = {password_options},
         .run = run_password},
        {0},
    };
    return subcommand_run("employee", "People who work at the desk", subcommands, argc, argv);
}
