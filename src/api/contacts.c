/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts. A contact stays with its account: tickets and their recipients refer to both. */
#include "api/people.h"

#include "api/input.h"
#include "api/render.h"
#include "api/resources.h"
#include "base/error.h"
#include "desk/people.h"
#include "records/web_interface.h"

typedef struct {
    int64_t id;
    json_t *body; /* borrowed */
    ApiPage page;
    int64_t account; /* 0: of all */
} Work;

static void read_sees(JsonReader *reader, Contact *contact)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, "sees", 16, &text))
        return;
    if (text != NULL && *text != '\0' && !g_strv_contains(web_interface_see_names, text)) {
        GError *failure = NULL;
        error_set_problem(&failure, TD_ERROR_INVALID, "invalid", "/sees",
                          "/sees must be \"" SEES_ACCOUNT "\", \"" SEES_OWN "\" or null");
        json_reader_fail(reader, failure);
        return;
    }
    g_free(contact->sees);
    contact->sees = text != NULL && *text != '\0' ? g_steal_pointer(&text) : NULL;
}

bool contact_read(json_t *body, Contact *contact, bool is_new, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, body, "");
    if (is_new) {
        json_require(&reader, "account");
        json_require(&reader, "name");
        json_require(&reader, "email");
        json_read_int(&reader, "account", 1, INT64_MAX, &contact->account);
    }
    input_name(&reader, "name", LIMIT_NAME_CHARS, &contact->name);
    input_address(&reader, "email", &contact->email, &contact->email_key);
    input_texts(&reader, "emails", LIMIT_CONTACT_ADDRESSES, input_check_address, &contact->emails);
    json_read_bool(&reader, "on_every_ticket", &contact->on_every_ticket);
    input_language(&reader, "language", &contact->language);
    read_sees(&reader, contact);
    json_read_bool(&reader, "active", &contact->active);
    return json_reader_end(&reader, error);
}

Contact *contact_read_new(json_t *body, GError **error)
{
    g_autoptr(Contact) contact = g_new0(Contact, 1);
    contact->emails = g_strdup("[]");
    contact->active = true;
    return contact_read(body, contact, true, error) ? g_steal_pointer(&contact) : NULL;
}

static json_t *create(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Contact) contact = contact_read_new(work->body, error);
    return contact != NULL && contact_create(tx, contact, error) ? render_contact(contact) : NULL;
}

HttpResponse *contacts_post(ApiCall *call, GError **error)
{
    Work work = {.body = api_body(call, error)};
    if (work.body == NULL)
        return NULL;
    g_autoptr(Contact) checked = contact_read_new(work.body, error);
    return checked != NULL ? api_write(call, 201, create, &work, error) : NULL;
}

static json_t *change(ApiCall *call, DeskTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Contact) contact = contact_lock(tx->db, work->id, error);
    return contact != NULL && contact_read(work->body, contact, false, error) &&
                   contact_change(tx, contact, error)
               ? render_contact(contact)
               : NULL;
}

HttpResponse *contacts_patch(ApiCall *call, GError **error)
{
    Work work = {.body = api_body(call, error)};
    return work.body != NULL && api_param_id(call, "id", "unknown-contact", &work.id, error)
               ? api_write(call, 200, change, &work, error)
               : NULL;
}

static json_t *get_one(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(Contact) contact = contact_load(tx, work->id, error);
    return contact != NULL ? render_contact(contact) : NULL;
}

HttpResponse *contacts_get(ApiCall *call, GError **error)
{
    Work work = {0};
    return api_param_id(call, "id", "unknown-contact", &work.id, error)
               ? api_read(call, get_one, &work, error)
               : NULL;
}

static json_t *list(ApiCall *call, DbTx *tx, void *data, GError **error)
{
    const Work *work = data;
    g_autoptr(GPtrArray) contacts =
        contact_list(tx, work->page.cursor, work->account, work->page.limit + 1, error);
    if (contacts == NULL)
        return NULL;
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < contacts->len && i < (guint)work->page.limit; i++) {
        const Contact *contact = contacts->pdata[i];
        json_array_append_new(items, render_contact(contact));
        last = contact->id;
    }
    return render_page(items, contacts->len > (guint)work->page.limit ? last : 0);
}

HttpResponse *contacts_list(ApiCall *call, GError **error)
{
    Work work = {0};
    return api_page(call, &work.page, error) && api_query_id(call, "account", &work.account, error)
               ? api_read(call, list, &work, error)
               : NULL;
}
