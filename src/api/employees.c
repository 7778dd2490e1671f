/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Employees. A password comes in and is never shown; its hash is made before the transaction, for
 * it takes a tenth of a second by intention.
 */
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "base/secret.h"
#include "desk/people.h"

#include <string.h>

#define LOGIN_CHARS        64
#define PASSWORD_CHARS_MIN 8

typedef struct {
    int64_t id;
    json_t *body; /* borrowed */
    bool set_password;
    char *password_hash; /* NULL with set_password: no password any more */
    ApiPage page;
} Work;

static void work_clear(Work *work)
{
    g_clear_pointer(&work->password_hash, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static const char *const roles[] = {"admin", "technician", NULL};

/* Typed at a prompt and in a header: nothing that could look like something else. */
static void read_login(JsonReader *reader, char **login)
{
    g_autofree char *text = NULL;
    if (!input_name(reader, "login", LOGIN_CHARS, &text))
        return;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    if (lower[strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789._@-")] != '\0') {
        GError *failure = NULL;
        error_set_problem(&failure, TD_ERROR_INVALID, "invalid", "/login",
                          "/login may have the letters a to z, digits and . _ @ - only");
        json_reader_fail(reader, failure);
        return;
    }
    g_free(*login);
    *login = g_steal_pointer(&lower);
}

/* Reads what the request names into the record, but for the password. */
static bool read_employee(json_t *body, Employee *employee, bool is_new, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, body, "");
    if (is_new) {
        json_require(&reader, "name");
        json_require(&reader, "login");
        json_require(&reader, "email");
        read_login(&reader, &employee->login);
    }
    input_name(&reader, "name", LIMIT_NAME_CHARS, &employee->name);
    input_address(&reader, "email", &employee->email, &employee->email_key);
    input_optional_address(&reader, "email2", &employee->email2, &employee->email2_key);
    input_choice(&reader, "role", roles, &employee->role);
    input_language(&reader, "language", &employee->language);
    json_read_bool(&reader, "active", &employee->active);
    json_has(&reader, "password");
    return json_reader_end(&reader, error);
}

/* Takes the password out of the request: what stands for the request in an Idempotency-Key's hash
 * must not be a quick hash of it either. */
static bool read_password(ApiCall *call, Work *work, GError **error)
{
    char *password = NULL;
    JsonReader reader;
    json_reader_init(&reader, work->body, "");
    work->set_password = json_read_optional_line(&reader, "password", LIMIT_NAME_CHARS, &password);
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
        return false;
    }
    json_auto_t *others = json_copy(work->body);
    json_object_del(others, "password");
    call->fingerprint = json_text(others);
    if (password == NULL)
        return true;
    bool ok = g_utf8_strlen(password, -1) >= PASSWORD_CHARS_MIN;
    if (ok)
        work->password_hash = secret_hash_password(password, error);
    else
        error_set_problem(error, TD_ERROR_INVALID, "password-too-short", "/password",
                          "A password must have at least %d characters", PASSWORD_CHARS_MIN);
    secret_free(password);
    return ok && work->password_hash != NULL;
}

static Employee *new_employee(const Work *work, GError **error)
{
    g_autoptr(Employee) employee = g_new0(Employee, 1);
    employee->role = g_strdup("technician");
    employee->active = true;
    employee->password_hash = g_strdup(work->password_hash);
    return read_employee(work->body, employee, true, error) ? g_steal_pointer(&employee) : NULL;
}

static json_t *create(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    g_autoptr(Employee) employee = new_employee(data, error);
    return employee != NULL && employee_create(tx, employee, error) ? render_employee(employee)
                                                                    : NULL;
}

HttpResponse *employees_post(ApiCall *call, GError **error)
{
    g_auto(Work) work = {.body = api_body(call, error)};
    if (work.body == NULL)
        return NULL;
    g_autoptr(Employee) checked = new_employee(&work, error);
    return checked != NULL && read_password(call, &work, error)
               ? api_write(call, 201, create, &work, error)
               : NULL;
}

static json_t *change(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Employee) employee = employee_lock(tx->db, work->id, error);
    if (employee == NULL || !read_employee(work->body, employee, false, error))
        return NULL;
    if (work->set_password) {
        g_free(employee->password_hash);
        employee->password_hash = g_strdup(work->password_hash);
    }
    return employee_change(tx, employee, error) ? render_employee(employee) : NULL;
}

HttpResponse *employees_patch(ApiCall *call, GError **error)
{
    g_auto(Work) work = {.body = api_body(call, error)};
    return work.body != NULL && api_param_id(call, "id", "unknown-employee", &work.id, error) &&
                   read_password(call, &work, error)
               ? api_write(call, 200, change, &work, error)
               : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Employee) employee = employee_load(tx, work->id, error);
    return employee != NULL ? render_employee(employee) : NULL;
}

HttpResponse *employees_get(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return api_param_id(call, "id", "unknown-employee", &work.id, error)
               ? api_read(call, get_one, &work, error)
               : NULL;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(GPtrArray) employees =
        employee_list(tx, work->page.cursor, work->page.limit + 1, error);
    if (employees == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < employees->len && i < (guint)work->page.limit; i++) {
        const Employee *employee = employees->pdata[i];
        json_array_append_new(items, render_employee(employee));
        last = employee->id;
    }
    return render_page(items, employees->len > (guint)work->page.limit ? last : 0);
}

HttpResponse *employees_list(ApiCall *call, GError **error)
{
    g_auto(Work) work = {0};
    return api_page(call, &work.page, error) ? api_read(call, list, &work, error) : NULL;
}
