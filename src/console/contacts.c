/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: the people at an account. A contact stays with its account. */
#include "base/error.h"
#include "base/text.h"
#include "console/account.h"
#include "console/pages.h"

#define ACCOUNT "/accounts/%" G_GINT64_FORMAT
#define CONTACT "/contacts/%" G_GINT64_FORMAT

static bool contact_id(const Page *page, int64_t *id, GError **error)
{
    if (text_to_int(page_param(page, "id"), 1, INT64_MAX, id))
        return true;
    error_set_problem(error, TD_ERROR_NOT_FOUND, "unknown-contact", NULL,
                      "There is no such contact");
    return false;
}

/* `contact` NULL: a new one. */
static HttpResponse *show(Page *page, int64_t account, json_t *contact, int status, GError **error)
{
    json_t *owner = page_get(page, error, ACCOUNT, account);
    if (owner == NULL)
        return NULL;
    json_object_set_new(page->data, "account", owner);
    json_object_set(page->data, "contact", contact);
    json_set_bool(page->data, "erased",
                  g_str_has_suffix(json_get_text(contact, "email"), "@erased.invalid"));
    contact_add_choices(page);
    const char *title = contact != NULL ? json_get_text(contact, "name") : "New contact";
    return page_view(page, status, "contact", title, error);
}

/* ---- a new one ---- */

HttpResponse *contact_new_show(Page *page, GError **error)
{
    int64_t account;
    if (!account_number(page, &account, error))
        return NULL;
    json_t *form = json_object();
    json_set_text(form, "active", "1");
    json_object_set_new(page->data, "form", form);
    return show(page, account, NULL, 200, error);
}

HttpResponse *contact_new_post(Page *page, GError **error)
{
    int64_t account;
    if (!account_number(page, &account, error))
        return NULL;
    json_t *body = contact_read_form(page);
    json_set_int(body, "account", account);
    GError *failure = NULL;
    json_auto_t *contact = page_send(page, "POST", body, &failure, "/contacts");
    if (contact != NULL)
        return page_redirect(page, "contact-added", ACCOUNT, account);
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    return show(page, account, NULL, status, error);
}

/* ---- one ---- */

HttpResponse *contact_show(Page *page, GError **error)
{
    int64_t id;
    if (!contact_id(page, &id, error))
        return NULL;
    json_auto_t *contact = page_get(page, error, CONTACT, id);
    if (contact == NULL)
        return NULL;
    json_object_set_new(page->data, "form", contact_form(contact));
    return show(page, json_get_int(contact, "account"), contact, 200, error);
}

HttpResponse *contact_post(Page *page, GError **error)
{
    int64_t id;
    if (!contact_id(page, &id, error))
        return NULL;
    GError *failure = NULL;
    json_auto_t *changed = page_send(page, "PATCH", contact_read_form(page), &failure, CONTACT, id);
    if (changed != NULL)
        return page_redirect(page, "saved", ACCOUNT, json_get_int(changed, "account"));
    if (!page_refused(page, failure)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    int status = page_status(failure);
    g_error_free(failure);
    json_auto_t *contact = page_get(page, error, CONTACT, id);
    return contact != NULL ? show(page, json_get_int(contact, "account"), contact, status, error)
                           : NULL;
}
