/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's External Recipients and Employee Recipients. */
#include "desk/recipients.h"
#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"

typedef struct {
    int64_t number; /* the ticket */
    int64_t id;     /* the recipient; 0: none is meant */
    GPtrArray *drafts;
    RecipientDraft *draft;
    RecipientChange change;
    GPtrArray *employees;
} Edit;

static void edit_clear(Edit *edit)
{
    g_clear_pointer(&edit->drafts, g_ptr_array_unref);
    g_clear_pointer(&edit->draft, recipient_draft_free);
    g_clear_pointer(&edit->change.name, g_free);
    g_clear_pointer(&edit->employees, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edit, edit_clear)

static bool read_ticket(const ApiCall *call, Edit *edit, GError **error)
{
    return api_param_id(call, "number", "unknown-ticket", &edit->number, error);
}

static bool read_ids(const ApiCall *call, Edit *edit, GError **error)
{
    return read_ticket(call, edit, error) &&
           api_param_id(call, "id", "unknown-recipient", &edit->id, error);
}

/* ---- the whole list ---- */

static json_t *get_list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    g_autoptr(Ticket) ticket = ticket_load(tx, edit->number, error);
    if (ticket == NULL)
        return NULL;
    g_autoptr(GPtrArray) list = recipient_list(tx, edit->number, error);
    return list != NULL ? render_all(list, (RenderOne)render_recipient) : NULL;
}

HttpResponse *recipients_get_all(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    return read_ticket(call, &edit, error) ? api_read(call, get_list, &edit, error) : NULL;
}

static json_t *put_list(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    g_autoptr(GPtrArray) list = recipients_replace(tx, edit->number, edit->drafts, error);
    return list != NULL ? render_all(list, (RenderOne)render_recipient) : NULL;
}

HttpResponse *recipients_put(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    g_autofree char *path = NULL;
    json_t *body = api_body(call, error);
    json_t *list = body != NULL && read_ticket(call, &edit, error)
                       ? input_whole_list(body, "recipients", &path, error)
                       : NULL;
    if (list == NULL)
        return NULL;
    edit.drafts = input_recipients(list, path, error);
    return edit.drafts != NULL ? api_write(call, 200, put_list, &edit, error) : NULL;
}

/* ---- one of them ---- */

/* Takes `recipient`, which may be NULL with an error. */
static json_t *show(Recipient *recipient)
{
    g_autoptr(Recipient) owned = recipient;
    return owned != NULL ? render_recipient(owned) : NULL;
}

static json_t *add_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    return show(recipients_add(tx, edit->number, edit->draft, error));
}

HttpResponse *recipients_post(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !read_ticket(call, &edit, error))
        return NULL;
    edit.draft = input_recipient(body, "", 0, error);
    return edit.draft != NULL ? api_write(call, 201, add_one, &edit, error) : NULL;
}

static json_t *change_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    return show(recipients_change(tx, edit->number, edit->id, &edit->change, error));
}

HttpResponse *recipients_patch(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    json_t *body = api_body(call, error);
    if (body == NULL || !read_ids(call, &edit, error))
        return NULL;
    RecipientChange *change = &edit.change;
    JsonReader reader;
    json_reader_init(&reader, body, "");
    change->set_muted = json_read_bool(&reader, "muted", &change->muted);
    change->set_name = input_line(&reader, "name", LIMIT_NAME_CHARS, &change->name);
    return json_reader_end(&reader, error) ? api_write(call, 200, change_one, &edit, error) : NULL;
}

static json_t *remove_one(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    return recipients_remove(tx, edit->number, edit->id, error) ? json_true() : NULL;
}

HttpResponse *recipients_delete(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    return read_ids(call, &edit, error) && api_no_body(call, error)
               ? api_write(call, 204, remove_one, &edit, error)
               : NULL;
}

static json_t *send_latest(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    Alert *alert = recipients_send_latest(tx, edit->number, edit->id, error);
    if (alert == NULL)
        return NULL;
    g_autoptr(AlertStory) story = alert_story_load(tx->db, alert, error);
    return story != NULL ? render_alert(story, composer_desk_id(call->api->composer), true) : NULL;
}

HttpResponse *recipients_post_send_latest(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    return read_ids(call, &edit, error) && api_no_body(call, error)
               ? api_write(call, 201, send_latest, &edit, error)
               : NULL;
}

/* ---- employees ---- */

static json_t *employee_list_json(DbTx *tx, int64_t number, GError **error)
{
    g_autoptr(GPtrArray) list = employee_recipient_list(tx, number, error);
    return list != NULL ? render_all(list, (RenderOne)render_employee_recipient) : NULL;
}

static json_t *get_employees(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    g_autoptr(Ticket) ticket = ticket_load(tx, edit->number, error);
    return ticket != NULL ? employee_list_json(tx, edit->number, error) : NULL;
}

HttpResponse *employee_recipients_get(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    return read_ticket(call, &edit, error) ? api_read(call, get_employees, &edit, error) : NULL;
}

/* {"employee"} or {"email"}: an employee by number, or an address alone. */
static EmployeeRecipient *read_employee(json_t *value, const char *path, GError **error)
{
    EmployeeRecipient *recipient = g_new0(EmployeeRecipient, 1);
    g_autofree char *key = NULL;
    JsonReader reader;
    json_reader_init(&reader, value, path);
    json_read_id(&reader, "employee", &recipient->employee);
    input_optional_address(&reader, "email", &recipient->email, &key);
    bool ok = json_reader_end(&reader, error);
    if (ok && (recipient->employee != 0) == (recipient->email != NULL)) {
        ok = false;
        error_set_problem(error, TD_ERROR_INVALID, "invalid", path,
                          "%s must have either \"employee\" or \"email\"", path);
    }
    if (ok)
        return recipient;
    employee_recipient_free(recipient);
    return NULL;
}

static GPtrArray *read_employees(json_t *list, const char *path, GError **error)
{
    if (!json_is_array(list) || json_array_size(list) > LIMIT_RECIPIENTS_PER_TICKET) {
        error_set_problem(error, TD_ERROR_INVALID, json_is_array(list) ? "too-many" : "wrong-type",
                          path, "The employee recipients must be a list of at most %d",
                          LIMIT_RECIPIENTS_PER_TICKET);
        return NULL;
    }
    g_autoptr(GPtrArray) employees =
        g_ptr_array_new_with_free_func((GDestroyNotify)employee_recipient_free);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        g_autofree char *entry = g_strdup_printf("%s/%zu", path, i);
        EmployeeRecipient *recipient = read_employee(value, entry, error);
        if (recipient == NULL)
            return NULL;
        g_ptr_array_add(employees, recipient);
    }
    return g_steal_pointer(&employees);
}

static json_t *put_employees(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Edit *edit = data;
    return employee_recipients_replace(tx, edit->number, edit->employees, error)
               ? employee_list_json(tx->db, edit->number, error)
               : NULL;
}

HttpResponse *employee_recipients_put(ApiCall *call, GError **error)
{
    g_auto(Edit) edit = {0};
    g_autofree char *path = NULL;
    json_t *body = api_body(call, error);
    json_t *list = body != NULL && read_ticket(call, &edit, error)
                       ? input_whole_list(body, "recipients", &path, error)
                       : NULL;
    if (list == NULL)
        return NULL;
    edit.employees = read_employees(list, path, error);
    return edit.employees != NULL ? api_write(call, 200, put_employees, &edit, error) : NULL;
}
